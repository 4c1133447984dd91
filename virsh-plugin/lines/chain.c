/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chain.h"

#include <dwarf.h>
#include <stdlib.h>

#define MAX_RANGES 8000000
#define MAX_OVERLAPS 16 /* ranges that begin before an address but do not contain it */

struct range {
	guint64 low, high;
	Dwarf_Off unit; /* of the compilation unit's entry */
};

struct units {
	Dwarf *dwarf;
	GArray *ranges; /* of struct range, sorted by low */
};

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;

	return left->low < right->low ? -1 : left->low > right->low;
}

static void add_ranges(GArray *ranges, Dwarf_Die *unit)
{
	Dwarf_Addr base;
	Dwarf_Addr low;
	Dwarf_Addr high;
	ptrdiff_t next = 0;

	while (ranges->len < MAX_RANGES &&
	       (next = dwarf_ranges(unit, next, &base, &low, &high)) > 0) {
		struct range range = {low, high, dwarf_dieoffset(unit)};

		if (low < high)
			g_array_append_val(ranges, range);
	}
}

struct units *units_new(Dwarf *dwarf)
{
	struct units *units = g_new0(struct units, 1);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	units->dwarf = dwarf;
	units->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL) == 0)
		add_ranges(units->ranges, &die);
	g_array_sort(units->ranges, compare_ranges);
	return units;
}

void units_free(struct units *units)
{
	if (!units)
		return;
	g_array_unref(units->ranges);
	g_free(units);
}

static bool find_unit(const struct units *units, guint64 address, Dwarf_Die *unit)
{
	guint begin = 0;
	guint end = units->ranges->len;

	while (begin < end) {
		guint middle = begin + (end - begin) / 2;

		if (g_array_index(units->ranges, struct range, middle).low <= address)
			begin = middle + 1;
		else
			end = middle;
	}
	for (guint i = begin; i > 0 && begin - i < MAX_OVERLAPS; i--) {
		const struct range *range = &g_array_index(units->ranges, struct range, i - 1);

		if (address < range->high)
			return dwarf_offdie(units->dwarf, range->unit, unit) != NULL;
	}
	return false;
}

static const char *directory_of(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(unit, DW_AT_comp_dir, &attribute) ? dwarf_formstring(&attribute) : NULL;
}

/* The position of the instruction itself. */
static void read_line(Dwarf_Die *unit, guint64 address, struct position *position)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);

	if (!line)
		return;
	position->file = dwarf_linesrc(line, NULL, NULL);
	dwarf_lineno(line, &position->line);
	dwarf_linecol(line, &position->column);
}

static bool read_number(Dwarf_Die *die, unsigned int name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && dwarf_formudata(&attribute, number) == 0;
}

/* The position of the call that was inlined as @inlined. */
static void read_call(Dwarf_Die *unit, Dwarf_Die *inlined, struct position *position)
{
	Dwarf_Files *files;
	Dwarf_Word number;
	size_t num_files;

	position->file = NULL;
	position->line = position->column = 0;
	if (read_number(inlined, DW_AT_call_file, &number) &&
	    dwarf_getsrcfiles(unit, &files, &num_files) == 0 && number < num_files)
		position->file = dwarf_filesrc(files, number, NULL, NULL);
	if (read_number(inlined, DW_AT_call_line, &number) && number <= G_MAXINT)
		position->line = (int)number;
	if (read_number(inlined, DW_AT_call_column, &number) && number <= G_MAXINT)
		position->column = (int)number;
}

/* @scopes: nested entries, innermost first. */
static void follow_scopes(Dwarf_Die *unit, Dwarf_Die *scopes, int count, struct position position,
			  GArray *chain)
{
	for (int i = 0; i < count && chain->len < MAX_CHAIN - 1; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram) {
			position.function = dwarf_diename(&scopes[i]);
			break;
		}
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		position.function = dwarf_diename(&scopes[i]);
		position.is_inlined = true;
		g_array_append_val(chain, position);
		position.function = NULL;
		position.is_inlined = false;
		read_call(unit, &scopes[i], &position);
	}
	g_array_append_val(chain, position);
}

void chain_find(const struct units *units, guint64 address, GArray *chain)
{
	struct position position = {0};
	Dwarf_Die unit;
	Dwarf_Die *innermost = NULL;
	Dwarf_Die *scopes = NULL;
	int count = 0;

	if (!find_unit(units, address, &unit))
		return;
	position.directory = directory_of(&unit);
	read_line(&unit, address, &position);
	/* The outer scopes here are those of the inlined function's definition; */
	if (dwarf_getscopes(&unit, address, &innermost) > 0)
		/* this gets the scopes where the function was inlined. */
		count = dwarf_getscopes_die(&innermost[0], &scopes);
	follow_scopes(&unit, scopes, count, position, chain);
	free(innermost);
	free(scopes);
}
