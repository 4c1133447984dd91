/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the files of a dump to descriptors that the collector opened. */
#ifndef OOPSBT_ANALYZE_OUTPUT_H
#define OOPSBT_ANALYZE_OUTPUT_H

#include "analyze/analysis.h"

/* @fds: in the order of enum protocol_fd. */
bool output_write(const struct analysis *analysis, const int *fds, GError **error);

/* Writes all of @text, or fails with an error that names @what. */
bool output_write_text(int fd, const char *what, GString *text, GError **error);

#endif
