/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the lines of a kernel's log: what oops-log.c and complaint.c share. */
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
 * Where a line of a trace, or the "RIP:" of the kernel, has the symbol: past the addresses that
 * kernels before 4.10 print. "" and what is no symbol: there is none.
 */
const char *log_place(const char *line);

/* Is this the "RIP:" of the kernel, or the "IP:" that kernels before 4.13 have? */
bool log_is_kernel_rip(const char *line);

/* Does a backtrace begin behind this line? */
bool log_is_trace_head(const char *line);

/* The index of the line behind the next head of a trace in [@start, @end), or @end. */
guint log_find_trace(GPtrArray *lines, guint start, guint end);

typedef void (*LogBlame)(struct blame *blame, const char *function, const char *module);

/*
 * Hands to @add the function of @place ("f+0x1/0x2"; NULL: none is known), then its callers, by the
 * trace in [@start, @end). Such a trace may begin with the way from that place to who printed it.
 */
void log_blame(GPtrArray *lines, guint start, guint end, const char *place, LogBlame add,
	       struct blame *blame);

/* By the trace alone, which begins in line @start. */
void log_blame_trace(GPtrArray *lines, guint start, guint end, LogBlame add, struct blame *blame);

#endif
