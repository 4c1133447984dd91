// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/nmi-log.h"

#include <string.h>

#include "kernel/log_match.h"
#include "kernel/oops-log.h"

#define HEADING "NMI backtrace for cpu "
#define MAX_CPU 8192
#define MAX_LINES 300

static void backtrace_clear(struct nmi_backtrace *backtrace)
{
	g_clear_pointer(&backtrace->frames, g_ptr_array_unref);
}

static bool parse_heading(const char *text, struct nmi_backtrace *backtrace)
{
	char *end;
	guint64 cpu;

	if (!g_str_has_prefix(text, HEADING))
		return false;
	cpu = g_ascii_strtoull(text + strlen(HEADING), &end, 10);
	if (end == text + strlen(HEADING) || cpu >= MAX_CPU)
		return false;
	*backtrace = (struct nmi_backtrace){
		.cpu = (unsigned int)cpu,
		.idle = g_str_has_prefix(end, " skipped"),
		.frames = g_ptr_array_new_with_free_func(g_free),
	};
	return true;
}

/* "RIP: 0010:f+0x1/0x2 [m]" or, in a call trace, " f+0x1/0x2 [m]". Skips " ? f+...", a leftover. */
static void take_frame(const char *line, struct nmi_backtrace *backtrace)
{
	static const char rip[] = "RIP: 0010:";
	g_autofree char *name = NULL;
	g_autofree char *module = NULL;

	if (g_str_has_prefix(line, rip))
		line += strlen(rip);
	else if (*line != ' ')
		return;
	while (*line == ' ')
		line++;
	if (log_symbol_parse(line, &name, &module))
		g_ptr_array_add(backtrace->frames, g_strdup(line));
}

/* The lines of one CPU have one caller. They end at the next heading or any other line. */
static void take_frames(const GArray *records, guint heading, struct nmi_backtrace *backtrace)
{
	const struct printk_record *first = &g_array_index(records, struct printk_record, heading);
	guint end = MIN(records->len, heading + MAX_LINES);

	for (guint i = heading + 1; i < end; i++) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);
		g_auto(GStrv) lines = NULL;

		if (record->caller_known && record->caller != first->caller)
			continue;
		if (strstr(record->text, HEADING) || strstr(record->text, "Sending NMI") ||
		    strstr(record->text, " [#") || g_str_has_prefix(record->text, "BUG: "))
			return;
		lines = g_strsplit(record->text, "\n", 0);
		for (char **line = lines; *line; line++)
			take_frame(*line, backtrace);
	}
}

static void add(GArray *backtraces, struct nmi_backtrace *backtrace)
{
	for (guint i = 0; i < backtraces->len; i++) {
		struct nmi_backtrace *old = &g_array_index(backtraces, struct nmi_backtrace, i);

		if (old->cpu == backtrace->cpu) {
			backtrace_clear(old);
			*old = *backtrace;
			return;
		}
	}
	g_array_append_val(backtraces, *backtrace);
}

GArray *nmi_backtraces_find(const GArray *records, uint64_t after)
{
	GArray *backtraces = g_array_new(FALSE, FALSE, sizeof(struct nmi_backtrace));

	g_array_set_clear_func(backtraces, (GDestroyNotify)backtrace_clear);
	for (guint i = 0; i < records->len; i++) {
		const struct printk_record *record =
			&g_array_index(records, struct printk_record, i);
		struct nmi_backtrace backtrace;

		if (record->sequence <= after || !parse_heading(record->text, &backtrace))
			continue;
		take_frames(records, i, &backtrace);
		add(backtraces, &backtrace);
	}
	return backtraces;
}
