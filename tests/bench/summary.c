/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary SAMPLES JSON: prints the table of `make bench` on standard output, and writes the same
 * data as JSON.
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum judgement {
	FOR_INFORMATION,
	AT_MOST,
	AT_LEAST,
};

/* A row compares the median of a series with a limit or with the median of another series. */
struct row {
	const char *what; /* leading spaces: a part of the row above */
	const char *series;
	const char *against; /* NULL: the value itself is compared */
	enum judgement judgement;
	double limit; /* of the ratio, or in the row's unit */
	const char *unit;
	double per_unit; /* one unit in the numbers of the series */
};

#define MS "ms", 1000
#define US "us", 1000	/* of ns */
#define MIB "MiB", 1024 /* of KiB */
#define S "s", 1000000
#define COUNT "", 1

static const struct row rows[] = {
	{"frozen, warm map, 4 vCPUs", "4.warm", "4.bare", AT_MOST, 2, MS},
	{"  suspend call", "4.warm.suspend", "4.bare.suspend", FOR_INFORMATION, 0, MS},
	{"  registers", "4.warm.registers", NULL, FOR_INFORMATION, 0, MS},
	{"  memory", "4.warm.read", NULL, FOR_INFORMATION, 0, MS},
	{"  resume call", "4.warm.resume", "4.bare.resume", FOR_INFORMATION, 0, MS},
	{"  by QEMU's clock", "4.warm.stopped", "4.bare.stopped", FOR_INFORMATION, 0, MS},
	{"frozen, warm map, 16 vCPUs", "16.warm", "16.bare", AT_MOST, 2, MS},
	{"  suspend call", "16.warm.suspend", "16.bare.suspend", FOR_INFORMATION, 0, MS},
	{"  registers", "16.warm.registers", NULL, FOR_INFORMATION, 0, MS},
	{"  memory", "16.warm.read", NULL, FOR_INFORMATION, 0, MS},
	{"  resume call", "16.warm.resume", "16.bare.resume", FOR_INFORMATION, 0, MS},
	{"  by QEMU's clock", "16.warm.stopped", "16.bare.stopped", FOR_INFORMATION, 0, MS},
	{"frozen, cold, 4 vCPUs", "4.cold", "4.bare", AT_MOST, 4, MS},
	{"frozen, cold, 16 vCPUs", "16.cold", "16.bare", AT_MOST, 4, MS},
	{"frozen while it writes to its disk", "disk.warm", "disk.bare", FOR_INFORMATION, 0, MS},
	{"  suspend call", "disk.warm.suspend", "disk.bare.suspend", FOR_INFORMATION, 0, MS},
	{"held by our QEMU for an oops", "held.freeze", "held.bare", AT_MOST, 1, MS},
	{"  port write to all vCPUs stopped", "held.stop", NULL, FOR_INFORMATION, 0, MS},
	{"  against a freeze the stock way", "held.freeze", "held.warm", FOR_INFORMATION, 0, MS},
	{"  while it writes to its disk", "helddisk.freeze", "helddisk.warm", AT_MOST, 0.1, MS},
	{"  while it writes to a slow disk", "heldslow.freeze", "heldslow.warm", AT_MOST, 0.1, MS},
	{"frozen by an oops, 4 vCPUs", "oops.freeze", "4.bare", AT_MOST, 2, MS},
	{"signal to durable, 4 vCPUs", "oops.durable", NULL, AT_MOST, 60, MS},
	{"  signal to suspended", "oops.frozen", NULL, FOR_INFORMATION, 0, MS},
	{"  suspended to resumed", "oops.thawed", NULL, FOR_INFORMATION, 0, MS},
	{"  log settled, analysed", "oops.analysed", NULL, FOR_INFORMATION, 0, MS},
	{"    analysed, without a log to wait for", "4.warm.analyse", NULL, FOR_INFORMATION, 0, MS},
	{"  rendered, checked, fsynced, renamed", "oops.stored", NULL, FOR_INFORMATION, 0, MS},
	{"    rendered and checked", "4.warm.render", NULL, FOR_INFORMATION, 0, MS},
	{"    fsync and rename", "4.warm.commit", NULL, FOR_INFORMATION, 0, MS},
	{"signal to durable, 24 guests at once", "herd.durable", NULL, AT_MOST, 81, MS},
	{"  against one guest alone", "herd.durable", "oops.durable", FOR_INFORMATION, 0, MS},
	{"  processor time a collection", "herd.processor", NULL, FOR_INFORMATION, 0, MS},
	{"    of libvirtd meanwhile", "herd.libvirtd", NULL, FOR_INFORMATION, 0, MS},
	{"    of the guest meanwhile, its oops", "herd.guest", NULL, FOR_INFORMATION, 0, MS},
	{"signal to durable, 8 GiB and 512 MiB", "oops8g.durable", "oops.durable", AT_MOST, 1.2,
	 MS},
	{"  without log and disk", "8g.warm.work", "4.warm.work", FOR_INFORMATION, 0, MS},
	{"signal to durable, 256 blocked tasks", "blocked.durable", NULL, AT_MOST, 150, MS},
	{"  against without these tasks", "blocked.durable", "unblocked.durable", FOR_INFORMATION,
	 0, MS},
	{"  frozen, to without these tasks", "blocked.freeze", "unblocked.freeze", FOR_INFORMATION,
	 0, MS},
	{"virsh dump and crash bt -a, to ours", "dump.all", "oops.durable", AT_LEAST, 100, MS},
	{"  virsh dump --memory-only", "dump.dump", NULL, FOR_INFORMATION, 0, MS},
	{"  crash bt -a", "dump.crash", NULL, FOR_INFORMATION, 0, MS},
	{"guest stopped by virsh dump, to ours", "dump.stopped", "4.warm", AT_LEAST, 200, MS},
	{"analyser alone, 64-vCPU core", "core64.wall", NULL, AT_MOST, 20, MS},
	{"  its peak memory", "core64.peak", NULL, AT_MOST, 32, MIB},
	{"pages read per vCPU, 4 vCPUs", "4.pages", NULL, AT_MOST, 150, COUNT},
	{"pages read per vCPU, 16 vCPUs", "16.pages", NULL, AT_MOST, 150, COUNT},
	{"pages read per vCPU, 64 vCPUs", "64.pages", NULL, AT_MOST, 150, COUNT},
	{"oopsbtd idle, wake-ups a second", "idle.watch", NULL, AT_MOST, 1.5, COUNT},
	{"  without the memory watch", "idle.event", NULL, AT_MOST, 0.5, COUNT},
	{"a look for hangs, 16 vCPUs that idle", "watch.idle.hangs", NULL, AT_MOST, 30, US},
	{"  against one for oopses only", "watch.idle.hangs", "watch.idle.oopses", FOR_INFORMATION,
	 0, US},
	{"  against a bare read of 9 integers", "watch.idle.hangs", "watch.idle.scatter",
	 FOR_INFORMATION, 0, US},
	{"    that read", "watch.idle.scatter", NULL, FOR_INFORMATION, 0, US},
	{"    waking up for it, and no read", "watch.idle.wake", NULL, FOR_INFORMATION, 0, US},
	{"  one look a second", "watch.idle.second", NULL, FOR_INFORMATION, 0, US},
	{"  system calls of a look", "watch.idle.calls", NULL, FOR_INFORMATION, 0, COUNT},
	{"a look for hangs, 16 vCPUs that compute", "watch.busy.hangs", NULL, AT_MOST, 30, US},
	{"  against one for oopses only", "watch.busy.hangs", "watch.busy.oopses", FOR_INFORMATION,
	 0, US},
	{"  against a bare read of 41 integers", "watch.busy.hangs", "watch.busy.scatter",
	 FOR_INFORMATION, 0, US},
	{"    that read", "watch.busy.scatter", NULL, FOR_INFORMATION, 0, US},
	{"    waking up for it, and no read", "watch.busy.wake", NULL, FOR_INFORMATION, 0, US},
	{"  one look a second", "watch.busy.second", NULL, FOR_INFORMATION, 0, US},
	{"  system calls of a look", "watch.busy.calls", NULL, FOR_INFORMATION, 0, COUNT},
	{"  page faults of processes it started", "watch.processes", NULL, AT_MOST, 0, COUNT},
	{"hard lockup told, after its threshold", "hang.told", NULL, AT_MOST, 2, S},
	{"oopsbtd idle, resident", "idle.rss", NULL, AT_MOST, 16, MIB},
	{"after a durable dump, 5000 in the store", "publish.5000", "publish.10", AT_MOST, 2, MS},
	{"  the storage pool's copy, in a thread", "publish.5000.copy", "publish.10.copy",
	 FOR_INFORMATION, 0, MS},
	{"    processor time", "publish.5000.copy.processor", "publish.10.copy.processor",
	 FOR_INFORMATION, 0, MS},
	{"  before it: a new id", "publish.5000.begin", "publish.10.begin", FOR_INFORMATION, 0, MS},
	{"stats over the journals of many hosts", "fleet.stats.wall", NULL, AT_MOST, 5, S},
	{"  processor time", "fleet.stats.cpu", NULL, FOR_INFORMATION, 0, S},
	{"  its peak memory", "fleet.stats.peak", NULL, AT_MOST, 256, MIB},
	{"  list --newest 20", "fleet.newest.wall", NULL, AT_MOST, 5, S},
	{"  journal entries", "fleet.entries", NULL, FOR_INFORMATION, 0, COUNT},
	{"many domains on one host", "domains.count", NULL, FOR_INFORMATION, 0, COUNT},
	{"  oopsbtd, of a core", "domains.cpu", NULL, AT_MOST, 1, "%", 1},
	{"    half of the domains", "domains.cpu.half", NULL, FOR_INFORMATION, 0, "%", 1},
	{"    500, by a straight line", "domains.cpu500", NULL, FOR_INFORMATION, 0, "%", 1},
	{"  oopsbtd, resident", "domains.rss", NULL, AT_MOST, 32, MIB},
	{"    half of the domains", "domains.rss.half", NULL, FOR_INFORMATION, 0, MIB},
	{"    500, by a straight line", "domains.rss500", NULL, FOR_INFORMATION, 0, MIB},
	{"  its descriptors", "domains.descriptors", NULL, FOR_INFORMATION, 0, COUNT},
	{"  start to all followed", "domains.start", NULL, AT_MOST, 30, S},
	{"    half of the domains", "domains.start.half", NULL, FOR_INFORMATION, 0, S},
	{"    500, by a straight line", "domains.start500", NULL, FOR_INFORMATION, 0, S},
	{"  libvirtd is back to all followed", "domains.again", NULL, AT_MOST, 10, S},
	{"    libvirtd's own start", "domains.libvirtd", NULL, FOR_INFORMATION, 0, S},
	{"  oopses lost meanwhile", "domains.lost", NULL, AT_MOST, 0, COUNT},
	{"  resident of a guest's QEMU", "domains.guest", NULL, FOR_INFORMATION, 0, MIB},
};

struct series {
	GArray *values; /* of double, sorted by sort_all() */
	char *skipped;	/* the reason */
};

static void series_free(void *pointer)
{
	struct series *series = pointer;

	g_array_unref(series->values);
	g_free(series->skipped);
	g_free(series);
}

static struct series *series_get(GHashTable *all, const char *name)
{
	struct series *series = g_hash_table_lookup(all, name);

	if (series == NULL) {
		series = g_new0(struct series, 1);
		series->values = g_array_new(FALSE, FALSE, sizeof(double));
		g_hash_table_insert(all, g_strdup(name), series);
	}
	return series;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double quantile(const struct series *series, double part)
{
	return g_array_index(series->values, double,
			     (guint)(part * (series->values->len - 1) + 0.5));
}

static bool read_samples(const char *path, GHashTable *all, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	GHashTableIter iter;
	void *value;

	if (!g_file_get_contents(path, &text, NULL, error))
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) words = g_strsplit(*line, " ", 3);
		guint num = g_strv_length(words);

		if (num == 3 && strcmp(words[0], "skip") == 0) {
			series_get(all, words[1])->skipped = g_strdup(words[2]);
		} else if (num == 2) {
			double number = g_ascii_strtod(words[1], NULL);

			g_array_append_val(series_get(all, words[0])->values, number);
		}
	}
	g_hash_table_iter_init(&iter, all);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_array_sort(((struct series *)value)->values, compare);
	return true;
}

static const struct series *measured(GHashTable *all, const char *name)
{
	const struct series *series = name ? g_hash_table_lookup(all, name) : NULL;

	return series && series->values->len > 0 ? series : NULL;
}

static bool is_met(const struct row *row, double value)
{
	return row->judgement == AT_MOST ? value <= row->limit : value >= row->limit;
}

static char *format_limit(const struct row *row)
{
	if (row->judgement == FOR_INFORMATION)
		return g_strdup("");
	return g_strdup_printf("%s %g%s%s", row->judgement == AT_MOST ? "<=" : ">=", row->limit,
			       row->against ? "x"
			       : *row->unit ? " "
					    : "",
			       row->against ? "" : row->unit);
}

static void build_series(JsonBuilder *builder, const char *name, const struct series *series,
			 double per_unit)
{
	static const struct {
		const char *name;
		double part;
	} parts[] = {{"min", 0}, {"median", 0.5}, {"p90", 0.9}, {"max", 1}};

	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "n");
	json_builder_add_int_value(builder, series->values->len);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		json_builder_set_member_name(builder, parts[i].name);
		json_builder_add_double_value(builder, quantile(series, parts[i].part) / per_unit);
	}
	json_builder_end_object(builder);
}

static void build_string(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, value);
}

static void begin_row(JsonBuilder *builder, const struct row *row, const char *limit)
{
	json_builder_begin_object(builder);
	build_string(builder, "what", row->what);
	build_string(builder, "unit", row->unit);
	build_string(builder, "target", limit);
}

/* Prints a row and adds it to the JSON; false: the row misses its target. */
static bool summarize(const struct row *row, GHashTable *all, JsonBuilder *builder)
{
	const struct series *series = measured(all, row->series);
	const struct series *against = measured(all, row->against);
	const struct series *skipped = g_hash_table_lookup(all, row->series);
	g_autofree char *limit = format_limit(row);
	bool met = true;

	if (series == NULL || (row->against && against == NULL)) {
		const char *why = skipped && skipped->skipped ? skipped->skipped : "not measured";

		if (row->judgement == FOR_INFORMATION && !(skipped && skipped->skipped))
			return true;
		begin_row(builder, row, limit);
		printf("%-40s %8s %8s %8s %8s %9s  %-9s %s\n", row->what, "-", "-", "-", "-", "-",
		       limit, why);
		build_string(builder, "skipped", why);
		json_builder_end_object(builder);
		return true;
	}
	begin_row(builder, row, limit);
	printf("%-40s %8.2f %8.2f %8.2f ", row->what, quantile(series, 0) / row->per_unit,
	       quantile(series, 0.5) / row->per_unit, quantile(series, 0.9) / row->per_unit);
	build_series(builder, "value", series, row->per_unit);
	if (against) {
		double ratio = quantile(series, 0.5) / quantile(against, 0.5);

		printf("%8.2f %8.2fx ", quantile(against, 0.5) / row->per_unit, ratio);
		build_series(builder, "against", against, row->per_unit);
		json_builder_set_member_name(builder, "ratio");
		json_builder_add_double_value(builder, ratio);
		met = row->judgement == FOR_INFORMATION || is_met(row, ratio);
	} else {
		printf("%8s %9s ", "", "");
		met = row->judgement == FOR_INFORMATION ||
		      is_met(row, quantile(series, 0.5) / row->per_unit);
	}
	printf(" %-9s %s\n", limit,
	       row->judgement == FOR_INFORMATION ? ""
	       : met				 ? "met"
						 : "MISSED");
	if (row->judgement != FOR_INFORMATION) {
		json_builder_set_member_name(builder, "met");
		json_builder_add_boolean_value(builder, met);
	}
	json_builder_end_object(builder);
	return met;
}

static bool write_json(JsonBuilder *builder, const char *path, GError **error)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = json_builder_get_root(builder);

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	return json_generator_to_file(generator, path, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GHashTable) all =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, series_free);
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GError) error = NULL;
	bool met = true;

	if (argc != 3) {
		fprintf(stderr, "usage: summary SAMPLES JSON\n");
		return 2;
	}
	if (!read_samples(argv[1], all, &error)) {
		fprintf(stderr, "summary: %s\n", error->message);
		return 2;
	}
	printf("%-40s %8s %8s %8s %8s %9s  %-9s %s\n", "milliseconds, if nothing else is said",
	       "min", "median", "p90", "against", "ratio", "target", "verdict");
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "rows");
	json_builder_begin_array(builder);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		met &= summarize(&rows[i], all, builder);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	if (!write_json(builder, argv[2], &error)) {
		fprintf(stderr, "summary: %s\n", error->message);
		return 2;
	}
	return met ? EXIT_SUCCESS : EXIT_FAILURE;
}
