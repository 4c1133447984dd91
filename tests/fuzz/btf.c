// SPDX-License-Identifier: GPL-2.0-or-later
/* BTF, the types of the kernel. */
#include "fuzz_image.h"
#include "kernel/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct fake_guest *guest = fuzz_image(bytes, length);
	g_autoptr(KernelMap) map = fuzz_map(guest);
	GError *error = NULL;
	bool good;

	map->symbols[SYMBOL___start_BTF] = FAKE_GUEST_IMAGE;
	map->symbols[SYMBOL___stop_BTF] = FAKE_GUEST_IMAGE + MIN(length, IMAGE_BYTES);
	good = btf_resolve_fields(map, &guest->space, &error);
	fuzz_check_result(good, error);
	return 0;
}
