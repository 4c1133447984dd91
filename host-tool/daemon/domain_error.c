/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"
#include "daemon/qmp.h"

#define RETRY_MS 2000

/*
 * QEMU stops a guest for good if KVM cannot run one of its vCPUs ("internal-error"). For libvirt
 * the domain is then paused for an unknown reason.
 */
struct error_task {
	struct task task;
	bool found;
	GError *error; /* libvirt did not say */
};

static bool has_no_reason(virDomainPtr domain, GError **error)
{
	int state, reason;

	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		return virt_fail(error, "asking for the domain's state");
	return state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_UNKNOWN;
}

static void error_work(struct task *task)
{
	struct error_task *look = (struct error_task *)task;
	g_autoptr(virDomain) domain = task_take_domain(task, &look->error);
	g_autofree char *state = NULL;

	if (domain && has_no_reason(domain, &look->error))
		state = qmp_run_state(domain, QMP_TIMEOUT_MS, &look->error);
	look->found = g_strcmp0(state, "internal-error") == 0;
}

static gboolean look_again(void *user_data)
{
	struct domain *domain = user_data;

	domain->error_source = 0;
	if (domain->paused_us)
		domain_error_look(domain);
	return G_SOURCE_REMOVE;
}

static void error_done(struct task *task, struct domain *domain)
{
	const struct error_task *look = (const struct error_task *)task;

	if (domain && look->error && domain->error_source == 0 && !task->all->stopping)
		domain->error_source = g_timeout_add(RETRY_MS, look_again, domain);
	if (domain == NULL || !look->found || domain->error_told)
		return;
	domain->error_told = true;
	domain_notice(domain, "kvm-error", INCIDENT_KVM_ERROR,
		      "QEMU has stopped the guest for an internal error: a vCPU cannot be "
		      "run any more");
}

static void error_clear(struct task *task)
{
	g_clear_error(&((struct error_task *)task)->error);
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
	look->task.clear = error_clear;
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

void domain_error_stop(struct domain *domain)
{
	if (domain->error_source)
		g_source_remove(domain->error_source);
	domain->error_source = 0;
}
