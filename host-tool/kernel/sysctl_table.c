// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/sysctl_table.h"

/* Offsets in struct ctl_table. */
#define DATA 8
#define LENGTH 16
#define MODE 20
#define USED 24

#define MODE_MASK 07777

struct sysctl {
	const char *name;
	enum kernel_symbol symbol;
	size_t size;
};

static const struct sysctl sysctls[] = {
	{"panic_on_oops", SYMBOL_panic_on_oops, sizeof(int)},
	{"oops_all_cpu_backtrace", SYMBOL_sysctl_oops_all_cpu_backtrace, sizeof(int)},
	{"unknown_nmi_panic", SYMBOL_unknown_nmi_panic, sizeof(int)},
	{"unknown_nmi_backtrace", SYMBOL_unknown_nmi_backtrace, sizeof(int)},
	{"panic_on_unrecovered_nmi", SYMBOL_panic_on_unrecovered_nmi, sizeof(int)},
	{"oops_sys_info", SYMBOL_oops_si_mask, sizeof(uint64_t)},
	{"unknown_nmi_sys_info", SYMBOL_unknown_nmi_si_mask, sizeof(uint64_t)},
};

static bool is_name(const struct image *image, uint64_t address, const char *name)
{
	size_t size = strlen(name) + 1;

	return image_has(image, address, size) &&
	       !memcmp(image->bytes + (address - image->start.value), name, size);
}

/* The variable of @size bytes of the entry at @position; 0: not an entry. */
static uint64_t variable_of(const struct image *image, size_t position, size_t size)
{
	uint64_t data = image_u64(image, position + DATA);
	uint32_t mode = image_u32(image, position + MODE) & UINT16_MAX;

	if (image_u32(image, position + LENGTH) != size || data % size ||
	    !image_has(image, data, size) || !mode || mode & ~(uint32_t)MODE_MASK)
		return 0;
	return data;
}

void sysctl_table(struct image *image, struct kernel_map *map)
{
	uint64_t found[G_N_ELEMENTS(sysctls)] = {0};
	bool differ[G_N_ELEMENTS(sysctls)] = {false};

	for (size_t at = 0; at + USED <= image->length && image_step(image); at += 8) {
		uint64_t name = image_u64(image, at), data;

		if (!image_has(image, name, 1))
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(sysctls); i++) {
			data = variable_of(image, at, sysctls[i].size);
			if (!data || !is_name(image, name, sysctls[i].name))
				continue;
			differ[i] |= found[i] && found[i] != data;
			found[i] = data;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(sysctls); i++) {
		if (!map->symbols[sysctls[i].symbol] && !differ[i])
			map->symbols[sysctls[i].symbol] = found[i];
	}
}
