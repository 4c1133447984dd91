/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Complaints in the kernel's log after which the kernel continues: a warning, a lockup, a stall, a
 * hung task, a report of KASAN, lockdep and the like. If the kernel is configured to panic on one
 * (panic_on_warn, softlockup_panic, ...), the panic message names no cause; the complaint does.
 * oops-log.h handles oopses. All of it is text from the guest.
 */
#ifndef OOPSBT_KERNEL_COMPLAINT_H
#define OOPSBT_KERNEL_COMPLAINT_H

#include <glib.h>
#include <stdbool.h>

#include "common/incident.h"
#include "kernel/blame.h"

struct complaint {
	char *kind; /* "WARNING", "KASAN: use-after-free", "soft lockup", ... */
	enum incident incident;
	struct blame blame;
};

/*
 * Does a complaint begin in this line? complaint_line_may_begin() is fast, but also true for some
 * lines that begin none.
 */
bool complaint_line_begins(const char *line);
bool complaint_line_may_begin(const char *line);

/*
 * Parses the complaint that begins in line @first of @lines (of char *, one log line each, without
 * the lines of other callers). False: none begins there.
 */
bool complaint_find(GPtrArray *lines, guint first, struct complaint *complaint);
void complaint_clear(struct complaint *complaint);

/* "KASAN: use-after-free in FUNCTION [MODULE]". Free with g_free(). */
char *complaint_title(const struct complaint *complaint);

#endif
