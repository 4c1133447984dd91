/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one freeze: its states, the events, and the transitions. This is the only table:
 * state.c makes C code of it, and tests/model/freeze.pml makes a model of it that spin checks. So
 * it has no include guard, and the including file defines what it needs of
 *
 *	STATE(name)
 *	EVENT(name)
 *	MOVE(actor, from, event, to)
 *
 * DAEMON is the process that freezes (oopsbtd or `virsh oopsbt collect`), GUARD is its freeze
 * guard. Both identify the freeze by its token. The daemon sends events marked > to the guard.
 */
#ifndef STATE
#define STATE(name)
#endif
#ifndef EVENT
#define EVENT(name)
#endif
#ifndef MOVE
#define MOVE(actor, from, event, to)
#endif

STATE(NEW)	  /* no other process knows of it */
STATE(ANNOUNCED)  /* the record is written and the guard knows: the suspend call may be made */
STATE(SUSPENDING) /* the suspend call has no answer yet */
STATE(FROZEN)	  /* the suspend call succeeded */
STATE(THAWING)	  /* the actor must resume the guest */
STATE(LATE)	  /* no answer yet, and the owner should have given up: undo what comes */
STATE(UNSETTLED)  /* the same, and the owner is gone: its answer will never be known */
STATE(HELD)	  /* QEMU itself has paused the guest for the oops */
STATE(RELEASING)  /* QEMU was asked to end that pause */
STATE(GIVEN)	  /* handed over to the guard */
STATE(OVER)	  /* nothing of this freeze is outstanding */

EVENT(REFUSED)	 /* the guest may not be frozen, or the guard could not be told */
EVENT(HOLDS)	 /* QEMU holds the guest for the oops */
EVENT(ANNOUNCED) /* > the record is written and the guard knows */
EVENT(UNWANTED)	 /* the owner does not want the freeze any more */
EVENT(GO)	 /* the owner wants the freeze now */
EVENT(ANSWERED)	 /* > the suspend call succeeded */
EVENT(DECLINED)	 /* the suspend call failed and changed nothing */
EVENT(LOST)	 /* the suspend call ended without a reliable answer */
EVENT(THAW)	 /* the owner asks for the thaw */
EVENT(BUDGET)	 /* the budget is used up */
EVENT(RESUMING)	 /* > the resume call will be made now */
EVENT(RESUMED)	 /* a resume call succeeded */
EVENT(RUNS)	 /* the guest runs */
EVENT(OTHERS)	 /* the guest is paused by somebody else */
EVENT(GONE)	 /* this instance of the domain does not exist any more */
EVENT(FAILED)	 /* it could not be checked or resumed now */
EVENT(TAKEN)	 /* another process has the record */
EVENT(GIVEN)	 /* > the guard must resume it */
EVENT(ENDED)	 /* > nothing is outstanding */
EVENT(DUE)	 /* the owner is late */
EVENT(ORPHANED)	 /* the owner is gone */
EVENT(SETTLED)	 /* libvirt cannot run the suspend call any more */

MOVE(DAEMON, NEW, REFUSED, OVER)
MOVE(DAEMON, NEW, HOLDS, HELD)
MOVE(DAEMON, NEW, ANNOUNCED, ANNOUNCED)
MOVE(DAEMON, ANNOUNCED, UNWANTED, OVER)
MOVE(DAEMON, ANNOUNCED, TAKEN, GIVEN)
MOVE(DAEMON, ANNOUNCED, GO, SUSPENDING)
MOVE(DAEMON, SUSPENDING, ANSWERED, FROZEN)
MOVE(DAEMON, SUSPENDING, DECLINED, OVER)
MOVE(DAEMON, SUSPENDING, LOST, GIVEN)
MOVE(DAEMON, SUSPENDING, TAKEN, GIVEN)
MOVE(DAEMON, FROZEN, THAW, THAWING)
MOVE(DAEMON, FROZEN, BUDGET, THAWING)
MOVE(DAEMON, THAWING, RESUMED, OVER)
MOVE(DAEMON, THAWING, RUNS, OVER)
MOVE(DAEMON, THAWING, OTHERS, OVER)
MOVE(DAEMON, THAWING, TAKEN, GIVEN)
MOVE(DAEMON, THAWING, FAILED, GIVEN)
MOVE(DAEMON, HELD, THAW, RELEASING)
MOVE(DAEMON, HELD, BUDGET, RELEASING)
MOVE(DAEMON, RELEASING, ENDED, OVER)

MOVE(GUARD, NEW, ANNOUNCED, ANNOUNCED)
MOVE(GUARD, NEW, ANSWERED, FROZEN)
MOVE(GUARD, NEW, GIVEN, UNSETTLED)
MOVE(GUARD, ANNOUNCED, ANSWERED, FROZEN)
MOVE(GUARD, ANNOUNCED, ENDED, OVER)
MOVE(GUARD, ANNOUNCED, TAKEN, OVER)
MOVE(GUARD, ANNOUNCED, DUE, LATE)
MOVE(GUARD, ANNOUNCED, GIVEN, UNSETTLED)
MOVE(GUARD, ANNOUNCED, ORPHANED, UNSETTLED)
MOVE(GUARD, FROZEN, RESUMING, FROZEN)
MOVE(GUARD, FROZEN, ENDED, OVER)
MOVE(GUARD, FROZEN, TAKEN, OVER)
MOVE(GUARD, FROZEN, DUE, THAWING)
MOVE(GUARD, FROZEN, GIVEN, THAWING)
MOVE(GUARD, FROZEN, ORPHANED, THAWING)
/* The undone pause may have been an administrator's, so RESUMED does not end this. */
MOVE(GUARD, LATE, RESUMED, LATE)
MOVE(GUARD, LATE, RUNS, LATE)
MOVE(GUARD, LATE, OTHERS, LATE)
MOVE(GUARD, LATE, FAILED, LATE)
MOVE(GUARD, LATE, GONE, OVER)
MOVE(GUARD, LATE, TAKEN, OVER)
MOVE(GUARD, LATE, ANSWERED, THAWING)
MOVE(GUARD, LATE, ENDED, OVER)
MOVE(GUARD, LATE, GIVEN, UNSETTLED)
MOVE(GUARD, LATE, ORPHANED, UNSETTLED)
MOVE(GUARD, UNSETTLED, ANNOUNCED, LATE) /* by an owner whose guard had died */
MOVE(GUARD, UNSETTLED, ANSWERED, THAWING)
MOVE(GUARD, UNSETTLED, RESUMED, UNSETTLED)
MOVE(GUARD, UNSETTLED, RUNS, UNSETTLED)
MOVE(GUARD, UNSETTLED, OTHERS, UNSETTLED)
MOVE(GUARD, UNSETTLED, FAILED, UNSETTLED)
MOVE(GUARD, UNSETTLED, GONE, OVER)
MOVE(GUARD, UNSETTLED, TAKEN, OVER)
MOVE(GUARD, UNSETTLED, SETTLED, OVER)
MOVE(GUARD, THAWING, RESUMED, OVER)
MOVE(GUARD, THAWING, RUNS, OVER)
MOVE(GUARD, THAWING, OTHERS, OVER)
MOVE(GUARD, THAWING, GONE, OVER)
MOVE(GUARD, THAWING, TAKEN, OVER)
MOVE(GUARD, THAWING, FAILED, THAWING)
MOVE(GUARD, THAWING, ENDED, OVER)

#undef STATE
#undef EVENT
#undef MOVE
