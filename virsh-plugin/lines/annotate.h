/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adds source positions to a report: to every frame of a vCPU or a task, to the fault and to its
 * instructions a member "lines", and to the report "debug_info", which says for the kernel and each
 * module where they are from or why there are none (report.md has the members).
 */
#ifndef OOPSBT_LINES_ANNOTATE_H
#define OOPSBT_LINES_ANNOTATE_H

#include <json-glib/json-glib.h>

#include "debug_finder.h"
#include "source_tree.h"

/* @tree: NULL: no sources. Nothing in @report is believed: it may be of a hostile guest. */
void annotate_report(JsonObject *report, struct debug_finder *finder, struct source_tree *tree);

#endif
