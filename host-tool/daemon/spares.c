/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/spares.h"

#include "daemon/domain.h"

struct spare_task {
	struct task task;
	struct analyzer_pool *pool;
	unsigned int wanted;
	bool failed;
};

/* Starts one at a time, so that a new collection waits for at most one start. */
static void spare_work(struct task *task)
{
	struct spare_task *spare = (struct spare_task *)task;
	unsigned int num = analyzer_pool_num_spares(spare->pool);

	if (num > spare->wanted)
		analyzer_pool_trim(spare->pool, spare->wanted);
	else if (num < spare->wanted)
		spare->failed = !analyzer_pool_fill(spare->pool, num + 1, NULL);
}

/* A failed start is retried after the next collection. */
static void spare_done(struct task *task, struct domain *domain G_GNUC_UNUSED)
{
	struct spare_task *spare = (struct spare_task *)task;

	task->all->filling_spares = false;
	if (!spare->failed)
		spares_update(task->all);
}

static unsigned int num_wanted(const struct domains *all, bool *collecting)
{
	unsigned int num_guests = 0;
	GHashTableIter iter;
	void *value;

	*collecting = false;
	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct domain *domain = value;

		num_guests += domain->enabled && domain->active;
		*collecting |= domain->collecting;
	}
	return CLAMP(num_guests, 1, MAX_SPARES);
}

void spares_update(struct domains *all)
{
	struct analyzer_pool *pool = all->collector->analyzers;
	bool collecting;
	unsigned int wanted = num_wanted(all, &collecting);
	struct spare_task *spare;

	if (all->stopping || all->filling_spares || collecting ||
	    analyzer_pool_num_spares(pool) == wanted)
		return;
	all->filling_spares = true;
	spare = g_new0(struct spare_task, 1);
	spare->task.work = spare_work;
	spare->task.done = spare_done;
	spare->pool = pool;
	spare->wanted = wanted;
	task_push(all, &all->background, NULL, &spare->task);
}
