/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/dump_file.h"

#include <string.h>

#include "guest/dump_backend.h"

static bool load(struct dump_file *file, int fd, GError **error)
{
	char magic[16];

	if (!dump_read(fd, 0, magic, sizeof(magic), error))
		return false;
	if (memcmp(magic, "\177ELF", 4) == 0)
		return core_file_load(file, fd, error);
	if (memcmp(magic, "KDUMP   ", 8) == 0)
		return kdump_file_load(file, fd, error);
	if (dump_file_is_flattened(fd)) {
		g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FLATTENED,
				    "the dump is a flattened one and must be reassembled first");
		return false;
	}
	g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
			    "the file is neither an ELF core nor a kdump file");
	return false;
}

struct dump_file *dump_file_open(int fd, GError **error)
{
	struct dump_file *file = g_new0(struct dump_file, 1);

	file->notes = g_byte_array_new();
	if (!load(file, fd, error)) {
		dump_file_free(file);
		return NULL;
	}
	file->registers = notes_registers(file->notes->data, file->notes->len);
	return file;
}

void dump_file_free(struct dump_file *file)
{
	if (file == NULL)
		return;
	guest_memory_free(file->memory);
	if (file->backend)
		file->free_backend(file->backend);
	g_byte_array_unref(file->notes);
	g_clear_pointer(&file->registers, g_array_unref);
	g_free(file->problem);
	g_free(file);
}

struct guest_memory *dump_file_memory(struct dump_file *file)
{
	return file->memory;
}

GArray *dump_file_registers(struct dump_file *file)
{
	return file->registers;
}

const char *dump_file_format(const struct dump_file *file)
{
	return file->format;
}

const char *dump_file_problem(const struct dump_file *file)
{
	return file->problem;
}

static bool find_own_note(const struct dump_file *file, enum oopsbt_note type, struct note *note)
{
	return find_note(file->notes->data, file->notes->len, NOTE_OOPSBT, type, note);
}

GBytes *dump_file_note(const struct dump_file *file, enum oopsbt_note type)
{
	struct note note;

	return find_own_note(file, type, &note) ? g_bytes_new(note.bytes, note.length) : NULL;
}

/* The file contains each page; the note only says that the page was read late. */
static bool put_late_run(struct snapshot *frozen, uint64_t start, uint64_t length, GError **error)
{
	for (uint64_t done = 0; done < length; done += GUEST_PAGE_SIZE) {
		uint8_t page[GUEST_PAGE_SIZE];

		/* A truncated core lacks the page. */
		if (!guest_memory_read(snapshot_memory(frozen), gpa(start + done), page,
				       sizeof(page), NULL))
			break;
		if (!snapshot_put(frozen, gpa(start + done), page, true, error))
			return false;
	}
	return true;
}

bool dump_file_prepare(const struct dump_file *file, struct snapshot *frozen, struct snapshot *log,
		       GError **error)
{
	struct note note;

	if (find_own_note(file, NOTE_OOPSBT_LATE_PAGES, &note)) {
		for (size_t i = 0; i + 16 <= note.length; i += 16) {
			uint64_t run[2];

			memcpy(run, note.bytes + i, sizeof(run));
			if (!put_late_run(frozen, run[0], run[1], error))
				return false;
		}
	}
	if (find_own_note(file, NOTE_OOPSBT_LOG_PAGES, &note)) {
		for (size_t i = 0; i + 8 + GUEST_PAGE_SIZE <= note.length;
		     i += 8 + GUEST_PAGE_SIZE) {
			uint64_t address;

			memcpy(&address, note.bytes + i, sizeof(address));
			if (!snapshot_put(log, gpa(address), note.bytes + i + 8, true, error))
				return false;
		}
	}
	return true;
}
