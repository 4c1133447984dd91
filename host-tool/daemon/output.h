/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks what an analyser wrote before it is stored. An analyser is only as trustworthy as the
 * guest whose memory it has read.
 */
#ifndef OOPSBT_DAEMON_OUTPUT_H
#define OOPSBT_DAEMON_OUTPUT_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/summary.h"
#include "report/report.h"

/* A text file: not empty (unless @may_be_empty), at most @max_bytes, clean. */
bool output_check_text(int fd, const char *name, size_t max_bytes, bool may_be_empty,
		       GError **error);

/*
 * report.json: clean, of this schema, and about this collection. @summary: what its first members
 * say; the caller clears it; or NULL.
 */
bool output_check_json(int fd, size_t max_bytes, const struct report_collection *collection,
		       struct summary *summary, GError **error);

/* An ELF file, or empty. */
bool output_check_core(int fd, size_t max_bytes, GError **error);

/* Replaces the file's content. */
bool output_write(int fd, const char *text, size_t length, GError **error);

#endif
