/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backtraces in report.txt, as the kernel prints them. */
#ifndef OOPSBT_REPORT_TEXT_FRAMES_H
#define OOPSBT_REPORT_TEXT_FRAMES_H

#include "kernel/frame.h"

void text_symbol(GString *text, const struct frame *frame);

/* @frames: of struct frame. @registers: with those that were saved between frames. */
void text_frames(GString *text, const GArray *frames, bool registers);

#endif
