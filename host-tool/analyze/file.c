// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analysis.h"
#include "analyze/output.h"
#include "common/context.h"
#include "guest/dump_file.h"

#define MAX_PAGES 65536

int file_open(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int whole;

	if (fd < 0) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot open: %s",
			    g_strerror(errno));
		return -1;
	}
	if (!dump_file_is_flattened(fd))
		return fd;
	whole = dump_file_unflatten(fd, error);
	close(fd);
	return whole;
}

static char *note_text(struct dump_file *file, enum oopsbt_note type)
{
	g_autoptr(GBytes) note = dump_file_note(file, type);
	gsize length;
	const char *data;

	if (!note)
		return NULL;
	data = g_bytes_get_data(note, &length);
	return g_strndup(data, length);
}

/* The core has the collector's data; a full dump of another tool has none. */
static bool set_collection(struct analysis *analysis, struct dump_file *file, GError **error)
{
	g_autofree char *json = note_text(file, NOTE_OOPSBT_CONTEXT);
	struct report_collection collection = {0};

	if (json) {
		if (!collection_from_json(json, strlen(json), &collection, error))
			return false;
	} else {
		collection.signal = g_strdup("file");
		collection.memory_source = g_strdup(dump_file_format(file));
		collection.tool_version = g_strdup(OOPSBT_VERSION);
		collection.errors = report_errors_new();
		analysis->whole_dump = true;
	}
	analysis_set_collection(analysis, &collection);
	return true;
}

static bool render(const struct analysis *analysis, enum file_format format, int output,
		   GError **error)
{
	GString *text = format == FILE_FORMAT_JSON    ? report_to_json(analysis->report)
			: format == FILE_FORMAT_DMESG ? report_to_dmesg(analysis->report)
						      : report_to_text(analysis->report);

	return output_write_text(output, "the report", text, error);
}

static bool analyze(struct dump_file *file, struct analysis *analysis, enum file_format format,
		    int output, GError **error)
{
	struct snapshot *log = snapshot_new(dump_file_memory(file), MAX_PAGES);
	char *registers = note_text(file, NOTE_OOPSBT_REGISTERS);

	if (!dump_file_prepare(file, analysis->frozen, log, error) ||
	    !set_collection(analysis, file, error)) {
		snapshot_free(log);
		g_free(registers);
		return false;
	}
	if (registers)
		analysis_capture(analysis, registers);
	else
		analysis_capture_vcpus(analysis, g_array_ref(dump_file_registers(file)));
	if (dump_file_problem(file))
		report_add_error(analysis->report, "core", "the file is not whole: %s",
				 dump_file_problem(file));
	analysis_find_kernel(analysis);
	analysis_fill(analysis);
	analysis_read_log(analysis, log);
	analysis_conclude(analysis);
	return render(analysis, format, output, error);
}

bool file_analyze(int fd, enum file_format format, int output, GError **error)
{
	g_autoptr(DumpFile) file = dump_file_open(fd, error);
	g_autoptr(GBytes) map = NULL;
	struct analysis analysis;
	bool done;

	if (!file)
		return false;
	map = dump_file_note(file, NOTE_OOPSBT_MAP);
	analysis_init(&analysis, snapshot_new(dump_file_memory(file), MAX_PAGES), map, true);
	done = analyze(file, &analysis, format, output, error);
	analysis_clear(&analysis);
	return done;
}
