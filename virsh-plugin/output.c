/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "common/sanitize.h"

static struct {
	pid_t pid; /* 0: none */
	bool colour;
	bool colour_known;
} pager;

static bool started_by_own_name;

/* --- text --- */

#define OWN_NAME "virsh-oopsbt"

void output_set_program(const char *program)
{
	g_autofree char *name = g_path_get_basename(program);

	started_by_own_name = strcmp(name, OWN_NAME) == 0;
}

char *in_own_words(const char *text)
{
	g_autoptr(GRegex) words = g_regex_new("virsh( -c \\S+)? oopsbt", 0, 0, NULL);

	return started_by_own_name ? g_regex_replace(words, text, -1, 0, OWN_NAME "\\1", 0, NULL)
				   : g_strdup(text);
}

void print_clean(const char *format, ...)
{
	g_autoptr(GString) clean = g_string_new(NULL);
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	sanitize_append(clean, text, -1, true);
	fputs(clean->str, stdout);
}

void print_warning(const char *format, ...)
{
	g_autofree char *text = NULL;
	g_autofree char *own = NULL;
	g_autofree char *line = NULL;
	g_auto(GStrv) lines = NULL;
	g_autofree char *clean = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	own = in_own_words(text);
	lines = g_strsplit(own, "\n", -1);
	line = g_strjoinv("; ", lines);
	clean = sanitize_line(line, -1);
	fflush(stdout);
	fprintf(stderr, "warning: %s\n", clean);
}

void print_hint(const char *text)
{
	g_autofree char *own = in_own_words(text);

	print_clean("%s\n\n", own);
}

/* The terminal's width in columns, also if a pager is in use; 0: no terminal. */
static size_t terminal_width(void)
{
	struct winsize size;

	if (pager.pid == 0 && !isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 &&
	    ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

/* The number of bytes of @text for a line of @width: up to a blank, or all. */
static size_t line_length(const char *text, size_t width)
{
	size_t length = 0;

	for (size_t next = strcspn(text, " "); next <= width; next += strcspn(text + next, " ")) {
		length = next;
		if (!text[next])
			break;
		next++;
	}
	return length ? length : strcspn(text, " ");
}

void print_point(const char *text)
{
	g_autofree char *own = in_own_words(text);
	g_autofree char *clean = sanitize_line(own, -1);
	size_t columns = terminal_width();
	size_t width = columns > 20 ? columns - 4 : SIZE_MAX;
	const char *prefix = "  - ";

	for (const char *at = clean; *at;) {
		size_t length = line_length(at, width);

		printf("%s%.*s\n", prefix, (int)length, at);
		at += length;
		at += strspn(at, " ");
		prefix = "    ";
	}
}

void print_text(const char *text, size_t length)
{
	g_autoptr(GString) clean = g_string_new(NULL);

	if (text_is_clean(text, length)) {
		fwrite(text, 1, length, stdout);
		return;
	}
	sanitize_append(clean, text, length, true);
	fwrite(clean->str, 1, clean->len, stdout);
}

void print_json_text(const char *text, size_t length)
{
	const char *end = text + length;

	if (text_is_clean(text, length)) {
		fwrite(text, 1, length, stdout);
		return;
	}
	for (const char *at = text; at < end;) {
		gunichar character = g_utf8_get_char_validated(at, end - at);
		const char *next;

		if (character == (gunichar)-1 || character == (gunichar)-2) {
			fputs("\\ufffd", stdout);
			at++;
			continue;
		}
		next = g_utf8_next_char(at);
		if (text_is_clean(at, next - at))
			fwrite(at, 1, next - at, stdout);
		else if (character < 0x10000)
			printf("\\u%04x", character);
		else
			printf("\\u%04x\\u%04x", 0xd7c0 + (character >> 10),
			       0xdc00 + (character & 0x3ff));
		at = next;
	}
}

void print_json(JsonNode *node)
{
	g_autofree char *text = json_to_string(node, TRUE);

	print_json_text(text, strlen(text));
	putchar('\n');
	json_node_unref(node);
}

static void print_element(JsonNode *node, bool is_last)
{
	g_autofree char *text = json_to_string(node, TRUE);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		printf("%s  ", line == lines ? "" : "\n");
		print_json_text(*line, strlen(*line));
	}
	puts(is_last ? "" : ",");
}

void print_json_array(guint count, JsonNode *(*element)(guint i, const void *user_data),
		      const void *user_data)
{
	puts(count ? "[" : "[]");
	for (guint i = 0; i < count; i++) {
		JsonNode *node = element(i, user_data);

		print_element(node, i + 1 == count);
		json_node_unref(node);
	}
	if (count)
		puts("]");
}

const char *style(enum style wanted)
{
	static const char *const sequences[] = {
		[STYLE_NONE] = "\033[0m",   [STYLE_BOLD] = "\033[1m",	 [STYLE_RED] = "\033[31m",
		[STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
	};
	const char *terminal = g_getenv("TERM");
	const char *no_colour = g_getenv("NO_COLOR");

	if (!pager.colour_known) {
		pager.colour = isatty(STDOUT_FILENO) && g_strcmp0(terminal, "dumb") != 0 &&
			       !(no_colour && *no_colour);
		pager.colour_known = true;
	}
	return pager.colour ? sequences[wanted] : "";
}

char *local_time_text(GDateTime *time)
{
	g_autoptr(GDateTime) local = g_date_time_to_local(time);

	return g_date_time_format(local, "%Y-%m-%d %H:%M:%S %Z");
}

char *local_time(const char *rfc3339)
{
	g_autoptr(GDateTime) utc = rfc3339 ? g_date_time_new_from_iso8601(rfc3339, NULL) : NULL;

	return utc ? local_time_text(utc) : g_strdup(rfc3339);
}

/* --- tables --- */

struct table {
	guint width;	  /* columns */
	GPtrArray *cells; /* of char *, by rows, titles first */
};

static void add_cell(struct table *table, const char *text)
{
	g_ptr_array_add(table->cells, text ? sanitize_line(text, -1) : g_strdup("-"));
}

struct table *table_new(const char *const *titles)
{
	struct table *table = g_new0(struct table, 1);

	table->cells = g_ptr_array_new_with_free_func(g_free);
	for (; titles[table->width]; table->width++)
		add_cell(table, titles[table->width]);
	g_assert(table->width > 0);
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	g_ptr_array_unref(table->cells);
	g_free(table);
}

void table_add(struct table *table, ...)
{
	va_list arguments;

	va_start(arguments, table);
	for (guint i = 0; i < table->width; i++)
		add_cell(table, va_arg(arguments, const char *));
	va_end(arguments);
}

void table_add_row(struct table *table, const char *const *cells)
{
	for (guint i = 0; i < table->width; i++)
		add_cell(table, cells[i]);
}

/* The columns of clean text, which has no control characters. */
static size_t display_width(const char *text)
{
	size_t width = 0;

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar character = g_utf8_get_char(text);

		if (!g_unichar_iszerowidth(character))
			width += g_unichar_iswide(character) ? 2 : 1;
	}
	return width;
}

static guint count_rows(const struct table *table)
{
	return table->cells->len / table->width;
}

static void widen(const struct table *table, size_t *widths)
{
	for (guint i = 0; i < table->cells->len; i++) {
		size_t *width = &widths[i % table->width];

		*width = MAX(*width, display_width(table->cells->pdata[i]));
	}
}

static void print_row(const struct table *table, guint row, const size_t *widths)
{
	for (guint column = 0; column < table->width; column++) {
		const char *cell = table->cells->pdata[row * table->width + column];
		size_t padding = widths[column] - display_width(cell) + 2;

		printf(" %s%*s", cell, column + 1 < table->width ? (int)padding : 0, "");
	}
	putchar('\n');
}

/* Prints the titles, the first row. */
static void print_heading(const struct table *table, const size_t *widths)
{
	size_t total = 0;

	print_row(table, 0, widths);
	for (guint column = 0; column < table->width; column++)
		total += widths[column] + 3;
	if (terminal_width() > 0)
		total = MIN(total, terminal_width());
	for (size_t i = 0; i < total - 1; i++)
		putchar('-');
	putchar('\n');
}

void table_print(const struct table *table, bool quiet)
{
	g_autofree size_t *widths = g_new0(size_t, table->width);

	widen(table, widths);
	if (!quiet)
		print_heading(table, widths);
	for (guint row = 1; row < count_rows(table); row++)
		print_row(table, row, widths);
	if (!quiet)
		putchar('\n');
}

/* Removes all rows except the titles. */
static void empty(struct table *table)
{
	g_ptr_array_set_size(table->cells, (gint)table->width);
}

void table_print_rows(const char *const *titles, bool quiet, guint rows,
		      void (*fill)(struct table *table, guint row, const void *user_data),
		      const void *user_data)
{
	g_autoptr(Table) table = table_new(titles);
	g_autofree size_t *widths = g_new0(size_t, table->width);

	widen(table, widths);
	for (guint row = 0; row < rows; row++, empty(table)) {
		fill(table, row, user_data);
		widen(table, widths);
	}
	if (!quiet)
		print_heading(table, widths);
	for (guint row = 0; row < rows; row++, empty(table)) {
		fill(table, row, user_data);
		print_row(table, 1, widths);
	}
	if (!quiet)
		putchar('\n');
}

/* --- pager --- */

void pager_open(bool wanted)
{
	const char *program = g_getenv("PAGER");
	int pipe_fds[2];

	if (!wanted || !isatty(STDOUT_FILENO) ||
	    (program && (!*program || !strcmp(program, "cat"))))
		return;
	style(STYLE_NONE); /* checks for colours while standard output is the terminal */
	fflush(stdout);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return;
	pager.pid = fork();
	if (pager.pid == 0) {
		dup2(pipe_fds[0], STDIN_FILENO);
		setenv("LESS", "FRSX", 0);
		setenv("LESSSECURE", "1", 0);
		if (program)
			execl("/bin/sh", "sh", "-c", program, NULL);
		else
			execlp("less", "less", NULL);
		execlp("cat", "cat", NULL);
		_exit(127);
	}
	close(pipe_fds[0]);
	if (pager.pid > 0) {
		/* Ctrl-C is for the pager. If the pager ends early, so does the output. */
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		dup2(pipe_fds[1], STDOUT_FILENO);
	}
	close(pipe_fds[1]);
}

bool output_close(GError **error)
{
	bool failed = fflush(stdout) != 0 || ferror(stdout);
	int code = errno;
	pid_t pid = pager.pid;

	pager.pid = 0;
	if (pid > 0) {
		close(STDOUT_FILENO);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return true;
	}
	if (failed)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot write the output: %s",
			    g_strerror(code));
	return !failed;
}
