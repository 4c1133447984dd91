/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/sanitize.h"

#define US_BEFORE_FIRST (500 * 1000)
#define US_BETWEEN_LINES (200 * 1000)
#define MB 1000000
#define DEFAULT_COLUMNS 80

struct progress {
	char *what;
	gint64 next_us; /* when to show the line */
	size_t columns; /* of the visible line; 0: none */
};

/* OOPSBT_PROGRESS_MS is for tests, whose work may be faster. */
static gint64 us_before_first(void)
{
	const char *text = secure_getenv("OOPSBT_PROGRESS_MS");

	return text ? g_ascii_strtoll(text, NULL, 10) * 1000 : US_BEFORE_FIRST;
}

struct progress *progress_new(bool quiet, const char *what)
{
	struct progress *progress;

	if (quiet || !isatty(STDERR_FILENO))
		return NULL;
	progress = g_new0(struct progress, 1);
	progress->what = sanitize_line(what, -1);
	progress->next_us = g_get_monotonic_time() + us_before_first();
	return progress;
}

struct progress *progress_new_beside_output(bool quiet, const char *what)
{
	return progress_new(quiet || isatty(STDOUT_FILENO), what);
}

/* Overwrites the line with blanks, since some terminals cannot clear a line. */
static void take_away(struct progress *progress)
{
	if (progress->columns)
		fprintf(stderr, "\r%*s\r", (int)progress->columns, "");
	progress->columns = 0;
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	take_away(progress);
	g_free(progress->what);
	g_free(progress);
}

/* Keeps the last column free, since some terminals wrap after it. */
static size_t max_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return DEFAULT_COLUMNS - 1;
	return size.ws_col - 1;
}

static bool is_due(const struct progress *progress)
{
	return progress && g_get_monotonic_time() >= progress->next_us;
}

/* Omits the words if there is not enough space. */
static void show(struct progress *progress, const char *figures)
{
	size_t room = max_columns();
	g_autofree char *line = g_strdup_printf("%s: %s", progress->what, figures);
	const char *shown = (size_t)g_utf8_strlen(line, -1) <= room ? line : figures;

	take_away(progress);
	progress->columns = MIN((size_t)g_utf8_strlen(shown, -1), room);
	progress->next_us = g_get_monotonic_time() + US_BETWEEN_LINES;
	fprintf(stderr, "\r%.*s",
		(int)(g_utf8_offset_to_pointer(shown, (glong)progress->columns) - shown), shown);
	fflush(stderr);
}

void progress_count(struct progress *progress, guint64 done, guint64 all)
{
	g_autofree char *figures = NULL;

	if (!is_due(progress))
		return;
	figures = g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, done, all);
	show(progress, figures);
}

void progress_bytes(struct progress *progress, guint64 done, guint64 all)
{
	g_autofree char *figures = NULL;

	if (!is_due(progress))
		return;
	figures = all ? g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " MB",
					done / MB, MAX(all, done) / MB)
		      : g_strdup_printf("%" G_GUINT64_FORMAT " MB", done / MB);
	show(progress, figures);
}
