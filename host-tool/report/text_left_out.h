/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In report.txt: signals that have no dump of their own, why, and what the guest's log tells of
 * them. */
#ifndef OOPSBT_REPORT_TEXT_LEFT_OUT_H
#define OOPSBT_REPORT_TEXT_LEFT_OUT_H

#include "report/report.h"

/* Nothing where none was left out. */
void text_left_out(GString *text, const struct report *report);

#endif
