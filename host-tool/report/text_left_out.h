/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of report.txt on signals without a dump: why, and what the guest's log says of them. */
#ifndef OOPSBT_REPORT_TEXT_LEFT_OUT_H
#define OOPSBT_REPORT_TEXT_LEFT_OUT_H

#include "report/report.h"

/* Writes nothing if no signal was skipped. */
void text_left_out(GString *text, const struct report *report);

#endif
