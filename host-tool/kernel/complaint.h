/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel complains of in its log, and goes on: a warning, a lockup, a stall, a task that
 * hangs, a finding of KASAN, lockdep and their like. Often it panics of that, if it is told to
 * (panic_on_warn, softlockup_panic, ...), and then the words of the panic say nothing. An oops is
 * oops-log.h's. All of it is text from the guest.
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

/* Does a complaint begin in this line? The second is quick, and true of some others, too. */
bool complaint_line_begins(const char *line);
bool complaint_line_may_begin(const char *line);

/*
 * The one that begins in line @first of @lines (of char *, one log line each, without those of
 * other callers). False: none does.
 */
bool complaint_find(GPtrArray *lines, guint first, struct complaint *complaint);
void complaint_clear(struct complaint *complaint);

/* "KASAN: use-after-free in FUNCTION [MODULE]". Free with g_free(). */
char *complaint_title(const struct complaint *complaint);

#endif
