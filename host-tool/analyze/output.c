// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/output.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "common/context.h"
#include "common/protocol.h"
#include "report/core.h"

bool output_write_text(int fd, const char *what, GString *text, GError **error)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t count = write(fd, text->str + done, text->len - done);

		if (count < 0 && errno != EINTR) {
			g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
				    "cannot write %s: %s", what, g_strerror(errno));
			g_string_free(text, TRUE);
			return false;
		}
		done += count > 0 ? (size_t)count : 0;
	}
	g_string_free(text, TRUE);
	return true;
}

static bool write_core(const struct analysis *analysis, int fd, GError **error)
{
	g_autofree char *context = collection_to_json(&analysis->report->collection);
	g_autoptr(GBytes) map = analysis->map ? kernel_map_to_bytes(analysis->map) : NULL;
	g_autoptr(GBytes) vmcoreinfo =
		analysis->vmcoreinfo
			? g_bytes_new(analysis->vmcoreinfo, strlen(analysis->vmcoreinfo))
			: NULL;
	g_autoptr(GArray) mappings = NULL;
	struct address_space space;
	struct core_writer_input input = {
		.report = analysis->report,
		.frozen = analysis->frozen,
		.log = analysis->log,
		.context_json = context,
		.map = map,
		.registers_text = analysis->registers_text,
		.vmcoreinfo = vmcoreinfo,
	};

	if (analysis_space(analysis, &space))
		mappings = core_find_mappings(&space, analysis->frozen, analysis->log);
	input.mappings = mappings;
	return core_write(fd, &input, error);
}

bool output_write(const struct analysis *analysis, const int *fds, GError **error)
{
	return output_write_text(fds[PROTOCOL_FD_REPORT_TEXT], "report.txt",
				 report_to_text(analysis->report), error) &&
	       output_write_text(fds[PROTOCOL_FD_REPORT_JSON], "report.json",
				 report_to_json(analysis->report), error) &&
	       output_write_text(fds[PROTOCOL_FD_DMESG], "dmesg.txt",
				 report_to_dmesg(analysis->report), error) &&
	       write_core(analysis, fds[PROTOCOL_FD_CORE], error);
}
