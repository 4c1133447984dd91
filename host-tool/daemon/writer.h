/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes items in its own thread, in order, so that callers never wait for a reader. If
 * WRITER_MAX_WAITING items wait, further items are dropped and counted; when half of the waiting
 * items are written, one item reports the number of lost ones. Thread-safe.
 */
#ifndef OOPSBT_DAEMON_WRITER_H
#define OOPSBT_DAEMON_WRITER_H

#include <glib.h>
#include <stdbool.h>

#define WRITER_MAX_WAITING 1000

struct writer_functions {
	/* Runs in the thread; may take any time. False: the item is lost. */
	bool (*write)(const void *item, void *user_data);
	/* Runs in the thread: makes an item that reports @count lost ones. */
	void *(*tell_lost)(unsigned int count, void *user_data);
	GDestroyNotify free_item;
	GDestroyNotify free_user_data; /* called after the thread has ended */
};

struct writer;

struct writer *writer_new(const struct writer_functions *functions, void *user_data);

/* Takes @item. */
void writer_push(struct writer *writer, void *item);

/*
 * Waits at most @timeout_us until everything is written; then the thread is abandoned. Items pushed
 * later are dropped. False: not everything is written.
 */
bool writer_close(struct writer *writer, gint64 timeout_us);

/* Does not wait: the thread writes the remaining items. */
void writer_free(struct writer *writer);

#endif
