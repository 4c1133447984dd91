/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain as the daemon follows it, and the work that is done for it. Everything here belongs to
 * the main thread; work in other threads is a task that carries copies and references, and comes
 * back to the main thread with its result.
 *
 *   domains.c         the table, and libvirt's events
 *   domain_refresh.c  is it there, does it run, is it enabled, how
 *   domain_kernel.c   the kernel map
 *   domain_watch.c    the memory watch
 *   domain_stall.c    does the guest stand still
 *   domain_disks.c    do its disks answer
 *   domain_signals.c  which signals are collected, and when
 *   domain_collect.c  collections
 *   spares.c          how many analysers stand by
 *   domain_watchdog.c its watchdog device expired
 *   domain_error.c    QEMU has stopped it for an internal error
 *   domain_oops.c     has QEMU pause it at an oops, where it can
 *   status.c          what the world is told
 *   metrics.c         what monitoring is told
 */
#ifndef OOPSBT_DAEMON_DOMAIN_H
#define OOPSBT_DAEMON_DOMAIN_H

#include "common/options.h"
#include "daemon/collection.h"
#include "daemon/config.h"
#include "daemon/connection.h"
#include "daemon/disk_watch.h"
#include "daemon/domains.h"
#include "daemon/guest_settings.h"
#include "daemon/kernel_state.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/progress.h"
#include "daemon/ratelimit.h"
#include "daemon/signal.h"
#include "daemon/stall_watch.h"

/* Threads, and whether they get on. */
struct pool {
	GThreadPool *threads;
	struct progress progress;
};

struct domains {
	const struct config *config;
	const struct collector *collector;
	struct log *log;
	struct connection *connection;
	GHashTable *by_uuid; /* → struct domain */
	GHashTable *ignored; /* UUIDs of domains that are there, and not enabled */
	struct pool collecting;
	struct pool mapping; /* takes seconds each: nothing else may wait for these */
	struct pool background;
	GCancellable *stop; /* ends what is going on */
	bool stopping;	    /* nothing new is begun */
	bool connected;
	bool told_of_stock_qemu;
	unsigned int num_tasks; /* under way */
	bool filling_spares;	/* one of them does, see spares.h */
	bool monitor_events;	/* else lifecycle events are used for crashes */
	char *auto_enable;	/* as it was when all domains were looked at last; NULL: none */
	struct bucket total;
	guint tick_source; /* of the memory watch of all */
	guint status_source;
	struct metrics *metrics;
	void (*on_idle)(void *user_data); /* no task is under way any more */
	void *user_data;
};

struct domain {
	struct domains *all;
	char *uuid;
	char *name; /* NULL: not known yet */

	/* domain_refresh.c */
	bool known;  /* what follows is */
	bool active; /* runs, or is paused */
	bool enabled;
	bool automatic; /* enabled by auto_enable: it has no metadata of ours */
	int id;		/* libvirt's, -1: inactive */
	bool crashed;	/* libvirt says so, since it was asked last */
	struct options options;
	bool refreshing, refresh_again;

	/* domain_kernel.c */
	struct layout *layout; /* NULL: to be read */
	struct kernel_state kernel;
	struct guest_settings settings;
	bool mapping, map_again;
	guint map_source;
	unsigned int map_tries;
	struct backoff stale; /* how often the watch saw another kernel */
	GCancellable *map_cancellable;

	/* domain_watch.c */
	bool watched;
	gint64 look_due_us; /* monotonic */
	bool looking;
	gint64 looked_us; /* monotonic: when the watch saw its memory last, or began */

	/* domain_stall.c */
	GBytes *stall_places;	      /* as of stall_watch_new(); NULL: not known, or no use */
	struct stall_watch *stall;    /* NULL: it is not looked for */
	const char *stall_told_blind; /* static; why hangs are not noticed, as it was told last */
	unsigned int num_pauses;      /* and ends of pauses that events told of */
	gint64 paused_us;	      /* monotonic: since when it is paused; 0: it is not */

	/* domain_disks.c */
	struct disk_watch *disks; /* NULL: they are not known */
	struct backoff disks_moved;

	/* domain_watchdog.c */
	bool watchdog_paused; /* by its watchdog; libvirt says so, since it was asked last */
	bool watchdog_told;   /* that it has, since it ran last, by this daemon */

	/* domain_error.c */
	bool error_told; /* since it ran last, by this daemon */

	/* domain_oops.c */
	int oops_id;		    /* libvirt's id of the instance that was asked, -1: none */
	unsigned int oops_limit_ms; /* what it was asked for */
	bool pauses;		    /* its QEMU does */
	gint64 held_us;		    /* real time of the oops that it paused for last; 0: none */
	char *held_registers;	    /* that came with that, for the collection; or NULL */

	/* domain_signals.c */
	GQueue early;			      /* of struct signal, from before it was known */
	GQueue signals;			      /* of struct signal, to be collected */
	bool panic_signalled;		      /* of the kernel that runs */
	struct bucket buckets[NUM_INCIDENTS]; /* one a kind: hangs do not use up what oopses need */
	struct suppressed_signals suppressed; /* since the last signal that is collected */
	struct signal *deferred; /* the last of those that the rate limit left out; or NULL */
	guint deferred_source;
	guint64 num_incidents[NUM_INCIDENTS]; /* noticed, whatever became of them */
	guint64 num_suppressed, num_deferred; /* the latter of the former: collected later */

	/* domain_collect.c */
	bool collecting;
	guint retry_source;
	struct backoff retries;
	guint64 num_collected, num_failed;
	guint64 num_repeats; /* of num_collected, those that are records in an earlier dump */
	char *last_dump;
	char *last_oops_dump; /* the last one that is of an oops */
};

/* --- tasks --- */

struct task {
	struct domains *all;
	struct pool *pool;
	char *uuid;
	virConnectPtr connection; /* the main one; NULL while there is none */
	bool taken;		  /* @connection is the task's own */
	bool endless;		  /* it may take any time: set before task_push() */
	/* In a thread of the pool. */
	void (*work)(struct task *task);
	/* Then in the main thread; @domain is NULL if it has been dropped. */
	void (*done)(struct task *task, struct domain *domain);
	void (*clear)(struct task *task);
};

/* @task: zeroed memory of g_malloc() that begins with a struct task; owned by the pool from now on.
 */
void task_push(struct domains *all, struct pool *pool, const char *uuid, struct task *task);

/*
 * In a task's thread: exchanges the main connection for one of the task's own, which goes to
 * others again when the task is over if no call was left behind on it. libvirtd answers a few
 * calls of a connection at a time: what asks QEMU, which may hang, must not ask on the main one.
 * Without any connection task->connection is NULL.
 */
void task_take_connection(struct task *task);

/* --- between the files --- */

struct domain *domain_get(struct domains *all, const char *uuid); /* made if it is not there */
void domain_drop(struct domain *domain);
/* Drops it, as it is not enabled: its events are not looked at until it changes. */
void domain_ignore(struct domain *domain);

void domain_refresh(struct domain *domain);

/* A new instance, another kernel, or none: what was known of memory and kernel is void. */
void domain_kernel_reset(struct domain *domain);
void domain_kernel_find(struct domain *domain, unsigned int delay_ms);
void domain_kernel_stop(struct domain *domain);
void domain_watch_update(struct domain *domain); /* on or off, as it should be */
void domain_kernel_save(struct domain *domain);
/* Why the memory watch that is asked for notices nothing in the kernel that runs (static); NULL: it
 * does, or is not asked for. */
const char *domain_watch_blind(const struct domain *domain);

/* Why hangs that are asked for are not noticed in the kernel that runs (static); NULL: they are, or
 * are not asked for. */
const char *domain_stall_blind(const struct domain *domain);
void domain_stall_tell(struct domain *domain); /* the same to the log, when it changes */
/* @places: as of stall_watch_new(); NULL: nothing is known any more. */
void domain_stall_set(struct domain *domain, GBytes *places);
/* A tick of the memory watch, where the process's memory is at hand. */
void domain_stall_look(struct domain *domain);
/* @signal has been collected, and @blocked is as of stall_watch_follow(). */
void domain_stall_follow(struct domain *domain, const struct signal *signal, GBytes *blocked);
/* What a predecessor has told, in domain->kernel; it is taken back when the watch begins. */
void domain_stall_keep(struct domain *domain);
void domain_stall_paused(struct domain *domain, bool paused);

/* @places: as of disk_watch_new(); NULL: nothing is known any more. */
void domain_disks_set(struct domain *domain, GBytes *places);
/* A tick of the memory watch, where the process's memory is at hand. */
void domain_disks_look(struct domain *domain);
/* What a collection is to look at. */
void domain_disks_requests(const struct domain *domain, struct disk_requests *requests);

/* Words for signals as in report.h (static). @signalled_us: real time. */
void domain_signal(struct domain *domain, const char *signal, gint64 signalled_us);
void domain_stalls(struct domain *domain, enum stall_event event,
		   const struct stall_finding *finding);
/* Any other incident. @word: static, a signal as in report.h; @evidence: what was seen. */
void domain_notice(struct domain *domain, const char *word, enum incident incident,
		   const char *evidence);
/* Those that came before the domain was known. */
void domain_signals_known(struct domain *domain);
/* Another kernel runs: nothing more is to be seen of the oopses of the one before. */
void domain_signals_another_kernel(struct domain *domain);
void domain_signals_reconfigured(struct domain *domain); /* the rate limit */
/* What a predecessor left out, or had put off: in domain->kernel, and back. */
void domain_signals_keep(struct domain *domain);
void domain_signals_recall(struct domain *domain);
void domain_signals_stop(struct domain *domain);

/* The first signal that waits, if none is being collected. */
void domain_collect_next(struct domain *domain);
/* What failed as libvirtd was away need not wait any longer. */
void domain_collect_retry(struct domain *domain);
/* If it has crashed, or was stopped by its watchdog or an error, while nobody listened: collected,
 * once. What is known of its kernel must have been recalled. */
void domain_stopped(struct domain *domain);
void domain_collect_stop(struct domain *domain);

void domain_watchdog(struct domain *domain, int action); /* of virDomainEventWatchdogAction */
/* If that has paused it while nobody listened: told, once. */
void domain_watchdog_look(struct domain *domain);
void domain_watchdog_over(struct domain *domain); /* it runs again */
/* It stands, and libvirt does not say why: is that an internal error? */
void domain_error_look(struct domain *domain);
void domain_error_over(struct domain *domain); /* it runs again */

void domain_oops_update(struct domain *domain); /* on or off, as it should be */
void domain_oops_end(struct domain *domain);	/* it is not collected while QEMU holds it */
void domain_oops_stop(struct domain *domain);

/* Told by status.c and metrics.c. */
void status_changed(struct domains *all);

#endif
