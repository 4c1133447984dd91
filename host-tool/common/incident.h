/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dump is of, in one word: the same one in the report, the options and the commands. */
#ifndef OOPSBT_COMMON_INCIDENT_H
#define OOPSBT_COMMON_INCIDENT_H

#include <stdbool.h>

enum incident {
	INCIDENT_OOPS,	      /* a task died of an exception; the kernel goes on */
	INCIDENT_PANIC,	      /* the kernel does not go on */
	INCIDENT_SOFT_LOCKUP, /* a CPU takes interrupts, and does not schedule */
	INCIDENT_HARD_LOCKUP, /* a CPU takes no interrupts */
	INCIDENT_RCU_STALL,   /* a grace period does not end */
	INCIDENT_HUNG_TASK,   /* a task has been in uninterruptible sleep for long */
	INCIDENT_STARVED,     /* the host does not let vCPUs run */
	INCIDENT_DEAD,	      /* all vCPUs are halted, and no timer interrupt arrives */
	INCIDENT_WARNING,     /* the kernel warned: WARN_ON() */
	INCIDENT_WATCHDOG,    /* the watchdog device of the domain expired */
	INCIDENT_KVM_ERROR,   /* a vCPU cannot be run any more: an internal error of KVM */
	INCIDENT_COLLECT,     /* somebody asked for it */
	NUM_INCIDENTS,
};

const char *incident_name(enum incident incident); /* static: "soft-lockup" */
/* False: @name is none of them. */
bool incident_from_name(const char *name, enum incident *incident);

#endif
