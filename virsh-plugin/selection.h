/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that select dumps, shared by all verbs that take dumps. */
#ifndef OOPSBT_PLUGIN_SELECTION_H
#define OOPSBT_PLUGIN_SELECTION_H

#include "cli.h"
#include "common/store_entry.h"

struct selection {
	GDateTime *since; /* NULL: no limit */
	GDateTime *until;
	GPatternSpec *title;	 /* NULL: any */
	const char *fingerprint; /* a prefix; NULL: any */
	unsigned int kinds;	 /* bits 1 << enum incident; 0: any, also unknown kinds */
};

/* The options, for .shared_options of a verb; the second table has none for time. */
extern const struct cli_option selection_options[];
#define SELECTION_OPTIONS_BUT_TIMES (&selection_options[2])

/* False with an error that says what an option accepts. Call selection_clear() in any case. */
bool selection_init(struct selection *selection, const struct cli_args *args, GError **error);
void selection_clear(struct selection *selection);
typedef struct selection Selection;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

/* Is any of the options given? */
bool selection_is_given(const struct cli_args *args);
/* Those that were given, as they are written. g_free() */
char *selection_given(const struct cli_args *args);

bool selection_takes(const struct selection *selection, const struct store_entry *entry);
/* Removes from @entries (of struct store_entry) those for which @wanted is false. */
void selection_keep(GPtrArray *entries,
		    bool (*wanted)(const struct store_entry *entry, const void *user_data),
		    const void *user_data);
/* Removes from @entries (of struct store_entry) those that are not selected. */
void selection_apply(const struct selection *selection, GPtrArray *entries);

#endif
