/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of how a guest is frozen and comes to run again, for spin. The moves are the ones of
 * the code: transitions.h. What is modelled beside them is what each actor does in a state, libvirt
 * and an administrator.
 *
 * One guest, two freezes of it, two generations of the daemon, each with a guard. No clock: what is
 * late is just done later than everything else, and each time-out may come at any moment. Hung is
 * late. The faults, at any step and in any combination:
 *
 *	the daemon is killed, once, and started again
 *	each guard is killed, once; its daemon starts it again
 *	libvirtd is killed, once, and started again
 *	libvirt performs a call long after its caller is dead
 *	an administrator suspends the guest once and resumes it, at any time; the guest panics
 *
 * What must hold:
 *
 *	runs	when nothing more happens, the guest is not paused by a freeze of ours
 *	others	a pause that began when nothing of ours was outstanding is never ended by us
 *	clean	when nothing more happens, no record is left and nothing is outstanding
 *
 * One thing is assumed, not shown: SETTLED comes only when libvirt does not have the suspend call
 * any more. freeze-guard/serve.c says why that is so.
 *
 * Each -D MUTANT_... takes one thing away; then spin must find an error (freeze.test.sh).
 */

#define FREEZES 2
#define GENERATIONS 2
#define NOBODY 9

/* Calls of libvirt. PERFORMED: done, and the answer is on its way. */
mtype = { NO_CALL, PENDING, PERFORMED, GOOD, DECLINED, NO_ANSWER };
/* Who the guest stands for. */
mtype = { RUNS, OURS, ADMIN, PANIC };

mtype = {
#define STATE(name) S_##name,
#include "../../host-tool/freeze-guard/transitions.h"
	NUM_STATES
};
mtype = {
#define EVENT(name) E_##name,
#include "../../host-tool/freeze-guard/transitions.h"
	NUM_EVENTS
};

/* The guest and libvirt. */
mtype guest = RUNS;
bool excused;			/* the pause of ADMIN or PANIC began too close to a resume call of ours to be told from it */
bool libvirtd_up = true;
mtype suspend_call[FREEZES] = NO_CALL;
mtype resume_call[FREEZES] = NO_CALL;	/* the daemons' */
mtype guard_call[4] = NO_CALL;	/* the guards', of two lives each; one at a time is enough for one guest */

/* The record of the guest: one file. */
byte record = NOBODY;		/* which freeze */
mtype record_state;	/* NEW: only claimed, SUSPENDING or FROZEN */
byte record_daemon = NOBODY;	/* who holds the lock: a daemon of that generation, */
byte record_guard = NOBODY;	/* or a guard */
byte record_life;		/* of that guard */

/* The daemons. */
bool daemon_up[GENERATIONS];
mtype daemon_state[FREEZES] = S_NEW;
byte daemon_of[FREEZES] = NOBODY;
bool decided[FREEZES];		/* it has looked at the record and will call */
bool told_answer[FREEZES];	/* what the daemon remembers for a guard that is started anew */
bool told_start[FREEZES];
bool went_on[FREEZES];		/* QEMU told of a resume that ended this freeze's pause */

/* The guards. */
bool guard_up[GENERATIONS];
byte guard_life[GENERATIONS];
typedef Table { mtype at[FREEZES]; bool has[FREEZES] };
Table guard_state[GENERATIONS];
byte guard_works[GENERATIONS] = NOBODY;	/* on this freeze a call is under way, */
mtype guard_before[GENERATIONS];	/* which was in this state then */
chan to_guard[GENERATIONS] = [4] of { mtype, byte };

/* --- the table of transitions --- */

inline daemon_move(f, what)
{
	if
#define MOVE(actor, from, event, to) MOVE_##actor(from, event, to)
#define MOVE_DAEMON(from, event, to) :: daemon_state[f] == S_##from && what == E_##event -> daemon_state[f] = S_##to
#define MOVE_GUARD(from, event, to)
#include "../../host-tool/freeze-guard/transitions.h"
	:: else -> assert(false)	/* the code ends the process */
	fi
}
#undef MOVE_DAEMON
#undef MOVE_GUARD

/* What leads nowhere is ignored, as in the code. */
inline guard_move(g, f, what)
{
	if
#define MOVE(actor, from, event, to) MOVE_##actor(from, event, to)
#define MOVE_GUARD(from, event, to) :: guard_state[g].at[f] == S_##from && what == E_##event -> guard_state[g].at[f] = S_##to
#define MOVE_DAEMON(from, event, to)
#include "../../host-tool/freeze-guard/transitions.h"
	:: else
	fi;
	if
	:: guard_state[g].at[f] == S_OVER && guard_works[g] != f -> guard_ends(g, f)
	:: else
	fi
}
#undef MOVE_DAEMON
#undef MOVE_GUARD

/* --- the record --- */

#define daemon_owns(f, d) (record == f && record_daemon == d)
#define guard_owns(f, g) (record == f && record_guard == g && record_life == guard_life[g])
#ifdef MUTANT_TAKEN_UNSEEN
#define is_taken(f, d) false
#else
#define is_taken(f, d) (!daemon_owns(f, d))
#endif
#ifdef MUTANT_PANIC_UNSEEN
#define sees_panic false
#else
#define sees_panic (guest == PANIC)
#endif
/* An event of a resume counts after the answer: an earlier one may have ended somebody else's pause. */
#ifdef MUTANT_EARLIER_RESUME
#define counts_resume(f) (suspend_call[f] != NO_CALL)
#else
#define counts_resume(f) (suspend_call[f] == GOOD)
#endif
#define has_owner ((record_daemon != NOBODY && daemon_up[record_daemon]) || \
	(record_guard != NOBODY && guard_up[record_guard] && record_life == guard_life[record_guard]))

inline remove_record()
{
	record = NOBODY; record_daemon = NOBODY; record_guard = NOBODY
}

inline own_record(g)
{
	record_daemon = NOBODY; record_guard = g; record_life = guard_life[g]
}

/* The guard forgets a freeze that is over. */
inline guard_ends(g, f)
{
	if
	:: guard_owns(f, g) -> remove_record()
	:: else
	fi;
	guard_state[g].at[f] = S_NEW;
	guard_state[g].has[f] = false
}

/* --- a daemon's freeze --- */

/* The kernel keeps what is sent; to a dead guard nothing can be. */
inline tell(g, what, f)
{
	if
	:: guard_up[g] -> to_guard[g] ! what, f
	:: !guard_up[g]
	fi
}

inline withdraw(f, d)
{
	if
	:: daemon_owns(f, d) -> remove_record()
	:: else
	fi;
	told_start[f] = false; told_answer[f] = false;
	tell(d, E_ENDED, f)
}

proctype Freeze(byte f; byte d)
{
	{
		/* NEW: the record, then a look, then the guard. */
		atomic {
			if
#ifdef MUTANT_SHARED_RECORD
			:: true ->
#else
			:: record == NOBODY ->	/* link() */
#endif
				record = f; record_daemon = d; record_guard = NOBODY; record_state = S_NEW
			:: record != NOBODY -> daemon_move(f, E_REFUSED); goto done
			fi
		};
		if
		:: atomic { guest != RUNS -> withdraw(f, d); daemon_move(f, E_REFUSED); goto done }
		:: guest == RUNS -> record_state = S_SUSPENDING
		fi;
#ifndef MUTANT_TELLS_AFTERWARDS
		atomic {
			guard_up[d] -> to_guard[d] ! E_ANNOUNCED, f;
			told_start[f] = true;
			daemon_move(f, E_ANNOUNCED)
		}
#else
		daemon_move(f, E_ANNOUNCED);
#endif
		if
		:: atomic { true -> withdraw(f, d); daemon_move(f, E_UNWANTED); goto done }
		/* In one step: the time between the two is short against the 32 s that SETTLED takes. */
		:: atomic { !is_taken(f, d) -> daemon_move(f, E_GO); suspend_call[f] = PENDING }
		:: atomic { is_taken(f, d) -> withdraw(f, d); daemon_move(f, E_TAKEN); goto done }
		fi;

		/* SUSPENDING */
		if
		:: suspend_call[f] == GOOD ->
			if
			:: daemon_owns(f, d) -> record_state = S_FROZEN
			:: !daemon_owns(f, d)
			fi;
			atomic { told_answer[f] = true; tell(d, E_ANSWERED, f) };
			if
			:: atomic { is_taken(f, d) -> told_start[f] = false; told_answer[f] = false;
				daemon_move(f, E_TAKEN); goto done }
			:: atomic { !is_taken(f, d) -> daemon_move(f, E_ANSWERED) }
			fi
		:: atomic { suspend_call[f] == DECLINED -> withdraw(f, d); daemon_move(f, E_DECLINED); goto done }
		:: atomic { suspend_call[f] == NO_ANSWER -> told_start[f] = false; told_answer[f] = false;
			tell(d, E_GIVEN, f); daemon_move(f, E_LOST); goto done }
		fi;

		/* FROZEN */
		if
		:: atomic { true -> daemon_move(f, E_THAW) }
		:: atomic { true -> daemon_move(f, E_BUDGET) }
		fi;

		/* THAWING */
		atomic {
			if
			:: is_taken(f, d) -> told_start[f] = false; told_answer[f] = false;
				daemon_move(f, E_TAKEN); goto done
			:: !is_taken(f, d) -> decided[f] = true
			fi
		};
		if
		/* The event may come too late, or be lost. */
		:: atomic { went_on[f] && guest == RUNS -> decided[f] = false; withdraw(f, d); daemon_move(f, E_RUNS); goto done }
		:: atomic { went_on[f] && guest != RUNS -> decided[f] = false; withdraw(f, d); daemon_move(f, E_OTHERS); goto done }
		:: atomic { sees_panic -> decided[f] = false; withdraw(f, d); daemon_move(f, E_OTHERS); goto done }
		:: !sees_panic ->
			tell(d, E_RESUMING, f);
			resume_call[f] = PENDING
		fi;
		if
		:: atomic { resume_call[f] == GOOD -> decided[f] = false; withdraw(f, d); daemon_move(f, E_RESUMED) }
		:: atomic { resume_call[f] == DECLINED -> decided[f] = false; withdraw(f, d); daemon_move(f, E_RUNS) }
		:: atomic { resume_call[f] == NO_ANSWER -> decided[f] = false; told_start[f] = false; told_answer[f] = false;
			tell(d, E_GIVEN, f); daemon_move(f, E_FAILED) }
		fi;
done:		/* The lock goes with a record that was given away. */
		if
		:: daemon_owns(f, d) -> record_daemon = NOBODY
		:: !daemon_owns(f, d)
		fi
	} unless { !daemon_up[d] };
	decided[f] = false;
	went_on[f] = false
}

proctype Daemon(byte d)
{
	{
		/* A domain is collected one after the other, but a freeze that is late is left behind. */
end_idle:
		do
		:: atomic { daemon_of[0] == NOBODY -> daemon_of[0] = d; run Freeze(0, d) }
#ifndef ONE_FREEZE
		:: atomic { daemon_of[0] != NOBODY && daemon_of[1] == NOBODY -> daemon_of[1] = d; run Freeze(1, d) }
#endif
		/* The guard's end is seen, and it is started again with all that is outstanding. */
		:: atomic {
			!guard_up[d] ->
			guard_up[d] = true;
			run Guard(d);
			if
			:: daemon_of[0] == d && told_answer[0] -> to_guard[d] ! E_ANSWERED, 0
			:: daemon_of[0] == d && !told_answer[0] && told_start[0] -> to_guard[d] ! E_ANNOUNCED, 0
			:: else
			fi;
			if
			:: daemon_of[1] == d && told_answer[1] -> to_guard[d] ! E_ANSWERED, 1
			:: daemon_of[1] == d && !told_answer[1] && told_start[1] -> to_guard[d] ! E_ANNOUNCED, 1
			:: else
			fi
		}
		od
	} unless { !daemon_up[d] }
}

/* --- a guard --- */

#define call_of(g) guard_call[2 * g + guard_life[g]]
#define is_state(g, f, s) (guard_state[g].at[f] == s)
#define works_on(g, f) (is_state(g, f, S_LATE) || is_state(g, f, S_UNSETTLED) || is_state(g, f, S_THAWING))
#define awaits(g, f) (is_state(g, f, S_ANNOUNCED) || is_state(g, f, S_FROZEN))

/* What was seen or done in one state says nothing in another. */
inline guard_saw(g, f, what)
{
#ifndef MUTANT_STALE_SIGHT
	if
	:: guard_state[g].at[f] == guard_before[g] -> guard_move(g, f, what)
	:: else
	fi;
#else
	guard_move(g, f, what);
#endif
	if
	:: guard_state[g].at[f] == S_OVER -> guard_ends(g, f)
	:: else
	fi
}

#define of_freeze(f) \
	/* its owner is gone, and all that it said has been read */ \
	:: atomic { !daemon_up[g] && empty(to_guard[g]) && (awaits(g, f) || is_state(g, f, S_LATE)) -> \
		guard_move(g, f, E_ORPHANED) } \
	/* its owner is late */ \
	:: atomic { awaits(g, f) && empty(to_guard[g]) -> guard_move(g, f, E_DUE) } \
	/* the record says whether anything is outstanding */ \
	:: atomic { works_on(g, f) && !guard_state[g].has[f] && guard_works[g] == NOBODY -> \
		if \
		:: record == f && (record_guard == NOBODY || !has_owner || guard_owns(f, g)) -> \
			own_record(g); guard_state[g].has[f] = true \
		:: else -> guard_state[g].at[f] = S_OVER; guard_ends(g, f) \
		fi } \
	/* one look */ \
	:: atomic { works_on(g, f) && guard_state[g].has[f] && guard_works[g] == NOBODY && libvirtd_up && \
		guest == RUNS && (is_state(g, f, S_THAWING) || (is_state(g, f, S_UNSETTLED) && settled(f))) -> \
		guard_works[g] = f; guard_before[g] = guard_state[g].at[f] } \
	:: atomic { works_on(g, f) && guard_state[g].has[f] && guard_works[g] == NOBODY && libvirtd_up && \
		(guest == OURS || guest == ADMIN) -> \
		guard_works[g] = f; guard_before[g] = guard_state[g].at[f]; call_of(g) = PENDING } \
	:: atomic { is_state(g, f, S_THAWING) && guard_state[g].has[f] && guard_works[g] == NOBODY && libvirtd_up && \
		guest == PANIC -> guard_move(g, f, E_OTHERS) } \
	:: atomic { is_state(g, f, S_UNSETTLED) && guard_state[g].has[f] && guard_works[g] == NOBODY && libvirtd_up && \
		guest == PANIC && settled(f) -> guard_move(g, f, E_SETTLED) } \
	/* what it found */ \
	:: atomic { guard_works[g] == f && call_of(g) == NO_CALL -> \
		guard_works[g] = NOBODY; \
		if \
		:: guard_before[g] == S_UNSETTLED -> guard_saw(g, f, E_SETTLED) \
		:: else -> guard_saw(g, f, E_RUNS) \
		fi } \
	:: atomic { guard_works[g] == f && call_of(g) == GOOD -> \
		guard_works[g] = NOBODY; call_of(g) = NO_CALL; guard_saw(g, f, E_RESUMED) } \
	:: atomic { guard_works[g] == f && call_of(g) == DECLINED -> \
		guard_works[g] = NOBODY; call_of(g) = NO_CALL; guard_saw(g, f, E_RUNS) } \
	:: atomic { guard_works[g] == f && call_of(g) == NO_ANSWER -> \
		guard_works[g] = NOBODY; call_of(g) = NO_CALL; \
		guard_failed(g, f) } \
	/* a record that was left behind */ \
	:: atomic { orphan(f) && is_state(g, f, S_NEW) && is_only_claimed -> remove_record() } \
	:: atomic { orphan(f) && is_state(g, f, S_NEW) && !is_only_claimed -> \
		own_record(g); guard_state[g].has[f] = true; \
		if \
		:: record_state == S_FROZEN -> guard_move(g, f, E_ANSWERED) \
		:: else -> guard_move(g, f, E_ANNOUNCED) \
		fi; \
		guard_move(g, f, E_ORPHANED) }

#ifdef MUTANT_CLAIM_IS_A_CALL
#define is_only_claimed false
#else
#define is_only_claimed (record_state == S_NEW)
#endif

#ifdef MUTANT_FORGETS_LATE_CALLS
#define settled(f) true
#else
#define settled(f) (suspend_call[f] != PENDING)
#endif

#ifdef MUTANT_ORPHAN_SEEMS_ALIVE
#define orphan(f) false
#else
#define orphan(f) (record == f && !has_owner)
#endif

#ifdef MUTANT_GIVES_UP
#define guard_failed(g, f) guard_state[g].at[f] = S_OVER; guard_ends(g, f)
#else
#define guard_failed(g, f) guard_saw(g, f, E_FAILED)
#endif

proctype Guard(byte g)
{
	mtype what;
	byte which;

	{
end_idle:
		do
		:: atomic { to_guard[g] ? what, which ->
			if
			:: what == E_ENDED && guard_state[g].at[which] == S_NEW
			:: else -> guard_move(g, which, what)
			fi }
		of_freeze(0)
		of_freeze(1)
		od
	} unless { !guard_up[g] }
}

/* --- libvirt --- */

inline go_on()
{
	guest = RUNS;
	went_on[0] = went_on[0] || counts_resume(0);
	went_on[1] = went_on[1] || counts_resume(1)
}

#define suspend_of(f) \
	:: atomic { suspend_call[f] == PENDING && libvirtd_up -> \
		if \
		:: guest == RUNS -> guest = OURS \
		:: else \
		fi; \
		suspend_call[f] = PERFORMED } \
	:: atomic { suspend_call[f] == PENDING && libvirtd_up -> suspend_call[f] = DECLINED } \
	:: atomic { suspend_call[f] == PERFORMED && libvirtd_up -> suspend_call[f] = GOOD }

#define resume_of(call) \
	:: atomic { call == PENDING && libvirtd_up -> \
		assert(guest == RUNS || guest == OURS || excused); \
		if \
		:: guest == RUNS -> call = DECLINED \
		:: else -> go_on(); call = GOOD \
		fi }

#define lose(call) \
	if \
	:: call == PENDING || call == PERFORMED -> call = NO_ANSWER \
	:: else \
	fi

active proctype Libvirtd()
{
	bool killed = false;

end_idle:
	do
	suspend_of(0)
	suspend_of(1)
	resume_of(resume_call[0])
	resume_of(resume_call[1])
	resume_of(guard_call[0])
	resume_of(guard_call[1])
	resume_of(guard_call[2])
	resume_of(guard_call[3])
#ifndef LIBVIRTD_LIVES
	:: atomic {
		!killed ->
		killed = true;
		libvirtd_up = false;
		lose(suspend_call[0]);
		lose(suspend_call[1]);
		lose(resume_call[0]);
		lose(resume_call[1]);
		lose(guard_call[0]);
		lose(guard_call[1]);
		lose(guard_call[2]);
		lose(guard_call[3])
	}
	:: !libvirtd_up -> libvirtd_up = true
#endif
	od
}

/* --- other processes, and failures --- */

/* A resume call is on its way. */
#define resuming (decided[0] || decided[1] || \
	resume_call[0] == PENDING || resume_call[1] == PENDING || \
	guard_call[0] == PENDING || guard_call[1] == PENDING || \
	guard_call[2] == PENDING || guard_call[3] == PENDING)
/* Anything of ours is. */
#define outstanding (record != NOBODY || resuming || \
	suspend_call[0] == PENDING || suspend_call[1] == PENDING)

/* To libvirt a suspend of a guest that stands does nothing: it does not tell the two apart. */
#ifndef NOBODY_ELSE
active proctype Administrator()
{
	atomic {
		libvirtd_up ->
		if
		:: guest == RUNS -> guest = ADMIN; excused = outstanding
		:: else
		fi
	};
	/* or never */
	if
	:: atomic { libvirtd_up && (guest == ADMIN || guest == OURS) -> go_on() }
	:: true
	fi
}

active proctype Kernel()
{
	if
	:: atomic { guest == RUNS -> guest = PANIC; excused = resuming }
	:: true
	fi
}
#endif

active proctype Killer()
{
	atomic {
		guard_state[0].at[0] = S_NEW;
		guard_state[0].at[1] = S_NEW;
		guard_state[1].at[0] = S_NEW;
		guard_state[1].at[1] = S_NEW;
		daemon_up[0] = true;
		guard_up[0] = true;
		run Guard(0);
		run Daemon(0)
	};
	if
	:: true
#ifndef DAEMON_LIVES
	:: daemon_up[0] = false;
		atomic { daemon_up[1] = true; guard_up[1] = true; run Guard(1); run Daemon(1) }
#endif
	fi
}

inline kill_guard(g)
{
	atomic {
		guard_up[g] ->
		guard_up[g] = false;
		guard_life[g]++;
		guard_works[g] = NOBODY;
		guard_state[g].at[0] = S_NEW;
		guard_state[g].at[1] = S_NEW;
		guard_state[g].has[0] = false;
		guard_state[g].has[1] = false;
		do
		:: to_guard[g] ? _, _
		:: empty(to_guard[g]) -> break
		od
		/* What it asked of libvirt is performed all the same: its call stays. */
	}
}

#ifndef GUARDS_LIVE
active proctype GuardKiller()
{
	if
	:: true
	:: kill_guard(0)
	fi;
	if
	:: true
	:: kill_guard(1)
	fi
}
#endif

/* --- final states --- */

active proctype Monitor()
{
	timeout;
	assert(guest != OURS);
	assert(record == NOBODY);
	assert(suspend_call[0] != PENDING && suspend_call[1] != PENDING)
}
