/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One element of "frames" in report.json. */
#ifndef OOPSBT_REPORT_JSON_FRAME_H
#define OOPSBT_REPORT_JSON_FRAME_H

#include "kernel/frame.h"
#include "report/json_writer.h"

void json_frame(struct json_writer *writer, const struct frame *frame);

#endif
