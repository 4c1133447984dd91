/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target is a file of its own with one function of libFuzzer's,
 * LLVMFuzzerTestOneInput(), which must end well whatever the bytes are: an assertion, a sanitizer's
 * finding, a leak and a warning of GLib are defects.
 */
#ifndef OOPSBT_TESTS_FUZZ_H
#define OOPSBT_TESTS_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The bytes as a string, which ends at the first NUL. g_free(). */
char *fuzz_text(const uint8_t *bytes, size_t length);

/* Takes the text up to the first NUL off the input and returns it, g_free(); the rest stays. */
char *fuzz_take_text(const uint8_t **bytes, size_t *length);

/* A file with these bytes, positioned at its start. The same descriptor each time: don't close. */
int fuzz_file(const uint8_t *bytes, size_t length);

/* A parser that fails says why, and one that succeeds does not. Frees the error. */
void fuzz_check_result(bool good, GError *error);

#endif
