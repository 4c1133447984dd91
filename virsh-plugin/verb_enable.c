/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "domains.h"
#include "members.h"
#include "outlook.h"
#include "output.h"
#include "panic_events.h"
#include "progress.h"
#include "remote.h"
#include "verbs.h"

#define SETTLE_US (2 * G_USEC_PER_SEC)
#define LOOK_US 50000

/* A domain to enable. All domains are checked before the first is changed. */
struct target {
	virDomainPtr domain; /* borrowed */
	unsigned int flags;
	struct options options;
	bool changed;
	bool add_panic_device;
	bool add_oops_event;
};

static bool same_options(const struct options *a, const struct options *b)
{
	g_autofree char *left = options_to_xml(a);
	g_autofree char *right = options_to_xml(b);

	return strcmp(left, right) == 0;
}

/* Reads the options in one place (live or config) and compares @target's with them. */
static bool compare_place(struct session *session, struct target *target, unsigned int place,
			  const struct cli_args *args, bool first, GError **error)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct options options;
	bool enabled;

	if (!domain_get_options(session, target->domain, place, &enabled, &options, warnings,
				error))
		return false;
	for (guint i = 0; i < warnings->len; i++)
		print_warning("domain '%s': %s and will be dropped",
			      virDomainGetName(target->domain), (char *)warnings->pdata[i]);
	if (first) {
		target->options = options;
		if (!cli_options(args, &target->options, error))
			return false;
	}
	if (!enabled || warnings->len > 0 || !same_options(&options, &target->options))
		target->changed = true;
	return true;
}

/* @option: the option that requests it. */
static bool prepare_panic_device(struct session *session, struct target *target, const char *option,
				 GError **error)
{
	const char *name = virDomainGetName(target->domain);
	struct domain_shape shape = {0};

	if (!(target->flags & VIR_DOMAIN_AFFECT_CONFIG)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "%s changes the configuration of domain '%s', which %s\n"
			    "a device cannot be added to or changed in a running domain",
			    option, name,
			    virDomainIsPersistent(target->domain) == 1
				    ? "--live or --current leaves out"
				    : "has none: it is transient");
		return false;
	}
	if (!domain_get_shape(session, target->domain, VIR_DOMAIN_XML_INACTIVE, &shape, error))
		return false;
	if (strcmp(option, "--add-oops-event") == 0)
		target->add_oops_event = true; /* what is missing depends on QEMU */
	else
		target->add_panic_device = shape.panic == PANIC_DEVICE_NONE;
	domain_shape_clear(&shape);
	return true;
}

static bool prepare(struct session *session, virDomainPtr domain, const struct cli_args *args,
		    struct target *target, GError **error)
{
	bool both;

	*target = (struct target){.domain = domain};
	if (!domain_affect(session, domain, args, &target->flags, error))
		return false;
	both = target->flags == (VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG);
	/* The administrator wrote the configuration, so the live domain gets its options. */
	if (both && !compare_place(session, target, VIR_DOMAIN_AFFECT_CONFIG, args, true, error))
		return false;
	if (!compare_place(session, target, both ? VIR_DOMAIN_AFFECT_LIVE : target->flags, args,
			   !both, error))
		return false;
	if (cli_has(args, "add-panic-device") &&
	    !prepare_panic_device(session, target, "--add-panic-device", error))
		return false;
	return !cli_has(args, "add-oops-event") ||
	       prepare_panic_device(session, target, "--add-oops-event", error);
}

static bool change(struct session *session, struct target *target, enum panic_device *added,
		   unsigned int *added_events, GError **error)
{
	g_autofree char *previous = NULL;

	if (target->add_panic_device &&
	    !domain_add_panic_device(session, target->domain, added, &previous, error))
		return false;
	if (target->add_oops_event &&
	    !domain_add_oops_event(session, target->domain, added_events, error)) {
		if (previous)
			domain_restore(session, target->domain, previous, NULL);
		return false;
	}
	if (!target->changed ||
	    domain_set_options(session, target->domain, target->flags, &target->options, error))
		return true;
	if (previous)
		domain_restore(session, target->domain, previous, NULL);
	return false;
}

/* @added: enum panic_event. */
static const char *events_text(unsigned int added)
{
	if (added == PANIC_EVENT_OOPS)
		return "oops event";
	return added == PANIC_EVENT_LOCKUP ? "lockup event" : "oops event and the lockup event";
}

static bool enable(struct session *session, struct target *target, GError **error)
{
	const char *name = virDomainGetName(target->domain);
	enum panic_device added = PANIC_DEVICE_NONE;
	unsigned int added_events = 0;

	if (!change(session, target, &added, &added_events, error))
		return false;
	if (session->quiet)
		return true;
	if (target->changed)
		print_clean("Domain '%s' is enabled (%s)\n", name,
			    domain_affect_name(target->flags));
	else
		print_clean("Domain '%s' was enabled already (%s)%s\n", name,
			    domain_affect_name(target->flags),
			    added == PANIC_DEVICE_NONE && !added_events ? "; nothing changed" : "");
	if (added != PANIC_DEVICE_NONE)
		print_clean("Panic device %s added to its configuration\n",
			    panic_device_name(added));
	if (added_events)
		print_clean("The panic device of its configuration offers the %s, from the next "
			    "start on\n",
			    events_text(added_events));
	return true;
}

static bool make_pool(struct session *session, GError **error)
{
	if (!remote_make_pool(session, error))
		return false;
	if (!session->quiet)
		print_clean("Storage pool '" REMOTE_POOL
			    "' is there: other hosts can list and read the dumps by it\n");
	return true;
}

static bool prepare_all(struct session *session, const GPtrArray *domains,
			const struct cli_args *args, GArray *targets, GError **error)
{
	g_autoptr(Progress) progress = progress_new(session->quiet, "Checking domains");

	for (guint i = 0; i < domains->len; i++) {
		struct target target;

		progress_count(progress, i, domains->len);
		if (!prepare(session, domains->pdata[i], args, &target, error))
			return false;
		g_array_append_val(targets, target);
	}
	return true;
}

/* Does oopsbtd follow all running domains of @targets, and know their kernels? */
static bool is_settled(const GArray *targets, JsonObject *status)
{
	for (guint i = 0; i < targets->len; i++) {
		const struct target *target = &g_array_index(targets, struct target, i);
		char uuid[VIR_UUID_STRING_BUFLEN];

		if (target->changed && (target->flags & VIR_DOMAIN_AFFECT_LIVE) &&
		    virDomainGetUUIDString(target->domain, uuid) == 0 &&
		    !member_text(daemon_status_domain(status, uuid), "kernel", NULL))
			return false;
	}
	return true;
}

/*
 * oopsbtd notices the change within half a second, and then searches the guest for its kernel.
 * *@status: json_object_unref().
 */
static enum daemon_state wait_for_daemon(struct session *session, const GArray *targets,
					 JsonObject **status)
{
	gint64 end_us = g_get_monotonic_time() + SETTLE_US;
	enum daemon_state state;

	*status = NULL;
	if (session_is_remote(session))
		return DAEMON_HIDDEN;
	for (;;) {
		state = daemon_status(status);
		if (!*status || !member_flag(*status, "connected", true) ||
		    is_settled(targets, *status) || g_get_monotonic_time() > end_us)
			return state;
		g_clear_pointer(status, json_object_unref);
		g_usleep(LOOK_US);
	}
}

/* Prints what works for @targets, and what is missing. */
static bool print_outlook(struct session *session, const GArray *targets, GError **error)
{
	struct outlook outlook = {.several = targets->len > 1};
	bool good = true;

	outlook.daemon_state = wait_for_daemon(session, targets, &outlook.daemon);
	for (guint i = 0; good && i < targets->len; i++) {
		const struct target *target = &g_array_index(targets, struct target, i);

		good = outlook_find(session, target->domain, target->flags & VIR_DOMAIN_AFFECT_LIVE,
				    &target->options, &outlook, error);
	}
	outlook_print(&outlook);
	outlook_clear(&outlook);
	g_clear_pointer(&outlook.daemon, json_object_unref);
	return good;
}

static bool enable_all(struct session *session, GArray *targets, GError **error)
{
	g_autoptr(Progress) progress =
		progress_new_beside_output(session->quiet, "Enabling domains");

	for (guint i = 0; i < targets->len; i++) {
		progress_count(progress, i, targets->len);
		if (enable(session, &g_array_index(targets, struct target, i), error))
			continue;
		/* Those before it are enabled. */
		g_array_set_size(targets, i);
		if (i > 0 && !session->quiet)
			print_outlook(session, targets, NULL);
		return false;
	}
	return session->quiet || print_outlook(session, targets, error);
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) domains = NULL;
	g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(struct target));
	bool pool_alone =
		cli_has(args, "pool") && cli_num_operands(args) == 0 && !cli_has(args, "all");
	struct options unused;

	options_init(&unused);
	if (!cli_options(args, &unused, error) ||
	    (!pool_alone && !domains_check_operands(args, error)) ||
	    !session_connect_to_write(session, "enabling a domain", error) ||
	    !domains_require_qemu(session, error))
		return false;
	if (cli_has(args, "pool") && !make_pool(session, error))
		return false;
	if (pool_alone)
		return true;
	domains = domains_of_operands(session, args, error);
	return domains && prepare_all(session, domains, args, targets, error) &&
	       enable_all(session, targets, error);
}

static const struct cli_option options[] = {
	{"all", 'a', NULL, CLI_NONE, "all domains of the connection, running or not"},
	{"live", 0, NULL, CLI_NONE, "affect the running domain"},
	{"config", 0, NULL, CLI_NONE, "affect the next start"},
	{"current", 0, NULL, CLI_NONE, "affect the running domain, or the next start if none runs"},
	{"add-panic-device", 0, NULL, CLI_NONE,
	 "add a panic device to the configuration if there is none; the guest sees it from the "
	 "next start on"},
	{"add-oops-event", 0, NULL, CLI_NONE,
	 "have the panic device of the configuration offer the oops event from the next start on, "
	 "and the lockup event if QEMU is known to have it; only for a patched QEMU, as others "
	 "drop "
	 "them"},
	{"pool", 0, NULL, CLI_NONE,
	 "make a storage pool on the host's dump directory, by which other hosts can list and read "
	 "its dumps through libvirt; needs no domain"},
	{NULL, 0, NULL, 0, NULL},
};

const struct verb verb_enable = {
	.name = "enable",
	.operands = "DOMAIN...",
	.operand_kind = CLI_DOMAIN,
	.max_operands = G_MAXUINT,
	.summary = "collect backtraces when these domains' guests oops",
	.description = "Writes the domain's oopsbt options into its libvirt metadata, which "
		       "oopsbtd follows, "
		       "and says what will work for this domain and what is missing. Options not "
		       "given keep "
		       "their values; a domain that is enabled already stays so.\n\n"
		       "Without --live, --config or --current it affects all that the domain has: "
		       "the running "
		       "domain, its configuration, or both.",
	.options = options,
	.domain_options = CLI_ALL_DOMAIN_OPTIONS,
	.without_operands = "all",
	.run = run,
};
