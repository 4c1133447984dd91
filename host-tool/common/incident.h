/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dump is of, in one word: the same one in the report, the options and the commands. */
#ifndef OOPSBT_COMMON_INCIDENT_H
#define OOPSBT_COMMON_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>

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

/*
 * Several, as bits 1 << enum incident. @words: "oops,panic"; false, with *@bits as it was: a word
 * is none of @among, or there is none.
 */
bool incidents_from_words(const char *words, unsigned int among, unsigned int *bits);
char *incidents_to_words(unsigned int bits, const char *separator); /* g_free() */

/*
 * The kind of a dump whose report has none: the first versions knew oopses, panics and what was
 * asked for, and wrote only how they learned of it. @signal: that, or NULL. False: not known.
 */
bool incident_from_signal(const char *signal, enum incident *incident);

#endif
