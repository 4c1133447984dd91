/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of incident. The report, the options and the commands use the same words. */
#ifndef OOPSBT_COMMON_INCIDENT_H
#define OOPSBT_COMMON_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>

enum incident {
	INCIDENT_OOPS,	      /* an exception killed a task; the kernel continues */
	INCIDENT_PANIC,	      /* the kernel has stopped */
	INCIDENT_SOFT_LOCKUP, /* a CPU takes interrupts but does not schedule */
	INCIDENT_HARD_LOCKUP, /* a CPU takes no interrupts */
	INCIDENT_RCU_STALL,   /* a grace period does not end */
	INCIDENT_HUNG_TASK,   /* a task has been in uninterruptible sleep for long */
	INCIDENT_STARVED,     /* the host does not run the vCPUs */
	INCIDENT_DEAD,	      /* all vCPUs are halted, and no timer interrupt arrives */
	INCIDENT_WARNING,     /* the kernel warned: WARN_ON() */
	INCIDENT_WATCHDOG,    /* the domain's watchdog device expired */
	INCIDENT_KVM_ERROR,   /* a vCPU cannot run any more: an internal error of KVM */
	INCIDENT_COLLECT,     /* a user asked for the dump */
	NUM_INCIDENTS,
};

const char *incident_name(enum incident incident); /* static: "soft-lockup" */
/* False: @name is no kind of incident. */
bool incident_from_name(const char *name, enum incident *incident);

/*
 * Several kinds, as bits 1 << enum incident. @words: "oops,panic". False, with *@bits unchanged:
 * @words is empty, or a word is not in @among.
 */
bool incidents_from_words(const char *words, unsigned int among, unsigned int *bits);
char *incidents_to_words(unsigned int bits, const char *separator); /* g_free() */

/*
 * The kind of a dump whose report has none: the first versions wrote only the signal and knew
 * oopses, panics and requests. @signal: may be NULL. False: unknown.
 */
bool incident_from_signal(const char *signal, enum incident *incident);

#endif
