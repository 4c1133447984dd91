// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/oops-log.h"

#include <string.h>

#include "kernel/log_match.h"

/* "Oops: 0002 [#1] PREEMPT SMP", "invalid opcode: 0000 [#1] SMP": each die() prints this line. */
#define DIE_TEXT "(.*): [0-9a-fA-F]{4} \\[#([0-9]+)\\]"
/* The kernel prints the kind up to this many lines before the die line. */
#define HEADER_LINES 8
#define MAX_OOPS_LINES 1000

unsigned int oops_line_number(const char *line)
{
	const char *mark = strstr(line, " [#");
	g_autoptr(GMatchInfo) info = mark ? log_match("^" DIE_TEXT, line) : NULL;

	return info ? (unsigned int)g_ascii_strtoull(mark + strlen(" [#"), NULL, 10) : 0;
}

bool oops_line_ends(const char *line)
{
	return strstr(line, "---[ end trace") || strstr(line, "---[ end Kernel panic");
}

static void take_number(GMatchInfo *info, int number, uint64_t *value, bool *known)
{
	g_autofree char *text = log_group(info, number);

	if (text) {
		*value = g_ascii_strtoull(text, NULL, 16);
		*known = true;
	}
}

/*
 * The lines that announce an oops before its die line, and the name of the kind if it differs from
 * the text. The first group is the kind or, for a BUG(), the place. The second group is the address
 * (stack addresses are hashed and have no group).
 */
#define OVERFLOW "kernel stack overflow"
#define BUG_AT "^kernel BUG at (?:(?:.*[/ ])?([^/ ]+:[0-9]+)!)?"

static const struct announcement {
	const char *pattern, *kind;
} announcements[] = {
	{"^(BUG: (?:kernel NULL pointer|unable to handle )[^,:(]*?)(?:,| for| at)(?: address:)? "
	 "*(?:0x)?([0-9a-f]+)",
	 NULL},
	{"^BUG: ((?:[A-Za-z#]+ )?stack guard page was hit)", OVERFLOW},
	{"^(?:traps: )?PANIC: (double fault)", NULL},
	/* These oopses have only the die line. */
	{"^(?:Oops: )?(general protection fault)(?:, [a-z -]*(0x[0-9a-f]+))?: [0-9a-f]{4} \\[#",
	 NULL},
};

static bool match_announcement(const char *line, struct oops_text *oops)
{
	g_autoptr(GMatchInfo) bug = log_match(BUG_AT, line);

	if (bug) {
		oops->kind = g_strdup("kernel BUG");
		oops->where = log_group(bug, 1);
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(announcements); i++) {
		const struct announcement *announcement = &announcements[i];
		g_autoptr(GMatchInfo) info = log_match(announcement->pattern, line);

		if (!info)
			continue;
		oops->kind = announcement->kind ? g_strdup(announcement->kind) : log_group(info, 1);
		take_number(info, 2, &oops->address.value, &oops->address.known);
		return true;
	}
	return false;
}

/* The kind in a die line, without the "Oops: " that kernels from 6.10 on put before it. */
static char *die_kind(const char *line)
{
	g_autoptr(GMatchInfo) info = log_match("^(?:Oops: |kasan: .*access)?" DIE_TEXT, line);

	return log_group(info, 1);
}

/*
 * The nearest announcement is the most exact. One before an earlier end or die line belongs to
 * another oops.
 */
static void find_kind(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	guint first = die_line > HEADER_LINES ? die_line - HEADER_LINES : 0;

	for (guint i = die_line + 1; i-- > first;) {
		const char *line = g_ptr_array_index(lines, i);

		if (i < die_line && (oops_line_ends(line) || oops_line_number(line)))
			break;
		oops->first_line = i;
		if (match_announcement(line, oops))
			return;
	}
	oops->first_line = die_line;
	oops->kind = die_kind(g_ptr_array_index(lines, die_line));
}

/* A nested oops comes before the end of this one, and both ends follow it. */
static bool find_end(GPtrArray *lines, guint die_line, guint *last)
{
	guint end = MIN(lines->len, die_line + MAX_OOPS_LINES);
	bool within = false;

	for (guint i = die_line; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);

		within = within || (i > die_line && oops_line_number(line));
		if (!within)
			*last = i;
		if (oops_line_ends(line))
			return true;
	}
	return false;
}

/* Parses "CPU: 1 PID: 160 Comm: sh Tainted: ...". */
static void find_task(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	for (guint i = die_line; i <= oops->last_line; i++) {
		g_autoptr(GMatchInfo) info =
			log_match("^CPU: ([0-9]+) (?:UID: [0-9]+ )?PID: ([0-9]+) "
				  "Comm: (.*?) (?:Not tainted|Tainted:|Kdump:)",
				  g_ptr_array_index(lines, i));
		g_autofree char *cpu = NULL;
		g_autofree char *pid = NULL;

		if (!info)
			continue;
		cpu = log_group(info, 1);
		pid = log_group(info, 2);
		oops->cpu = (struct maybe_int){true, (unsigned int)g_ascii_strtoull(cpu, NULL, 10)};
		oops->pid = (struct maybe_int){true, (int)g_ascii_strtoll(pid, NULL, 10)};
		oops->comm = log_group(info, 3);
		return;
	}
}

LogBlame oops_text_rule(const struct oops_text *oops)
{
	return g_strcmp0(oops->kind, OVERFLOW) ? blame_add : blame_add_of_overflow;
}

static void find_blame(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	for (guint i = die_line; i <= oops->last_line; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (!log_is_kernel_rip(line))
			continue;
		log_blame(lines, i + 1, oops->last_line + 1, log_place(line), oops_text_rule(oops),
			  &oops->blame);
		return;
	}
}

bool oops_text_find(GPtrArray *lines, unsigned int after, struct oops_text *oops)
{
	guint die_line = 0;

	*oops = (struct oops_text){0};
	while (die_line < lines->len &&
	       oops_line_number(g_ptr_array_index(lines, die_line)) <= after)
		die_line++;
	if (die_line == lines->len)
		return false;
	oops->number = oops_line_number(g_ptr_array_index(lines, die_line));
	oops->complete = find_end(lines, die_line, &oops->last_line);
	find_kind(lines, die_line, oops);
	find_task(lines, die_line, oops);
	find_blame(lines, die_line, oops);
	oops_registers_find(lines, die_line, oops->last_line, &oops->registers);
	return true;
}

/* Looks for the words first, to avoid matching the patterns on every line. */
static bool match_beginning(const char *line, struct oops_text *oops)
{
	return (strstr(line, "BUG") || strstr(line, "PANIC")) && !oops_line_number(line) &&
	       match_announcement(line, oops);
}

bool oops_line_begins(const char *line)
{
	struct oops_text oops = {0};
	bool begins = match_beginning(line, &oops);

	oops_text_clear(&oops);
	return begins;
}

bool oops_text_find_begun(GPtrArray *lines, struct oops_text *oops)
{
	*oops = (struct oops_text){0};
	for (guint i = lines->len; i-- > 0;) {
		const char *line = g_ptr_array_index(lines, i);

		if (oops_line_ends(line) || oops_line_number(line))
			return false;
		if (!match_beginning(line, oops))
			continue;
		oops->first_line = i;
		oops->last_line = lines->len - 1;
		find_blame(lines, i, oops);
		return true;
	}
	return false;
}

void oops_text_clear(struct oops_text *oops)
{
	g_clear_pointer(&oops->kind, g_free);
	g_clear_pointer(&oops->comm, g_free);
	blame_clear(&oops->blame);
	g_clear_pointer(&oops->where, g_free);
	oops_registers_clear(&oops->registers);
}

char *oops_text_title(const struct oops_text *oops)
{
	const char *kind = oops->kind ? oops->kind : "oops";
	g_autofree char *placed =
		oops->where ? g_strdup_printf("%s at %s", kind, oops->where) : g_strdup(kind);

	return blame_title(placed, &oops->blame);
}
