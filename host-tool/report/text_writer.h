/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text functions for the parts of report.txt. Write guest text only with text_append_clean(). */
#ifndef OOPSBT_REPORT_TEXT_WRITER_H
#define OOPSBT_REPORT_TEXT_WRITER_H

#include <glib.h>

#define WRAP_COLUMNS 100

/* The caller sanitises every argument that is from a guest. */
void text_append(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Appends any string as one clean line; "unknown" for NULL. */
void text_append_clean(GString *text, const char *string);

/* The same, but breaks lines at the maximum line length. */
void text_append_paragraph(GString *text, const char *string);

/*
 * Writes the rows of @registers (of struct named_register; NULL: an empty row), each after @indent.
 */
void text_registers(GString *text, const char *indent, const GArray *registers);

#endif
