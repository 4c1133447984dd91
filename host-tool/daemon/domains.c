/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domains.h"

#include <string.h>

#include "common/json.h"
#include "daemon/dialogue.h"
#include "daemon/domain.h"
#include "daemon/failure_event.h"
#include "daemon/spares.h"

#define MAPPING_THREADS 2
#define BACKGROUND_THREADS 2
#define MARGIN_S 300
/* After libvirt could not list the domains, or no thread could be started. */
#define LIST_RETRY_MS 4000
#define THREAD_RETRY_MS 1000

/* --- tasks --- */

static gboolean task_done(void *user_data)
{
	struct task *task = user_data;
	struct domains *all = task->all;
	struct domain *domain = task->uuid ? g_hash_table_lookup(all->by_uuid, task->uuid) : NULL;

	progress_end(&task->pool->progress, task->endless, g_get_monotonic_time());
	task->done(task, domain);
	if (task->clear)
		task->clear(task);
	if (task->connection)
		virConnectClose(task->connection);
	g_free(task->uuid);
	g_free(task);
	if (--all->num_tasks == 0 && all->stopping)
		all->on_idle(all->user_data);
	return G_SOURCE_REMOVE;
}

static void task_work(void *data, void *user_data G_GNUC_UNUSED)
{
	struct task *task = data;
	unsigned int left_behind = virt_calls_left_behind();

	task->work(task);
	if (task->taken && task->connection)
		connection_give(task->all->connection, g_steal_pointer(&task->connection),
				virt_calls_left_behind() == left_behind);
	g_idle_add_full(G_PRIORITY_DEFAULT, task_done, task, NULL);
}

static bool take_connection(struct task *task, GError **error)
{
	if (task->connection == NULL) {
		g_set_error_literal(error, VIRT_ERROR, VIR_ERR_NO_CONNECT,
				    "not connected to libvirt");
		return false;
	}
	virConnectClose(task->connection);
	task->connection = connection_take(task->all->connection, error);
	task->taken = true;
	return task->connection != NULL;
}

virDomainPtr task_take_domain(struct task *task, GError **error)
{
	virDomainPtr domain = NULL;

	if (!take_connection(task, error))
		return NULL;
	domain = virDomainLookupByUUIDString(task->connection, task->uuid);
	if (domain == NULL)
		virt_fail(error, "looking up the domain");
	return domain;
}

/* A task that found no thread would otherwise wait for the next one of its pool. */
static gboolean start_threads(void *user_data)
{
	struct domains *all = user_data;
	struct pool *const pools[] = {&all->collecting, &all->mapping, &all->background};
	bool started = true;

	for (size_t i = 0; i < G_N_ELEMENTS(pools); i++)
		started &= g_thread_pool_set_max_threads(
			pools[i]->threads, g_thread_pool_get_max_threads(pools[i]->threads), NULL);
	if (started)
		all->thread_source = 0;
	return started ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void push(struct domains *all, struct pool *pool, struct task *task)
{
	g_autoptr(GError) error = NULL;

	if (g_thread_pool_push(pool->threads, task, &error) || all->thread_source)
		return;
	log_write(all->log, LOG_ERR, NULL, NULL, "cannot start a thread: %s; trying again",
		  error->message);
	all->thread_source = g_timeout_add(THREAD_RETRY_MS, start_threads, all);
}

void task_push(struct domains *all, struct pool *pool, const char *uuid, struct task *task)
{
	task->all = all;
	task->pool = pool;
	task->uuid = g_strdup(uuid);
	task->connection = connection_get(all->connection);
	if (task->connection)
		virConnectRef(task->connection);
	all->num_tasks++;
	progress_begin(&pool->progress, task->endless, g_get_monotonic_time());
	push(all, pool, task);
}

/* --- the table --- */

struct domain *domain_get(struct domains *all, const char *uuid)
{
	struct domain *domain = g_hash_table_lookup(all->by_uuid, uuid);

	if (domain)
		return domain;
	domain = g_new0(struct domain, 1);
	domain->all = all;
	domain->uuid = g_strdup(uuid);
	domain->id = domain->oops_id = -1;
	options_init(&domain->options);
	g_queue_init(&domain->early);
	g_queue_init(&domain->signals);
	domain->map_cancellable = g_cancellable_new();
	g_hash_table_insert(all->by_uuid, domain->uuid, domain);
	return domain;
}

/* Nothing begins any more; what runs goes on. */
static void stop(struct domain *domain)
{
	domain_refresh_stop(domain);
	domain_error_stop(domain);
	domain_signals_stop(domain);
	domain_collect_stop(domain);
	domain_kernel_stop(domain);
}

static void domain_free(void *pointer)
{
	struct domain *domain = pointer;

	stop(domain);
	domain_signals_clear(domain);
	g_object_unref(domain->map_cancellable);
	kernel_state_clear(&domain->kernel);
	disk_watch_free(domain->disks);
	stall_watch_free(domain->stall);
	g_clear_pointer(&domain->stall_places, g_bytes_unref);
	layout_unref(domain->layout);
	g_free(domain->held_registers);
	g_free(domain->last_dump);
	g_free(domain->last_oops_dump);
	g_free(domain->name);
	g_free(domain->uuid);
	g_free(domain);
}

void domain_drop(struct domain *domain)
{
	g_hash_table_remove(domain->all->by_uuid, domain->uuid);
}

void domain_ignore(struct domain *domain)
{
	g_hash_table_add(domain->all->ignored, g_strdup(domain->uuid));
	domain_drop(domain);
}

/* --- libvirt's events --- */

/*
 * Returns the domain of an event. NULL: it is not enabled, or the daemon is stopping. @changes: the
 * event may enable, disable or remove it.
 */
static struct domain *event_domain(struct domains *all, virDomainPtr event, bool changes)
{
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct domain *domain;

	if (all->stopping)
		return NULL;
	virDomainGetUUIDString(event, uuid);
	if (changes)
		g_hash_table_remove(all->ignored, uuid);
	else if (g_hash_table_contains(all->ignored, uuid))
		return NULL;
	domain = domain_get(all, uuid);
	if (!domain->known && !domain->refreshing && !domain->refresh_source)
		domain_refresh(domain);
	return domain;
}

static void on_crashed(struct domains *all, struct domain *domain, int detail)
{
	if (all->monitor_events)
		return;
	if (detail == VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED)
		domain_signal(domain, "crashloaded", g_get_real_time());
	else if (detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED)
		domain_signal(domain, "panicked", g_get_real_time());
}

static void pause_told(struct domain *domain, bool paused)
{
	domain->num_pauses++;
	domain_stall_paused(domain, paused);
}

/* Its kernel is gone, and with it what the signals that wait are about. */
static void kernel_ended(struct domain *domain)
{
	domain_signals_lost(domain, "the guest has ended or was reset");
	domain_kernel_reset(domain);
}

/* The same kernel continues in another QEMU process. */
static bool is_continued(int type, int detail)
{
	return (type == VIR_DOMAIN_EVENT_STARTED && detail == VIR_DOMAIN_EVENT_STARTED_RESTORED) ||
	       (type == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_SAVED);
}

/* The same kernel continues in the same QEMU process, after suspend to RAM. */
static bool is_woken(int type, int detail)
{
	return type == VIR_DOMAIN_EVENT_STARTED && detail == VIR_DOMAIN_EVENT_STARTED_WAKEUP;
}

static int on_lifecycle(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event, int type,
			int detail, void *user_data)
{
	struct domains *all = user_data;
	bool changes =
		type == VIR_DOMAIN_EVENT_STARTED || type == VIR_DOMAIN_EVENT_STOPPED ||
		type == VIR_DOMAIN_EVENT_DEFINED || type == VIR_DOMAIN_EVENT_UNDEFINED ||
		(type == VIR_DOMAIN_EVENT_RESUMED && detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED);
	struct domain *domain = event_domain(all, event, changes);

	if (domain == NULL)
		return 0;
	switch (type) {
	case VIR_DOMAIN_EVENT_CRASHED:
		on_crashed(all, domain, detail);
		break;
	case VIR_DOMAIN_EVENT_STARTED:
	case VIR_DOMAIN_EVENT_STOPPED:
		if (is_woken(type, detail))
			pause_told(domain, false);
		else if (is_continued(type, detail))
			domain_kernel_move(domain);
		else
			kernel_ended(domain);
		domain_error_over(domain);
		domain_watchdog_over(domain);
		domain_refresh(domain);
		break;
	case VIR_DOMAIN_EVENT_DEFINED:
	case VIR_DOMAIN_EVENT_UNDEFINED:
		domain_refresh(domain);
		break;
	case VIR_DOMAIN_EVENT_SUSPENDED:
		pause_told(domain, true);
		if (detail == VIR_DOMAIN_EVENT_SUSPENDED_PAUSED && !domain->collecting)
			domain_error_look(domain);
		break;
	case VIR_DOMAIN_EVENT_RESUMED:
		pause_told(domain, false);
		domain_error_over(domain);
		domain_watchdog_over(domain);
		if (detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED)
			domain_refresh(domain);
		break;
	}
	return 0;
}

static void on_reboot(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event, void *user_data)
{
	struct domain *domain = event_domain(user_data, event, false);
	struct layout *layout;

	if (domain == NULL)
		return;
	layout = g_steal_pointer(&domain->layout);
	kernel_ended(domain);
	domain->layout = layout; /* the same process and memory */
	domain_kernel_find(domain, 2000);
}

static void on_watchdog(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event, int action,
			void *user_data)
{
	struct domain *domain = event_domain(user_data, event, false);

	if (domain)
		domain_watchdog(domain, action);
}

static void on_metadata(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event,
			int type G_GNUC_UNUSED, const char *uri, void *user_data)
{
	bool ours = g_strcmp0(uri, OPTIONS_XML_URI) == 0;
	struct domain *domain = event_domain(user_data, event, ours);

	if (domain && ours)
		domain_refresh(domain);
}

/* Memory may have been plugged or unplugged. */
static void on_device(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event,
		      const char *alias G_GNUC_UNUSED, void *user_data)
{
	struct domain *domain = event_domain(user_data, event, false);

	if (domain == NULL || (domain->layout == NULL && !domain->mapping))
		return;
	layout_unref(g_steal_pointer(&domain->layout));
	domain_kernel_find(domain, 0);
}

/*
 * QEMU has paused the guest. If it is not collected now, the pause is ended at once, not by QEMU's
 * limit: otherwise a guest that oopses repeatedly would hardly run.
 */
static void on_oops(struct domain *domain, const struct oops_event *event)
{
	bool busy = domain->collecting;
	gint64 time_us = event->sent_us;

	g_clear_pointer(&domain->held_registers, g_free);
	/* QEMU sends the event when the last CPU has stopped; the oops was before that. */
	if (event->stop_latency_us >= 0) {
		time_us -= MIN(event->stop_latency_us, G_USEC_PER_SEC);
		domain->held_us = time_us;
		domain->held_registers = g_strdup(event->registers);
	}
	domain_signal(domain, "oops", time_us);
	if (busy || !domain->collecting) {
		domain->held_us = 0;
		g_clear_pointer(&domain->held_registers, g_free);
		domain_oops_end(domain);
	}
}

static void on_oops_event(virDomainPtr event_of, const struct oops_event *event, void *user_data)
{
	struct domain *domain = event_domain(user_data, event_of, false);

	if (domain)
		on_oops(domain, event);
}

static void on_lockup_event(virDomainPtr event_of, void *user_data)
{
	struct domain *domain = event_domain(user_data, event_of, false);

	if (domain)
		domain_stall_guest_told(domain);
}

static void on_oops_of_monitor(struct domain *domain, gint64 sent_us, const char *details)
{
	g_autoptr(JsonObject) data = untrusted_json_parse(details, strlen(details), 8, NULL);
	struct oops_event event = {.sent_us = sent_us, .stop_latency_us = -1};
	JsonNode *registers = data ? json_object_get_member(data, "registers") : NULL;

	if (data && json_object_has_member(data, "stop-latency"))
		event.stop_latency_us = MAX(json_object_get_int_member(data, "stop-latency"), 0);
	if (registers && JSON_NODE_HOLDS_VALUE(registers))
		event.registers = json_node_get_string(registers);
	on_oops(domain, &event);
}

/* QEMU's own events, with their times; libvirt derives lifecycle events from them. */
static void on_monitor(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr event, const char *name,
		       long long seconds, unsigned int micros, const char *details, void *user_data)
{
	static const struct {
		const char *event;
		const char *signal;
	} signals[] = {
		{"GUEST_CRASHLOADED", "crashloaded"},
		{"GUEST_PANICKED", "panicked"},
	};
	struct domains *all = user_data;
	gint64 time_us = seconds * G_USEC_PER_SEC + micros;
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct domain *domain;

	if (strcmp(name, "STOP") == 0 || strcmp(name, "RESUME") == 0) {
		virDomainGetUUIDString(event, uuid);
		pauses_note(all->collector->pauses, uuid, *name == 'S', time_us);
		domain = g_hash_table_lookup(all->by_uuid, uuid);
		if (domain)
			pause_told(domain, *name == 'S');
		return;
	}
	if (strcmp(name, "MIGRATION") == 0) {
		virDomainGetUUIDString(event, uuid);
		pauses_note_migration(all->collector->pauses, uuid);
		return;
	}
	if (strcmp(name, "GUEST_OOPS_PAUSE_END") == 0) {
		virDomainGetUUIDString(event, uuid);
		pauses_note(all->collector->pauses, uuid, false, time_us);
		return;
	}
	domain = event_domain(all, event, false);
	if (domain == NULL)
		return;
	if (strcmp(name, "GUEST_OOPS") == 0)
		on_oops_of_monitor(domain, time_us, details ? details : "");
	if (strcmp(name, "GUEST_LOCKUP") == 0)
		domain_stall_guest_told(domain);
	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
		if (strcmp(name, signals[i].event) == 0)
			domain_signal(domain, signals[i].signal, time_us);
}

/* The registered callbacks of one connection. */
struct listening {
	GArray *event_ids;    /* of int */
	int monitor_event_id; /* -1: libvirt does not forward QEMU's events */
	bool failure_event;   /* libvirt has its own event for oopses and lockups */
	GError *error;	      /* why it does not; or NULL */
};

static void stop_listening(virConnectPtr connection, void *greeting);

/* Runs in a thread; the main loop handles the events. */
static void *listen(virConnectPtr connection, void *all, GError **error)
{
	static const struct {
		int event;
		virConnectDomainEventGenericCallback callback;
	} events[] = {
		{VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
		{VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
		{VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(on_watchdog)},
		{VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata)},
		{VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
		{VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
	};
	struct listening *listening = g_new0(struct listening, 1);
	const struct failure_listener failures = {on_oops_event, on_lockup_event, all};
	int failure_event_id;

	listening->event_ids = g_array_new(FALSE, FALSE, sizeof(int));
	listening->monitor_event_id = -1;
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		int id = virConnectDomainEventRegisterAny(connection, NULL, events[i].event,
							  events[i].callback, all, NULL);

		if (id < 0) {
			virt_fail(error, "listening to domain events");
			stop_listening(connection, listening);
			return NULL;
		}
		g_array_append_val(listening->event_ids, id);
	}
	failure_event_id = failure_event_register(connection, &failures);
	listening->failure_event = failure_event_id >= 0;
	if (listening->failure_event)
		g_array_append_val(listening->event_ids, failure_event_id);
	listening->monitor_event_id = virConnectDomainQemuMonitorEventRegister(
		connection, NULL,
		listening->failure_event
			? "^(GUEST_(OOPS_PAUSE_END|CRASHLOADED|PANICKED)|STOP|RESUME|MIGRATION)$"
			: "^(GUEST_(OOPS|OOPS_PAUSE_END|CRASHLOADED|LOCKUP|PANICKED)|STOP|RESUME|"
			  "MIGRATION)$",
		on_monitor, all, NULL, VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX);
	if (listening->monitor_event_id < 0)
		virt_fail(&listening->error, "listening to QEMU's events, so libvirt's lifecycle "
					     "events are used, which come later");
	return listening;
}

static void stop_listening(virConnectPtr connection, void *greeting)
{
	struct listening *listening = greeting;

	for (guint i = 0; i < listening->event_ids->len; i++)
		virConnectDomainEventDeregisterAny(connection,
						   g_array_index(listening->event_ids, int, i));
	if (listening->monitor_event_id >= 0)
		virConnectDomainQemuMonitorEventDeregister(connection, listening->monitor_event_id);
	g_array_unref(listening->event_ids);
	g_clear_error(&listening->error);
	g_free(listening);
}

/* --- connects and disconnects --- */

struct list_task {
	struct task task;
	GPtrArray *uuids;
	GError *error;
};

static void list_work(struct task *task)
{
	struct list_task *list = (struct list_task *)task;
	virDomainPtr *domains = NULL;
	int num;

	num = virConnectListAllDomains(task->connection, &domains, 0);
	if (num < 0)
		virt_fail(&list->error, "listing the domains");
	list->uuids = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < num; i++) {
		char uuid[VIR_UUID_STRING_BUFLEN];

		virDomainGetUUIDString(domains[i], uuid);
		g_ptr_array_add(list->uuids, g_strdup(uuid));
		virDomainFree(domains[i]);
	}
	free(domains);
}

static void list_domains(struct domains *all);

static gboolean list_again(void *user_data)
{
	struct domains *all = user_data;

	all->list_source = 0;
	if (all->connected && !all->stopping)
		list_domains(all);
	return G_SOURCE_REMOVE;
}

static void list_done(struct task *task, struct domain *domain G_GNUC_UNUSED)
{
	struct list_task *list = (struct list_task *)task;
	struct domains *all = task->all;

	if (list->error) {
		log_write(all->log, LOG_ERR, NULL, NULL, "%s; trying again", list->error->message);
		if (all->list_source == 0)
			all->list_source = g_timeout_add(LIST_RETRY_MS, list_again, all);
	}
	/* Known domains were queried since on_up(), or since an event. */
	for (guint i = 0; i < list->uuids->len; i++)
		if (!g_hash_table_contains(all->by_uuid, list->uuids->pdata[i]))
			domain_refresh(domain_get(all, list->uuids->pdata[i]));
	all->listed = list->error == NULL;
	domain_kernel_trim(all);
}

static void list_clear(struct task *task)
{
	struct list_task *list = (struct list_task *)task;

	g_ptr_array_unref(list->uuids);
	g_clear_error(&list->error);
}

static void list_domains(struct domains *all)
{
	struct list_task *list = g_new0(struct list_task, 1);

	list->task.work = list_work;
	list->task.done = list_done;
	list->task.clear = list_clear;
	task_push(all, &all->background, NULL, &list->task);
}

static void refresh_known(struct domains *all)
{
	g_autoptr(GList) known = g_hash_table_get_values(all->by_uuid);

	for (GList *item = known; item; item = item->next)
		domain_refresh(item->data);
}

/* Without a connection domains may have changed, and others may be enabled now. */
static void look_at_all(struct domains *all)
{
	g_free(all->auto_enable);
	all->auto_enable = g_strdup(all->config->auto_enable);
	g_hash_table_remove_all(all->ignored);
	all->listed = false;
	/* The list lacks domains that are gone. */
	refresh_known(all);
	list_domains(all);
}

static void on_up(void *user_data, const void *greeting)
{
	struct domains *all = user_data;
	const struct listening *listening = greeting;

	all->connected = true;
	all->monitor_events = listening->monitor_event_id >= 0;
	guard_look(all->collector->guard);
	if (listening->failure_event)
		log_write(all->log, LOG_INFO, NULL, NULL,
			  "libvirt tells of oopses and lockups by an event of its own");
	if (listening->error)
		log_write(all->log, LOG_ERR, NULL, NULL, "%s", listening->error->message);
	look_at_all(all);
	status_changed(all);
}

static void on_down(void *user_data)
{
	struct domains *all = user_data;

	all->connected = false;
	status_changed(all);
}

/* --- */

struct domains *domains_new(const struct config *config, const struct collector *collector,
			    struct log *log)
{
	static const struct connection_callbacks callbacks = {
		.greet = listen,
		.farewell = stop_listening,
		.up = on_up,
		.down = on_down,
	};
	struct domains *all = g_new0(struct domains, 1);

	all->config = config;
	all->collector = collector;
	all->log = log;
	all->by_uuid = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, domain_free);
	all->ignored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	all->collecting.threads =
		g_thread_pool_new(task_work, NULL, (int)config->parallel, FALSE, NULL);
	all->mapping.threads = g_thread_pool_new(task_work, NULL, MAPPING_THREADS, FALSE, NULL);
	all->background.threads =
		g_thread_pool_new(task_work, NULL, BACKGROUND_THREADS, FALSE, NULL);
	all->stop = g_cancellable_new();
	all->metrics = metrics_new(all);
	all->publication = publication_new(all);
	all->connection = connection_new(config->uri, log, &callbacks, all);
	status_changed(all);
	return all;
}

void domains_reconfigured(struct domains *all)
{
	GHashTableIter iter;
	void *domain;

	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &domain))
		domain_signals_reconfigured(domain);
	g_thread_pool_set_max_threads(all->collecting.threads, (int)all->config->parallel, NULL);
	if (all->connected && g_strcmp0(all->auto_enable, all->config->auto_enable) != 0)
		look_at_all(all);
	spares_update(all);
	status_changed(all);
}

/*
 * Longer than any collection and any search for a kernel: each of their waits is limited, and the
 * connection's keepalive detects a hung libvirtd.
 */
static gint64 longest_task_us(const struct config *config)
{
	return (MARGIN_S + (2 + DIALOGUE_RELAY_FACTOR) * (gint64)config->analyzer.wall_seconds) *
		       G_USEC_PER_SEC +
	       ((gint64)config->freeze_deadline_ms + config->log_settle_ms) * 1000;
}

const char *domains_stand(const struct domains *all)
{
	const struct {
		const struct pool *pool;
		const char *what;
	} pools[] = {
		{&all->collecting, "collections do not end"},
		{&all->mapping, "searches for kernels do not end"},
		{&all->background, "calls to libvirt do not end"},
	};
	gint64 now_us = g_get_monotonic_time();

	for (size_t i = 0; i < G_N_ELEMENTS(pools); i++)
		if (progress_stands(&pools[i].pool->progress, longest_task_us(all->config), now_us))
			return pools[i].what;
	return NULL;
}

void domains_stop(struct domains *all, void (*on_idle)(void *user_data), void *user_data)
{
	GHashTableIter iter;
	void *domain;

	all->stopping = true;
	all->on_idle = on_idle;
	all->user_data = user_data;
	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &domain)) {
		stop(domain);
		domain_oops_stop(domain);
	}
	publication_stop(all->publication);
	if (all->num_tasks == 0)
		on_idle(user_data);
}

void domains_abort(struct domains *all)
{
	g_cancellable_cancel(all->stop);
}

void domains_free(struct domains *all)
{
	if (all == NULL)
		return;
	if (all->status_source)
		g_source_remove(all->status_source);
	if (all->list_source)
		g_source_remove(all->list_source);
	if (all->thread_source)
		g_source_remove(all->thread_source);
	if (all->tick) {
		g_source_destroy(all->tick);
		g_source_unref(all->tick);
	}
	metrics_free(all->metrics);
	publication_free(all->publication);
	g_hash_table_unref(all->by_uuid);
	g_hash_table_unref(all->ignored);
	g_free(all->auto_enable);
	/* A task that is still running after all waits is abandoned. */
	g_thread_pool_free(all->collecting.threads, all->num_tasks > 0, FALSE);
	g_thread_pool_free(all->mapping.threads, all->num_tasks > 0, FALSE);
	g_thread_pool_free(all->background.threads, all->num_tasks > 0, FALSE);
	g_object_unref(all->stop);
	if (connection_free(all->connection))
		g_free(all);
}
