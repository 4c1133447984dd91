/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"
#include "daemon/guest_clock.h"

/*
 * A guest that its watchdog or an internal error has stopped is collected once. While the daemon is
 * away, somebody may resume the guest, and it may be stopped again. QEMU does not tell the time of
 * either. But the guest's own time does not advance while the guest is stopped: another time means
 * that the guest has run.
 */
struct clock_task {
	struct task task;
	struct maybe_uint clock;
};

static void clock_work(struct task *task)
{
	struct clock_task *check = (struct clock_task *)task;
	g_autoptr(virDomain) domain = task_take_domain(task, NULL);

	if (domain)
		check->clock = guest_clock_read(domain);
}

static bool is_collected(const struct domain *domain)
{
	return domain->kernel.watchdog_collected || domain->kernel.error_collected;
}

static void clock_done(struct task *task, struct domain *domain)
{
	const struct clock_task *check = (const struct clock_task *)task;
	struct kernel_state *kernel;

	if (domain == NULL || !check->clock.known || !domain->paused_us || !is_collected(domain))
		return;
	kernel = &domain->kernel;
	if (!kernel->stop_clock.known) {
		kernel->stop_clock = check->clock;
		domain_kernel_save(domain);
	} else if (kernel->stop_clock.value != check->clock.value) {
		domain_error_over(domain);
		domain_watchdog_forget(domain);
		domain_watchdog_look(domain);
		domain_error_look(domain);
	}
}

void domain_clock_check(struct domain *domain)
{
	struct clock_task *check;

	if (!is_collected(domain) || domain->all->stopping)
		return;
	check = g_new0(struct clock_task, 1);
	check->task.work = clock_work;
	check->task.done = clock_done;
	task_push(domain->all, &domain->all->background, domain->uuid, &check->task);
}
