// SPDX-License-Identifier: GPL-2.0-or-later
/* ELF cores and kdump files: opens the file and reads all its memory and registers. */
#include <string.h>

#include "fuzz.h"
#include "guest/dump_file.h"

#define MAX_PAGES 64

/* Reads the first and last bytes of each extent, and the bytes behind it. */
static void read_memory(struct guest_memory *memory)
{
	size_t num_extents;
	const struct guest_extent *extents = guest_memory_extents(memory, &num_extents);
	uint8_t buffer[GUEST_PAGE_SIZE];

	for (size_t i = 0; i < num_extents && i < 16; i++) {
		uint64_t size = MIN(extents[i].length, sizeof(buffer));
		gpa_t last = gpa_add(extents[i].start, extents[i].length - size);

		guest_memory_read(memory, extents[i].start, buffer, size, NULL);
		guest_memory_read(memory, last, buffer, size, NULL);
		guest_memory_read(memory, gpa_add(last, size / 2), buffer, size, NULL);
	}
}

static void look_at(struct dump_file *file)
{
	g_autoptr(Snapshot) frozen = snapshot_new(dump_file_memory(file), MAX_PAGES);
	g_autoptr(Snapshot) log = snapshot_new(dump_file_memory(file), MAX_PAGES);
	GError *error = NULL;
	bool good;

	g_assert_nonnull(dump_file_format(file));
	read_memory(dump_file_memory(file));
	g_assert_nonnull(dump_file_registers(file));
	for (int type = 0; type <= NOTE_OOPSBT_LATE_PAGES; type++) {
		GBytes *note = dump_file_note(file, type);

		if (note)
			g_bytes_unref(note);
	}
	good = dump_file_prepare(file, frozen, log, &error);
	fuzz_check_result(good, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	GError *error = NULL;
	struct dump_file *file = dump_file_open(fuzz_file(bytes, length), &error);

	fuzz_check_result(file != NULL, error);
	if (file)
		look_at(file);
	dump_file_free(file);
	return 0;
}
