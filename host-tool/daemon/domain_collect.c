/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

#include <string.h>

#include "daemon/hook.h"
#include "daemon/incident_log.h"
#include "daemon/spares.h"

/* For a domain that another process collects, or an absent libvirtd; doubles each time. */
#define RETRY_MS 2000
#define MAX_RETRY_MS 60000

struct collect_task {
	struct task task;
	struct log *log;
	struct connection *connections;
	struct collector collector; /* with the configuration at the task's start */
	struct signal signal;
	unsigned int kernel_number; /* of the domain, at the task's start */
	char *name;
	struct options options;
	struct layout *layout;
	GBytes *map;
	bool recall, continued; /* see domain_kernel_recall() */
	struct recalled recalled;
	bool unwatched; /* as in common/collection.h */
	char *release;	/* of the guest's kernel; NULL: unknown */
	char *previous;
	unsigned int waiting;
	bool held;
	struct disk_requests disk_requests;
	char *held_registers;
	GCancellable *cancellable;
	bool connection_lost;
	struct collection_result result;
	GError *error;
};

/* --- in a thread of the pool --- */

static void on_state(enum collection_state state, const char *detail, void *user_data)
{
	struct collect_task *collect = user_data;

	if (state == COLLECTION_SIGNALLED && collect->signal.tries > 0)
		return; /* the first try has logged it */
	log_write(collect->log, LOG_INFO, collect->name, NULL, "%s: %s",
		  collection_state_name(state), detail);
}

/* The LOCKUP event does not say which kind of hang it is; the report has it from the guest's log.
 */
static void name_hang(struct signal *signal, const struct collection_result *result)
{
	const char *name = result->summary.incident;
	enum incident incident;

	if (!strcmp(signal->word, "lockup") && name && incident_from_name(name, &incident) &&
	    OPTIONS_KINDS_STALL & 1u << incident)
		signal->incident = incident;
}

static char *hook_text(const struct collection_result *result, void *user_data)
{
	struct collect_task *collect = user_data;
	g_autofree char *folder = g_build_filename(store_root(collect->collector.store),
						   collect->task.uuid, result->id, NULL);
	const struct incident_entry entry = {
		.domain = collect->name,
		.uuid = collect->task.uuid,
		.signal = &collect->signal,
		.kernel = collect->release,
		.result = result,
	};
	struct incident_fields fields;
	const struct hook_dump dump = {
		.folder = folder,
		.domain = collect->name,
		.fields = fields.list,
	};
	char *environment;

	if (!hook_is_wanted(hook_folders))
		return NULL;
	name_hang(&collect->signal, result);
	incident_fields_of_dump(&fields, &entry);
	environment = hook_environment(&dump);
	incident_fields_clear(&fields);
	return environment;
}

/* If it fails, so will the collection, which says why. */
static void recall(struct collect_task *collect, virConnectPtr connection)
{
	const struct kernel_state *state = &collect->recalled.state;
	g_autoptr(virDomain) domain = virDomainLookupByUUIDString(connection, collect->task.uuid);

	if (domain)
		collect->layout =
			domain_kernel_recall(domain, &collect->collector, collect->task.uuid,
					     collect->continued, &collect->recalled, NULL);
	if (state->map)
		collect->map = g_bytes_ref(state->map);
	/* If others wait, the memory watch finds what was missed. */
	collect->unwatched = state->map && state->watch.have_counter && !collect->waiting;
}

static void collect_work(struct task *task)
{
	struct collect_task *collect = (struct collect_task *)task;
	virConnectPtr connection = connection_take(collect->connections, &collect->error);
	unsigned int left_behind = virt_calls_left_behind();
	struct collection_request request = {
		.connection = connection,
		.uuid = task->uuid,
		.options = &collect->options,
		.signal = collect->signal.word,
		.incident = collect->signal.incident,
		.evidence = collect->signal.evidence,
		.phase = collect->signal.phase,
		.stalled_cpu = collect->signal.stalled_cpu,
		.signalled_us = collect->signal.signalled_us,
		.held = collect->held,
		.disk_requests = &collect->disk_requests,
		.held_registers = collect->held_registers,
		.previous = collect->previous,
		.waiting = collect->waiting,
		.deferred = collect->signal.deferred,
		.cancellable = collect->cancellable,
		.on_state = on_state,
		.hook = hook_text,
		.user_data = collect,
	};

	if (connection == NULL) {
		collect->connection_lost = true;
		return;
	}
	if (collect->recall)
		recall(collect, connection);
	request.layout = collect->layout;
	request.map = collect->map;
	request.suppressed = collect->signal.suppressed;
	suppressed_add(&request.suppressed, &collect->recalled.state.suppressed);
	request.unwatched = collect->unwatched;
	if (!collection_run(&collect->collector, &request, &collect->result, &collect->error))
		collect->connection_lost = virConnectIsAlive(connection) != 1;
	connection_give(collect->connections, connection, virt_calls_left_behind() == left_behind);
	/* Starts the rest when no collection is running any more, see spares.h. */
	if (analyzer_pool_num_spares(collect->collector.analyzers) == 0)
		analyzer_pool_fill(collect->collector.analyzers, 1, NULL);
}

/* --- in the main thread --- */

static gboolean retry_now(void *user_data)
{
	struct domain *domain = user_data;

	domain->retry_source = 0;
	domain_collect_next(domain);
	return G_SOURCE_REMOVE;
}

static bool is_worth_retry(const struct collect_task *collect)
{
	return collect->connection_lost ||
	       g_error_matches(collect->error, COLLECTION_ERROR, COLLECTION_ERROR_BUSY);
}

static void retry_collection(struct domain *domain, const struct collect_task *collect)
{
	struct signal *again = signal_copy(&collect->signal);
	unsigned int delay_ms;

	if (again->tries++ == 0) {
		domain->retries = (struct backoff){0};
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "cannot collect yet: %s; will try again as long as the domain is enabled",
			  collect->error->message);
	}
	g_queue_push_head(&domain->signals, again);
	delay_ms = backoff_ms(&domain->retries, RETRY_MS, MAX_RETRY_MS, g_get_monotonic_time());
	if (domain->retry_source == 0)
		domain->retry_source = g_timeout_add(delay_ms, retry_now, domain);
}

/* The next report mentions the signals that @signal's report could not mention. */
static void pass_on(struct domain *domain, const struct signal *signal,
		    struct suppressed_signals suppressed)
{
	struct signal *next = g_queue_peek_head(&domain->signals);

	suppressed.oopses += signal->incident == INCIDENT_OOPS;
	suppressed_add(next ? &next->suppressed : &domain->suppressed, &suppressed);
}

static void fail_collection(struct domain *domain, const struct collect_task *collect)
{
	struct suppressed_signals suppressed = collect->signal.suppressed;

	domain->num_failed++;
	suppressed.failed++;
	pass_on(domain, &collect->signal, suppressed);
	domain_kernel_save(domain);
}

static void succeed(struct domain *domain, struct collect_task *collect)
{
	struct collection_result *result = &collect->result;
	bool another_kernel;

	domain->num_collected++;
	domain->num_repeats += result->repeat > 0;
	g_free(domain->last_dump);
	domain->last_dump = g_strdup(result->id);
	if (collect->signal.incident == INCIDENT_OOPS) {
		g_free(domain->last_oops_dump);
		domain->last_oops_dump = g_strdup(result->id);
		if (!result->analysed)
			pass_on(domain, &collect->signal,
				(struct suppressed_signals){.not_analysed = 1});
	}
	/* What follows is about the kernel that runs now. */
	if (result->layout->domain_id != domain->id ||
	    collect->kernel_number != domain->kernel_number)
		return;
	if (domain->recalling) {
		domain->continued = false;
		if (collect->recalled.known)
			domain_kernel_adopt(domain, &collect->recalled);
	}
	if (domain->layout == NULL)
		domain->layout = layout_ref(result->layout);
	if (result->map) {
		g_clear_pointer(&domain->kernel.map, g_bytes_unref);
		domain->kernel.map = g_bytes_ref(result->map);
	}
	if (collect->signal.incident == INCIDENT_PANIC)
		domain->kernel.panic_collected = true;
	if (collect->signal.incident == INCIDENT_KVM_ERROR && domain->error_told)
		domain->kernel.error_collected = true;
	if (collect->signal.incident == INCIDENT_WATCHDOG && domain->watchdog_told)
		domain->kernel.watchdog_collected = true;
	if (domain->paused_us && !domain->kernel.stop_clock.known)
		domain_clock_check(domain);
	domain_stall_follow(domain, &collect->signal, result->blocked);
	another_kernel = watch_set(&domain->kernel.watch, &result->verdict);
	/* The report of an oops lists those that were missed; after another one the watch finds
	 * them. */
	if (domain->recalling && collect->unwatched && result->analysed &&
	    collect->signal.incident == INCIDENT_OOPS)
		watch_catch_up(&domain->kernel.watch, &result->verdict);
	guest_settings_set(&domain->settings, &result->verdict);
	domain_kernel_save(domain);
	/* Looks at once: a daemon that follows soon must not take this oops for another one. */
	domain_watch_update(domain);
	if (another_kernel || domain->kernel.release == NULL || !result->verdict.known) {
		domain->map_tries = 0;
		domain_kernel_find(domain, RETRY_MS);
	}
}

/* @domain: NULL if it was dropped. */
static void tell_of_collection(const struct collect_task *collect, const struct domain *domain,
			       bool again)
{
	const struct collection_result *result = &collect->result;
	const struct incident_entry entry = {
		.domain = collect->name,
		.uuid = collect->task.uuid,
		.signal = &collect->signal,
		.kernel = domain ? domain->kernel.release : NULL,
		.result = result,
	};

	for (guint i = 0; result->warnings && i < result->warnings->len; i++)
		log_write(collect->log, LOG_WARNING, collect->name, result->id, "%s",
			  (const char *)result->warnings->pdata[i]);
	if (collect->error == NULL)
		incident_log_dump(collect->log, &entry);
	else if (!again)
		incident_log_no_dump(collect->log, &entry, domain ? LOG_ERR : LOG_WARNING,
				     collect->error->message);
	incident_log_pause(collect->log, &entry);
	/* A repeat has no hook: the dump with its record had one. */
	if (collect->error == NULL && result->hook)
		hook_start(result->id, result->hook, collect->collector.runtime_directory,
			   collect->name, collect->log);
}

static void collect_done(struct task *task, struct domain *domain)
{
	struct collect_task *collect = (struct collect_task *)task;
	bool again = domain && is_worth_retry(collect);

	name_hang(&collect->signal, &collect->result);
	if (collect->error == NULL) {
		suppressed_add(&collect->signal.suppressed, &collect->recalled.state.suppressed);
		metrics_stored(task->all->metrics, &collect->result.times,
			       collect->signal.deferred);
	}
	publication_changed(task->all->publication);
	tell_of_collection(collect, domain, again);
	if (domain == NULL) {
		spares_update(task->all);
		return;
	}
	domain->collecting = domain->collecting_oops = false;
	watch_resume(&domain->kernel.watch, g_get_monotonic_time());
	if (collect->error == NULL)
		succeed(domain, collect);
	else if (again)
		retry_collection(domain, collect);
	else
		fail_collection(domain, collect);
	if (domain->recalling) {
		domain->recalling = domain->map_again = false;
		domain_kernel_find(domain, 0);
	}
	status_changed(domain->all);
	/* The guest was stopped when the freeze was reported. */
	if (domain->paused_us)
		domain_error_look(domain);
	if (domain->retry_source == 0)
		domain_collect_next(domain);
	spares_update(domain->all);
}

static void collect_clear(struct task *task)
{
	struct collect_task *collect = (struct collect_task *)task;

	log_unref(collect->log);
	g_free(collect->name);
	g_free(collect->signal.evidence);
	g_free(collect->release);
	g_free(collect->previous);
	g_free(collect->held_registers);
	layout_unref(collect->layout);
	g_clear_pointer(&collect->map, g_bytes_unref);
	kernel_state_clear(&collect->recalled.state);
	g_object_unref(collect->cancellable);
	collection_result_clear(&collect->result);
	g_clear_error(&collect->error);
}

static unsigned int num_waiting_oopses(const struct domain *domain)
{
	unsigned int num = 0;

	for (GList *item = domain->signals.head; item; item = item->next)
		num += ((const struct signal *)item->data)->incident == INCIDENT_OOPS;
	return num;
}

unsigned int domain_uncollected(const struct domain *domain)
{
	return num_waiting_oopses(domain) + domain->collecting_oops;
}

void domain_collect_next(struct domain *domain)
{
	struct signal *signal;
	struct collect_task *collect;

	if (domain->collecting || domain->retry_source || domain->all->stopping)
		return;
	signal = g_queue_pop_head(&domain->signals);
	if (signal == NULL)
		return;
	domain->collecting = true;
	domain->collecting_oops = signal->incident == INCIDENT_OOPS;
	collect = g_new0(struct collect_task, 1);
	collect->task.work = collect_work;
	collect->task.done = collect_done;
	collect->task.clear = collect_clear;
	collect->log = log_ref(domain->all->log);
	collect->connections = domain->all->connection;
	collect->collector = *domain->all->collector;
	collect->signal = *signal;
	collect->signal.evidence = g_strdup(signal->evidence);
	collect->name = g_strdup(domain->name);
	collect->options = domain->options;
	collect->kernel_number = domain->kernel_number;
	collect->recall = domain->layout == NULL && domain->kernel.map == NULL;
	collect->continued = domain->continued;
	domain->recalling = collect->recall;
	/* A search that runs has recalled the same; it is repeated with what this one finds. */
	domain->map_again |= collect->recall && domain->mapping;
	collect->layout = domain->layout ? layout_ref(domain->layout) : NULL;
	collect->map = domain->kernel.map ? g_bytes_ref(domain->kernel.map) : NULL;
	collect->release = g_strdup(domain->kernel.release);
	collect->previous = g_strdup(domain->last_oops_dump);
	collect->waiting = num_waiting_oopses(domain);
	collect->held = domain->held_us && domain->held_us == signal->signalled_us;
	domain_disks_requests(domain, &collect->disk_requests);
	if (collect->held)
		collect->held_registers = g_steal_pointer(&domain->held_registers);
	collect->cancellable = g_object_ref(domain->all->stop);
	collect->task.endless = collect->options.vmcore;
	signal_free(signal);
	task_push(domain->all, &domain->all->collecting, domain->uuid, &collect->task);
}

void domain_collect_retry(struct domain *domain)
{
	if (domain->retry_source == 0 || !domain->all->connected)
		return;
	g_source_remove(domain->retry_source);
	retry_now(domain);
}

static void collect_crashed(struct domain *domain)
{
	if (!domain->crashed || domain->panic_signalled || domain->kernel.panic_collected)
		return;
	log_write(domain->all->log, LOG_INFO, domain->name, NULL,
		  "the guest panicked while oopsbtd was not connected");
	domain_signal(domain, "panicked", g_get_real_time());
}

void domain_stopped(struct domain *domain)
{
	if (!domain->enabled)
		return;
	collect_crashed(domain);
	domain_watchdog_look(domain);
	if (domain->paused_us && !domain->collecting)
		domain_error_look(domain);
	if (domain->paused_us) {
		domain_clock_check(domain);
		return;
	}
	domain_error_over(domain);
	domain_watchdog_over(domain);
}

void domain_collect_stop(struct domain *domain)
{
	if (domain->retry_source)
		g_source_remove(domain->retry_source);
	domain->retry_source = 0;
}
