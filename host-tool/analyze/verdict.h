/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict on a stalled guest, in words: what stalls, since when, what it waits for, who holds
 * that, and whether the guest or the host is to blame. The daemon provides what the host saw; the
 * report provides CPUs and tasks. If both may be to blame, the verdict says so.
 */
#ifndef OOPSBT_ANALYZE_VERDICT_H
#define OOPSBT_ANALYZE_VERDICT_H

#include "report/report.h"

/* Call it when everything else is filled. */
void verdict_fill(struct report *report);

#endif
