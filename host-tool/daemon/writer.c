/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/writer.h"

struct item {
	void *content;
	unsigned int worth; /* number of entries that are lost with it */
};

struct writer {
	struct writer_functions functions;
	void *user_data;

	GMutex mutex;
	GCond changed;
	/* Protected by the mutex. */
	GQueue waiting; /* of struct item */
	unsigned int lost;
	bool closed; /* accepts no more items */
	bool ended;  /* everything is written */
};

static void item_free(struct writer *writer, struct item *item)
{
	writer->functions.free_item(item->content);
	g_free(item);
}

static void writer_clear(void *pointer)
{
	struct writer *writer = pointer;
	struct item *item;

	while ((item = g_queue_pop_head(&writer->waiting)))
		item_free(writer, item);
	writer->functions.free_user_data(writer->user_data);
	g_mutex_clear(&writer->mutex);
	g_cond_clear(&writer->changed);
}

/* --- the mutex is held --- */

static void add(struct writer *writer, void *content, unsigned int worth)
{
	struct item *item = g_new(struct item, 1);

	*item = (struct item){.content = content, .worth = worth};
	g_queue_push_tail(&writer->waiting, item);
	g_cond_broadcast(&writer->changed);
}

/* NULL: closed, and everything is written. */
static struct item *next(struct writer *writer)
{
	while (g_queue_is_empty(&writer->waiting) && !writer->closed)
		g_cond_wait(&writer->changed, &writer->mutex);
	return g_queue_pop_head(&writer->waiting);
}

/* Only after a successful write: otherwise nobody reads it. */
static void tell_lost(struct writer *writer)
{
	if (writer->lost == 0 || g_queue_get_length(&writer->waiting) > WRITER_MAX_WAITING / 2)
		return;
	add(writer, writer->functions.tell_lost(writer->lost, writer->user_data), writer->lost);
	writer->lost = 0;
}

/* --- */

static void *write_all(void *pointer)
{
	struct writer *writer = pointer;
	struct item *item;

	g_mutex_lock(&writer->mutex);
	while ((item = next(writer))) {
		bool written;

		g_mutex_unlock(&writer->mutex);
		written = writer->functions.write(item->content, writer->user_data);
		g_mutex_lock(&writer->mutex);
		if (written)
			tell_lost(writer);
		else
			writer->lost += item->worth;
		item_free(writer, item);
	}
	writer->ended = true;
	g_cond_broadcast(&writer->changed);
	g_mutex_unlock(&writer->mutex);
	g_atomic_rc_box_release_full(writer, writer_clear);
	return NULL;
}

struct writer *writer_new(const struct writer_functions *functions, void *user_data)
{
	struct writer *writer = g_atomic_rc_box_new0(struct writer);

	writer->functions = *functions;
	writer->user_data = user_data;
	g_mutex_init(&writer->mutex);
	g_cond_init(&writer->changed);
	g_thread_unref(g_thread_new("writer", write_all, g_atomic_rc_box_acquire(writer)));
	return writer;
}

void writer_push(struct writer *writer, void *item)
{
	bool taken;

	g_mutex_lock(&writer->mutex);
	taken = !writer->closed && g_queue_get_length(&writer->waiting) < WRITER_MAX_WAITING;
	if (taken)
		add(writer, item, 1);
	else
		writer->lost++;
	g_mutex_unlock(&writer->mutex);
	if (!taken)
		writer->functions.free_item(item);
}

bool writer_close(struct writer *writer, gint64 timeout_us)
{
	gint64 until = g_get_monotonic_time() + timeout_us;
	bool ended;

	g_mutex_lock(&writer->mutex);
	writer->closed = true;
	g_cond_broadcast(&writer->changed);
	while (!writer->ended && g_cond_wait_until(&writer->changed, &writer->mutex, until))
		;
	ended = writer->ended;
	g_mutex_unlock(&writer->mutex);
	return ended;
}

void writer_free(struct writer *writer)
{
	writer_close(writer, 0);
	g_atomic_rc_box_release_full(writer, writer_clear);
}
