// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbol tables. The first byte is the encoding. The rest is an image. One parser searches the
 * image for the tables of a kernel; another one gets the places of the tables: names at 0, markers
 * at 0x800, tokens at 0x900, their index at 0xd00, offsets at 0xf00.
 */
#include "fuzz_image.h"
#include "kernel/image.h"
#include "kernel/kallsyms.h"

#define NUM_SYMBOLS 40
#define MAX_STEPS (1u << 22)

static void look_up(const struct kallsyms *kallsyms, const struct fake_guest *guest)
{
	static const char *const names[] = {"linux_banner", "init_task", "a"};
	uint64_t values[G_N_ELEMENTS(names)];
	GError *error = NULL;
	bool good = kallsyms_resolve(kallsyms, &guest->space, names, G_N_ELEMENTS(names), values,
				     &error);

	fuzz_check_result(good, error);
	for (uint64_t at = 0; at < 0x800; at += 0x90) {
		struct symbol symbol;

		error = NULL;
		good = kallsyms_lookup(kallsyms, &guest->space, gva(FAKE_GUEST_IMAGE + at), &symbol,
				       &error);
		fuzz_check_result(good, error);
		if (good)
			g_assert_cmpuint(symbol.start.value, <=, FAKE_GUEST_IMAGE + at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct kallsyms kallsyms = {
		.names = gva(FAKE_GUEST_IMAGE),
		.markers = gva(FAKE_GUEST_IMAGE + 0x800),
		.token_table = gva(FAKE_GUEST_IMAGE + 0x900),
		.token_index = gva(FAKE_GUEST_IMAGE + 0xd00),
		.offsets = gva(FAKE_GUEST_IMAGE + 0xf00),
		.relative_base = FAKE_GUEST_IMAGE,
		.num_symbols = NUM_SYMBOLS,
	};
	struct fake_guest *guest;
	struct image image;
	GError *error = NULL;
	bool found;

	if (length == 0)
		return 0;
	kallsyms.encoding = bytes[0] % NUM_KALLSYMS_ENCODINGS;
	guest = fuzz_image(bytes + 1, length - 1);
	look_up(&kallsyms, guest);
	image = (struct image){
		.start = gva(FAKE_GUEST_IMAGE),
		.bytes = fake_guest_at(guest, 0),
		.length = IMAGE_BYTES,
		.steps_left = MAX_STEPS,
	};
	found = kallsyms_find(&image, &kallsyms, &error);
	fuzz_check_result(found, error);
	if (found)
		look_up(&kallsyms, guest);
	return 0;
}
