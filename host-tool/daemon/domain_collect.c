/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

#include <string.h>

/* Waiting for the collection before it; more are counted, not kept. */
#define MAX_WAITING 32
/* A domain that is being collected by somebody else, or libvirtd that restarts. */
#define RETRY_MS 2000
#define MAX_RETRIES 150

struct signal {
	const char *word;
	enum incident incident;
	char *evidence;	   /* owned; or NULL */
	const char *phase; /* as in common/collection.h; NULL: it has none */
	struct maybe_int stalled_cpu;
	gint64 signalled_us;
	unsigned int tries;
};

static struct signal *signal_copy(const struct signal *signal)
{
	struct signal *copy = g_memdup2(signal, sizeof(*signal));

	copy->evidence = g_strdup(signal->evidence);
	return copy;
}

static void signal_free(void *data)
{
	struct signal *signal = data;

	g_free(signal->evidence);
	g_free(signal);
}

struct collect_task {
	struct task task;
	struct log *log;
	struct connection *connections;
	struct collector collector; /* as configured when the task was made */
	struct signal signal;
	char *name;
	struct options options;
	struct layout *layout;
	GBytes *map;
	char *previous;
	unsigned int suppressed;
	bool held;
	GCancellable *cancellable;
	bool connection_lost;
	struct collection_result result;
	GError *error;
};

/* --- in a thread of the pool --- */

/* A line for the log, written by the main thread: while a guest is frozen nothing waits for a
 * terminal. */
struct line {
	struct log *log;
	char *domain;
	char *text;
};

static gboolean write_line(void *user_data)
{
	struct line *line = user_data;

	log_write(line->log, LOG_INFO, line->domain, NULL, "%s", line->text);
	g_free(line->domain);
	g_free(line->text);
	g_free(line);
	return G_SOURCE_REMOVE;
}

static void on_state(enum collection_state state, const char *detail, void *user_data)
{
	struct collect_task *collect = user_data;
	struct line *line;

	if (state == COLLECTION_SIGNALLED && collect->signal.tries > 0)
		return; /* it was told when it was tried first */
	line = g_new0(struct line, 1);
	line->log = collect->log;
	line->domain = g_strdup(collect->name);
	line->text = g_strdup_printf("%s: %s", collection_state_name(state), detail);
	g_idle_add_full(G_PRIORITY_DEFAULT, write_line, line, NULL);
	/* cppcheck-suppress memleak ; write_line() frees it */
}

static void collect_work(struct task *task)
{
	struct collect_task *collect = (struct collect_task *)task;
	virConnectPtr connection = connection_take(collect->connections, &collect->error);
	unsigned int left_behind = virt_calls_left_behind();
	const struct collection_request request = {
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
		.layout = collect->layout,
		.map = collect->map,
		.previous = collect->previous,
		.suppressed = collect->suppressed,
		.cancellable = collect->cancellable,
		.on_state = on_state,
		.user_data = collect,
	};

	if (connection == NULL) {
		collect->connection_lost = true;
		return;
	}
	if (!collection_run(&collect->collector, &request, &collect->result, &collect->error))
		collect->connection_lost = virConnectIsAlive(connection) != 1;
	connection_give(collect->connections, connection, virt_calls_left_behind() == left_behind);
	/* The next one stands by from now on. */
	analyzer_pool_fill(collect->collector.analyzers, NULL);
}

/* --- in the main thread --- */

static void collect_next(struct domain *domain);

static gboolean retry_now(void *user_data)
{
	struct domain *domain = user_data;

	domain->retry_source = 0;
	collect_next(domain);
	return G_SOURCE_REMOVE;
}

static bool is_worth_retry(const struct collect_task *collect)
{
	return collect->connection_lost ||
	       g_error_matches(collect->error, COLLECTION_ERROR, COLLECTION_ERROR_BUSY);
}

static void retry(struct domain *domain, const struct collect_task *collect)
{
	struct signal *again = signal_copy(&collect->signal);

	if (again->tries++ == 0)
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "not collected yet: %s; trying again", collect->error->message);
	g_queue_push_head(&domain->signals, again);
	domain->suppressed += collect->suppressed;
	if (domain->retry_source == 0)
		domain->retry_source = g_timeout_add(RETRY_MS, retry_now, domain);
}

static void fail(struct domain *domain, const struct collect_task *collect)
{
	domain->num_failed++;
	domain->suppressed += collect->suppressed;
	log_write(domain->all->log, LOG_ERR, domain->name, NULL, "no dump of this signal (%s): %s",
		  collect->signal.word, collect->error->message);
}

static void succeed(struct domain *domain, struct collect_task *collect)
{
	struct collection_result *result = &collect->result;
	bool another_kernel;

	domain->num_collected++;
	g_free(domain->last_dump);
	domain->last_dump = g_strdup(result->id);
	if (collect->signal.incident == INCIDENT_OOPS) {
		g_free(domain->last_oops_dump);
		domain->last_oops_dump = g_strdup(result->id);
	}
	if (result->layout->domain_id != domain->id)
		return;
	if (domain->layout == NULL)
		domain->layout = layout_ref(result->layout);
	if (result->map) {
		g_clear_pointer(&domain->kernel.map, g_bytes_unref);
		domain->kernel.map = g_bytes_ref(result->map);
	}
	if (collect->signal.incident == INCIDENT_PANIC)
		domain->kernel.panic_collected = true;
	another_kernel = watch_set(&domain->kernel.watch, &result->verdict);
	guest_settings_set(&domain->settings, &result->verdict);
	domain_kernel_save(domain);
	if (domain->watch_source == 0)
		domain_watch_update(domain);
	if (another_kernel || domain->kernel.release == NULL || !result->verdict.known) {
		domain->map_tries = 0;
		domain_kernel_find(domain, RETRY_MS);
	}
}

static void collect_done(struct task *task, struct domain *domain)
{
	struct collect_task *collect = (struct collect_task *)task;

	for (guint i = 0; collect->result.warnings && i < collect->result.warnings->len; i++)
		log_write(task->all->log, LOG_WARNING, collect->name, collect->result.id, "%s",
			  (const char *)collect->result.warnings->pdata[i]);
	if (collect->error == NULL)
		metrics_stored(task->all->metrics, &collect->result.times);
	if (domain == NULL) {
		if (collect->error)
			log_write(task->all->log, LOG_WARNING, collect->name, NULL,
				  "no dump of this signal (%s): %s", collect->signal.word,
				  collect->error->message);
		return;
	}
	domain->collecting = false;
	if (collect->error == NULL)
		succeed(domain, collect);
	else if (is_worth_retry(collect) && collect->signal.tries < MAX_RETRIES)
		retry(domain, collect);
	else
		fail(domain, collect);
	status_changed(domain->all);
	if (domain->retry_source == 0)
		collect_next(domain);
}

static void collect_clear(struct task *task)
{
	struct collect_task *collect = (struct collect_task *)task;

	g_free(collect->name);
	g_free(collect->signal.evidence);
	g_free(collect->previous);
	layout_unref(collect->layout);
	g_clear_pointer(&collect->map, g_bytes_unref);
	g_object_unref(collect->cancellable);
	collection_result_clear(&collect->result);
	g_clear_error(&collect->error);
}

static void collect_next(struct domain *domain)
{
	struct signal *signal;
	struct collect_task *collect;

	if (domain->collecting || domain->retry_source || domain->all->stopping)
		return;
	signal = g_queue_pop_head(&domain->signals);
	if (signal == NULL)
		return;
	domain->collecting = true;
	collect = g_new0(struct collect_task, 1);
	collect->task.work = collect_work;
	collect->task.done = collect_done;
	collect->task.clear = collect_clear;
	collect->log = domain->all->log;
	collect->connections = domain->all->connection;
	collect->collector = *domain->all->collector;
	collect->signal = *signal;
	collect->signal.evidence = g_strdup(signal->evidence);
	collect->name = g_strdup(domain->name);
	collect->options = domain->options;
	collect->layout = domain->layout ? layout_ref(domain->layout) : NULL;
	collect->map = domain->kernel.map ? g_bytes_ref(domain->kernel.map) : NULL;
	collect->previous = g_strdup(domain->last_oops_dump);
	collect->suppressed = domain->suppressed;
	collect->held = domain->held_us && domain->held_us == signal->signalled_us;
	collect->cancellable = g_object_ref(domain->all->stop);
	domain->suppressed = 0;
	signal_free(signal);
	task_push(domain->all, domain->all->collecting, domain->uuid, &collect->task);
}

static void suppress(struct domain *domain, const char *why)
{
	if (domain->suppressed++ == 0)
		log_write(
			domain->all->log, LOG_WARNING, domain->name, NULL,
			"signals are not collected for now: %s; the next report will say how many",
			why);
	domain->num_suppressed++;
	status_changed(domain->all);
}

/* The guest said it; else it was seen from outside. */
static bool is_event(const struct signal *signal)
{
	return strcmp(signal->word, "watch") != 0 && strcmp(signal->word, "stall") != 0;
}

/* A hang that lasts, or ends, is the incident that it was. */
static bool is_new(const struct signal *signal)
{
	return signal->phase == NULL || strcmp(signal->phase, "began") == 0;
}

static void admit(struct domain *domain, const struct signal *signal)
{
	struct domains *all = domain->all;

	if (!domain->enabled ||
	    (is_event(signal) && domain->options.signal == OPTION_SIGNAL_WATCH) ||
	    !(domain->options.kinds & 1u << signal->incident))
		return;
	if (!strcmp(signal->word, "oops") &&
	    watch_has_told(&domain->kernel.watch, signal->signalled_us)) {
		log_write(
			all->log, LOG_INFO, domain->name, NULL,
			"an oops event came that was held back: the memory watch has told of that "
			"oops already");
		return;
	}
	if (is_new(signal))
		domain->num_incidents[signal->incident]++;
	status_changed(all);
	if (is_event(signal))
		watch_expect(&domain->kernel.watch, g_get_monotonic_time());
	if (g_queue_get_length(&domain->signals) >= MAX_WAITING)
		suppress(domain, "too many are waiting");
	else if (!ratelimit_take(&domain->bucket, &all->config->domain_rate, &all->total,
				 &all->config->total_rate, g_get_monotonic_time()))
		suppress(domain, "the rate limit is reached");
	else
		g_queue_push_tail(&domain->signals, signal_copy(signal));
	collect_next(domain);
}

static void receive(struct domain *domain, const struct signal *signal)
{
	if (domain->all->stopping)
		return;
	if (signal->incident == INCIDENT_PANIC)
		domain->panic_signalled = true;
	if (domain->known)
		admit(domain, signal);
	else if (g_queue_get_length(&domain->signals) < MAX_WAITING)
		g_queue_push_tail(&domain->signals, signal_copy(signal));
}

void domain_signal(struct domain *domain, const char *word, gint64 signalled_us)
{
	const struct signal signal = {
		.word = word,
		.incident = strcmp(word, "panicked") ? INCIDENT_OOPS : INCIDENT_PANIC,
		.signalled_us = signalled_us,
	};

	receive(domain, &signal);
}

void domain_stalls(struct domain *domain, enum stall_event event,
		   const struct stall_finding *finding)
{
	static const char *const phases[] = {
		[STALL_BEGAN] = "began", [STALL_LASTS] = "lasts", [STALL_ENDED] = "ended"};
	const struct signal signal = {
		.word = "stall",
		.incident = finding->incident,
		.evidence = (char *)finding->evidence,
		.phase = phases[event],
		.stalled_cpu = {finding->cpu >= 0, finding->cpu},
		.signalled_us = g_get_real_time(),
	};

	receive(domain, &signal);
}

void domain_collect_pending(struct domain *domain)
{
	GQueue pending = domain->signals;
	struct signal *signal;

	/* Signals that came before the domain was known. Later ones have been admitted already. */
	if (domain->collecting || domain->retry_source || domain->num_collected)
		return;
	g_queue_init(&domain->signals);
	while ((signal = g_queue_pop_head(&pending))) {
		admit(domain, signal);
		signal_free(signal);
	}
}

void domain_collect_crashed(struct domain *domain)
{
	if (!domain->enabled || !domain->crashed || domain->panic_signalled ||
	    domain->kernel.panic_collected)
		return;
	log_write(domain->all->log, LOG_INFO, domain->name, NULL,
		  "it has panicked while nobody listened");
	domain_signal(domain, "panicked", g_get_real_time());
}

void domain_collect_stop(struct domain *domain)
{
	if (domain->retry_source)
		g_source_remove(domain->retry_source);
	domain->retry_source = 0;
	g_queue_clear_full(&domain->signals, signal_free);
}
