/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The member "fault" of report.json. */
#ifndef OOPSBT_REPORT_JSON_FAULT_H
#define OOPSBT_REPORT_JSON_FAULT_H

#include "report/json_writer.h"
#include "report/report.h"

void json_fault(struct json_writer *writer, const struct report_fault *fault);

#endif
