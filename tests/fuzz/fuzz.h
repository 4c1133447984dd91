/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared code of the fuzz targets. A target is one file with the libFuzzer function
 * LLVMFuzzerTestOneInput(). The function must return for all input: an assertion, a finding of a
 * sanitizer, a leak and a GLib warning are defects.
 */
#ifndef OOPSBT_TESTS_FUZZ_H
#define OOPSBT_TESTS_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Returns the bytes as a string that ends at the first NUL. g_free(). */
char *fuzz_text(const uint8_t *bytes, size_t length);

/* Removes the text up to the first NUL from the input and returns it, g_free(). */
char *fuzz_take_text(const uint8_t **bytes, size_t *length);

/*
 * Returns a file with these bytes, positioned at its start. Every call returns the same descriptor;
 * don't close it.
 */
int fuzz_file(const uint8_t *bytes, size_t length);

/* Checks that a parser sets an error if and only if it fails. Frees the error. */
void fuzz_check_result(bool good, GError *error);

#endif
