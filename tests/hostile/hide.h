/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a kernel with CONFIG_KALLSYMS_ALL look like one without it. */
#ifndef OOPSBT_TESTS_HIDE_H
#define OOPSBT_TESTS_HIDE_H

#include "kernel/map.h"

typedef void (*hide_write_fn)(void *user_data, gva_t start, const uint8_t *bytes, size_t length);

/*
 * Replaces the name of every symbol that is not a function by its repeated type character. Rewrites
 * the whole table of names; exits on a read error.
 */
void hide_variables(const struct kernel_map *map, const struct address_space *space,
		    hide_write_fn write, void *user_data);

#endif
