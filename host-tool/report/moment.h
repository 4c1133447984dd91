/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as reports write them: "2026-11-22T21:45:01.123456Z", UTC. */
#ifndef OOPSBT_REPORT_MOMENT_H
#define OOPSBT_REPORT_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "report/report.h"

/* Microseconds since 1970; false: @when is NULL or malformed. */
bool moment_parse(const char *when, int64_t *us);

/* Free with g_free(). */
char *moment_format(int64_t us);

/*
 * The guest's clock minus the host's at the freeze. The guest sets its clock at ticks. Unknown if
 * one of them is unknown.
 */
struct maybe_int moment_clock_offset_us(const struct report *report);

#endif
