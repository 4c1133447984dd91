// SPDX-License-Identifier: GPL-2.0-or-later
/* A table of ORC entries: ten bytes each, first all addresses, then all rules. */
#include "fuzz_image.h"
#include "kernel/x86_64/orc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct fake_guest *guest = fuzz_image(bytes, length);
	struct orc_table table = {
		.ips = gva(FAKE_GUEST_IMAGE),
		.num_entries = MIN(length, IMAGE_BYTES) / 10,
	};
	enum orc_layout layout;
	GError *error = NULL;
	bool good;

	table.entries = gva(FAKE_GUEST_IMAGE + 4 * table.num_entries);
	good = orc_detect_layout(&guest->space, &table, &layout, &error);
	fuzz_check_result(good, error);
	for (layout = ORC_LAYOUT_5_4; layout < NUM_ORC_LAYOUTS; layout++) {
		for (uint64_t at = 0; at < 0x800; at += 0x70) {
			struct orc_entry entry;

			error = NULL;
			good = orc_find(&guest->space, &table, layout, gva(FAKE_GUEST_IMAGE + at),
					0, table.num_entries, &entry, &error);
			fuzz_check_result(good, error);
		}
	}
	return 0;
}
