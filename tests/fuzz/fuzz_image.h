/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel image of a fake guest whose first bytes are the input, for targets that read tables in
 * guest memory. */
#ifndef OOPSBT_TESTS_FUZZ_IMAGE_H
#define OOPSBT_TESTS_FUZZ_IMAGE_H

#include "../unit/fake_guest.h"
#include "fuzz.h"
#include "kernel/kernel.h"

#define IMAGE_BYTES 0x10000u /* at most this many are of the input; what is behind them is 0 */

/* The same guest each time, with other bytes. */
struct fake_guest *fuzz_image(const uint8_t *bytes, size_t length);

/* A map of it that knows nothing yet; kernel_map_free(). */
struct kernel_map *fuzz_map(const struct fake_guest *guest);

#endif
