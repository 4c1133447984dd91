// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The analyser's answer with the addresses of disk requests, and guest memory with these requests.
 */
#include "common/protocol.h"
#include "daemon/disk_watch.h"
#include "fuzz.h"

#define MEMORY_START 0x1000u
#define SECOND G_TIME_SPAN_SECOND

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	size_t size =
		MIN(length, sizeof(struct protocol_disks) + sizeof(struct protocol_disk_queue));
	g_autoptr(GBytes) places = g_bytes_new(bytes, size);
	struct disk_watch *watch = disk_watch_new(places);
	struct guest_extent extent = {.start = gpa(MEMORY_START), .length = length - size};
	struct layout layout = {.extents = g_array_new(FALSE, FALSE, sizeof(extent))};

	layout.memory_fd = fuzz_file(bytes + size, length - size);
	g_array_append_val(layout.extents, extent);
	if (watch) {
		const struct disk_requests *requests = disk_watch_requests(watch);

		for (gint64 now_us = SECOND; now_us <= 3 * SECOND; now_us += SECOND) {
			gint64 wait_us;

			disk_watch_look(watch, &layout, now_us);
			g_assert_cmpuint(requests->num, <=, DISK_REQUESTS_MAX);
			wait_us = disk_requests_wait_us(requests, &layout, SECOND, now_us);
			g_assert_cmpint(wait_us, >=, 0);
			g_assert_cmpint(wait_us, <, now_us);
		}
		disk_watch_free(watch);
	}
	g_array_unref(layout.extents);
	return 0;
}
