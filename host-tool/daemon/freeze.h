/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One freeze of a domain, in a thread of its own that also owns the thaw: whatever happens to the
 * rest of the collection, the domain runs again when its budget is used up. A domain that QEMU has
 * paused for its oops (oops_pause.h) is frozen already, since the event. The states are those of
 * freeze-guard/transitions.h, which says where each event leads.
 */
#ifndef OOPSBT_DAEMON_FREEZE_H
#define OOPSBT_DAEMON_FREEZE_H

#include "daemon/guard.h"
#include "daemon/pauses.h"
#include "daemon/virt.h"

struct freeze_plan {
	virDomainPtr domain;
	struct guard *guard;
	struct pauses *pauses; /* NULL: times are those of the calls */
	const char *runtime_directory;
	unsigned int budget_ms;	    /* from the moment it is frozen */
	gint64 oops_us;		    /* real time of the oops that QEMU has paused it for; 0: none */
	const char *oops_registers; /* of all vCPUs, if QEMU sent them along; or NULL */
	unsigned int
		deadline_ms; /* how long the suspend call may take before freeze_wait() gives up */
};

enum freeze_outcome {
	FREEZE_FROZEN,	  /* by us */
	FREEZE_PAUSED,	  /* somebody else's pause: it is left alone */
	FREEZE_MIGRATING, /* runs on: it is libvirt's and the other host's now */
	FREEZE_FAILED,	  /* runs on; the error says why */
};

enum freeze_end {
	FREEZE_END_OURS,   /* or none yet */
	FREEZE_END_QEMU,   /* it ended the oops pause by itself, before we did */
	FREEZE_END_GUARD,  /* the freeze guard took over, as this process hung */
	FREEZE_END_RUNS,   /* somebody resumed it meanwhile */
	FREEZE_END_OTHERS, /* somebody suspended the domain meanwhile: it is left so */
	FREEZE_END_PANIC,  /* QEMU had stopped it by itself: it is left so */
};

/* Real times are QEMU's STOP and RESUME events', or else those at which the calls returned. */
struct freeze_times {
	gint64 frozen_us; /* real time; 0: never */
	gint64 thawed_us; /* real time; 0: not yet, or not by us */
	enum freeze_end end;
	gint64 duration_us;   /* from STOP to RESUME, or from the suspend call to the end of the
				 resume call by a monotonic clock */
	bool budget_exceeded; /* thawed before it was asked for */
};

struct freeze;

/* Finds out whether it may be frozen. Never fails by itself: freeze_wait() tells. */
struct freeze *freeze_begin(const struct freeze_plan *plan);

/* Now freeze it: from here on every moment counts. */
void freeze_go(struct freeze *freeze);

/* Waits until it is clear how it went, at most the plan's deadline. */
enum freeze_outcome freeze_wait(struct freeze *freeze, GError **error);

/*
 * The registers of all vCPUs, as the monitor prints them, after FREEZE_FROZEN. They are asked for
 * at once when the domain stands, unless they came with QEMU's pause; this waits for the answer.
 * g_free(); NULL with an error.
 */
char *freeze_registers(struct freeze *freeze, int timeout_ms, GError **error);

/*
 * Thaws what was frozen by us, and waits for it, at most a second. False: it is not known to run
 * (the guard has been told). After this the freeze is over; may be called again.
 * @calm: the guest's memory says that it does not panic. Else QEMU is asked first whether it has
 * stopped the guest for a panic: such a guest is no longer ours to resume.
 */
bool freeze_thaw(struct freeze *freeze, bool calm, struct freeze_times *times, GError **error);

/* Thaws if need be. NULL is fine. */
void freeze_end(struct freeze *freeze);

#endif
