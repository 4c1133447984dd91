/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeze-guard/thaw.h"

#include "daemon/qmp.h"
#include "daemon/virt.h"

/* No caller waits here: a hung QEMU delays its own guest only. */
#define NO_TIMEOUT (-1)

/* The libvirt job that keeps the state in which it found the guest. */
static const char *carrying_job(virDomainPtr domain)
{
	switch (virt_job_operation(domain)) {
	case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
		return "migration";
	case VIR_DOMAIN_JOB_OPERATION_SAVE:
		return "save";
	case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
		return "snapshot";
	default:
		return NULL;
	}
}

/* libvirt restores a saved domain with the state that it had. */
static bool let_run_when_restored(virDomainPtr domain)
{
	g_autofree char *xml = NULL;

	if (virDomainHasManagedSaveImage(domain, 0) != 1)
		return false;
	xml = virDomainManagedSaveGetXMLDesc(domain, VIR_DOMAIN_SAVE_IMAGE_XML_SECURE);
	return xml && virDomainManagedSaveDefineXML(domain, xml, VIR_DOMAIN_SAVE_RUNNING) == 0;
}

static const char *where_it_is_left(virDomainPtr domain, int state, int reason)
{
	if (state != VIR_DOMAIN_SHUTOFF)
		return NULL;
	if (reason == VIR_DOMAIN_SHUTOFF_MIGRATED)
		return "migrated while it was frozen: it is paused on the other host, resume it "
		       "there";
	if (reason != VIR_DOMAIN_SHUTOFF_SAVED)
		return NULL;
	if (let_run_when_restored(domain))
		return "was saved while it was frozen: changed the saved state from paused to "
		       "running";
	return "was saved while it was frozen: restore it with --running";
}

static enum freeze_event look(virDomainPtr domain, int domain_id, const char **left, GError **error)
{
	int state, reason;
	bool paused;

	if (virDomainGetState(domain, &state, &reason, 0) < 0) {
		virt_fail(error, "asking for its state");
		return FREEZE_EVENT_FAILED;
	}
	if ((int)virDomainGetID(domain) != domain_id) {
		*left = where_it_is_left(domain, state, reason);
		return FREEZE_EVENT_GONE;
	}
	if (state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED)
		return FREEZE_EVENT_RUNS;
	if (state != VIR_DOMAIN_PAUSED || reason != VIR_DOMAIN_PAUSED_USER)
		return FREEZE_EVENT_OTHERS;
	/* If QEMU does not answer, resume: a running guest is better than a frozen one. */
	if (qmp_is_paused(domain, NO_TIMEOUT, &paused, NULL) && !paused)
		return FREEZE_EVENT_OTHERS;
	return FREEZE_EVENT_FAILED;
}

static enum freeze_event resume(virDomainPtr domain, GError **error)
{
	int state;

	if (virDomainResume(domain) == 0)
		return FREEZE_EVENT_RESUMED;
	virt_fail(error, "resuming it");
	if (virDomainGetState(domain, &state, NULL, 0) < 0 || state != VIR_DOMAIN_RUNNING)
		return FREEZE_EVENT_FAILED;
	g_clear_error(error);
	return FREEZE_EVENT_RUNS;
}

enum freeze_event freeze_thaw_try(virConnectPtr connection, const char *uuid, int domain_id,
				  const char **ended, const char **left, GError **error)
{
	g_autoptr(virDomain) domain = virDomainLookupByUUIDString(connection, uuid);
	g_autoptr(GError) cause = NULL;
	enum freeze_event event;
	const char *job;

	if (domain == NULL) {
		if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
			*left = "is gone: if it migrated or was saved while it was frozen, it is "
				"paused there: resume it";
			return FREEZE_EVENT_GONE;
		}
		virt_fail(error, "looking it up");
		return FREEZE_EVENT_FAILED;
	}
	event = look(domain, domain_id, left, &cause);
	if (event != FREEZE_EVENT_FAILED)
		return event;
	if (cause) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FREEZE_EVENT_FAILED;
	}
	job = carrying_job(domain);
	if (job && virDomainAbortJob(domain) == 0)
		*ended = job;
	return resume(domain, error);
}

bool freeze_thaw_qemu_runs(virConnectPtr connection, const char *uuid)
{
	g_autoptr(virDomain) domain = virDomainLookupByUUIDString(connection, uuid);
	bool paused;

	return domain && qmp_is_paused(domain, NO_TIMEOUT, &paused, NULL) && !paused;
}
