/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the parts of report.txt write: text of the guest only through text_append_clean(). */
#ifndef OOPSBT_REPORT_TEXT_WRITER_H
#define OOPSBT_REPORT_TEXT_WRITER_H

#include <glib.h>

#define WRAP_COLUMNS 100

/* Every argument that came from a guest is sanitised by the caller. */
void text_append(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Appends a string that may be anything, as one clean line; "unknown" for NULL. */
void text_append_clean(GString *text, const char *string);

/* The same, with an end of line instead of a space where it would be longer than a line. */
void text_append_paragraph(GString *text, const char *string);

/* Their rows (of struct named_register; NULL: an empty one), each after @indent. */
void text_registers(GString *text, const char *indent, const GArray *registers);

#endif
