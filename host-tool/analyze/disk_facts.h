/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks that have not yet done all that the guest gave them to do, for who waits for one. */
#ifndef OOPSBT_ANALYZE_DISK_FACTS_H
#define OOPSBT_ANALYZE_DISK_FACTS_H

#include "analyze/analysis.h"

/* report->tasks.disks, where tasks are wanted; after task_facts_fill(). */
void disk_facts_fill(struct analysis *analysis);

#endif
