/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/metrics_text.h"

#include <string.h>

#include "common/sanitize.h"

static const double freeze_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
				       0.1,   0.25,   0.5,   1,	   2.5};
static const double store_bounds[] = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

static const char *const reasons[METRICS_NUM_KNOWLEDGES] = {
	[METRICS_SEARCHING] = "searching",
	[METRICS_NO_MEMORY] = "no-memory",
	[METRICS_NO_KERNEL] = "no-kernel",
	[METRICS_NO_COUNTER] = "no-counter",
};

void metrics_times_init(struct metrics_times *times)
{
	const struct histogram freeze = {.bounds = freeze_bounds,
					 .num_bounds = G_N_ELEMENTS(freeze_bounds)};
	const struct histogram store = {.bounds = store_bounds,
					.num_bounds = G_N_ELEMENTS(store_bounds)};

	times->to_frozen = times->frozen = freeze;
	times->to_stored = store;
}

/* --- the format --- */

static void add_family(GString *text, const char *name, const char *type, const char *help)
{
	g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void append_label(GString *text, const char *name, const char *value)
{
	g_string_append_printf(text, "%s=\"", name);
	for (const char *c = value; *c; c++) {
		if (*c == '\\' || *c == '"')
			g_string_append_c(text, '\\');
		if (*c == '\n')
			g_string_append(text, "\\n");
		else
			g_string_append_c(text, *c);
	}
	g_string_append_c(text, '"');
}

#define MAX_LABELS 2

struct label {
	const char *name; /* NULL: the end */
	const char *value;
};

/* @labels: MAX_LABELS of them, or NULL. */
static void add_sample(GString *text, const char *name, const struct label *labels, double value)
{
	char before = '{';

	g_string_append(text, name);
	for (size_t i = 0; labels && i < MAX_LABELS && labels[i].name; i++) {
		g_string_append_c(text, before);
		append_label(text, labels[i].name, labels[i].value);
		before = ',';
	}
	if (labels)
		g_string_append_c(text, '}');
	/* Prints all digits of byte counts. */
	g_string_append_printf(text, value == (double)(int64_t)value ? " %.0f\n" : " %.15g\n",
			       value);
}

static void add_of(GString *text, const char *name, const char *label, const char *label_value,
		   double value)
{
	const struct label labels[MAX_LABELS] = {{label, label_value}};

	add_sample(text, name, labels, value);
}

static void add_gauge(GString *text, const char *name, const char *help, double value)
{
	add_family(text, name, "gauge", help);
	add_sample(text, name, NULL, value);
}

static void add_histogram(GString *text, const char *name, const char *help,
			  const struct histogram *histogram)
{
	g_autofree char *bucket = g_strconcat(name, "_bucket", NULL);
	g_autofree char *sum = g_strconcat(name, "_sum", NULL);
	g_autofree char *count = g_strconcat(name, "_count", NULL);
	uint64_t so_far = 0;

	add_family(text, name, "histogram", help);
	for (size_t i = 0; i < histogram->num_bounds; i++) {
		g_autofree char *bound = g_strdup_printf("%g", histogram->bounds[i]);

		so_far += histogram->counts[i];
		add_of(text, bucket, "le", bound, (double)so_far);
	}
	so_far += histogram->counts[histogram->num_bounds];
	add_of(text, bucket, "le", "+Inf", (double)so_far);
	add_sample(text, sum, NULL, histogram->sum);
	add_sample(text, count, NULL, (double)so_far);
}

/* --- domains --- */

/* A domain with its exported name. */
struct row {
	char *label;
	struct metrics_domain domain;
};

static void row_clear(void *data)
{
	struct row *row = data;

	g_free(row->label);
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->label, ((const struct row *)b)->label);
}

static void merge(struct metrics_domain *domain, const struct metrics_domain *other)
{
	domain->kinds |= other->kinds;
	if (!domain->running) {
		domain->running = other->running;
		domain->knowledge = other->knowledge;
	}
	for (size_t i = 0; i < NUM_INCIDENTS; i++)
		domain->incidents[i] += other->incidents[i];
	domain->suppressed += other->suppressed;
	domain->failed += other->failed;
	domain->repeats += other->repeats;
}

/*
 * Sorts by name. Two domains may briefly have the same name, if one of them is gone already. They
 * become one row, since readers reject a file that repeats a sample's labels.
 */
static GArray *make_rows(const GArray *domains)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct row));
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct row));

	g_array_set_clear_func(rows, row_clear);
	for (guint i = 0; i < domains->len; i++) {
		struct row row = {.domain = g_array_index(domains, struct metrics_domain, i)};

		row.label = sanitize_line(row.domain.name, -1);
		g_array_append_val(all, row);
	}
	g_array_sort(all, compare_rows);
	for (guint i = 0; i < all->len; i++) {
		struct row *row = &g_array_index(all, struct row, i);
		struct row *last =
			rows->len ? &g_array_index(rows, struct row, rows->len - 1) : NULL;

		if (last && compare_rows(last, row) == 0) {
			merge(&last->domain, &row->domain);
			g_free(row->label);
		} else {
			g_array_append_val(rows, *row);
		}
	}
	return rows;
}

static const struct row *row_at(const GArray *rows, guint i)
{
	return &g_array_index(rows, struct row, i);
}

static void add_numbers_of_domains(GString *text, const GArray *domains)
{
	unsigned int known_as[METRICS_NUM_KNOWLEDGES] = {0};
	unsigned int running = 0, watched = 0;

	for (guint i = 0; i < domains->len; i++) {
		const struct metrics_domain *domain =
			&g_array_index(domains, struct metrics_domain, i);

		running += domain->running;
		watched += domain->watched;
		if (domain->running)
			known_as[domain->knowledge]++;
	}
	add_gauge(text, "oopsbt_domains_enabled", "Domains that are enabled.", domains->len);
	add_gauge(text, "oopsbt_domains_running", "Enabled domains that run or are paused.",
		  running);
	add_gauge(text, "oopsbt_domains_watched",
		  "Domains whose memory is looked at for oopses now.", watched);
	add_family(text, "oopsbt_domains_not_understood", "gauge",
		   "Running enabled domains whose guest is not fully understood, by reason.");
	for (size_t i = METRICS_UNDERSTOOD + 1; i < METRICS_NUM_KNOWLEDGES; i++)
		add_of(text, "oopsbt_domains_not_understood", "reason", reasons[i], known_as[i]);
}

static void add_understood(GString *text, const GArray *rows)
{
	static const char name[] = "oopsbt_domain_understood";
	bool told = false;

	for (guint i = 0; i < rows->len; i++) {
		const struct row *row = row_at(rows, i);

		if (!row->domain.running)
			continue;
		if (!told)
			add_family(text, name, "gauge",
				   "Whether the kernel of a running enabled domain is known.");
		told = true;
		add_of(text, name, "domain", row->label,
		       row->domain.knowledge == METRICS_UNDERSTOOD);
	}
}

static bool is_told(const struct metrics_domain *domain, unsigned int kind)
{
	return domain->incidents[kind] || domain->kinds & 1u << kind;
}

static void add_incidents(GString *text, const GArray *rows)
{
	static const char name[] = "oopsbt_incidents_total";

	add_family(text, name, "counter", "Incidents that were noticed, by domain and kind.");
	for (guint i = 0; i < rows->len; i++) {
		const struct row *row = row_at(rows, i);

		for (unsigned int kind = 0; kind < NUM_INCIDENTS; kind++) {
			const struct label labels[MAX_LABELS] = {
				{"domain", row->label},
				{"kind", incident_name((enum incident)kind)},
			};

			if (is_told(&row->domain, kind))
				add_sample(text, name, labels, (double)row->domain.incidents[kind]);
		}
	}
}

static void add_repeats(GString *text, const GArray *rows)
{
	static const char name[] = "oopsbt_repeats_total";

	add_family(
		text, name, "counter",
		"Incidents of a bug that has dumps already: light records in the first of them.");
	for (guint i = 0; i < rows->len; i++)
		add_of(text, name, "domain", row_at(rows, i)->label,
		       (double)row_at(rows, i)->domain.repeats);
}

static void add_losses(GString *text, const GArray *rows)
{
	static const char suppressed[] = "oopsbt_suppressed_signals_total";
	static const char failed[] = "oopsbt_failed_collections_total";

	add_family(text, suppressed, "counter",
		   "Incidents without a dump, because the rate limit was reached.");
	for (guint i = 0; i < rows->len; i++)
		add_of(text, suppressed, "domain", row_at(rows, i)->label,
		       (double)row_at(rows, i)->domain.suppressed);
	add_family(text, failed, "counter", "Incidents whose dump failed.");
	for (guint i = 0; i < rows->len; i++)
		add_of(text, failed, "domain", row_at(rows, i)->label,
		       (double)row_at(rows, i)->domain.failed);
}

static void add_domains(GString *text, const GArray *domains)
{
	g_autoptr(GArray) rows = make_rows(domains);

	add_numbers_of_domains(text, domains);
	if (rows->len == 0)
		return;
	add_understood(text, rows);
	add_incidents(text, rows);
	add_repeats(text, rows);
	add_losses(text, rows);
}

/* --- the daemon --- */

static void add_daemon(GString *text, const struct metrics_state *state)
{
	add_family(text, "oopsbt_build_info", "gauge", "Always 1; the version of oopsbtd.");
	add_of(text, "oopsbt_build_info", "version", state->version, 1);
	add_gauge(text, "oopsbt_start_time_seconds", "When oopsbtd started, in Unix time.",
		  state->started);
	add_gauge(text, "oopsbt_libvirt_up", "Whether oopsbtd is connected to libvirt.",
		  state->libvirt_up);
	add_gauge(text, "oopsbt_freeze_guard_up",
		  "Whether the freeze guard runs, which resumes guests if oopsbtd dies.",
		  state->guard_up);
	if (state->watch_age >= 0)
		add_gauge(text, "oopsbt_watch_age_seconds",
			  "Longest time since the memory watch looked at a domain.",
			  state->watch_age);
}

static void add_times(GString *text, const struct metrics_times *times)
{
	add_histogram(text, "oopsbt_signal_to_frozen_seconds",
		      "From the signal of an incident until the guest stood still.",
		      &times->to_frozen);
	add_histogram(text, "oopsbt_frozen_seconds", "How long a guest stood still.",
		      &times->frozen);
	add_histogram(text, "oopsbt_signal_to_stored_seconds",
		      "From the signal of an incident until its dump was safely on disk.",
		      &times->to_stored);
}

static void add_store(GString *text, const struct metrics_state *state)
{
	if (state->use) {
		add_gauge(text, "oopsbt_store_dumps", "Dumps in the store.",
			  (double)state->use->dumps);
		add_gauge(text, "oopsbt_store_bytes", "Disk space that the dumps take.",
			  (double)state->use->bytes);
	}
	if (state->use && state->use->free_known)
		add_gauge(text, "oopsbt_store_free_bytes", "Free space of the store's file system.",
			  (double)state->use->free_bytes);
	add_gauge(text, "oopsbt_store_needed_bytes",
		  "With less free than this no dump is begun (free_space_mib).",
		  (double)state->store_needed);
	if (state->store_limit)
		add_gauge(text, "oopsbt_store_limit_bytes",
			  "Limit on the disk space of all dumps (max_use_mib).",
			  (double)state->store_limit);
}

char *metrics_text(const struct metrics_state *state)
{
	GString *text = g_string_new(NULL);

	add_daemon(text, state);
	add_domains(text, state->domains);
	add_times(text, state->times);
	add_store(text, state);
	return g_string_free(text, FALSE);
}
