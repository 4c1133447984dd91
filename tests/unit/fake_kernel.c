// SPDX-License-Identifier: GPL-2.0-or-later
#include "fake_kernel.h"

#include <string.h>

#define NUM_FUNCTIONS 2000u
#define STACK_END_MAGIC 0x57ac6e9dull
#define PHYSICAL_START (2ull << 20) /* of the image in a fake guest */

static void append(GByteArray *bytes, const void *data, size_t length)
{
	g_byte_array_append(bytes, data, (guint)length);
}

static void align(GByteArray *bytes)
{
	while (bytes->len % 8)
		append(bytes, "", 1);
}

struct names {
	GByteArray *packed, *markers, *offsets;
	uint32_t count;
};

/* Each character is its own token. */
static void add_symbol(struct names *names, const char *name, uint64_t address)
{
	uint8_t length = (uint8_t)strlen(name);
	uint32_t offset = (uint32_t)(address - FAKE_GUEST_IMAGE);

	if (names->count++ % 256 == 0)
		append(names->markers, &names->packed->len, 4);
	append(names->packed, &length, 1);
	append(names->packed, name, length);
	append(names->offsets, &offset, 4);
}

static void append_tokens(GByteArray *bytes)
{
	uint16_t index[256];
	guint start = bytes->len;

	for (unsigned int i = 0; i < 256; i++) {
		char token[8];

		g_snprintf(token, sizeof(token), i > ' ' && i < 0x7f ? "%c" : "~%u", i);
		index[i] = (uint16_t)(bytes->len - start);
		append(bytes, token, strlen(token) + 1);
	}
	align(bytes);
	append(bytes, index, sizeof(index));
}

static void put_kallsyms(struct fake_guest *guest, const struct names *names)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint64_t base = FAKE_GUEST_IMAGE;

	append(bytes, &names->count, 4);
	align(bytes);
	append(bytes, names->packed->data, names->packed->len);
	align(bytes);
	append(bytes, names->markers->data, names->markers->len);
	align(bytes);
	append_tokens(bytes);
	align(bytes);
	append(bytes, names->offsets->data, names->offsets->len);
	align(bytes);
	append(bytes, &base, sizeof(base));
	memcpy(fake_guest_at(guest, FAKE_KERNEL_KALLSYMS), bytes->data, bytes->len);
}

static void set_entry(struct fake_guest *guest, uint64_t table, unsigned int index, uint64_t value)
{
	memcpy(fake_guest_at(guest, table + 8 * (uint64_t)index), &value, sizeof(value));
}

/* 4 levels: a top table, and two tables below it for the image. */
static void put_page_tables(struct fake_guest *guest)
{
	const uint64_t top = FAKE_KERNEL_TOP_TABLE, third = top + 0x1000, second = top + 0x2000;

	set_entry(guest, top, 511, (PHYSICAL_START + third) | 3);
	set_entry(guest, third, 510, (PHYSICAL_START + second) | 3);
	for (uint64_t at = 0; at < guest->image_length; at += 2u << 20)
		set_entry(guest, second, (FAKE_GUEST_IMAGE + at) >> 21 & 511,
			  (PHYSICAL_START + at) | 0x83);
}

void fake_kernel_put(struct fake_guest *guest, const struct fake_symbol *symbols,
		     size_t num_symbols)
{
	struct names names = {g_byte_array_new(), g_byte_array_new(), g_byte_array_new(), 0};
	const uint64_t magic = STACK_END_MAGIC;

	for (unsigned int i = 0; i < NUM_FUNCTIONS; i++) {
		g_autofree char *name = g_strdup_printf("tfunction_%u", i);

		add_symbol(&names, name, FAKE_GUEST_IMAGE + 64ull * i);
	}
	for (size_t i = 0; i < num_symbols; i++)
		add_symbol(&names, symbols[i].name, symbols[i].address);
	put_kallsyms(guest, &names);
	memcpy(fake_guest_at(guest, FAKE_KERNEL_BANNER), FAKE_KERNEL_BANNER_TEXT,
	       sizeof(FAKE_KERNEL_BANNER_TEXT));
	memcpy(fake_guest_at(guest, FAKE_KERNEL_DATA), &magic, sizeof(magic));
	put_page_tables(guest);
	g_byte_array_unref(names.packed);
	g_byte_array_unref(names.markers);
	g_byte_array_unref(names.offsets);
}
