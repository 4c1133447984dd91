/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far long work has got: one line on standard error, written over and taken away at the end.
 * There is none if standard error is no terminal, if the user wants quiet, or if the work ends
 * within half a second. NULL stands for such work, too.
 */
#ifndef OOPSBT_PLUGIN_PROGRESS_H
#define OOPSBT_PLUGIN_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct progress;

/* @what: "Exporting dump 20261122T214501Z-1". NULL if nothing is to be shown. */
struct progress *progress_new(bool quiet, const char *what);
/* The same of work that prints a line a step: on the same terminal those lines show how far it is.
 */
struct progress *progress_new_beside_output(bool quiet, const char *what);
/* Takes the line away. */
void progress_free(struct progress *progress);
typedef struct progress Progress;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* "WHAT: 3 of 500". Cheap enough for each step. */
void progress_count(struct progress *progress, guint64 done, guint64 all);
/* "WHAT: 17 of 512 MB"; without "of ..." if @all is 0: not known. */
void progress_bytes(struct progress *progress, guint64 done, guint64 all);

#endif
