/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an analyser wrote, checked before it is kept: an analyser is as trustworthy as the guest
 * whose memory it read.
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
 * report.json: clean, of this schema, and about this collection. @summary: what its head says, for
 * the caller to clear; or NULL.
 */
bool output_check_json(int fd, size_t max_bytes, const struct report_collection *collection,
		       struct summary *summary, GError **error);

/* An ELF file, or nothing. */
bool output_check_core(int fd, size_t max_bytes, GError **error);

/* Replaces the whole content. */
bool output_write(int fd, const char *text, size_t length, GError **error);

#endif
