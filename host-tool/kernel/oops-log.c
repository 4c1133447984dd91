// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/oops-log.h"

#include <string.h>

/* "Oops: 0002 [#1] PREEMPT SMP", "invalid opcode: 0000 [#1] SMP": printed for every die(). */
#define DIE_TEXT "(.*): [0-9a-fA-F]{4} \\[#([0-9]+)\\]"
#define SYMBOL                                                                                     \
	"([A-Za-z_.$][A-Za-z0-9_.$]*)\\+0x[0-9a-f]+/0x[0-9a-f]+(?: \\[([^\\] ]+)(?: "              \
	"[^\\]]*)?\\])?"
#define KERNEL_RIP "RIP: 0010:"
/* The kind is printed up to this many lines before the line of the die(). */
#define HEADER_LINES 8
#define MAX_OOPS_LINES 400

/* A "*" at the end stands for anything. */
static const char *const helpers[] = {
	/* exception entry, and what checks code */
	"asm_exc_*",
	"exc_*",
	"handle_bug",
	"report_bug",
	"__warn*",
	"__asan_*",
	"__kasan_*",
	"kasan_*",
	"__ubsan_*",
	"__x86_indirect_*",
	"__x86_return_*",
	"srso_*",
	"retbleed_*",
	/* assertions */
	"__list_add_valid*",
	"__list_del_entry_valid*",
	"refcount_warn*",
	"skb_panic",
	"skb_over_panic",
	"skb_under_panic",
	"skb_put",
	"skb_push",
	"skb_pull",
	"usercopy_abort",
	"__check_object_size",
	"__check_heap_object",
	"fortify_panic",
	"__fortify_panic",
	"assfail",
	"btrfs_assertfail",
	"assertfail",
	"BUG_func",
	/* strings, memory, user memory */
	"__memset*",
	"__memcpy*",
	"__memmove*",
	"memset",
	"memset_*",
	"memcpy",
	"memcpy_*",
	"memmove",
	"memmove_*",
	"memcmp",
	"memchr",
	"memchr_inv",
	"memscan",
	"strlen",
	"strnlen",
	"strcmp",
	"strncmp",
	"strcasecmp",
	"strncasecmp",
	"strcpy",
	"strncpy",
	"strscpy",
	"sized_strscpy",
	"strlcpy",
	"strcat",
	"strncat",
	"strlcat",
	"strstr",
	"strnstr",
	"strchr",
	"strrchr",
	"strnchr",
	"strsep",
	"strspn",
	"strcspn",
	"strpbrk",
	"string",
	"string_nocheck",
	"vsnprintf",
	"snprintf",
	"scnprintf",
	"vscnprintf",
	"sprintf",
	"vsprintf",
	"kstrdup",
	"kmemdup*",
	"clear_page_*",
	"copy_page*",
	"clear_user_*",
	"rep_movs_*",
	"rep_stos_*",
	"_copy_from_user",
	"_copy_to_user",
	"copy_user_*",
	"__copy_user_*",
	"copy_from_kernel_*",
	"copy_to_kernel_*",
	"__get_user_*",
	"__put_user_*",
	/* allocators */
	"kfree",
	"kvfree",
	"vfree",
	"kmem_cache_alloc*",
	"__kmem_cache_alloc*",
	"kmem_cache_free*",
	"__kmalloc*",
	"kmalloc_*",
	"__slab_*",
	"___slab_*",
	"___cache_free",
	"krealloc*",
	/* locks */
	"_raw_spin_*",
	"_raw_read_*",
	"_raw_write_*",
	"__raw_spin_*",
	"do_raw_spin_*",
	"queued_spin_lock_*",
	"native_queued_spin_*",
	"__pv_queued_spin_*",
	"mutex_lock*",
	"__mutex_lock*",
	"mutex_unlock*",
	"__mutex_unlock*",
	"mutex_trylock",
	"down",
	"down_read*",
	"down_write*",
	"down_interruptible",
	"down_killable",
	"down_trylock",
	"down_timeout",
	"rwsem_down_*",
	"up",
	"up_read",
	"up_write",
	/* lists and trees */
	"llist_add_batch",
	"llist_del_first",
	"llist_reverse_order",
	"rb_insert_color",
	"rb_erase",
	"rb_first",
	"rb_last",
	"rb_next",
	"rb_prev",
	"__rb_*",
};

/* What compilers add to a function's name when they split or specialise it. */
static size_t plain_length(const char *function)
{
	static const char *const suffixes[] = {".cold", ".part.", ".constprop.", ".isra.",
					       ".llvm."};
	size_t length = strlen(function);

	for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		const char *found = strstr(function, suffixes[i]);

		if (found && found != function)
			length = MIN(length, (size_t)(found - function));
	}
	return length;
}

char *oops_function_plain(const char *function)
{
	return g_strndup(function, plain_length(function));
}

bool oops_function_is_helper(const char *function)
{
	size_t length = plain_length(function);

	for (size_t i = 0; i < G_N_ELEMENTS(helpers); i++) {
		size_t fixed = strcspn(helpers[i], "*");

		if (!strncmp(function, helpers[i], fixed) &&
		    (helpers[i][fixed] == '*' || length == fixed))
			return true;
	}
	return false;
}

static GMatchInfo *match(const char *pattern, const char *text)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_RAW, 0, NULL);
	GMatchInfo *info = NULL;

	if (!g_regex_match(regex, text, 0, &info))
		g_clear_pointer(&info, g_match_info_unref);
	return info;
}

static char *group(GMatchInfo *info, int number)
{
	g_autofree char *text = g_match_info_fetch(info, number);

	return text && text[0] ? g_steal_pointer(&text) : NULL;
}

bool oops_symbol_parse(const char *text, char **name, char **module)
{
	g_autoptr(GMatchInfo) info = match("^" SYMBOL, text);

	if (!info)
		return false;
	*name = group(info, 1);
	*module = group(info, 2);
	return true;
}

unsigned int oops_line_number(const char *line)
{
	const char *mark = strstr(line, " [#");
	g_autoptr(GMatchInfo) info = mark ? match("^" DIE_TEXT, line) : NULL;

	return info ? (unsigned int)g_ascii_strtoull(mark + strlen(" [#"), NULL, 10) : 0;
}

static bool is_end(const char *line)
{
	return strstr(line, "---[ end trace") || strstr(line, "---[ end Kernel panic");
}

static void take_number(GMatchInfo *info, int number, uint64_t *value, bool *known)
{
	g_autofree char *text = group(info, number);

	if (text) {
		*value = g_ascii_strtoull(text, NULL, 16);
		*known = true;
	}
}

/*
 * What announces an oops before its die line, and the name of its kind where that is not the text
 * itself. In each the first group is the kind or, of a BUG(), the place; the second the address
 * (those of stacks are hashed, and none).
 */
#define BUG_AT "^kernel BUG at (?:(?:.*[/ ])?([^/ ]+:[0-9]+)!)?"

static const struct announcement {
	const char *pattern, *kind;
} announcements[] = {
	{"^(BUG: (?:kernel NULL pointer|unable to handle )[^,:(]*?)(?:,| for| at)(?: address:)? "
	 "*(?:0x)?([0-9a-f]+)",
	 NULL},
	{"^BUG: ((?:[A-Za-z#]+ )?stack guard page was hit)", "kernel stack overflow"},
	{"^(?:traps: )?PANIC: (double fault)", NULL},
	/* A die line itself, and the only one. */
	{"^(?:Oops: )?(general protection fault)(?:, [a-z -]*(0x[0-9a-f]+))?: [0-9a-f]{4} \\[#",
	 NULL},
};

static bool match_announcement(const char *line, struct oops_text *oops)
{
	g_autoptr(GMatchInfo) bug = match(BUG_AT, line);

	if (bug) {
		oops->kind = g_strdup("kernel BUG");
		oops->where = group(bug, 1);
		return true;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(announcements); i++) {
		const struct announcement *announcement = &announcements[i];
		g_autoptr(GMatchInfo) info = match(announcement->pattern, line);

		if (!info)
			continue;
		oops->kind = announcement->kind ? g_strdup(announcement->kind) : group(info, 1);
		take_number(info, 2, &oops->address.value, &oops->address.known);
		return true;
	}
	return false;
}

/* The kind of a die line: what it says, without the "Oops: " that 6.10 put before each. */
static char *die_kind(const char *line)
{
	g_autoptr(GMatchInfo) info = match("^(?:Oops: )?" DIE_TEXT, line);

	return group(info, 1);
}

/* The nearest announcement says it best; but one before an earlier end or die line is not ours. */
static void find_kind(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	guint first = die_line > HEADER_LINES ? die_line - HEADER_LINES : 0;

	for (guint i = die_line + 1; i-- > first;) {
		const char *line = g_ptr_array_index(lines, i);

		if (i < die_line && (is_end(line) || oops_line_number(line)))
			break;
		oops->first_line = i;
		if (match_announcement(line, oops))
			return;
	}
	oops->first_line = die_line;
	oops->kind = die_kind(g_ptr_array_index(lines, die_line));
}

/* An oops within this one comes before its end, and is followed by the end of both. */
static bool find_end(GPtrArray *lines, guint die_line, guint *last)
{
	guint end = MIN(lines->len, die_line + MAX_OOPS_LINES);
	bool within = false;

	for (guint i = die_line; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);

		within = within || (i > die_line && oops_line_number(line));
		if (!within)
			*last = i;
		if (is_end(line))
			return true;
	}
	return false;
}

/* Filled from "CPU: 1 PID: 160 Comm: sh Tainted: ...". */
static void find_task(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	for (guint i = die_line; i <= oops->last_line; i++) {
		g_autoptr(GMatchInfo) info = match("^CPU: ([0-9]+) (?:UID: [0-9]+ )?PID: ([0-9]+) "
						   "Comm: (.*?) (?:Not tainted|Tainted:|Kdump:)",
						   g_ptr_array_index(lines, i));
		g_autofree char *cpu = NULL;
		g_autofree char *pid = NULL;

		if (!info)
			continue;
		cpu = group(info, 1);
		pid = group(info, 2);
		oops->cpu = (struct maybe_int){true, (unsigned int)g_ascii_strtoull(cpu, NULL, 10)};
		oops->pid = (struct maybe_int){true, (int)g_ascii_strtoll(pid, NULL, 10)};
		oops->comm = group(info, 3);
		return;
	}
}

/* The first function in the trace that is not a helper; "? " marks what is not really there. */
static bool blame_from_trace(GPtrArray *lines, guint start, const struct oops_text *oops,
			     const char *after, char **function, char **module)
{
	bool in_trace = false, passed = after == NULL;

	for (guint i = start; i <= oops->last_line; i++) {
		const char *line = g_ptr_array_index(lines, i);
		g_autofree char *name = NULL;
		g_autofree char *name_module = NULL;

		if (strstr(line, "Call Trace:")) {
			in_trace = true;
			continue;
		}
		/* An exception within the trace: its registers name the function, not a trace line.
		 */
		if (g_str_has_prefix(line, KERNEL_RIP))
			line += strlen(KERNEL_RIP);
		while (*line == ' ')
			line++;
		if (!in_trace || !oops_symbol_parse(line, &name, &name_module))
			continue;
		/* The trace begins with die() and the exception itself, up to the RIP's function.
		 */
		if (!passed) {
			passed = g_str_equal(name, after);
			continue;
		}
		if (oops_function_is_helper(name))
			continue;
		*function = g_steal_pointer(&name);
		*module = g_steal_pointer(&name_module);
		return true;
	}
	return false;
}

static void find_blame(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	for (guint i = die_line; i <= oops->last_line; i++) {
		g_autoptr(GMatchInfo) info = match("^" KERNEL_RIP "(?:" SYMBOL "|0x[0-9a-f]+)",
						   g_ptr_array_index(lines, i));

		if (!info)
			continue;
		oops->function = group(info, 1);
		oops->module = group(info, 2);
		if (!oops->function || oops_function_is_helper(oops->function)) {
			char *function = NULL, *module = NULL;

			if (blame_from_trace(lines, i, oops, oops->function, &function, &module) ||
			    blame_from_trace(lines, i, oops, NULL, &function, &module)) {
				g_free(oops->function);
				g_free(oops->module);
				oops->function = function;
				oops->module = module;
			}
		}
		if (oops->function)
			oops->function[plain_length(oops->function)] = '\0';
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

/* The words are looked for first: the patterns are for few lines of a log. */
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

		if (is_end(line) || oops_line_number(line))
			return false;
		if (!match_beginning(line, oops))
			continue;
		oops->first_line = i;
		oops->last_line = lines->len - 1;
		return true;
	}
	return false;
}

void oops_text_clear(struct oops_text *oops)
{
	g_clear_pointer(&oops->kind, g_free);
	g_clear_pointer(&oops->comm, g_free);
	g_clear_pointer(&oops->function, g_free);
	g_clear_pointer(&oops->module, g_free);
	g_clear_pointer(&oops->where, g_free);
	oops_registers_clear(&oops->registers);
}

char *oops_text_title(const struct oops_text *oops)
{
	GString *title = g_string_new(oops->kind ? oops->kind : "oops");

	if (oops->where)
		g_string_append_printf(title, " at %s", oops->where);
	if (oops->function)
		g_string_append_printf(title, " in %s", oops->function);
	if (oops->function && oops->module)
		g_string_append_printf(title, " [%s]", oops->module);
	return g_string_free(title, FALSE);
}
