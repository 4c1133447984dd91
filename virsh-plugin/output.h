/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches the user: tables as virsh draws them, colours on a terminal only, a pager. All text
 * that may come from a guest or a domain's name is cleaned here, on its last step.
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

/* As many cells as there are titles; NULL is shown as "-". Cleaned and copied. */
void table_add(struct table *table, ...);
void table_add_row(struct table *table, const char *const *cells);
/* Without its heading if @quiet. */
void table_print(const struct table *table, bool quiet);
/*
 * A table of @rows that are not in memory together: @fill, which adds one, is called twice for
 * each, for the widths and to be printed.
 */
void table_print_rows(const char *const *titles, bool quiet, guint rows,
		      void (*fill)(struct table *table, guint row, const void *user_data),
		      const void *user_data);

/* --- text --- */

/*
 * Hints are written with "virsh oopsbt", and "virsh -c URI oopsbt". Where this program was started
 * by its own name there may be no such word in virsh: then they say "virsh-oopsbt". Warnings and
 * points do this by themselves. g_free().
 */
char *in_own_words(const char *text);
/* @program: argv[0]. */
void output_set_program(const char *program);

/* printf() to standard output; the arguments are cleaned, newlines in the result stay. */
void print_clean(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* The same to standard error, behind "warning: ", in one line. */
void print_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* A line to standard output that tells what to do next; cleaned. */
void print_hint(const char *text);
/* A point of a list, "  - text"; on a terminal wrapped at words. Cleaned. */
void print_point(const char *text);
/* A file's text as it is, as far as it is clean; what is not becomes \xNN. */
void print_text(const char *text, size_t length);
/* JSON text: what a terminal should not see becomes \uNNNN, which means the same. */
void print_json_text(const char *text, size_t length);
/* Takes @node. */
void print_json(JsonNode *node);
/* An array, of which no more than one element is in memory at a time. @element: a new node. */
void print_json_array(guint count, JsonNode *(*element)(guint i, const void *user_data),
		      const void *user_data);

/* Escape sequences of a style, or "" where the output is no terminal or NO_COLOR is set. */
enum style { STYLE_NONE, STYLE_BOLD, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };
const char *style(enum style style);

/* Local time with its zone, "2026-11-22 21:45:01 CET", of an RFC 3339 text; NULL gives NULL. */
char *local_time(const char *rfc3339);
char *local_time_text(GDateTime *time);

/* --- pager --- */

/* From here on standard output goes through a pager, if it is a terminal and @wanted. */
void pager_open(bool wanted);
/* Ends the output and waits for the pager. False: what was printed did not all get out. */
bool output_close(GError **error);

#endif
