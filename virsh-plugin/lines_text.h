/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source lines of a report that has them (lines.h), as text. Where it has none: nothing. */
#ifndef OOPSBT_PLUGIN_LINES_TEXT_H
#define OOPSBT_PLUGIN_LINES_TEXT_H

#include <json-glib/json-glib.h>

/*
 * A frame is its inlined functions, a line each, the innermost first, before its own line; that one
 * ends in where it is; after each are the sources, if they are there:
 *
 *	[inlined] context_switch at kernel/sched/core.c:5241
 *	__schedule+0x2d5/0x860 at kernel/sched/core.c:6554
 *
 * @owner: a frame, the fault or one of its instructions.
 */
void lines_append_inlined(GString *text, const char *indent, JsonObject *owner);
/* " at fs/exec.c:12" of the frame itself. */
void lines_append_place(GString *text, JsonObject *owner);
void lines_append_source(GString *text, const char *indent, JsonObject *owner);

/*
 * "fs/exec.c:12 (do_execve)" of an instruction, or NULL; where it is the same as that of @before,
 * which may be NULL, NULL. g_free().
 */
char *lines_of_instruction(JsonObject *instruction, JsonObject *before);

/* The same as a line before that of the instruction, with the sources. */
void lines_append_before(GString *text, JsonObject *instruction, JsonObject *before);

/* report.txt with the lines that @report has. */
GString *lines_annotate(const char *text, size_t length, JsonObject *report);

#endif
