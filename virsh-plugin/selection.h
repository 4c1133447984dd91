/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which dumps a verb is about, by the options that are the same for all verbs that take dumps. */
#ifndef OOPSBT_PLUGIN_SELECTION_H
#define OOPSBT_PLUGIN_SELECTION_H

#include "cli.h"
#include "common/store_entry.h"

struct selection {
	GDateTime *since; /* NULL: no bound */
	GDateTime *until;
	GPatternSpec *title;	 /* NULL: any */
	const char *fingerprint; /* how it begins; NULL: any */
	unsigned int kinds;	 /* bits 1 << enum incident; 0: any, also unknown ones */
};

/* The options, for .shared_options of a verb; the second without those of time. */
extern const struct cli_option selection_options[];
#define SELECTION_OPTIONS_BUT_TIMES (&selection_options[2])

/* False with an error that says what an option takes. selection_clear() in either case. */
bool selection_init(struct selection *selection, const struct cli_args *args, GError **error);
void selection_clear(struct selection *selection);
typedef struct selection Selection;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Selection, selection_clear)

/* Whether any of the options was given. */
bool selection_is_given(const struct cli_args *args);

bool selection_takes(const struct selection *selection, const struct store_entry *entry);
/* Removes from @entries (of struct store_entry) those that @wanted is false of. */
void selection_keep(GPtrArray *entries,
		    bool (*wanted)(const struct store_entry *entry, const void *user_data),
		    const void *user_data);
/* Removes from @entries (of struct store_entry) what it does not take. */
void selection_apply(const struct selection *selection, GPtrArray *entries);

#endif
