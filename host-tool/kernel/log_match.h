/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of a kernel's log; used by oops-log.c and complaint.c. */
#ifndef OOPSBT_KERNEL_LOG_MATCH_H
#define OOPSBT_KERNEL_LOG_MATCH_H

#include <glib.h>
#include <stdbool.h>

#include "kernel/blame.h"

/* "name+0x12/0x34 [module buildid]": groups 1 and 2. */
#define LOG_SYMBOL                                                                                 \
	"([A-Za-z_.$][A-Za-z0-9_.$]*)\\+0x[0-9a-f]+/0x[0-9a-f]+(?: \\[([^\\] ]+)(?: "              \
	"[^\\]]*)?\\])?"

/* NULL: @text does not match. Free with g_match_info_unref(). */
GMatchInfo *log_match(const char *pattern, const char *text);
/* NULL: it is empty. Free with g_free(). */
char *log_group(GMatchInfo *info, int number);

/* Splits "name+0x12/0x34 [module]"; false if @text is not of that form. Free both with g_free(). */
bool log_symbol_parse(const char *text, char **name, char **module);

/*
 * The symbol in a line of a trace or in the kernel's "RIP:" line, after the addresses that kernels
 * before 4.10 print. "" or other text: there is no symbol.
 */
const char *log_place(const char *line);

/* Is this the kernel's "RIP:" line, or the "IP:" line of kernels before 4.13? */
bool log_is_kernel_rip(const char *line);

/* Does a backtrace begin after this line? */
bool log_is_trace_head(const char *line);

/* The index of the line after the next head of a trace in [@start, @end), or @end. */
guint log_find_trace(GPtrArray *lines, guint start, guint end);

typedef void (*LogBlame)(struct blame *blame, const char *function, const char *module);

/*
 * Passes to @add the function of @place ("f+0x1/0x2"; NULL: unknown), then its callers from the
 * trace in [@start, @end). The trace may begin with the frames between that place and the function
 * that printed it.
 */
void log_blame(GPtrArray *lines, guint start, guint end, const char *place, LogBlame add,
	       struct blame *blame);

/* The same without a place: the trace begins in line @start. */
void log_blame_trace(GPtrArray *lines, guint start, guint end, LogBlame add, struct blame *blame);

#endif
