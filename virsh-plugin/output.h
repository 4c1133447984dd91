/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output to the user: tables in virsh's style, colours on terminals only, a pager. Sanitises all
 * text that may come from a guest or a domain's name.
 */
#ifndef OOPSBT_PLUGIN_OUTPUT_H
#define OOPSBT_PLUGIN_OUTPUT_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/* --- tables --- */

struct table;
struct table *table_new(const char *const *titles); /* NULL-terminated */
void table_free(struct table *table);
typedef struct table Table;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Takes as many cells as there are titles; NULL becomes "-". Sanitises and copies them. */
void table_add(struct table *table, ...);
void table_add_row(struct table *table, const char *const *cells);
/* @quiet: without the heading. */
void table_print(const struct table *table, bool quiet);
/*
 * A table whose @rows are not all in memory: calls @fill, which adds one row, twice for each row:
 * for the column widths and for printing.
 */
void table_print_rows(const char *const *titles, bool quiet, guint rows,
		      void (*fill)(struct table *table, guint row, const void *user_data),
		      const void *user_data);

/* --- text --- */

/*
 * Hints are written with "virsh oopsbt" and "virsh -c URI oopsbt". If the user started
 * virsh-oopsbt, virsh may lack this command; then this replaces it by "virsh-oopsbt". Warnings and
 * points do this themselves. g_free().
 */
char *in_own_words(const char *text);
/* @program: argv[0]. */
void output_set_program(const char *program);

/* printf() to standard output; sanitises the arguments and keeps newlines. */
void print_clean(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same to standard error, after "warning: ", in one line. */
void print_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Prints a line that tells the user what to do next; sanitised. */
void print_hint(const char *text);
/* Prints a list item, "  - text", wrapped on a terminal. Sanitised. */
void print_point(const char *text);
/* Prints the text of a file; bytes that are not clean become \xNN. */
void print_text(const char *text, size_t length);
/*
 * Prints JSON text; characters that are unsafe for a terminal become \uNNNN, with the same meaning.
 */
void print_json_text(const char *text, size_t length);
/* Takes @node. */
void print_json(JsonNode *node);
/* Prints an array with at most one element in memory at a time. @element: returns a new node. */
void print_json_array(guint count, JsonNode *(*element)(guint i, const void *user_data),
		      const void *user_data);

/* The escape sequence of a style, or "" if the output is no terminal or NO_COLOR is set. */
enum style { STYLE_NONE, STYLE_BOLD, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };
const char *style(enum style style);

/* An RFC 3339 text as local time with zone, "2026-11-22 21:45:01 CET"; NULL gives NULL. */
char *local_time(const char *rfc3339);
char *local_time_text(GDateTime *time);

/* --- pager --- */

/* Sends standard output through a pager from now on, if it is a terminal and @wanted. */
void pager_open(bool wanted);
/* Ends the output and waits for the pager. False: some output was lost. */
bool output_close(GError **error);

#endif
