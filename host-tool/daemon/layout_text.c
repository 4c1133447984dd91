/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/layout_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_REGIONS 4096

static void region_clear(void *pointer)
{
	struct ram_region *region = pointer;

	g_free(region->name);
}

/*
 *   0000000000100000-000000001fffffff (prio 0, ram): pc.ram @0000000000100000 KVM
 *
 * The offset is missing if it is 0; the accelerators that have the range follow.
 */
static bool parse_region(const char *line, struct ram_region *region)
{
	uint64_t last;
	char type[16], name[256];
	int end = 0;

	if (sscanf(line, " %16" SCNx64 "-%16" SCNx64 " (prio %*d, %15[^)]): %255s%n",
		   &region->start, &last, type, name, &end) != 4 ||
	    end == 0)
		return false;
	if (strcmp(type, "ram") != 0 && strcmp(type, "nv-ram") != 0)
		return false;
	if (last < region->start || last - region->start == UINT64_MAX)
		return false;
	region->length = last - region->start + 1;
	if (sscanf(line + end, " @%16" SCNx64, &region->offset) != 1)
		region->offset = 0;
	region->name = g_strdup(name);
	return true;
}

GArray *layout_parse_mtree(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GArray) regions = g_array_new(FALSE, TRUE, sizeof(struct ram_region));
	bool in_view = false;

	g_array_set_clear_func(regions, region_clear);
	for (char **line = lines; *line && regions->len < MAX_REGIONS; line++) {
		struct ram_region region = {0};

		if (g_str_has_prefix(*line, "FlatView")) {
			if (regions->len > 0)
				break;
			in_view = false;
		} else if (g_str_has_prefix(*line, " AS \"memory\"")) {
			in_view = true;
		} else if (in_view && parse_region(*line, &region)) {
			g_array_append_val(regions, region);
		}
	}
	return regions->len > 0 ? g_steal_pointer(&regions) : NULL;
}

/* A block's name is the path of its device followed by the name of its region. */
static bool is_block_of(const char *block, const char *name)
{
	g_autofree char *suffix = g_strconcat("/", name, NULL);

	return strcmp(block, name) == 0 || g_str_has_suffix(block, suffix);
}

uint64_t layout_parse_ramblock(const char *text, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	uint64_t longest = 0;

	for (char **line = lines; *line; line++) {
		char block[256];
		uint64_t used;

		if (sscanf(*line, " %255s %*s %*s 0x%*x 0x%16" SCNx64, block, &used) == 2 &&
		    is_block_of(block, name))
			longest = MAX(longest, used);
	}
	return longest;
}

uint64_t layout_parse_gpa2hva(const char *text, const char *name)
{
	char region[256];
	uint64_t address;

	if (sscanf(text, "Host virtual address for 0x%*x (%255[^)]) is 0x%16" SCNx64, region,
		   &address) != 2 ||
	    strcmp(region, name) != 0)
		return 0;
	return address;
}

uint16_t layout_parse_timer_port(const char *mtree)
{
	g_auto(GStrv) lines = g_strsplit(mtree, "\n", -1);

	for (char **line = lines; *line; line++) {
		char name[256];
		uint64_t first;

		if (sscanf(*line, " %16" SCNx64 "-%*16x (prio %*d, i/o): %255s", &first, name) ==
			    2 &&
		    strcmp(name, "acpi-tmr") == 0 && first <= UINT16_MAX)
			return (uint16_t)first;
	}
	return 0;
}

bool layout_parse_port(const char *text, uint16_t port, uint32_t *value)
{
	unsigned int number;

	return sscanf(text, "portl[0x%x] = 0x%8" SCNx32, &number, value) == 2 && number == port;
}
