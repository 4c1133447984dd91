/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one freeze: its states, what can happen to it, and where that leads. This table is
 * the only one: state.c makes C of it, tests/model/freeze.pml makes a model of it, which spin
 * checks. So it is included without a guard, and whoever includes it defines what it needs of
 *
 *	STATE(name)
 *	EVENT(name)
 *	MOVE(actor, from, event, to)
 *
 * DAEMON is whoever freezes (oopsbtd or `virsh oopsbt collect`), GUARD its freeze guard. Both know
 * the freeze by its token. Events marked > are what the daemon tells the guard.
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

STATE(NEW)	  /* nobody has been told of it */
STATE(ANNOUNCED)  /* the record is written and the guard told: the suspend call may be made */
STATE(SUSPENDING) /* the suspend call has no answer yet */
STATE(FROZEN)	  /* the suspend call succeeded */
STATE(THAWING)	  /* the guest is to be resumed by the actor */
STATE(LATE)	  /* no answer yet, and the owner should have given up: what comes is undone */
STATE(UNSETTLED)  /* the same, and the owner is gone: the answer will never be known */
STATE(HELD)	  /* QEMU has paused the guest by itself for the oops */
STATE(RELEASING)  /* QEMU is asked to end that pause */
STATE(GIVEN)	  /* it is the guard's now */
STATE(OVER)	  /* nothing of this freeze is outstanding */

EVENT(REFUSED)	 /* the guest may not be frozen, or nobody could be told */
EVENT(HOLDS)	 /* QEMU holds the guest for the oops */
EVENT(ANNOUNCED) /* > the record is written; the guard has been told */
EVENT(UNWANTED)	 /* the owner does not want it any more */
EVENT(GO)	 /* the owner wants it now */
EVENT(ANSWERED)	 /* > the suspend call succeeded */
EVENT(DECLINED)	 /* the suspend call failed, and libvirt says that it changed nothing */
EVENT(LOST)	 /* the suspend call ended without an answer that can be relied on */
EVENT(THAW)	 /* the owner asks for the thaw */
EVENT(BUDGET)	 /* the budget is used up */
EVENT(RESUMING)	 /* > the resume call is about to be made */
EVENT(RESUMED)	 /* a resume call succeeded */
EVENT(RUNS)	 /* the guest was seen running */
EVENT(OTHERS)	 /* the guest stands, but for somebody else */
EVENT(GONE)	 /* this instance of the domain does not exist any more */
EVENT(FAILED)	 /* it could not be looked at or resumed now */
EVENT(TAKEN)	 /* the record is not the actor's any more */
EVENT(GIVEN)	 /* > the guard shall resume it */
EVENT(ENDED)	 /* > nothing is outstanding */
EVENT(DUE)	 /* the owner should have ended it by now */
EVENT(ORPHANED)	 /* the owner is gone */
EVENT(SETTLED)	 /* libvirt cannot have the suspend call any more */

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
/* A pause that is undone here may have been an administrator's, so there is no end at RESUMED. */
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
