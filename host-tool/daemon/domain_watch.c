/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

#define LOOK_TIMEOUT_MS 1000
/* The delay between searches for a kernel that keeps changing. */
#define FIRST_RETRY_MS 2000
#define LAST_RETRY_MS 60000

/* The values that a look reads; 0 if the address is unknown. */
struct sample {
	uint32_t counter;
	uint64_t taint, clock;
};

static void looked(struct domain *domain, const struct sample *sample)
{
	struct watch *watch = &domain->kernel.watch;
	uint32_t before = watch->counter;
	gint64 now_us = g_get_real_time();

	domain->looked_us = g_get_monotonic_time();
	switch (watch_look(watch, sample->counter, sample->taint,
			   domain->options.signal == OPTION_SIGNAL_AUTO, g_get_monotonic_time(),
			   now_us)) {
	case WATCH_QUIET:
		if (watch->counter != before)
			domain_kernel_save(domain);
		/* The memory of a paused guest does not change, whatever kernel it runs. */
		if (watch->clock_address && !domain->paused_us &&
		    watch_clock_stands(watch, sample->clock, g_get_monotonic_time()))
			domain_kernel_find(domain, 0);
		break;
	case WATCH_OOPS:
		for (unsigned int i = 0; i < watch->told; i++)
			domain_signal(domain, "watch", now_us);
		domain_kernel_save(domain);
		break;
	case WATCH_STALE:
		log_write(domain->all->log, LOG_INFO, domain->name, NULL,
			  "the guest seems to run another kernel now; searching for it");
		domain_kernel_reset(domain);
		/*
		 * A guest can cause this repeatedly; other guests' kernels must be searched, too.
		 */
		domain_kernel_find(domain, backoff_ms(&domain->stale, FIRST_RETRY_MS, LAST_RETRY_MS,
						      g_get_monotonic_time()));
		break;
	}
}

/* If the process's memory cannot be read: a look through libvirt, which may be slow. */
struct look_task {
	struct task task;
	uint64_t counter_address, taint_address, clock_address;
	struct sample sample;
	bool seen;
};

static bool peek(virDomainPtr domain, uint64_t address, void *buffer, size_t length)
{
	return address == 0 ||
	       virt_memory_peek(domain, address, buffer, length, LOOK_TIMEOUT_MS, NULL);
}

static void look_work(struct task *task)
{
	struct look_task *look = (struct look_task *)task;
	g_autoptr(virDomain) domain = task_take_domain(task, NULL);

	look->seen = domain && peek(domain, look->counter_address, &look->sample.counter, 4) &&
		     peek(domain, look->taint_address, &look->sample.taint, 8) &&
		     peek(domain, look->clock_address, &look->sample.clock, 8);
}

static void look_done(struct task *task, struct domain *domain)
{
	struct look_task *look = (struct look_task *)task;

	if (domain == NULL)
		return;
	domain->looking = false;
	if (look->seen && domain->watched &&
	    domain->kernel.watch.counter_address == look->counter_address)
		looked(domain, &look->sample);
}

static void look_through_libvirt(struct domain *domain)
{
	struct look_task *look;

	if (domain->looking)
		return;
	domain->looking = true;
	look = g_new0(struct look_task, 1);
	look->task.work = look_work;
	look->task.done = look_done;
	look->counter_address = domain->kernel.watch.counter_address;
	look->taint_address = domain->kernel.watch.taint_address;
	look->clock_address = domain->kernel.watch.clock_address;
	task_push(domain->all, &domain->all->background, domain->uuid, &look->task);
}

/* Reads a changed value again through the process's descriptor: see peek.h. */
static bool confirm(const struct domain *domain, struct sample *sample)
{
	const struct watch *watch = &domain->kernel.watch;

	if (sample->counter == watch->counter &&
	    (watch->taint_address == 0 || sample->taint == watch->taint))
		return true;
	return layout_peek(domain->layout, watch->counter_address, &sample->counter, 4) &&
	       (watch->taint_address == 0 ||
		layout_peek(domain->layout, watch->taint_address, &sample->taint, 8));
}

/* Reads all values of a tick with one system call, except those that depend on others. */
static void look_at_memory(struct domain *domain)
{
	const struct watch *watch = &domain->kernel.watch;
	bool counter_there, taint_there, clock_there;
	struct sample sample = {0};
	struct peek peek;

	peek_begin(&peek, domain->layout);
	peek_add(&peek, watch->counter_address, &sample.counter, 4, &counter_there);
	peek_add(&peek, watch->taint_address, &sample.taint, 8, &taint_there);
	peek_add(&peek, watch->clock_address, &sample.clock, 8, &clock_there);
	guest_settings_ask(&domain->settings, &peek, g_get_monotonic_time());
	domain_stall_ask(domain, &peek);
	domain_disks_ask(domain, &peek);
	peek_read(&peek);
	if (counter_there && taint_there == (watch->taint_address != 0) &&
	    clock_there == (watch->clock_address != 0) && confirm(domain, &sample))
		looked(domain, &sample);
	/* Not for another kernel. */
	if (domain->layout && guest_settings_refresh(&domain->settings))
		status_changed(domain->all);
	if (domain->layout)
		domain_stall_look(domain);
	if (domain->layout)
		domain_disks_look(domain);
}

static void look(struct domain *domain)
{
	if (domain->collecting || domain->layout == NULL)
		return;
	domain->layout->awaits_pages = domain->awaits_pages;
	if (domain->layout->memory_fd < 0)
		look_through_libvirt(domain);
	else
		look_at_memory(domain);
}

/* --- the time of the next look --- */

/*
 * Domains with the same interval are read together: their ticks are multiples of it on one clock,
 * so the daemon wakes up as often for 200 domains as for one.
 */
static gint64 next_tick(gint64 now_us, unsigned int interval_ms)
{
	gint64 interval_us = (gint64)interval_ms * 1000;

	return (now_us / interval_us + 1) * interval_us;
}

static void wait_for_tick(struct domains *all);

static gboolean tick(void *user_data)
{
	struct domains *all = user_data;
	g_autoptr(GList) domains = g_hash_table_get_values(all->by_uuid);
	gint64 now_us = g_get_monotonic_time();

	for (GList *item = domains; item; item = item->next) {
		struct domain *domain = item->data;

		if (!domain->watched || domain->look_due_us > now_us)
			continue;
		domain->look_due_us = next_tick(now_us, domain->options.watch_ms);
		look(domain);
	}
	wait_for_tick(all);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch(GSource *source G_GNUC_UNUSED, GSourceFunc function, void *user_data)
{
	return function(user_data);
}

/* One timer for all ticks, since a new one for each tick costs as much as a look. */
static GSource *make_timer(struct domains *all)
{
	static GSourceFuncs functions = {.dispatch = dispatch};
	GSource *timer = g_source_new(&functions, sizeof(GSource));

	g_source_set_callback(timer, tick, all, NULL);
	g_source_attach(timer, NULL);
	return timer;
}

/* Sets the timer for the domain that is due first. */
static void wait_for_tick(struct domains *all)
{
	gint64 first_us = G_MAXINT64;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct domain *domain = value;

		if (domain->watched)
			first_us = MIN(first_us, domain->look_due_us);
	}
	if (all->tick == NULL)
		all->tick = make_timer(all);
	g_source_set_ready_time(all->tick,
				first_us != G_MAXINT64 && !all->stopping ? first_us : -1);
}

void domain_watch_update(struct domain *domain)
{
	bool wanted = domain->enabled && domain->active && !domain->all->stopping &&
		      domain->options.signal != OPTION_SIGNAL_EVENT &&
		      domain->kernel.watch.counter_address != 0;

	domain->watched = wanted;
	domain_stall_tell(domain);
	if (!wanted)
		return;
	domain->looked_us = g_get_monotonic_time();
	domain->look_due_us = next_tick(domain->looked_us, domain->options.watch_ms);
	wait_for_tick(domain->all);
	look(domain);
}
