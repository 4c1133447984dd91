/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes in a thread of its own, in the order in which things come: who has something to write
 * never waits for who reads it. While WRITER_MAX_WAITING items wait, more are dropped and counted;
 * when half of these are written, one item says how many are lost. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_WRITER_H
#define OOPSBT_DAEMON_WRITER_H

#include <glib.h>
#include <stdbool.h>

#define WRITER_MAX_WAITING 1000

struct writer_functions {
	/* In the thread; may take any time. False: the item is lost. */
	bool (*write)(const void *item, void *user_data);
	/* In the thread: an item that says how many are lost. */
	void *(*tell_lost)(unsigned int count, void *user_data);
	GDestroyNotify free_item;
	GDestroyNotify free_user_data; /* when the thread has ended, too */
};

struct writer;

struct writer *writer_new(const struct writer_functions *functions, void *user_data);

/* @item is the writer's from now on. */
void writer_push(struct writer *writer, void *item);

/*
 * Waits until all is written, but no longer than @timeout_us: then the thread is left behind with
 * the process. What is pushed after this is dropped. False: not all is written.
 */
bool writer_close(struct writer *writer, gint64 timeout_us);

/* Waits for nothing: the thread writes what there is. */
void writer_free(struct writer *writer);

#endif
