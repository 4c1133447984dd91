/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics.h"

#include <unistd.h>

#include "daemon/domain.h"
#include "daemon/metrics_file.h"
#include "daemon/metrics_text.h"

#define HEARTBEAT_S 10
/* Changes come in bursts. */
#define DELAY_MS 50
#define PAUSE_US G_TIME_SPAN_SECOND

struct metrics {
	struct domains *all;
	gint64 started_us; /* real time */
	char *path;	   /* of the last write, which may not have ended; NULL: none */
	bool writing;
	bool write_again;  /* a write was due meanwhile */
	bool failed;	   /* the last write failed; a warning was logged */
	gint64 written_us; /* monotonic: when the last write began; 0: never */
	guint source, heartbeat;
	struct metrics_times times;
	struct store_use use;
	bool use_known, counting;
	bool count_again; /* a dump was stored during the count */
};

/* --- the values --- */

static enum metrics_knowledge knowledge(const struct domain *domain)
{
	if (domain->kernel.release)
		return domain_watch_blind(domain) ? METRICS_NO_COUNTER : METRICS_UNDERSTOOD;
	if (domain->map_tries == 0)
		return METRICS_SEARCHING;
	return domain->layout ? METRICS_NO_KERNEL : METRICS_NO_MEMORY;
}

static void gather_domain(const struct domain *domain, GArray *domains)
{
	struct metrics_domain row = {
		.name = domain->name ? domain->name : domain->uuid,
		.kinds = domain->options.kinds,
		.running = domain->active,
		.watched = domain->watched,
		.knowledge = knowledge(domain),
		.suppressed = domain->num_suppressed,
		.failed = domain->num_failed,
		.repeats = domain->num_repeats,
	};

	for (size_t i = 0; i < NUM_INCIDENTS; i++)
		row.incidents[i] = domain->num_incidents[i];
	g_array_append_val(domains, row);
}

static char *render(const struct metrics *metrics)
{
	const struct domains *all = metrics->all;
	gint64 now_us = g_get_monotonic_time();
	gint64 looked_us = now_us;
	g_autoptr(GArray) domains = g_array_new(FALSE, FALSE, sizeof(struct metrics_domain));
	struct metrics_state state = {
		.version = OOPSBT_VERSION,
		.started = (double)metrics->started_us / G_USEC_PER_SEC,
		.libvirt_up = all->connected,
		.guard_up = guard_is_alive(all->collector->guard),
		.watch_age = -1,
		.domains = domains,
		.times = &metrics->times,
		.use = metrics->use_known ? &metrics->use : NULL,
		.store_needed = all->collector->free_space_floor,
		.store_limit = all->collector->quota.max_use,
	};
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct domain *domain = value;

		if (!domain->enabled)
			continue;
		gather_domain(domain, domains);
		if (!domain->watched)
			continue;
		looked_us = MIN(looked_us, domain->looked_us);
		state.watch_age = (double)(now_us - looked_us) / G_USEC_PER_SEC;
	}
	return metrics_text(&state);
}

/* --- the file: written in a thread, since a disk may hang --- */

static void count_store(struct metrics *metrics);
static void write_file(struct metrics *metrics);

struct write_task {
	struct task task;
	struct metrics *metrics;
	char *old_path; /* to remove; or NULL */
	char *path;	/* NULL: none */
	char *text;
	bool own_folder;
	GError *error;
};

/*
 * The default folder belongs to the daemon, and systemd makes it private again at each reload. Any
 * other folder belongs to the administrator.
 */
static void write_work(struct task *task)
{
	struct write_task *write = (struct write_task *)task;

	if (write->old_path)
		unlink(write->old_path);
	if (write->path == NULL)
		return;
	if (write->own_folder)
		metrics_file_make_folder(write->path, NULL); /* the write reports errors */
	metrics_file_write(write->path, write->text, &write->error);
}

static void write_done(struct task *task, struct domain *domain G_GNUC_UNUSED)
{
	const struct write_task *write = (struct write_task *)task;
	struct metrics *metrics = write->metrics;
	struct log *log = metrics->all->log;

	metrics->writing = false;
	if (write->error && !metrics->failed)
		log_write(log, LOG_WARNING, NULL, NULL, "no metrics: %s", write->error->message);
	else if (write->path && !write->error && metrics->failed)
		log_write(log, LOG_INFO, NULL, NULL, "metrics are written again");
	metrics->failed = write->error != NULL;
	if (metrics->write_again)
		write_file(metrics);
}

static void write_clear(struct task *task)
{
	struct write_task *write = (struct write_task *)task;

	g_free(write->old_path);
	g_free(write->path);
	g_free(write->text);
	g_clear_error(&write->error);
}

static struct write_task *write_new(struct metrics *metrics)
{
	const struct config *config = metrics->all->config;
	struct write_task *write = g_new0(struct write_task, 1);

	write->task.work = write_work;
	write->task.done = write_done;
	write->task.clear = write_clear;
	write->metrics = metrics;
	/* A reloaded configuration may name another file. */
	if (g_strcmp0(metrics->path, config->metrics) != 0) {
		write->old_path = g_steal_pointer(&metrics->path);
		metrics->path = g_strdup(config->metrics);
		metrics->failed = false;
	}
	write->path = g_strdup(metrics->path);
	write->text = write->path ? render(metrics) : NULL;
	write->own_folder = config_metrics_is_default(config);
	return write;
}

/* One write at a time; the next one has the values of then. */
static void write_file(struct metrics *metrics)
{
	metrics->write_again = metrics->writing;
	if (metrics->writing || metrics->all->stopping)
		return;
	metrics->written_us = g_get_monotonic_time();
	if (metrics->path == NULL && metrics->all->config->metrics == NULL)
		return;
	metrics->writing = true;
	task_push(metrics->all, &metrics->all->background, NULL, &write_new(metrics)->task);
}

static gboolean write_now(void *user_data)
{
	struct metrics *metrics = user_data;

	metrics->source = 0;
	if (!metrics->use_known)
		count_store(metrics);
	write_file(metrics);
	return G_SOURCE_REMOVE;
}

void metrics_changed(struct metrics *metrics)
{
	gint64 since_us = g_get_monotonic_time() - metrics->written_us;
	unsigned int delay_ms = DELAY_MS;

	if (metrics->source || metrics->all->stopping)
		return;
	if (metrics->written_us && since_us < PAUSE_US)
		delay_ms = MAX(delay_ms, (unsigned int)((PAUSE_US - since_us) / 1000));
	metrics->source = g_timeout_add(delay_ms, write_now, metrics);
}

/* --- the store: counted in a thread, since a disk may be slow --- */

struct count_task {
	struct task task;
	struct metrics *metrics;
	struct store *store;
	struct store_use use;
	bool known;
};

static void count_work(struct task *task)
{
	struct count_task *count = (struct count_task *)task;

	count->known = store_use_read(count->store, &count->use, NULL);
}

static void count_done(struct task *task, struct domain *domain G_GNUC_UNUSED)
{
	struct count_task *count = (struct count_task *)task;
	struct metrics *metrics = count->metrics;
	bool changed = count->known != metrics->use_known ||
		       count->use.dumps != metrics->use.dumps ||
		       count->use.bytes != metrics->use.bytes;

	metrics->counting = false;
	metrics->use_known = count->known;
	metrics->use = count->use;
	if (changed)
		metrics_changed(metrics);
	if (metrics->count_again)
		count_store(metrics);
}

static void count_store(struct metrics *metrics)
{
	struct count_task *count;

	metrics->count_again = metrics->counting;
	if (metrics->counting || metrics->all->stopping || metrics->all->config->metrics == NULL)
		return;
	metrics->counting = true;
	count = g_new0(struct count_task, 1);
	count->task.work = count_work;
	count->task.done = count_done;
	count->metrics = metrics;
	count->store = metrics->all->collector->store;
	task_push(metrics->all, &metrics->all->background, NULL, &count->task);
}

/* --- */

static void add_known(struct histogram *histogram, const struct maybe_int *time_us)
{
	if (time_us->known)
		histogram_add(histogram, (double)time_us->value / G_USEC_PER_SEC);
}

void metrics_stored(struct metrics *metrics, const struct collection_times *times, bool deferred)
{
	add_known(&metrics->times.frozen, &times->frozen_us);
	if (!deferred) {
		add_known(&metrics->times.to_frozen, &times->to_frozen_us);
		add_known(&metrics->times.to_stored, &times->to_stored_us);
	}
	count_store(metrics);
	metrics_changed(metrics);
}

static gboolean beat(void *user_data)
{
	struct metrics *metrics = user_data;

	count_store(metrics);
	write_file(metrics);
	return G_SOURCE_CONTINUE;
}

struct metrics *metrics_new(struct domains *all)
{
	struct metrics *metrics = g_new0(struct metrics, 1);

	metrics->all = all;
	metrics->started_us = g_get_real_time();
	metrics_times_init(&metrics->times);
	metrics->heartbeat = g_timeout_add_seconds(HEARTBEAT_S, beat, metrics);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics->source)
		g_source_remove(metrics->source);
	g_source_remove(metrics->heartbeat);
	if (metrics->path)
		unlink(metrics->path);
	g_free(metrics->path);
	g_free(metrics);
}
