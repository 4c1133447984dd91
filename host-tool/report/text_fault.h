/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first part of report.txt: the registers at the fault, the code there, and why it faulted. */
#ifndef OOPSBT_REPORT_TEXT_FAULT_H
#define OOPSBT_REPORT_TEXT_FAULT_H

#include "report/report.h"

void text_fault(GString *text, const struct report_fault *fault);

#endif
