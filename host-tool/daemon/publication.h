/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Updates the files for storage pools (store_publish()) after changes of the store: in a thread, at
 * most once a second, so that no collection waits for it.
 */
#ifndef OOPSBT_DAEMON_PUBLICATION_H
#define OOPSBT_DAEMON_PUBLICATION_H

struct domains;
struct publication;

/* Begins with an update, for changes while no daemon ran. */
struct publication *publication_new(struct domains *all);
/* Call it when no task is running. */
void publication_free(struct publication *publication);
/* Call it after a change of the store. */
void publication_changed(struct publication *publication);
/* An update that is due begins now; changes from now on do not wait. */
void publication_stop(struct publication *publication);

#endif
