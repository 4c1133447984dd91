// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/disk_facts.h"

#include <string.h>

#include "kernel/disks.h"

/* Sorts by age, oldest request first. */
static int compare(const void *a, const void *b)
{
	const struct report_disk *left = a, *right = b;

	if (left->oldest_ns.value != right->oldest_ns.value)
		return left->oldest_ns.value > right->oldest_ns.value ? -1 : 1;
	return strcmp(left->name, right->name);
}

void disk_facts_fill(struct analysis *analysis)
{
	struct report *report = analysis->report;
	struct disks disks;

	if (!report->tasks.known)
		return;
	disks_read(&analysis->kernel, report->guest.uptime_s, &disks);
	for (guint i = 0; i < disks.entries->len; i++) {
		const struct disk *disk = &g_array_index(disks.entries, struct disk, i);
		struct report_disk shown = {
			.name = g_strdup(disk->name),
			.in_flight = disk->in_flight,
			.oldest_ns = disk->oldest_ns,
			.late = disk->late,
		};

		g_array_append_val(report->tasks.disks, shown);
	}
	g_array_sort(report->tasks.disks, compare);
	report->tasks.disks_known = !disks.stopped || disks.entries->len > 0;
	if (disks.stopped)
		report_add_error(report, "tasks.disks", "not all disks were looked at: %s",
				 disks.stopped);
	disks_clear(&disks);
}
