/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks with requests that are not completed, to explain tasks that wait for a disk. */
#ifndef OOPSBT_ANALYZE_DISK_FACTS_H
#define OOPSBT_ANALYZE_DISK_FACTS_H

#include "analyze/analysis.h"

/* Fills report->tasks.disks if the report shows tasks. Call it after task_facts_fill(). */
void disk_facts_fill(struct analysis *analysis);

#endif
