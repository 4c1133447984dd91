/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds where the daemon can read the requests of the guest's disks: see disk_watch.h. */
#ifndef OOPSBT_ANALYZE_DISK_PLACES_H
#define OOPSBT_ANALYZE_DISK_PLACES_H

#include "analyze/analysis.h"

/* A struct protocol_disks; without queues if none are found. g_bytes_unref(). */
GBytes *disk_places(const struct analysis *analysis);

#endif
