/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * titles FILE...: compares the blamed function of recorded reports: our title against the line
 * "TITLE: ... in FUNCTION" of the report. A file has headers, an empty line, and a console log up
 * to "REPORT:". Prints one line per file: its name, "same", "other" or "none", the recorded title,
 * and our title. tests/oracle/check-titles counts the results.
 */
#include <stdio.h>
#include <string.h>

#include "kernel/complaint.h"
#include "kernel/helper.h"
#include "kernel/log_match.h"
#include "kernel/oops-log.h"

/* The prefix of a console line: level, time, caller. */
#define PREFIX                                                                                     \
	"^(?:\\*\\* [0-9]+ printk messages dropped \\*\\* )?(?:.* login: )?(?:<[0-9]+>)?"          \
	"\\[ *[0-9]+\\.[0-9]+\\](?:\\[ *([CT][0-9]+)\\])? ?"

struct record {
	char *text, *caller; /* "": not known */
};

static void record_clear(struct record *record)
{
	g_free(record->text);
	g_free(record->caller);
}

static void add_record(GArray *records, const char *line)
{
	g_autoptr(GMatchInfo) info = log_match(PREFIX, line);
	struct record record = {0};
	int end = 0;

	if (info)
		g_match_info_fetch_pos(info, 0, NULL, &end);
	record.text = g_strchomp(g_strdup(line + end));
	record.caller = info ? g_match_info_fetch(info, 1) : g_strdup("");
	g_array_append_val(records, record);
}

/* Collects the lines of one caller; @first becomes an index into these lines. */
static GPtrArray *lines_of_caller(const GArray *records, guint *first)
{
	const char *caller = g_array_index(records, struct record, *first).caller;
	GPtrArray *lines = g_ptr_array_new();
	guint index = 0;

	for (guint i = 0; i < records->len; i++) {
		const struct record *record = &g_array_index(records, struct record, i);

		if (i == *first)
			index = lines->len;
		if (!*caller || !*record->caller || g_str_equal(caller, record->caller))
			g_ptr_array_add(lines, record->text);
	}
	*first = index;
	return lines;
}

/* Finds the title of the first oops or complaint, whichever is earlier. */
static char *find_title(const GArray *records, struct blame *blame)
{
	for (guint i = 0; i < records->len; i++) {
		const char *line = g_array_index(records, struct record, i).text;
		g_autoptr(GPtrArray) lines = NULL;
		struct complaint complaint;
		struct oops_text oops;
		char *title;
		guint first = i;

		if (complaint_line_begins(line)) {
			lines = lines_of_caller(records, &first);
			complaint_find(lines, first, &complaint);
			*blame = complaint.blame;
			return complaint_title(&complaint);
		}
		if (!oops_line_begins(line) && !oops_line_number(line))
			continue;
		lines = lines_of_caller(records, &first);
		if (!oops_text_find(lines, 0, &oops) && !oops_text_find_begun(lines, &oops))
			return NULL;
		*blame = oops.blame;
		title = oops_text_title(&oops);
		return title;
	}
	return NULL;
}

/* Returns the function of "KIND in FUNCTION", or NULL. */
static char *agreed_function(const char *title)
{
	g_autoptr(GMatchInfo) info = log_match("^.* in ([A-Za-z_][A-Za-z0-9_.]*)", title);

	return info ? log_group(info, 1) : NULL;
}

/* A system call may have the prefix "sys_" or not. */
static bool is_same(const char *ours, const char *theirs)
{
	g_autofree char *plain = function_plain(theirs);

	if (g_str_has_prefix(ours, "sys_"))
		ours += strlen("sys_");
	return g_str_equal(ours, g_str_has_prefix(plain, "sys_") ? plain + strlen("sys_") : plain);
}

/* True for an architecture other than x86-64. */
static bool is_foreign(const char *text)
{
	static const char *const marks[] = {
		"pc : ",      "PC is at",	 "NIP",
		"epc ",	      " from [<",	 "lr : ",
		"ARM-",	      "Internal error:", "Unable to handle",
		"Backtrace:", "dump_backtrace",	 "walk_stackframe",
		"] [c000",    "unreliable)",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
		if (strstr(text, marks[i]))
			return true;
	}
	return false;
}

static void judge(const char *path)
{
	g_autofree char *text = NULL, *title = NULL, *function = NULL, *ours = NULL;
	g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(struct record));
	g_auto(GStrv) lines = NULL;
	struct blame blame = {0};
	char **line;

	g_array_set_clear_func(records, (GDestroyNotify)record_clear);
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (line = lines; *line && **line; line++) {
		if (g_str_has_prefix(*line, "TITLE: "))
			title = g_strdup(*line + strlen("TITLE: "));
		if (g_str_has_prefix(*line, "CORRUPTED: Y"))
			return;
	}
	function = title ? agreed_function(title) : NULL;
	if (!function || is_foreign(text))
		return;
	for (; *line && !g_str_equal(*line, "REPORT:"); line++)
		add_record(records, *line);
	ours = find_title(records, &blame);
	printf("%s\t%s\t%s\t%s\n", path,
	       !blame.functions[0]		       ? "none"
	       : is_same(blame.functions[0], function) ? "same"
						       : "other",
	       title, ours ? ours : "-");
	blame_clear(&blame);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		judge(argv[i]);
	return 0;
}
