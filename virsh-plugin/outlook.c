/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "outlook.h"

#include <stdio.h>
#include <string.h>

#include "daemon/oops_pause.h"
#include "members.h"
#include "output.h"
#include "panic_events.h"
#include "remote.h"

#define MAX_NAMES 3 /* of domains beside a point */
#define GUEST_TELLS                                                                                \
	"the guest runs the module oopsbt_pvpanic (package oopsbt-pvpanic-dkms) or a patched "     \
	"kernel"

struct point {
	char *text;
	GPtrArray *names; /* of the domains, of char * */
};

static void free_point(void *data)
{
	struct point *point = data;

	g_ptr_array_unref(point->names);
	g_free(point->text);
	g_free(point);
}

static struct point *find_point(GPtrArray *list, const char *text)
{
	struct point *point;

	for (guint i = 0; i < list->len; i++) {
		point = list->pdata[i];
		if (strcmp(point->text, text) == 0)
			return point;
	}
	point = g_new0(struct point, 1);
	point->text = g_strdup(text);
	point->names = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(list, point);
	return point;
}

static void G_GNUC_PRINTF(2, 3) add(struct outlook_points points, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(find_point(points.list, text)->names, g_strdup(points.domain_name));
}

/* The guest's own watchdogs report hangs by the lockup event. Silent if QEMU does not have it. */
static void look_at_lockup_event(struct outlook *outlook, virDomainPtr domain, bool persistent,
				 const struct domain_shape *now, const struct domain_shape *next)
{
	const char *name = outlook->several ? "DOMAIN" : virDomainGetName(domain);

	if (!domain_has_lockup_event(domain, now->panic))
		return;
	if (now->events & PANIC_EVENT_LOCKUP)
		add(outlook->works,
		    "hangs that the guest's own watchdogs find, through the lockup event of the "
		    "panic device %s, if " GUEST_TELLS,
		    panic_device_name(now->panic));
	else if (persistent && next->panic != PANIC_DEVICE_QEMU &&
		 !(next->events & PANIC_EVENT_LOCKUP))
		add(outlook->missing,
		    "the panic device %s does not offer the lockup event, by which the guest's own "
		    "watchdogs report hangs: 'virsh oopsbt enable %s --add-oops-event' adds it",
		    panic_device_name(now->panic), name);
}

/* The device offers the event. Only a running QEMU tells whether it has the patches for it. */
static void look_at_oops_event(struct outlook *outlook, virDomainPtr domain, bool persistent,
			       const struct domain_shape *now, const struct domain_shape *next)
{
	bool known;

	if (virDomainIsActive(domain) != 1 || !oops_pause_known(domain, &known, NULL)) {
		add(outlook->works,
		    "the very instant of an oops, through the oops event of the panic device %s, "
		    "if QEMU is patched and " GUEST_TELLS
		    ": QEMU stops the guest right then (a QEMU without the patches drops the "
		    "event)",
		    panic_device_name(now->panic));
	} else if (known) {
		add(outlook->works,
		    "the very instant of an oops, through the oops event of the panic device "
		    "%s, if " GUEST_TELLS ": this QEMU has the "
		    "patches and stops the guest right then",
		    panic_device_name(now->panic));
		look_at_lockup_event(outlook, domain, persistent, now, next);
	} else {
		add(outlook->missing,
		    "the panic device %s offers the oops event, but the QEMU that the domain runs "
		    "on has no patches for it and drops it: give the domain a patched <emulator>, "
		    "or take 'events=' out of its <qemu:commandline>",
		    panic_device_name(now->panic));
	}
}

static void look_at_events(struct outlook *outlook, virDomainPtr domain, bool persistent,
			   const struct domain_shape *now, const struct domain_shape *next)
{
	const char *name = outlook->several ? "DOMAIN" : virDomainGetName(domain);

	if (now->panic != PANIC_DEVICE_NONE && now->events & PANIC_EVENT_OOPS)
		look_at_oops_event(outlook, domain, persistent, now, next);
	else if (now->panic != PANIC_DEVICE_NONE)
		add(outlook->works,
		    "the very instant of an oops, through the panic device %s, if " GUEST_TELLS,
		    panic_device_name(now->panic));
	else if (next->panic != PANIC_DEVICE_NONE)
		add(outlook->missing,
		    "the panic device %s is there only from the domain's next start on: until then "
		    "the instant of an oops cannot be caught",
		    panic_device_name(next->panic));
	else if (persistent)
		add(outlook->missing,
		    "no panic device, so the instant of an oops cannot be caught: "
		    "'virsh oopsbt enable %s --add-panic-device' adds one, there from the domain's "
		    "next start on",
		    name);
	else
		add(outlook->missing,
		    "no panic device, so the instant of an oops cannot be caught: the domain is "
		    "transient, so add <panic model='isa'/> to the <devices> it is created from");
}

static void look_at_remote(struct session *session, struct outlook *outlook)
{
	add(outlook->missing, "whether oopsbtd runs on the domain's host cannot be seen from here: "
			      "'systemctl status oopsbtd' there tells");
	if (!remote_has_pool(session))
		add(outlook->missing,
		    "no storage pool 'oopsbt' on that host, so its dumps cannot be listed from "
		    "here: 'virsh -c %s oopsbt enable --pool' makes it",
		    session->uri);
}

/* A domain with oopsbtd, which runs. */
struct followed {
	bool active;
	bool enabled;	    /* now, not only from its next start on */
	JsonObject *daemon; /* oopsbtd's entry of it; NULL: none */
};

static void look_at_running_daemon(const struct followed *followed, struct outlook *outlook)
{
	if (!member_flag(outlook->daemon, "connected", true))
		add(outlook->missing,
		    "oopsbtd has no connection to libvirt (%s), so it collects nothing: its log "
		    "says why ('journalctl -u oopsbtd')",
		    member_text(outlook->daemon, "uri", "-"));
	else if (!followed->active)
		add(outlook->works, "oopsbtd is running and follows the domain when it starts");
	else if (followed->daemon)
		add(outlook->works, "oopsbtd is running and follows the domain");
	else if (!followed->enabled)
		add(outlook->missing, "oopsbtd follows the domain from its next start on");
	else
		add(outlook->missing,
		    "oopsbtd is running, but does not follow the domain yet: if that stays so, its "
		    "log says why ('journalctl -u oopsbtd')");
}

static void look_at_daemon(struct session *session, const struct followed *followed,
			   struct outlook *outlook)
{
	switch (outlook->daemon_state) {
	case DAEMON_RUNNING:
		look_at_running_daemon(followed, outlook);
		break;
	case DAEMON_HIDDEN:
		add(outlook->missing, "the state of oopsbtd is not known (it needs root)");
		break;
	case DAEMON_STOPPED:
		add(outlook->missing,
		    session_is_unprivileged(session)
			    ? "oopsbtd is not running for this user's domains: start it with "
			      "'oopsbtd --foreground'; 'virsh oopsbt collect' works without"
			    : "oopsbtd is not running: start it with 'systemctl enable --now "
			      "oopsbtd', "
			      "or 'oopsbtd --foreground' where there is no systemd");
		break;
	}
}

/* Silent if oopsbtd runs and does not watch the running guest, for a reason that
 * look_at_daemon() tells. */
static void look_at_watch(const struct followed *followed, const struct options *options,
			  struct outlook *outlook)
{
	const char *blind = member_text(followed->daemon, "watch_reason", NULL);
	bool told = outlook->daemon && followed->active;

	if (told && (!followed->daemon || !member_flag(outlook->daemon, "connected", true)))
		return;
	if (told && !member_text(followed->daemon, "kernel", NULL))
		add(outlook->missing,
		    "no Linux kernel is found in its memory yet, so the memory watch sees no oops: "
		    "oopsbtd searches on");
	else if (blind)
		add(outlook->missing,
		    "the memory watch sees no oops of this guest: %s; only a panic device tells of "
		    "one, if " GUEST_TELLS,
		    blind);
	else
		add(outlook->works,
		    "oopses seen in guest memory, looked at every %u ms, with nothing needed in "
		    "the guest",
		    options->watch_ms);
}

static void look(struct session *session, virDomainPtr domain, bool enabled,
		 const struct options *options, const struct domain_shape *now,
		 const struct domain_shape *next, struct outlook *outlook)
{
	bool persistent = virDomainIsPersistent(domain) == 1;
	struct followed followed = {
		.active = virDomainIsActive(domain) == 1,
		.enabled = enabled,
	};
	char uuid[VIR_UUID_STRING_BUFLEN];

	if (virDomainGetUUIDString(domain, uuid) == 0)
		followed.daemon = daemon_status_domain(outlook->daemon, uuid);
	if (session_is_remote(session))
		look_at_remote(session, outlook);
	else
		look_at_daemon(session, &followed, outlook);
	if (strcmp(now->arch, "x86_64") != 0)
		add(outlook->missing, "guests of architecture %s cannot be read, only x86_64",
		    now->arch);
	if (now->security)
		add(outlook->missing,
		    "the guest's memory is encrypted (<launchSecurity type='%s'>): oopsbt can read "
		    "no backtraces, tasks or log, and neither the memory watch nor the detection "
		    "of hangs can work; a dump says only when the panic device told of an oops",
		    now->security);
	if (options->signal != OPTION_SIGNAL_WATCH)
		look_at_events(outlook, domain, persistent, now, next);
	if (options->signal != OPTION_SIGNAL_EVENT && !now->security)
		look_at_watch(&followed, options, outlook);
	if (!options->freeze && !now->security)
		add(outlook->missing,
		    "freeze=off: the vCPUs run on while they are read, so their backtraces may "
		    "not fit each other");
}

static void begin_domain(struct outlook *outlook, const char *name)
{
	struct outlook_points *all[] = {&outlook->works, &outlook->missing};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		if (!all[i]->list)
			all[i]->list = g_ptr_array_new_with_free_func(free_point);
		all[i]->domain_name = name;
	}
	outlook->num_domains++;
}

bool outlook_find(struct session *session, virDomainPtr domain, bool enabled,
		  const struct options *options, struct outlook *outlook, GError **error)
{
	struct domain_shape now = {0};
	struct domain_shape next = {0};
	bool persistent = virDomainIsPersistent(domain) == 1;
	bool good;

	good = domain_get_shape(session, domain, 0, &now, error) &&
	       domain_get_shape(session, domain, persistent ? VIR_DOMAIN_XML_INACTIVE : 0, &next,
				error);
	if (good) {
		begin_domain(outlook, virDomainGetName(domain));
		look(session, domain, enabled, options, &now, &next, outlook);
	}
	domain_shape_clear(&now);
	domain_shape_clear(&next);
	return good;
}

/* "2 of 3 domains (web1, db1): ..." */
static char *point_text(const struct point *point, guint num_domains)
{
	guint count = point->names->len;
	GString *text = g_string_new(NULL);

	if (count < num_domains) {
		g_string_append_printf(text, "%u of %u domains (", count, num_domains);
		for (guint i = 0; i < MIN(count, MAX_NAMES); i++)
			g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
					       (const char *)point->names->pdata[i]);
		g_string_append(text, count > MAX_NAMES ? ", ...): " : "): ");
	}
	g_string_append(text, point->text);
	return g_string_free(text, FALSE);
}

static void print_points(const char *title, enum style colour, const GPtrArray *points,
			 guint num_domains)
{
	if (!points || points->len == 0)
		return;
	printf("%s%s%s\n", style(colour), title, style(STYLE_NONE));
	for (guint i = 0; i < points->len; i++) {
		g_autofree char *text = point_text(points->pdata[i], num_domains);

		print_point(text);
	}
}

void outlook_print(const struct outlook *outlook)
{
	print_points("Works:", STYLE_GREEN, outlook->works.list, outlook->num_domains);
	print_points("Missing:", STYLE_YELLOW, outlook->missing.list, outlook->num_domains);
}

void outlook_clear(struct outlook *outlook)
{
	g_clear_pointer(&outlook->works.list, g_ptr_array_unref);
	g_clear_pointer(&outlook->missing.list, g_ptr_array_unref);
}
