/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats the source lines of a report (lines.h) as text. Writes nothing if it has none. */
#ifndef OOPSBT_PLUGIN_LINES_TEXT_H
#define OOPSBT_PLUGIN_LINES_TEXT_H

#include <json-glib/json-glib.h>

/*
 * A frame is printed as its inlined functions, one a line, innermost first, then its own line with
 * the position. Source lines follow each, if available:
 *
 * 	[inlined] context_switch at kernel/sched/core.c:5241
 * 	__schedule+0x2d5/0x860 at kernel/sched/core.c:6554
 *
 * @owner: a frame, the fault or one of its instructions.
 */
void lines_append_inlined(GString *text, const char *indent, JsonObject *owner);
/* " at fs/exec.c:12" for the frame itself. */
void lines_append_place(GString *text, JsonObject *owner);
void lines_append_source(GString *text, const char *indent, JsonObject *owner);

/*
 * "fs/exec.c:12 (do_execve)" for an instruction, or NULL; also NULL if @before (may be NULL) has
 * the same. g_free().
 */
char *lines_of_instruction(JsonObject *instruction, JsonObject *before);

/* The same as a line above the instruction, with source lines. */
void lines_append_before(GString *text, JsonObject *instruction, JsonObject *before);

/* report.txt with the lines of @report. */
GString *lines_annotate(const char *text, size_t length, JsonObject *report);

#endif
