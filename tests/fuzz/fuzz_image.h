/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel image of a fake guest whose first bytes are the input, for targets that read tables in
 * guest memory.
 */
#ifndef OOPSBT_TESTS_FUZZ_IMAGE_H
#define OOPSBT_TESTS_FUZZ_IMAGE_H

#include "../unit/fake_guest.h"
#include "fuzz.h"
#include "kernel/kernel.h"

#define IMAGE_BYTES 0x10000u /* the limit of the input; the bytes after the input are 0 */

/* Returns the same guest for every call, with other bytes. */
struct fake_guest *fuzz_image(const uint8_t *bytes, size_t length);

/* Returns a new, empty map of the guest; kernel_map_free(). */
struct kernel_map *fuzz_map(const struct fake_guest *guest);

#endif
