// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel map in the format of the collector: an accepted map is the same after it is written and
 * read again.
 */
#include "fuzz.h"
#include "kernel/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autoptr(GBytes) given = g_bytes_new(bytes, length);
	GError *error = NULL;
	g_autoptr(KernelMap) map = kernel_map_from_bytes(given, &error);
	g_autoptr(GBytes) written = NULL;
	g_autoptr(KernelMap) again = NULL;
	g_autoptr(GBytes) written_again = NULL;

	fuzz_check_result(map != NULL, error);
	if (!map)
		return 0;
	written = kernel_map_to_bytes(map);
	again = kernel_map_from_bytes(written, NULL);
	g_assert_nonnull(again);
	written_again = kernel_map_to_bytes(again);
	g_assert_true(g_bytes_equal(written, written_again));
	return 0;
}
