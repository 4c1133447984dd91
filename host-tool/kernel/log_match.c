/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/log_match.h"

#include <string.h>

#define KERNEL_RIP "RIP: 0010:"

GMatchInfo *log_match(const char *pattern, const char *text)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_RAW, 0, NULL);
	GMatchInfo *info = NULL;

	if (!g_regex_match(regex, text, 0, &info))
		g_clear_pointer(&info, g_match_info_unref);
	return info;
}

char *log_group(GMatchInfo *info, int number)
{
	g_autofree char *text = g_match_info_fetch(info, number);

	return text && text[0] ? g_steal_pointer(&text) : NULL;
}

bool log_symbol_parse(const char *text, char **name, char **module)
{
	g_autoptr(GMatchInfo) info = strstr(text, "+0x") ? log_match("^" LOG_SYMBOL, text) : NULL;

	if (!info)
		return false;
	*name = log_group(info, 1);
	*module = log_group(info, 2);
	return true;
}

bool log_is_kernel_rip(const char *line)
{
	return g_str_has_prefix(line, KERNEL_RIP);
}

static bool is_user_rip(const char *line)
{
	return g_str_has_prefix(line, "RIP: ") && !log_is_kernel_rip(line);
}

const char *log_place(const char *line)
{
	if (log_is_kernel_rip(line))
		line += strlen(KERNEL_RIP);
	line += strspn(line, " \t");
	/*
	 * Before 4.11 a marker of a stack change, "<IRQ> " or "<<EOE>> ", precedes the next frame.
	 */
	while (*line == '<' && strchr(line, ' ')) {
		line = strchr(line, ' ');
		line += strspn(line, " \t");
	}
	while (g_str_has_prefix(line, "[<")) {
		size_t digits = 2 + strspn(line + 2, "0123456789abcdef");

		if (!g_str_has_prefix(line + digits, ">]"))
			break;
		line += digits + 2;
		line += strspn(line, " \t");
	}
	return line;
}

bool log_is_trace_head(const char *line)
{
	line += strspn(line, " ");
	return g_str_has_prefix(line, "Call Trace:") || g_str_has_prefix(line, "Call trace:") ||
	       g_str_has_prefix(line, "Allocated by ") || g_str_has_prefix(line, "Freed by ") ||
	       g_str_has_prefix(line, "backtrace");
}

guint log_find_trace(GPtrArray *lines, guint start, guint end)
{
	for (guint i = start; i < end; i++) {
		if (log_is_trace_head(g_ptr_array_index(lines, i)))
			return i + 1;
	}
	return end;
}

/* The line after that of @place, if there is one; without @place, after the head of a trace. */
static guint find_callers(GPtrArray *lines, guint start, guint end, const char *place)
{
	g_autoptr(GMatchInfo) info = place ? log_match("^" LOG_SYMBOL, place) : NULL;
	g_autofree char *symbol = info ? g_match_info_fetch(info, 0) : NULL;
	guint trace;

	for (guint i = start; symbol && i < end; i++) {
		if (g_str_has_prefix(log_place(g_ptr_array_index(lines, i)), symbol))
			return i + 1;
	}
	trace = symbol ? end : log_find_trace(lines, start, end);
	return trace < end ? trace : start;
}

static void add_place(const char *place, LogBlame add, struct blame *blame)
{
	g_autofree char *name = NULL;
	g_autofree char *module = NULL;

	if (log_symbol_parse(place, &name, &module))
		add(blame, name, module);
}

void log_blame_trace(GPtrArray *lines, guint start, guint end, LogBlame add, struct blame *blame)
{
	bool any = false;

	for (guint i = start; i < end && !blame->whole; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (is_user_rip(line) || (any && log_is_trace_head(line)))
			return;
		any = any || (strstr(line, "+0x") && !log_is_kernel_rip(line));
		add_place(log_place(line), add, blame);
	}
}

void log_blame(GPtrArray *lines, guint start, guint end, const char *place, LogBlame add,
	       struct blame *blame)
{
	if (place)
		add_place(place, add, blame);
	log_blame_trace(lines, find_callers(lines, start, end, place), end, add, blame);
	blame_end(blame);
	if (place)
		add_place(place, blame_add_if_none, blame);
}
