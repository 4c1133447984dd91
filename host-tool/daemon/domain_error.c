/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"
#include "daemon/qmp.h"

/*
 * QEMU stops a guest for good if KVM cannot run one of its vCPUs ("internal-error"). For libvirt
 * the domain is then paused for an unknown reason.
 */
struct error_task {
	struct task task;
	bool found;
};

static bool has_no_reason(virDomainPtr domain)
{
	int state, reason;

	return virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_PAUSED &&
	       reason == VIR_DOMAIN_PAUSED_UNKNOWN;
}

static void error_work(struct task *task)
{
	struct error_task *look = (struct error_task *)task;
	g_autoptr(virDomain) domain = NULL;
	g_autofree char *state = NULL;

	task_take_connection(task);
	if (task->connection)
		domain = virDomainLookupByUUIDString(task->connection, task->uuid);
	if (domain && has_no_reason(domain))
		state = qmp_run_state(domain, QMP_TIMEOUT_MS, NULL);
	look->found = g_strcmp0(state, "internal-error") == 0;
}

static void error_done(struct task *task, struct domain *domain)
{
	const struct error_task *look = (const struct error_task *)task;

	if (domain == NULL || !look->found || domain->error_told)
		return;
	domain->error_told = true;
	domain_notice(domain, "kvm-error", INCIDENT_KVM_ERROR,
		      "QEMU has stopped the guest for an internal error: a vCPU cannot be "
		      "run any more");
}

/* An event of a domain that is not enabled must not cause a libvirt call. */
static bool is_wanted(const struct domain *domain)
{
	return !domain->known ||
	       (domain->enabled && domain->options.kinds & 1u << INCIDENT_KVM_ERROR);
}

void domain_error_look(struct domain *domain)
{
	struct error_task *look;

	if (domain->error_told || domain->kernel.error_collected || domain->all->stopping ||
	    !is_wanted(domain))
		return;
	look = g_new0(struct error_task, 1);
	look->task.work = error_work;
	look->task.done = error_done;
	task_push(domain->all, &domain->all->background, domain->uuid, &look->task);
}

void domain_error_over(struct domain *domain)
{
	domain->error_told = false;
	if (!domain->kernel.error_collected)
		return;
	domain->kernel.error_collected = false;
	domain->kernel.stop_clock.known = false;
	domain_kernel_save(domain);
}
