/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/incident.h"

#include <string.h>

static const char *const names[NUM_INCIDENTS] = {
	[INCIDENT_OOPS] = "oops",
	[INCIDENT_PANIC] = "panic",
	[INCIDENT_SOFT_LOCKUP] = "soft-lockup",
	[INCIDENT_HARD_LOCKUP] = "hard-lockup",
	[INCIDENT_RCU_STALL] = "rcu-stall",
	[INCIDENT_HUNG_TASK] = "hung-task",
	[INCIDENT_STARVED] = "starved",
	[INCIDENT_DEAD] = "dead",
	[INCIDENT_WARNING] = "warning",
	[INCIDENT_WATCHDOG] = "watchdog",
	[INCIDENT_KVM_ERROR] = "kvm-error",
	[INCIDENT_COLLECT] = "collect",
};

const char *incident_name(enum incident incident)
{
	return names[incident];
}

bool incident_from_name(const char *name, enum incident *incident)
{
	for (unsigned int i = 0; i < NUM_INCIDENTS; i++) {
		if (!strcmp(name, names[i])) {
			*incident = (enum incident)i;
			return true;
		}
	}
	return false;
}
