/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress of long work: one line on standard error that is updated, and removed at the end. There
 * is none if standard error is no terminal, if the user wants quiet, or for work shorter than half
 * a second. NULL stands for work without progress.
 */
#ifndef OOPSBT_PLUGIN_PROGRESS_H
#define OOPSBT_PLUGIN_PROGRESS_H

#include <glib.h>
#include <stdbool.h>

struct progress;

/* @what: "Exporting dump 20261122T214501Z-1". NULL if nothing must be shown. */
struct progress *progress_new(bool quiet, const char *what);
/*
 * The same for work that prints a line for each step: on a terminal those lines show the progress.
 */
struct progress *progress_new_beside_output(bool quiet, const char *what);
/* Removes the line. */
void progress_free(struct progress *progress);
typedef struct progress Progress;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* "WHAT: 3 of 500". Cheap enough for each step. */
void progress_count(struct progress *progress, guint64 done, guint64 all);
/* "WHAT: 17 of 512 MB"; without "of ..." if @all is 0 (unknown). */
void progress_bytes(struct progress *progress, guint64 done, guint64 all);

#endif
