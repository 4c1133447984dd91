/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of a guest that stands still, in words: what stands, since when, waiting for what, held by whom,
 * and whether the guest or the host is to blame, and why. What the host saw is from the daemon; the
 * rest is what the report has of CPUs and tasks. Where both are possible it says so.
 */
#ifndef OOPSBT_ANALYZE_VERDICT_H
#define OOPSBT_ANALYZE_VERDICT_H

#include "report/report.h"

/* When all else is filled. */
void verdict_fill(struct report *report);

#endif
