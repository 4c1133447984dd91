/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backtraces in report.txt, as the kernel prints them. */
#ifndef OOPSBT_REPORT_TEXT_FRAMES_H
#define OOPSBT_REPORT_TEXT_FRAMES_H

#include "kernel/frame.h"

void text_symbol(GString *text, const struct frame *frame);

/*
 * "Call Trace:" and @frames, of struct frame. If all were read after the thaw, one line says so.
 * @registers: also print registers saved between frames.
 */
void text_trace(GString *text, const GArray *frames, bool registers);

#endif
