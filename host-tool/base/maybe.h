/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A number that may be unknown. All zero: unknown. */
#ifndef OOPSBT_BASE_MAYBE_H
#define OOPSBT_BASE_MAYBE_H

#include <stdbool.h>
#include <stdint.h>

/* Counts, identifiers, settings: shown in decimal. */
struct maybe_int {
	bool known;
	int64_t value;
};

/* Addresses and bit masks: shown in hexadecimal. */
struct maybe_uint {
	bool known;
	uint64_t value;
};

#endif
