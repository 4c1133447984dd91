/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The member `suppressed` of report.json. */
#ifndef OOPSBT_REPORT_JSON_LEFT_OUT_H
#define OOPSBT_REPORT_JSON_LEFT_OUT_H

#include "report/json_writer.h"
#include "report/report.h"

/* Written before the large members: are all skipped oopses known to have this report's title? */
void json_left_out_alike(struct json_writer *w, const struct report *report);
void json_left_out(struct json_writer *w, const struct report *report);

#endif
