// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/signatures.h"

#include <string.h>

#define BANNER_MAX 511
#define MAX_BANNERS 4096u

/*
 * struct btf_header: magic, version, flags, header length, then sections, whose offsets count from
 * the end of the header.
 */
#define BTF_MAGIC "\x9f\xeb\x01\x00"
#define BTF_HEADER 24u
#define MAX_BTF_HEADER 256u
#define MIN_BTF (64u << 10)

#define MIN_ORCS 10000u
#define ORC_LOOKUP_BLOCK 256u
#define MAX_ORC_GAP 64u
#define MAX_SMALL_NUMBER 0x10000u
/* Words before the table may look like a part of it. */
#define MAX_FALSE_ORCS 8u

#define VMCOREINFO_START "OSRELEASE="
/* The limit for pointers to whole pages of the direct map: a large kernel has thousands. */
#define MAX_VMCOREINFO_TRIES (1u << 13)

#define MODULES_END 0xffffffffff000000ull
#define MAX_MODULE_TRIES (1u << 12)
#define MODULE_NAME_MAX 56

static const uint8_t *find_bytes(const struct image *image, size_t from, const char *bytes)
{
	return memmem(image->bytes + from, image->length - from, bytes, strlen(bytes));
}

static bool is_banner(const char *text, size_t length)
{
	const char *end = memchr(text, '\0', MIN(length, BANNER_MAX + 1));
	size_t prefix = strlen("Linux version ");
	const char *version;

	if (!end || end < text + prefix + 1 || end[-1] != '\n' || !g_ascii_isdigit(text[prefix]))
		return false;
	/* A preliminary version has no build number; the final one has. */
	version = strstr(text, " #");
	if (!version || !g_ascii_isdigit(version[2]))
		return false;
	for (const char *at = text; at < end - 1; at++) {
		if (!g_ascii_isprint(*at))
			return false;
	}
	return true;
}

bool signature_banner(const struct image *image, struct kernel_map *map)
{
	const uint8_t *found;
	unsigned int tries = 0;

	for (size_t at = 0;
	     tries++ < MAX_BANNERS && (found = find_bytes(image, at, "Linux version ")); at++) {
		at = (size_t)(found - image->bytes);
		if (!is_banner((const char *)found, image->length - at))
			continue;
		map->symbols[SYMBOL_linux_banner] = image->start.value + at;
		return true;
	}
	return false;
}

/* Bytes from the header at @at to the end of its strings; 0: not BTF. */
static size_t btf_length(const struct image *image, size_t at)
{
	uint32_t header, type_start, type_length, string_start, string_length;

	if (image->length - at < BTF_HEADER)
		return 0;
	header = image_u32(image, at + 4);
	type_start = image_u32(image, at + 8);
	type_length = image_u32(image, at + 12);
	string_start = image_u32(image, at + 16);
	string_length = image_u32(image, at + 20);
	if (header < BTF_HEADER || header > MAX_BTF_HEADER || type_start ||
	    string_start != type_length || string_length > image->length ||
	    type_length > image->length ||
	    (size_t)header + type_length + string_length > image->length - at)
		return 0;
	return (size_t)header + type_length + string_length;
}

bool signature_btf(const struct image *image, struct kernel_map *map)
{
	size_t largest = MIN_BTF - 1;
	const uint8_t *found;

	/* Version 1, no flags: so the last byte to search is a NUL. */
	for (size_t at = 0; (found = memmem(image->bytes + at, image->length - at, BTF_MAGIC, 4));
	     at++) {
		size_t length;

		at = (size_t)(found - image->bytes);
		length = btf_length(image, at);
		if (length <= largest)
			continue;
		largest = length;
		map->symbols[SYMBOL___start_BTF] = image->start.value + at;
		map->symbols[SYMBOL___stop_BTF] = image->start.value + at + length;
	}
	return largest >= MIN_BTF;
}

/*
 * Finds the end of the ascending offsets that begin at @start. An offset that leads to the table
 * itself or directly behind it does not count: the small numbers in the entries look like that.
 */
static size_t ascending_end(struct image *image, size_t start)
{
	uint64_t table = image->start.value + start, last = 0;
	size_t at = start;

	for (; at + 4 <= image->length && image_step(image); at += 4) {
		uint64_t address = image_relative(image, at);

		if (address < last || !image_has(image, address, 1) ||
		    (address >= table && address - table < at - start + MAX_SMALL_NUMBER))
			break;
		last = address;
	}
	return at;
}

struct orc_guess {
	size_t ips, entries, lookup; /* offsets in the image */
	size_t num_entries, num_blocks;
};

/* Each block must have the index of the last entry that begins at or before the block. */
static bool lookup_agrees(const struct image *image, const struct orc_guess *guess,
			  uint64_t text_start)
{
	size_t step = MAX(guess->num_blocks / 1024, 1);

	if (guess->lookup + 4 * guess->num_blocks > image->length)
		return false;
	for (size_t i = 0; i + 1 < guess->num_blocks; i += step) {
		uint64_t block = text_start + ORC_LOOKUP_BLOCK * i;
		uint64_t index = image_u32(image, guess->lookup + 4 * i);

		if (index >= guess->num_entries ||
		    image_relative(image, guess->ips + 4 * index) > block ||
		    (index + 1 < guess->num_entries &&
		     image_relative(image, guess->ips + 4 * (index + 1)) <= block))
			return false;
	}
	return true;
}

static bool try_orc(const struct image *image, size_t ips, size_t ips_end, struct kernel_map *map)
{
	uint64_t text = map->symbols[SYMBOL__stext];
	struct orc_guess guess = {
		.ips = ips,
		.num_entries = (ips_end - ips) / 4,
		.num_blocks = (map->symbols[SYMBOL__etext] - text + ORC_LOOKUP_BLOCK - 1) /
				      ORC_LOOKUP_BLOCK +
			      1,
	};

	for (size_t align = 2; align <= MAX_ORC_GAP; align *= 2) {
		guess.entries = (ips_end + align - 1) & ~(align - 1);
		guess.lookup =
			(guess.entries + ORC_ENTRY_SIZE * guess.num_entries + 3) & ~(size_t)3;
		if (!lookup_agrees(image, &guess, text))
			continue;
		map->symbols[SYMBOL___start_orc_unwind_ip] = image->start.value + ips;
		map->symbols[SYMBOL___start_orc_unwind] = image->start.value + guess.entries;
		map->symbols[SYMBOL___stop_orc_unwind] =
			image->start.value + guess.entries + ORC_ENTRY_SIZE * guess.num_entries;
		map->symbols[SYMBOL_orc_lookup] = image->start.value + guess.lookup;
		map->symbols[SYMBOL_orc_lookup_end] =
			image->start.value + guess.lookup + 4 * guess.num_blocks;
		return true;
	}
	return false;
}

bool signature_orc(struct image *image, struct kernel_map *map)
{
	uint64_t text = map->symbols[SYMBOL__stext];

	if (!text || map->symbols[SYMBOL__etext] <= text ||
	    map->symbols[SYMBOL__etext] - text > image->length)
		return false;
	for (size_t at = 0; at + 4 <= image->length;) {
		size_t end = ascending_end(image, at);
		size_t after = MAX(end, at + 4);

		for (size_t i = 0; i < MAX_FALSE_ORCS && end - at >= 4 * MIN_ORCS; i++, at += 4) {
			if (try_orc(image, at, end, map))
				return true;
		}
		at = after;
		if (!image->steps_left)
			return false;
	}
	return false;
}

bool signature_vmcoreinfo(const struct image *image, struct snapshot *snapshot,
			  struct kernel_map *map)
{
	uint64_t variable = map->symbols[SYMBOL_page_offset_base], base;
	unsigned int tries = 0;

	if (!variable || !image_has(image, variable, 8))
		return false;
	base = image_u64(image, variable - image->start.value);
	for (size_t at = 0; at + 8 <= image->length && tries < MAX_VMCOREINFO_TRIES; at += 8) {
		uint64_t word = image_u64(image, at);
		char start[sizeof(VMCOREINFO_START) - 1];

		if (word <= base || word % GUEST_PAGE_SIZE || word >= image->start.value)
			continue;
		tries++;
		if (!guest_memory_read(snapshot_memory(snapshot), gpa(word - base), start,
				       sizeof(start), NULL) ||
		    memcmp(start, VMCOREINFO_START, sizeof(start)) != 0)
			continue;
		map->symbols[SYMBOL_vmcoreinfo_data] = image->start.value + at;
		return true;
	}
	return false;
}

static bool is_module(const struct address_space *space, const struct kernel_map *map,
		      uint64_t entry, uint64_t head)
{
	uint64_t module = entry - (uint64_t)map->fields[FIELD_module_list];
	char name[MODULE_NAME_MAX];
	uint64_t previous;
	size_t length;

	if (!address_space_read_u64(space, gva(entry + 8), &previous, NULL) || previous != head ||
	    !address_space_read(space, gva(module + (uint64_t)map->fields[FIELD_module_name]), name,
				sizeof(name), NULL, NULL))
		return false;
	length = strnlen(name, sizeof(name));
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isalnum(name[i]) && name[i] != '_')
			return false;
	}
	return length > 0 && length < sizeof(name);
}

bool signature_modules(const struct image *image, const struct address_space *space,
		       struct kernel_map *map)
{
	uint64_t low = image->start.value + image->length;
	unsigned int tries = 0;

	if (map->fields[FIELD_module_list] == FIELD_UNKNOWN ||
	    map->fields[FIELD_module_name] == FIELD_UNKNOWN)
		return false;
	for (size_t at = 0; at + 16 <= image->length && tries < MAX_MODULE_TRIES; at += 8) {
		uint64_t first = image_u64(image, at), last = image_u64(image, at + 8);

		if (first % 8 || last % 8 || first < low || first >= MODULES_END || last < low ||
		    last >= MODULES_END)
			continue;
		tries++;
		if (!is_module(space, map, first, image->start.value + at))
			continue;
		map->symbols[SYMBOL_modules] = image->start.value + at;
		return true;
	}
	return false;
}
