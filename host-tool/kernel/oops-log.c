// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/oops-log.h"

#include <string.h>

/* "Oops: 0002 [#1] PREEMPT SMP", "invalid opcode: 0000 [#1] SMP": printed for every die(). */
#define DIE_LINE "^(.*): [0-9a-fA-F]{4} \\[#([0-9]+)\\]"
#define SYMBOL                                                                                     \
	"([A-Za-z_.$][A-Za-z0-9_.$]*)\\+0x[0-9a-f]+/0x[0-9a-f]+(?: \\[([^\\] ]+)(?: "              \
	"[^\\]]*)?\\])?"
/* The kind is printed up to this many lines before the line of the die(). */
#define HEADER_LINES 8
#define MAX_OOPS_LINES 400

static const char *const helper_prefixes[] = {
	"__asan_",
	"__kasan_",
	"kasan_",
	"__ubsan_",
	"_copy_",
	"copy_user",
	"__copy_user",
	"copy_from_",
	"copy_to_",
	"_raw_spin_",
	"_raw_read_",
	"_raw_write_",
	"__raw_spin_",
	"do_raw_spin_",
	"queued_spin_lock_",
	"native_queued_spin_",
	"__pv_queued_spin_",
	"__x86_indirect_thunk",
	"__list_add",
	"__list_del",
	"refcount_warn",
	"rb_insert_",
	"rb_erase",
	"__rb_",
	"mutex_lock",
	"__mutex_lock",
	"mutex_unlock",
	"down_",
	"up_",
	"__memset",
	"__memcpy",
	"__memmove",
	"memset",
	"memcpy",
	"memmove",
	"memcmp",
	"memchr",
	"memscan",
	"strlen",
	"strnlen",
	"strcmp",
	"strncmp",
	"strcpy",
	"strncpy",
	"strscpy",
	"strlcpy",
	"strcat",
	"strstr",
	"strchr",
	"strrchr",
	"sized_strscpy",
	"clear_page",
	"clear_user",
	"copy_page",
	"rep_",
	"skb_panic",
	"skb_over_panic",
	"skb_under_panic",
	"usercopy_abort",
	"__check_object_size",
	"__check_heap_object",
	"fortify_panic",
	"__fortify_panic",
	"kfree",
	"kmem_cache_",
	"__kmalloc",
	"__slab_",
	"slab_",
	"kmalloc_",
	"list_del",
	"llist_",
	"string",
	"vsnprintf",
	"exc_",
	"asm_exc_",
	"handle_bug",
	"report_bug",
	"__warn",
};

bool oops_function_is_helper(const char *function)
{
	for (size_t i = 0; i < G_N_ELEMENTS(helper_prefixes); i++) {
		if (g_str_has_prefix(function, helper_prefixes[i]))
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
	g_autoptr(GMatchInfo) info = mark ? match(DIE_LINE, line) : NULL;

	return info ? (unsigned int)g_ascii_strtoull(mark + strlen(" [#"), NULL, 10) : 0;
}

static void take_number(GMatchInfo *info, int number, uint64_t *value, bool *known)
{
	g_autofree char *text = group(info, number);

	if (text) {
		*value = g_ascii_strtoull(text, NULL, 16);
		*known = true;
	}
}

/* What came before the die line says it best; the die line itself is the fallback. */
static void find_kind(GPtrArray *lines, guint die_line, struct oops_text *oops)
{
	guint first = die_line > HEADER_LINES ? die_line - HEADER_LINES : 0;

	for (guint i = first; i <= die_line; i++) {
		const char *line = g_ptr_array_index(lines, i);
		g_autoptr(GMatchInfo) info = NULL;

		if ((info = match("^kernel BUG at (?:.*/)?([^/ ]+:[0-9]+)!", line))) {
			oops->kind = g_strdup("kernel BUG");
			oops->where = group(info, 1);
		} else if ((info = match(
				    "^(BUG: [^,:(]*?)(?:, address:| at (?:0x)?)\\s*([0-9a-f]+)",
				    line))) {
			oops->kind = group(info, 1);
			take_number(info, 2, &oops->address, &oops->address_known);
		} else if ((info = match("^(BUG: (?!scheduling|sleeping|soft lockup)[^:,(]+)",
					 line))) {
			oops->kind = g_strstrip(group(info, 1));
		} else if ((info = match("^(stack guard page was hit|"
					 "(?:traps: )?PANIC: double fault)",
					 line))) {
			oops->kind = g_strdup(strstr(line, "double") ? "double fault"
								     : "kernel stack overflow");
		} else if ((info = match("(general protection fault)(?:, [^0-9]*?(?:address )?"
					 "(0x[0-9a-f]+))?",
					 line))) {
			oops->kind = group(info, 1);
			take_number(info, 2, &oops->address, &oops->address_known);
		} else {
			continue;
		}
		oops->first_line = i;
		return;
	}
	{
		g_autoptr(GMatchInfo) info = match(DIE_LINE, g_ptr_array_index(lines, die_line));

		oops->kind = group(info, 1);
		oops->first_line = die_line;
	}
}

static bool find_end(GPtrArray *lines, guint die_line, guint *last)
{
	guint end = MIN(lines->len, die_line + MAX_OOPS_LINES);

	for (guint i = die_line; i < end; i++) {
		const char *line = g_ptr_array_index(lines, i);

		*last = i;
		/* Before the end mark of an oops nothing else may begin a new one. */
		if (strstr(line, "---[ end trace") || strstr(line, "---[ end Kernel panic"))
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
		oops->cpu = (unsigned int)g_ascii_strtoull(cpu, NULL, 10);
		oops->pid = (int)g_ascii_strtoll(pid, NULL, 10);
		oops->cpu_known = oops->pid_known = true;
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
		g_autoptr(GMatchInfo) info =
			match("^RIP: 0010:(?:" SYMBOL "|0x[0-9a-f]+)", g_ptr_array_index(lines, i));

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
	return true;
}

void oops_text_clear(struct oops_text *oops)
{
	g_clear_pointer(&oops->kind, g_free);
	g_clear_pointer(&oops->comm, g_free);
	g_clear_pointer(&oops->function, g_free);
	g_clear_pointer(&oops->module, g_free);
	g_clear_pointer(&oops->where, g_free);
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
