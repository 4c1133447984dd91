/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

#include <string.h>

#include "daemon/spares.h"

#define FIRST_RETRY_MS 1000u
#define LAST_RETRY_MS 60000u

struct refresh_task {
	struct task task;
	struct store *store;
	char *known_name; /* NULL: none */
	bool exists;
	char *name;
	int id;
	bool crashed, paused, watchdog_paused, awaits_pages;
	bool continued;		 /* it is saved, or runs and was restored */
	bool booted;		 /* it runs and was not restored */
	unsigned int num_pauses; /* of the domain, at the time of the query */
	char *auto_enable;	 /* NULL: none */
	bool enabled, automatic;
	struct options options;
	GPtrArray *warnings;
	GError *error; /* set: ignore all fields above */
};

static void read_options(struct refresh_task *refresh, virDomainPtr domain)
{
	/* The metadata of the running domain or, if it is inactive, of its configuration. */
	char *xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, OPTIONS_XML_URI,
					 VIR_DOMAIN_AFFECT_CURRENT);

	if (xml) {
		refresh->enabled = options_from_xml(xml, &refresh->options, refresh->warnings,
						    &refresh->error) &&
				   !refresh->options.disabled;
		free(xml);
	} else if (virGetLastErrorCode() != VIR_ERR_NO_DOMAIN_METADATA) {
		virt_fail(&refresh->error, "reading the domain's metadata");
	} else {
		refresh->automatic = config_auto_enables(refresh->auto_enable, refresh->name);
		refresh->enabled = refresh->automatic;
	}
}

/* Dumps are listed under the domain's current name. */
static void follow_name(struct refresh_task *refresh)
{
	g_autoptr(GError) error = NULL;

	if (refresh->enabled && g_strcmp0(refresh->known_name, refresh->name) != 0 &&
	    !store_rename(refresh->store, refresh->task.uuid, refresh->name, &error))
		g_ptr_array_add(
			refresh->warnings,
			g_strdup_printf("its dumps keep an older name: %s", error->message));
}

/*
 * A domain that arrives from another host is paused for a migration at first. If that is a
 * post-copy, libvirt's next lifecycle event that leads to a query comes when all pages are here.
 */
static bool may_await_pages(int state, int reason)
{
	switch (state) {
	case VIR_DOMAIN_RUNNING:
		return reason == VIR_DOMAIN_RUNNING_POSTCOPY ||
		       reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED;
	case VIR_DOMAIN_PAUSED:
		return reason == VIR_DOMAIN_PAUSED_STARTING_UP ||
		       reason == VIR_DOMAIN_PAUSED_MIGRATION ||
		       reason == VIR_DOMAIN_PAUSED_POSTCOPY ||
		       reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED;
	default:
		return false;
	}
}

static bool read_state(struct refresh_task *refresh, virDomainPtr domain)
{
	int state, reason;

	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		return virt_fail(&refresh->error, "asking for the domain's state");
	refresh->paused = state == VIR_DOMAIN_PAUSED || state == VIR_DOMAIN_PMSUSPENDED;
	refresh->watchdog_paused =
		state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_WATCHDOG;
	refresh->continued = (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_SAVED) ||
			     (state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_RESTORED);
	refresh->booted = state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_BOOTED;
	refresh->awaits_pages = may_await_pages(state, reason);
	refresh->crashed = state == VIR_DOMAIN_CRASHED ||
			   (state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_CRASHED);
	return true;
}

static void refresh_work(struct task *task)
{
	struct refresh_task *refresh = (struct refresh_task *)task;
	g_autoptr(virDomain) domain = NULL;

	options_init(&refresh->options);
	if (task->connection == NULL) {
		virResetLastError();
		virt_fail(&refresh->error, "not connected to libvirt");
		return;
	}
	domain = virDomainLookupByUUIDString(task->connection, task->uuid);
	if (domain == NULL) {
		if (virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
			virt_fail(&refresh->error, "looking up domain %s", task->uuid);
		return;
	}
	refresh->exists = true;
	refresh->name = g_strdup(virDomainGetName(domain));
	refresh->id = (int)virDomainGetID(domain);
	if (!read_state(refresh, domain))
		return;
	read_options(refresh, domain);
	follow_name(refresh);
}

static const char *signal_ways(enum option_signal signal)
{
	switch (signal) {
	case OPTION_SIGNAL_EVENT:
		return "events";
	case OPTION_SIGNAL_WATCH:
		return "the memory watch";
	case OPTION_SIGNAL_AUTO:
		break;
	}
	return "events and the memory watch";
}

static bool same_options(const struct options *a, const struct options *b)
{
	g_autofree char *a_xml = options_to_xml(a);
	g_autofree char *b_xml = options_to_xml(b);

	return strcmp(a_xml, b_xml) == 0;
}

static void log_change(struct domain *domain, const struct refresh_task *refresh)
{
	struct log *log = domain->all->log;
	bool follows = domain->enabled && domain->active;
	bool will_follow = refresh->enabled && refresh->id >= 0;

	for (guint i = 0; i < refresh->warnings->len; i++)
		if (!follows && will_follow)
			log_write(log, LOG_WARNING, refresh->name, NULL, "%s",
				  (const char *)refresh->warnings->pdata[i]);
	if (!follows && will_follow)
		log_write(log, LOG_INFO, refresh->name, NULL,
			  "enabled%s and running: oopses are noticed by %s",
			  refresh->automatic ? " by auto_enable" : "",
			  signal_ways(refresh->options.signal));
	else if (follows && will_follow && !same_options(&domain->options, &refresh->options))
		log_write(log, LOG_INFO, refresh->name, NULL,
			  "has other options now: oopses are noticed by %s",
			  signal_ways(refresh->options.signal));
	else if (follows && !will_follow)
		log_write(log, LOG_INFO, refresh->name, NULL, "%s",
			  refresh->enabled ? "is not running any more" : "disabled");
}

static void apply(struct domain *domain, struct refresh_task *refresh)
{
	bool same_instance = !domain->known || domain->id == refresh->id;
	/* An event has told of the restore; a guest that is still paused does not show it. */
	bool continued = refresh->continued || (domain->continued && !refresh->booted);

	if (!domain->known)
		domain->continued = continued;
	log_change(domain, refresh);
	/* follow_name() has stored the name. */
	if (g_strcmp0(domain->name, refresh->name) != 0)
		publication_changed(domain->all->publication);
	g_free(domain->name);
	domain->name = g_steal_pointer(&refresh->name);
	domain->known = true;
	domain->id = refresh->id;
	domain->active = refresh->id >= 0;
	domain->enabled = refresh->enabled;
	domain->automatic = refresh->automatic;
	domain->options = refresh->options;
	if (!same_instance && continued)
		domain_kernel_move(domain);
	else if (!same_instance)
		domain_kernel_reset(domain);
	domain->crashed = refresh->crashed;
	domain->awaits_pages = refresh->awaits_pages;
	/* An event that came meanwhile is newer than libvirt's answer. */
	if (refresh->num_pauses == domain->num_pauses) {
		domain_stall_paused(domain, refresh->paused);
		domain->watchdog_paused = refresh->watchdog_paused;
	}
	if (domain->enabled && domain->active && domain->kernel.map == NULL)
		domain_kernel_find(domain, 0);
	else
		domain_stopped(domain);
	domain_watch_update(domain);
	domain_oops_update(domain);
	domain_signals_known(domain);
	domain_collect_retry(domain);
	if (domain->enabled && domain->active)
		log_write(domain->all->log, LOG_DEBUG, domain->name, NULL,
			  "is followed: its state and options are known");
	status_changed(domain->all);
}

static gboolean refresh_now(void *user_data)
{
	struct domain *domain = user_data;

	domain->refresh_source = 0;
	domain_refresh(domain);
	return G_SOURCE_REMOVE;
}

/*
 * An error must not disable an enabled domain, and signals of an unknown one wait. All domains are
 * queried when a lost connection is back.
 */
static void retry_refresh(struct domain *domain, const struct refresh_task *refresh)
{
	unsigned int doublings = MIN(domain->refresh_errors, 16);

	if (refresh->task.connection == NULL)
		return;
	if (domain->refresh_errors++ == 0)
		log_write(domain->all->log, LOG_ERR, refresh->name ? refresh->name : domain->uuid,
			  NULL, "%s; trying again", refresh->error->message);
	domain->refresh_source =
		g_timeout_add(MIN(FIRST_RETRY_MS << doublings, LAST_RETRY_MS), refresh_now, domain);
}

/* Keeps those that it has. They are read again when they change. */
static void refuse_options(struct domain *domain, struct refresh_task *refresh)
{
	log_write(domain->all->log, LOG_ERR, refresh->name, NULL, "%s", refresh->error->message);
	refresh->enabled = domain->enabled;
	refresh->automatic = domain->automatic;
	refresh->options = domain->options;
	apply(domain, refresh);
}

static void refresh_done(struct task *task, struct domain *domain)
{
	struct refresh_task *refresh = (struct refresh_task *)task;

	if (domain == NULL)
		return;
	domain->refreshing = false;
	if (refresh->error && refresh->error->domain == VIRT_ERROR)
		retry_refresh(domain, refresh);
	else
		domain->refresh_errors = 0;
	if (refresh->error && refresh->error->domain != VIRT_ERROR)
		refuse_options(domain, refresh);
	if (refresh->error == NULL && refresh->exists)
		apply(domain, refresh);
	if (domain->refresh_again) {
		domain_refresh(domain);
	} else if (refresh->error == NULL && !(refresh->exists && domain->enabled)) {
		if (domain->enabled && !refresh->exists) {
			log_write(task->all->log, LOG_INFO, domain->name, NULL, "is gone");
			domain_signals_lost(domain, "the domain is gone");
		}
		/* One that is gone, and no event told why, may have been saved. */
		if (refresh->exists && !domain->continued)
			kernel_state_forget(task->all->collector->runtime_directory, task->uuid);
		if (refresh->exists)
			domain_ignore(domain);
		else
			domain_drop(domain);
		domain_kernel_trim(task->all);
		status_changed(task->all);
	}
	spares_update(task->all);
}

static void refresh_clear(struct task *task)
{
	struct refresh_task *refresh = (struct refresh_task *)task;

	g_free(refresh->name);
	g_free(refresh->known_name);
	g_free(refresh->auto_enable);
	g_ptr_array_unref(refresh->warnings);
	g_clear_error(&refresh->error);
}

void domain_refresh(struct domain *domain)
{
	struct refresh_task *refresh;

	if (domain->all->stopping)
		return;
	domain_refresh_stop(domain);
	domain->refresh_again = domain->refreshing;
	if (domain->refreshing)
		return;
	domain->refreshing = true;
	refresh = g_new0(struct refresh_task, 1);
	refresh->task.work = refresh_work;
	refresh->task.done = refresh_done;
	refresh->task.clear = refresh_clear;
	refresh->warnings = g_ptr_array_new_with_free_func(g_free);
	refresh->store = domain->all->collector->store;
	refresh->known_name = g_strdup(domain->name);
	refresh->num_pauses = domain->num_pauses;
	refresh->auto_enable = g_strdup(domain->all->config->auto_enable);
	task_push(domain->all, &domain->all->background, domain->uuid, &refresh->task);
}

void domain_refresh_stop(struct domain *domain)
{
	if (domain->refresh_source)
		g_source_remove(domain->refresh_source);
	domain->refresh_source = 0;
}
