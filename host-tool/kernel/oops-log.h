/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An oops as the kernel printed it (arch/x86/mm/fault.c, arch/x86/kernel/dumpstack.c, traps.c,
 * lib/bug.c): what it was, where, and whose code is to blame. All of it is text from the guest.
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
	unsigned int number; /* the kernel's count of oopses */
	char *kind; /* "BUG: kernel NULL pointer dereference", "general protection fault", ... */
	struct maybe_uint address; /* faulting */
	struct maybe_int cpu, pid;
	char *comm; /* NULL unknown */
	struct blame blame;
	char *where;		     /* "file.c:123" of a BUG(), or NULL */
	guint first_line, last_line; /* of the whole text, in the array given */
	struct oops_registers registers;
	bool complete; /* its end ("---[ end trace") is there */
};

/*
 * The kernel numbers its oopses from boot: "[#1]". The number on a line that says so, or 0.
 */
unsigned int oops_line_number(const char *line);

/* The first oops in @lines (of char *, one log line each) numbered above @after. False: there is
 * none. */
bool oops_text_find(GPtrArray *lines, unsigned int after, struct oops_text *oops);

/*
 * The last oops in @lines if it was cut after its first line, before the line that has its number:
 * its kind and address, and no number. False: there is none.
 */
bool oops_text_find_begun(GPtrArray *lines, struct oops_text *oops);
void oops_text_clear(struct oops_text *oops);

/* Does this line begin an oops, and not have its number? */
bool oops_line_begins(const char *line);

/* Is this the last line of an oops? */
bool oops_line_ends(const char *line);

/* How a stack of this oops is to be read. */
LogBlame oops_text_rule(const struct oops_text *oops);

/* One line that is the same for the same bug: no addresses, pids or offsets. Free with g_free(). */
char *oops_text_title(const struct oops_text *oops);

#endif
