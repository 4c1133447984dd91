// SPDX-License-Identifier: GPL-2.0-or-later
/* "info mtree -f", "info ramblock" and "gpa2hva" of the QEMU monitor, each one up to a NUL. */
#include "daemon/layout_text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *mtree = fuzz_take_text(&bytes, &length);
	g_autofree char *ramblock = fuzz_take_text(&bytes, &length);
	g_autofree char *gpa2hva = fuzz_take_text(&bytes, &length);
	GArray *regions = layout_parse_mtree(mtree);

	for (guint i = 0; regions && i < regions->len; i++) {
		const struct ram_region *region = &g_array_index(regions, struct ram_region, i);

		g_assert_nonnull(region->name);
		g_assert_cmpuint(region->length, >, 0);
		g_assert_cmpuint(region->start, <=, region->start + (region->length - 1));
		layout_parse_ramblock(ramblock, region->name);
		layout_parse_gpa2hva(gpa2hva, region->name);
	}
	if (regions)
		g_array_unref(regions);
	layout_parse_ramblock(ramblock, "pc.ram");
	layout_parse_gpa2hva(gpa2hva, "pc.ram");
	return 0;
}
