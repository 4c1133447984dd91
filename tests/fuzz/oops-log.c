// SPDX-License-Identifier: GPL-2.0-or-later
/* Searches the lines of a guest's log for oopses and for backtraces of CPUs. */
#include <string.h>

#include "fuzz.h"
#include "kernel/nmi-log.h"
#include "kernel/complaint.h"
#include "kernel/log_match.h"
#include "kernel/oops-log.h"

static void find_oopses(char **lines, guint count)
{
	g_autoptr(GPtrArray) array = g_ptr_array_new();
	unsigned int after = 0;

	for (guint i = 0; i < count; i++)
		g_ptr_array_add(array, lines[i]);
	for (int i = 0; i < 4; i++) {
		struct oops_text oops = {0};
		g_autofree char *title = NULL;

		if (!oops_text_find(array, after, &oops))
			break;
		g_assert_cmpuint(oops.first_line, <=, oops.last_line);
		g_assert_cmpuint(oops.last_line, <, count);
		title = oops_text_title(&oops);
		g_assert_nonnull(title);
		after = oops.number;
		oops_text_clear(&oops);
	}
}

static void find_backtraces(char **lines, guint count)
{
	g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(struct printk_record));
	GArray *backtraces;

	for (guint i = 0; i < count; i++) {
		/* The caller is the first byte of the line. */
		struct printk_record record = {.sequence = i,
					       .caller_known = lines[i][0] & 1,
					       .caller = 0x80000000u + (lines[i][0] & 7),
					       .text = lines[i]};

		g_array_append_val(records, record);
	}
	backtraces = nmi_backtraces_find(records, 0);
	g_array_unref(backtraces);
}

static void find_complaints(char **lines, guint count)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (guint i = 0; i < count; i++)
		g_ptr_array_add(all, lines[i]);
	for (guint i = 0; i < MIN(count, 8); i++) {
		struct complaint complaint;

		if (complaint_find(all, i, &complaint))
			g_free(complaint_title(&complaint));
		complaint_clear(&complaint);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *text = fuzz_text(bytes, length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint count = g_strv_length(lines);
	char *name = NULL, *module = NULL;

	find_oopses(lines, count);
	find_backtraces(lines, count);
	find_complaints(lines, count);
	if (count > 0 && log_symbol_parse(lines[0], &name, &module))
		g_assert_nonnull(name);
	g_free(name);
	g_free(module);
	return 0;
}
