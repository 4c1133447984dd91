/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

#define FIRST_RETRY_MS 2000
#define LAST_RETRY_MS 60000
/*
 * After this many tries, 26 minutes, the guest waits in its firmware or boot loader, or does not
 * run a Linux that oopsbt supports. A boot is noticed by the next search, a reboot at once.
 */
#define MANY_TRIES 30
#define RARE_RETRY_MS 600000
/* A guest that is being restored, or arrives, has not all of its memory yet. */
#define MAX_INCOMPLETE_TRIES 3
/* The delays between searches for CPUs that had not started, and for disks that come and go. */
#define FIRST_AGAIN_MS 2000
#define LAST_AGAIN_MS 600000
#define LAYOUT_TIMEOUT_MS 5000
/* Saved guests that have no domain until they are restored, which may never happen. */
#define MAX_AWAY 100

/* --- the kernel map --- */

struct map_task {
	struct task task;
	struct collector collector; /* with the configuration at the task's start */
	struct options options;
	GBytes *map;
	struct layout *layout;
	bool continued;
	struct recalled recalled;
	GCancellable *cancellable;
	struct collection_result result;
	GError *error;
};

struct layout *domain_kernel_recall(virDomainPtr domain, const struct collector *collector,
				    const char *uuid, bool continued, struct recalled *recalled,
				    GError **error)
{
	struct layout *layout = layout_read(domain, collector->memory, LAYOUT_TIMEOUT_MS, error);

	if (layout)
		recalled->known = kernel_state_load(&recalled->state, collector->runtime_directory,
						    uuid, layout, continued);
	return layout;
}

void domain_kernel_adopt(struct domain *domain, struct recalled *recalled)
{
	watch_continue(&recalled->state.watch, &domain->kernel.watch);
	kernel_state_clear(&domain->kernel);
	domain->kernel = recalled->state;
	*recalled = (struct recalled){0};
}

static bool recall(struct map_task *map, virDomainPtr domain)
{
	if (map->layout || map->map)
		return true;
	map->layout = domain_kernel_recall(domain, &map->collector, map->task.uuid, map->continued,
					   &map->recalled, &map->error);
	if (map->recalled.state.map)
		map->map = g_bytes_ref(map->recalled.state.map);
	return map->layout != NULL;
}

static void map_work(struct task *task)
{
	struct map_task *map = (struct map_task *)task;
	struct collection_request request = {
		.uuid = task->uuid,
		.options = &map->options,
		.signal = "collect",
		.incident = INCIDENT_COLLECT,
		.signalled_us = g_get_real_time(),
		.cancellable = map->cancellable,
	};
	g_autoptr(virDomain) domain = NULL;

	domain = task_take_domain(task, &map->error);
	if (domain == NULL || !recall(map, domain))
		return;
	request.connection = task->connection;
	request.layout = map->layout;
	request.map = map->map;
	collection_map(&map->collector, &request, &map->result, &map->error);
}

static gboolean find_now(void *user_data)
{
	struct domain *domain = user_data;

	domain->map_source = 0;
	domain_kernel_find(domain, 0);
	return G_SOURCE_REMOVE;
}

static void retry_kernel(struct domain *domain, const GError *error)
{
	unsigned int delay_ms = FIRST_RETRY_MS;

	for (unsigned int i = 0; i < domain->map_tries && delay_ms < LAST_RETRY_MS; i++)
		delay_ms *= 2;
	domain->map_tries++;
	log_write(domain->all->log, LOG_DEBUG, domain->name, NULL,
		  "the guest's kernel is not found at try %u: %s", domain->map_tries,
		  error->message);
	if (domain->map_tries == 6) /* a minute: a guest has booted by then */
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "cannot find the guest's kernel yet, so a collection takes longer: %s",
			  error->message);
	if (domain->map_tries == MANY_TRIES)
		log_write(
			domain->all->log, LOG_WARNING, domain->name, NULL,
			"still cannot find the guest's kernel, and searches every %u minutes from "
			"now on: %s; if the guest does not run Linux: 'virsh oopsbt disable %s'",
			RARE_RETRY_MS / 60000, error->message, domain->name);
	if (domain->map_source == 0)
		domain_kernel_find(domain, domain->map_tries < MANY_TRIES
						   ? MIN(delay_ms, LAST_RETRY_MS)
						   : RARE_RETRY_MS);
	status_changed(domain->all);
}

/* No later search would find more. */
static void give_up(struct domain *domain)
{
	domain->map_tries = MANY_TRIES;
	status_changed(domain->all);
}

const char *domain_watch_blind(const struct domain *domain)
{
	if (!domain->enabled || !domain->active || domain->options.signal == OPTION_SIGNAL_EVENT)
		return NULL;
	if (domain->layout && domain->layout->encrypted)
		return LAYOUT_ENCRYPTED;
	if (!domain->kernel.release || domain->kernel.watch.counter_address != 0)
		return NULL;
	return "the kernel's count of oopses (die_counter) is not found in its memory";
}

static void tell_kernel(const struct domain *domain)
{
	const char *blind = domain_watch_blind(domain);

	log_write(domain->all->log, LOG_INFO, domain->name, NULL, "runs Linux %s",
		  domain->kernel.release);
	if (blind)
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "the memory watch cannot see oopses of this guest: %s; only its panic "
			  "device tells of them",
			  blind);
}

static void found(struct domain *domain, struct collection_result *result)
{
	g_autofree char *before = g_steal_pointer(&domain->kernel.release);
	bool another;

	domain->map_tries = 0;
	g_clear_pointer(&domain->kernel.map, g_bytes_unref);
	domain->kernel.map = g_bytes_ref(result->map);
	domain->kernel.release = g_strdup(result->title);
	another = watch_set(&domain->kernel.watch, &result->verdict);
	guest_settings_set(&domain->settings, &result->verdict);
	domain_stall_set(domain, result->stall);
	domain_disks_set(domain, result->disks);
	domain_kernel_save(domain);
	if (another)
		g_clear_pointer(&domain->kernel.stalls, g_free);
	if (another || g_strcmp0(before, domain->kernel.release) != 0)
		tell_kernel(domain);
	domain_watch_update(domain);
	status_changed(domain->all);
}

/* The kernel is found, but not what the memory watch needs. */
static bool is_incomplete(const struct domain *domain, const struct map_task *map)
{
	return map->error == NULL && domain->options.signal != OPTION_SIGNAL_EVENT &&
	       map->result.verdict.die_counter_address == 0 &&
	       domain->map_tries < MAX_INCOMPLETE_TRIES;
}

/* A collection has found a kernel since, or has reported oopses: its map is newer. */
static bool is_outdated(const struct domain *domain, const struct map_task *map)
{
	return domain->kernel.map && domain->kernel.map != map->map;
}

static void map_done(struct task *task, struct domain *domain)
{
	struct map_task *map = (struct map_task *)task;

	if (domain == NULL)
		return;
	domain->mapping = false;
	if (domain->map_again || is_outdated(domain, map)) {
		domain->map_again = false;
		domain_kernel_find(domain, 0);
		return;
	}
	if (!domain->enabled || !domain->active || task->all->stopping ||
	    (map->result.layout && map->result.layout->domain_id != domain->id))
		return;
	if (map->result.layout && domain->layout == NULL) {
		domain->layout = layout_ref(map->result.layout);
		if (domain->layout->fallback)
			log_write(task->all->log, LOG_WARNING, domain->name, NULL,
				  "memory is read through libvirt, which is slower: %s",
				  domain->layout->fallback);
		if (domain->layout->encrypted)
			log_write(task->all->log, LOG_WARNING, domain->name, NULL,
				  LAYOUT_ENCRYPTED ": oopsbt can read nothing of this guest, and "
						   "only its panic device tells of oopses");
	}
	/* Otherwise nothing was recalled yet. */
	if (map->layout)
		domain->continued = false;
	if (domain->kernel.map == NULL && map->recalled.known) {
		domain_kernel_adopt(domain, &map->recalled);
		domain_signals_recall(domain);
	}
	domain_stopped(domain);
	if (is_incomplete(domain, map))
		g_set_error(&map->error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED,
			    "the kernel's count of oopses is not found in its memory");
	if (domain->layout && domain->layout->encrypted)
		give_up(domain);
	else if (map->error)
		retry_kernel(domain, map->error);
	else
		found(domain, &map->result);
}

static void map_clear(struct task *task)
{
	struct map_task *map = (struct map_task *)task;

	collection_result_clear(&map->result);
	kernel_state_clear(&map->recalled.state);
	g_clear_pointer(&map->map, g_bytes_unref);
	layout_unref(map->layout);
	g_object_unref(map->cancellable);
	g_clear_error(&map->error);
}

void domain_kernel_find(struct domain *domain, unsigned int delay_ms)
{
	struct map_task *map;

	if (domain->all->stopping || !domain->enabled || !domain->active)
		return;
	if (domain->map_source)
		g_source_remove(domain->map_source);
	domain->map_source = 0;
	if (delay_ms > 0) {
		domain->map_source = g_timeout_add(delay_ms, find_now, domain);
		return;
	}
	if (domain->mapping || domain->recalling) {
		domain->map_again = true;
		return;
	}
	domain->mapping = true;
	map = g_new0(struct map_task, 1);
	map->task.work = map_work;
	map->task.done = map_done;
	map->task.clear = map_clear;
	map->collector = *domain->all->collector;
	map->options = domain->options;
	map->map = domain->kernel.map ? g_bytes_ref(domain->kernel.map) : NULL;
	map->layout = domain->layout ? layout_ref(domain->layout) : NULL;
	map->continued = domain->continued;
	map->cancellable = g_object_ref(domain->map_cancellable);
	task_push(domain->all, &domain->all->mapping, domain->uuid, &map->task);
}

void domain_kernel_find_again(struct domain *domain, struct backoff *backoff)
{
	if (domain->map_source == 0)
		domain_kernel_find(domain, backoff_ms(backoff, FIRST_AGAIN_MS, LAST_AGAIN_MS,
						      g_get_monotonic_time()));
}

void domain_kernel_save(struct domain *domain)
{
	g_autoptr(GError) error = NULL;

	if (domain->layout == NULL)
		return;
	domain_signals_keep(domain);
	domain_stall_keep(domain);
	if (!kernel_state_save(&domain->kernel, domain->all->collector->runtime_directory,
			       domain->uuid, domain->layout, &error))
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "cannot save what is known of the guest's kernel: %s", error->message);
}

static bool has_domain(const char *uuid, void *user_data)
{
	const struct domains *all = user_data;

	return g_hash_table_contains(all->by_uuid, uuid) ||
	       g_hash_table_contains(all->ignored, uuid);
}

void domain_kernel_trim(struct domains *all)
{
	if (all->listed)
		kernel_state_trim(all->collector->runtime_directory, MAX_AWAY, has_domain, all);
}

void domain_kernel_stop(struct domain *domain)
{
	if (domain->map_source)
		g_source_remove(domain->map_source);
	domain->map_source = 0;
	domain->watched = false;
	g_cancellable_cancel(domain->map_cancellable);
}

static void drop(struct domain *domain)
{
	domain->kernel_number++;
	domain_kernel_stop(domain);
	g_object_unref(domain->map_cancellable);
	domain->map_cancellable = g_cancellable_new();
	domain->map_again = domain->mapping;
	domain->recalling = false;
	domain->map_tries = 0;
	domain_stall_set(domain, NULL);
	domain_disks_set(domain, NULL);
	layout_unref(g_steal_pointer(&domain->layout));
	kernel_state_clear(&domain->kernel);
	domain->crashed = domain->panic_signalled = false;
	domain_signals_another_kernel(domain);
	domain->settings = (struct guest_settings){0};
	status_changed(domain->all);
}

void domain_kernel_reset(struct domain *domain)
{
	drop(domain);
	domain->continued = false;
	if (domain->known)
		kernel_state_forget(domain->all->collector->runtime_directory, domain->uuid);
}

void domain_kernel_move(struct domain *domain)
{
	/* What is stored is recalled, and would count twice. */
	if (domain->layout) {
		domain_kernel_save(domain);
		domain->suppressed = (struct suppressed_signals){0};
	}
	drop(domain);
	domain->continued = true;
}
