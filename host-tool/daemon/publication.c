/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/publication.h"

#include "daemon/domain.h"

#define PAUSE_MS 1000

struct publication {
	struct domains *all;
	bool running;
	bool again;	 /* the store has changed since it began */
	gint64 begun_us; /* monotonic; 0: never */
	guint source;
};

struct publish_task {
	struct task task;
	struct store *store;
};

static void publish_work(struct task *task)
{
	store_publish(((struct publish_task *)task)->store);
}

static void publish_done(struct task *task, struct domain *domain G_GNUC_UNUSED)
{
	struct publication *publication = task->all->publication;

	publication->running = false;
	if (publication->again)
		publication_changed(publication);
}

static gboolean begin(void *user_data)
{
	struct publication *publication = user_data;
	struct publish_task *publish = g_new0(struct publish_task, 1);

	publication->source = 0;
	publication->running = true;
	publication->again = false;
	publication->begun_us = g_get_monotonic_time();
	publish->task.work = publish_work;
	publish->task.done = publish_done;
	publish->store = publication->all->collector->store;
	task_push(publication->all, &publication->all->background, NULL, &publish->task);
	return G_SOURCE_REMOVE;
}

static unsigned int delay_ms(const struct publication *publication)
{
	gint64 since_ms = (g_get_monotonic_time() - publication->begun_us) / 1000;

	if (publication->begun_us == 0 || publication->all->stopping || since_ms >= PAUSE_MS)
		return 0;
	return (unsigned int)(PAUSE_MS - since_ms);
}

void publication_changed(struct publication *publication)
{
	unsigned int delay = delay_ms(publication);

	publication->again = true;
	if (publication->running || publication->source)
		return;
	if (delay > 0)
		publication->source = g_timeout_add(delay, begin, publication);
	else
		begin(publication);
}

void publication_stop(struct publication *publication)
{
	if (publication->source) {
		g_source_remove(publication->source);
		begin(publication);
	}
}

struct publication *publication_new(struct domains *all)
{
	struct publication *publication = g_new0(struct publication, 1);

	publication->all = all;
	publication->source = g_idle_add(begin, publication);
	return publication;
}

void publication_free(struct publication *publication)
{
	if (publication->source)
		g_source_remove(publication->source);
	g_free(publication);
}
