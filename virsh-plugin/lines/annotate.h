/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adds source positions to a report: the member "lines" in every frame of a vCPU or a task, in the
 * fault and in its instructions; and "debug_info" in the report, which says for the kernel and each
 * module where the positions come from or why there are none (report.md documents the members).
 */
#ifndef OOPSBT_LINES_ANNOTATE_H
#define OOPSBT_LINES_ANNOTATE_H

#include <json-glib/json-glib.h>

#include "debug_finder.h"
#include "source_tree.h"

/* @tree: NULL: no sources. @report is untrusted: its guest may be hostile. */
void annotate_report(JsonObject *report, struct debug_finder *finder, struct source_tree *tree);

#endif
