/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adds source lines to a report if debug information is available: the program oopsbt-lines does it
 * (lines/README.md). Without lines the report is shown as it is.
 */
#ifndef OOPSBT_PLUGIN_LINES_H
#define OOPSBT_PLUGIN_LINES_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "cli.h"

/* For verbs that show a report. */
#define LINES_OPTIONS                                                                              \
	{"lines", 0, NULL, CLI_NONE,                                                               \
	 "with the source line of each frame, and the functions that the compiler inlined there: " \
	 "by the kernel's debug information, if it is on this machine or on a debuginfod "         \
	 "server"},                                                                                \
		{"debug", 0, "PATH", CLI_FILE,                                                     \
		 "--lines, with the debug information in PATH: a file, a kernel's build, or an "   \
		 "unpacked package"},                                                              \
		{"debuginfod", 0, "URL", CLI_NONE,                                                 \
		 "--lines, with that debuginfod server; else those of DEBUGINFOD_URLS are asked"}, \
	{                                                                                          \
		"source", 0, "DIR", CLI_FILE,                                                      \
			"--lines, and with each the lines around it, from the sources in DIR"      \
	}

bool lines_wanted(const struct cli_args *args);

/*
 * @text: report.json, the source of @report. Returns it with lines, as in report.md, or @report
 * itself if there are none. Prints warnings about missing debug information. json_object_unref().
 */
JsonObject *lines_add(JsonObject *report, const char *text, size_t length,
		      const struct cli_args *args, bool quiet);

#endif
