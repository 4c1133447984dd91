/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An oops as the kernel printed it (arch/x86/mm/fault.c, arch/x86/kernel/dumpstack.c, traps.c,
 * lib/bug.c): its kind, its place, and the code to blame. All of it is text from the guest.
 */
#ifndef OOPSBT_KERNEL_OOPS_LOG_H
#define OOPSBT_KERNEL_OOPS_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/maybe.h"
#include "kernel/blame.h"
#include "kernel/log_match.h"
#include "kernel/x86_64/oops_registers.h"

struct oops_text {
	unsigned int number; /* from the kernel's count of oopses */
	char *kind; /* "BUG: kernel NULL pointer dereference", "general protection fault", ... */
	struct maybe_uint address; /* the faulting address */
	struct maybe_int cpu, pid;
	char *comm; /* NULL: unknown */
	struct blame blame;
	char *where;		     /* "file.c:123" of a BUG(), or NULL */
	guint first_line, last_line; /* of the whole text, as indexes of the array */
	struct oops_registers registers;
	bool complete; /* the end ("---[ end trace") was found */
};

/* The number in a line "[#1]": the kernel counts oopses from boot. 0: the line has none. */
unsigned int oops_line_number(const char *line);

/*
 * Finds the first oops in @lines (of char *, one log line each) whose number is above @after.
 * False: there is none.
 */
bool oops_text_find(GPtrArray *lines, unsigned int after, struct oops_text *oops);

/*
 * Finds the last oops in @lines if its text ends before the line with its number. Fills the kind
 * and the address, but no number. False: there is none.
 */
bool oops_text_find_begun(GPtrArray *lines, struct oops_text *oops);
void oops_text_clear(struct oops_text *oops);

/* Does this line begin an oops without containing its number? */
bool oops_line_begins(const char *line);

/* Is this the last line of an oops? */
bool oops_line_ends(const char *line);

/* Returns the rule that finds the code to blame in a stack of this oops. */
LogBlame oops_text_rule(const struct oops_text *oops);

/*
 * One line that is the same for the same bug: without addresses, pids and offsets. Free with
 * g_free().
 */
char *oops_text_title(const struct oops_text *oops);

#endif
