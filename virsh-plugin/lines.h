/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source lines for a report, where debug information is there: the program oopsbt-lines adds them
 * (lines/README.md). They are an addition: where they cannot be had the report is shown without.
 */
#ifndef OOPSBT_PLUGIN_LINES_H
#define OOPSBT_PLUGIN_LINES_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "cli.h"

/* Of the verbs that show a report. */
#define LINES_OPTIONS                                                                              \
	{"lines", 0, NULL, CLI_NONE,                                                               \
	 "with the source line of each frame, and the functions that the compiler inlined there: " \
	 "by the kernel's debug information, if it is on this machine or on a debuginfod "         \
	 "server"},                                                                                \
		{"debug", 0, "DIR", CLI_FILE,                                                      \
		 "--lines, with the debug information that is in DIR or below it: a kernel's "     \
		 "build, or an unpacked package"},                                                 \
		{"debuginfod", 0, "URL", CLI_NONE,                                                 \
		 "--lines, with that debuginfod server; else those of DEBUGINFOD_URLS are asked"}, \
	{                                                                                          \
		"source", 0, "DIR", CLI_FILE,                                                      \
			"--lines, and with each the lines around it, from the sources in DIR"      \
	}

bool lines_wanted(const struct cli_args *args);

/*
 * @text: report.json, which @report was made of. The same with lines, as report.md has them;
 * @report itself if they cannot be had. What is missing is told by warnings. json_object_unref().
 */
JsonObject *lines_add(JsonObject *report, const char *text, size_t length,
		      const struct cli_args *args, bool quiet);

#endif
