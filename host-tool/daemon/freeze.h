/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One freeze of a domain, in its own thread, which also does the thaw: whatever happens to the rest
 * of the collection, the domain runs again when its budget is used up. A domain that QEMU paused
 * for its oops (oops_pause.h) has been frozen since the event. freeze-guard/transitions.h defines
 * the states and events.
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
	unsigned int budget_ms;	    /* from the moment when it is frozen */
	gint64 oops_us;		    /* real time of the oops that QEMU paused it for; 0: none */
	const char *oops_registers; /* of all vCPUs, if QEMU sent them with the event; or NULL */
	unsigned int deadline_ms; /* maximum duration of the suspend call before freeze_wait() gives
				     up */
};

enum freeze_outcome {
	FREEZE_FROZEN,	  /* by oopsbt */
	FREEZE_PAUSED,	  /* paused by somebody else: left alone */
	FREEZE_MIGRATING, /* runs: libvirt and the other host need it */
	FREEZE_FAILED,	  /* runs; the error says why */
};

enum freeze_end {
	FREEZE_END_OURS,      /* this freeze resumed the domain, or the freeze has not ended */
	FREEZE_END_QEMU,      /* QEMU ended its pause by itself, earlier */
	FREEZE_END_GUARD,     /* the freeze guard took over, since this process hung */
	FREEZE_END_MIGRATION, /* a migration began: the freeze guard ends it and resumes the domain
			       */
	FREEZE_END_RUNS,      /* somebody else resumed it meanwhile */
	FREEZE_END_OTHERS,    /* somebody else suspended it meanwhile: left suspended */
	FREEZE_END_PANIC,     /* QEMU stopped it for a panic: left stopped */
};

/* Real times are those of QEMU's STOP and RESUME events, else those at which the calls returned. */
struct freeze_times {
	gint64 frozen_us; /* real time; 0: never */
	gint64 thawed_us; /* real time; 0: not yet, or not by oopsbt */
	enum freeze_end end;
	gint64 duration_us; /* from STOP to RESUME, or by a monotonic clock from the suspend call to
			       the end of the resume call */
	bool budget_exceeded; /* it ended before the owner asked to thaw */
};

struct freeze;

/* Checks whether it may be frozen. Never fails itself; freeze_wait() returns the result. */
struct freeze *freeze_begin(const struct freeze_plan *plan);

/* Freezes it now: from here on time matters. */
void freeze_go(struct freeze *freeze);

/* Waits for the outcome, at most the plan's deadline. */
enum freeze_outcome freeze_wait(struct freeze *freeze, GError **error);

/*
 * The registers of all vCPUs as the monitor prints them, after FREEZE_FROZEN. They are read as soon
 * as the domain is stopped, unless QEMU's pause provided them; this waits for the result. g_free();
 * NULL with an error.
 */
char *freeze_registers(struct freeze *freeze, int timeout_ms, GError **error);

/*
 * Thaws what oopsbt froze, and waits at most a second. False: it may not run (the guard has been
 * told). The freeze is over after this; it may be called again. @calm: the guest's memory says that
 * it does not panic. Otherwise this first asks QEMU whether it stopped the guest for a panic: then
 * oopsbt must not resume it.
 */
bool freeze_thaw(struct freeze *freeze, bool calm, struct freeze_times *times, GError **error);

/* Thaws if needed. NULL is ignored. */
void freeze_end(struct freeze *freeze);

#endif
