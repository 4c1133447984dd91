/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"
#include "daemon/oops_pause.h"

/* QEMU's own limit matters only if the daemon is late or dead. */
#define BEYOND_BUDGET_MS 300

struct oops_task {
	struct task task;
	int id;
	unsigned int limit_ms;
	bool end; /* end the pause instead of setting the action */
	bool known;
	GError *error;
};

static void oops_work(struct task *task)
{
	struct oops_task *oops = (struct oops_task *)task;
	g_autoptr(virDomain) domain = task_take_domain(task, &oops->error);
	bool ended;

	/* Another instance, or none: it has not been configured. */
	if (domain == NULL || (int)virDomainGetID(domain) != oops->id)
		return;
	if (oops->end)
		oops->known = oops_pause_end(domain, &ended, &oops->error);
	else
		oops_pause_set(domain, oops->limit_ms, &oops->known, &oops->error);
}

static void tell_of_oops(struct domain *domain, const struct oops_task *oops)
{
	struct log *log = domain->all->log;

	if (oops->error) {
		log_write(log, LOG_WARNING, domain->name, NULL,
			  "cannot tell whether its QEMU pauses at an oops: %s",
			  oops->error->message);
	} else if (oops->known) {
		log_write(log, LOG_INFO, domain->name, NULL,
			  oops->limit_ms ? "its QEMU pauses at the instant of an oops"
					 : "its QEMU does not pause at an oops any more");
	} else if (!domain->all->told_of_stock_qemu) {
		domain->all->told_of_stock_qemu = true;
		log_write(log, LOG_INFO, domain->name, NULL,
			  "its QEMU cannot pause at the instant of an oops; oopsbtd freezes the "
			  "guest a moment later (logged once for this kind of QEMU)");
	}
}

static void queue_task(struct domains *all, const char *uuid, int id, unsigned int limit_ms,
		       bool end);

/* One task at a time sets the action of a domain, so that the last wish is the last command. */
static void oops_done(struct task *task, struct domain *domain)
{
	struct oops_task *oops = (struct oops_task *)task;

	if (oops->end)
		return;
	if (domain == NULL || task->all->stopping) {
		/* It was disabled meanwhile, or the daemon stops. */
		if (oops->limit_ms)
			queue_task(task->all, task->uuid, oops->id, 0, false);
		return;
	}
	domain->oops_busy = false;
	if (domain->id != oops->id) {
		domain_oops_update(domain);
		return;
	}
	domain->pauses = oops->known && oops->limit_ms;
	tell_of_oops(domain, oops);
	/* If QEMU could not be asked, the next change asks again. */
	if (oops->error)
		domain->oops_id = -1;
	else
		domain_oops_update(domain);
}

static void oops_clear(struct task *task)
{
	g_clear_error(&((struct oops_task *)task)->error);
}

static void queue_task(struct domains *all, const char *uuid, int id, unsigned int limit_ms,
		       bool end)
{
	struct oops_task *oops = g_new0(struct oops_task, 1);

	oops->task.work = oops_work;
	oops->task.done = oops_done;
	oops->task.clear = oops_clear;
	oops->id = id;
	oops->limit_ms = limit_ms;
	oops->end = end;
	task_push(all, &all->background, uuid, &oops->task);
}

void domain_oops_update(struct domain *domain)
{
	bool wanted = domain->enabled && domain->active && domain->options.freeze &&
		      domain->options.signal != OPTION_SIGNAL_WATCH;
	unsigned int limit_ms = wanted ? domain->options.budget_ms + BEYOND_BUDGET_MS : 0;

	if (domain->oops_busy)
		return;
	if (domain->id != domain->oops_id) {
		domain->pauses = false;
		domain->oops_limit_ms = 0;
	}
	if (domain->id < 0 || limit_ms == domain->oops_limit_ms)
		return;
	domain->oops_id = domain->id;
	domain->oops_limit_ms = limit_ms;
	domain->oops_busy = true;
	queue_task(domain->all, domain->uuid, domain->id, limit_ms, false);
}

void domain_oops_end(struct domain *domain)
{
	if (domain->pauses)
		queue_task(domain->all, domain->uuid, domain->id, 0, true);
}

void domain_oops_stop(struct domain *domain)
{
	if (domain->pauses && !domain->oops_busy)
		queue_task(domain->all, domain->uuid, domain->id, 0, false);
}
