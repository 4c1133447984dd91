/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of a dump, rendered into descriptors that somebody else opened. */
#ifndef OOPSBT_ANALYZE_OUTPUT_H
#define OOPSBT_ANALYZE_OUTPUT_H

#include "analyze/analysis.h"

/* @fds: as enum protocol_fd orders them. */
bool output_write(const struct analysis *analysis, const int *fds, GError **error);

/* All of @text, or an error that names @what. */
bool output_write_text(int fd, const char *what, GString *text, GError **error);

#endif
