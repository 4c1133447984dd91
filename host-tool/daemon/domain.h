/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain as the daemon follows it, and the work on it. Everything here belongs to the main
 * thread. Work in other threads is a task with copies and references; its result returns to the
 * main thread.
 *
 *   domains.c         the table, and libvirt's events
 *   domain_refresh.c  whether it exists, runs and is enabled; its options
 *   domain_kernel.c   the kernel map
 *   domain_watch.c    the memory watch
 *   domain_stall.c    detects hangs
 *   domain_disks.c    detects disks that do not answer
 *   domain_signals.c  which signals are collected, and when
 *   domain_collect.c  collections
 *   spares.c          the number of waiting analysers
 *   domain_watchdog.c expiry of its watchdog device
 *   domain_error.c    stops by QEMU for an internal error
 *   domain_clock.c    detects that a stopped guest has run since its dump
 *   domain_oops.c     lets QEMU pause it at an oops, if QEMU can
 *   status.c          the status file
 *   metrics.c         the metrics file
 *   publication.c     the files for storage pools
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
#include "daemon/peek.h"
#include "daemon/progress.h"
#include "daemon/publication.h"
#include "daemon/ratelimit.h"
#include "daemon/signal.h"
#include "daemon/stall_watch.h"

/* A pool of threads and its progress. */
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
	GHashTable *ignored; /* UUIDs of known domains that are not enabled */
	struct pool collecting;
	struct pool mapping; /* takes seconds each, so no other work uses these threads */
	struct pool background;
	GCancellable *stop; /* cancels running work */
	bool stopping;	    /* no new work is begun */
	bool connected;
	bool listed; /* every domain of libvirt is in one of the two tables */
	bool told_of_stock_qemu;
	unsigned int num_tasks; /* running */
	bool filling_spares;	/* a task that starts spares is running, see spares.h */
	bool monitor_events;	/* false: crashes come from lifecycle events */
	char *auto_enable;	/* its value at the last look at all domains; NULL: none */
	struct bucket total;
	GSource *tick; /* of the memory watch of all domains; NULL: no domain was watched yet */
	guint status_source, list_source, thread_source;
	struct metrics *metrics;
	struct publication *publication;
	void (*on_idle)(void *user_data); /* called when no task is running any more */
	void *user_data;
};

struct domain {
	struct domains *all;
	char *uuid;
	char *name; /* NULL: unknown */

	/* domain_refresh.c */
	bool known;  /* the following fields are valid */
	bool active; /* runs, or is paused */
	bool enabled;
	bool automatic;	   /* enabled by auto_enable: has no oopsbt metadata */
	int id;		   /* libvirt's, -1: inactive */
	bool crashed;	   /* libvirt said so at the last query */
	bool awaits_pages; /* at the last query it was arriving from another host, see peek.h */
	struct options options;
	bool refreshing, refresh_again;
	guint refresh_source;	     /* after an error */
	unsigned int refresh_errors; /* in a row */

	/* domain_kernel.c */
	struct layout *layout; /* NULL: must be read */
	struct kernel_state kernel;
	bool continued; /* the guest was saved: its next QEMU process continues the stored state */
	struct guest_settings settings;
	bool mapping, map_again;
	bool recalling; /* the running collection recalls what an earlier daemon knew */
	unsigned int
		kernel_number; /* counts the kernels: a task's result may be of an earlier one */
	guint map_source;
	unsigned int map_tries;
	struct backoff stale; /* how often the watch saw another kernel */
	GCancellable *map_cancellable;

	/* domain_watch.c */
	bool watched;
	gint64 look_due_us; /* monotonic */
	bool looking;
	gint64 looked_us; /* monotonic: last look, or start of the watch */

	/* domain_stall.c */
	GBytes *stall_places;	      /* for stall_watch_new(); NULL: unknown or useless */
	struct stall_watch *stall;    /* NULL: hangs are not watched */
	struct backoff cpus_missing;  /* searches for CPUs that had not started */
	const char *stall_told_blind; /* static; the last logged reason why hangs are not noticed */
	bool guest_told;	      /* the guest reported a hang; no tick has checked it yet */
	gint64 guest_told_us;	      /* monotonic: the last such hang that no tick saw; 0: none */
	unsigned int num_pauses;      /* number of events for pauses and their ends */
	gint64 paused_us;	      /* monotonic: start of the pause; 0: not paused */

	/* domain_disks.c */
	struct disk_watch *disks; /* NULL: the disks are unknown */
	struct backoff disks_moved;

	/* domain_watchdog.c */
	bool watchdog_paused; /* libvirt said at the last query that its watchdog paused it */
	bool watchdog_told;   /* this daemon has reported that since it last ran */

	/* domain_error.c */
	bool error_told;    /* this daemon has reported it since the domain last ran */
	guint error_source; /* libvirt could not say whether there is one */

	/* domain_oops.c */
	int oops_id;		    /* libvirt's id of the instance that was configured, -1: none */
	unsigned int oops_limit_ms; /* the configured limit */
	bool oops_busy;		    /* it is being told */
	bool pauses;		    /* its QEMU pauses it */
	gint64 held_us;	      /* real time of the last oops that QEMU paused it for; 0: none */
	char *held_registers; /* sent with that event, for the collection; or NULL */

	/* domain_signals.c */
	GQueue early;	      /* of struct signal, received before the domain was known */
	GQueue signals;	      /* of struct signal, waiting for collection */
	bool panic_signalled; /* the current kernel has panicked */
	struct bucket buckets[NUM_INCIDENTS]; /* one per kind, so that hangs do not use up the limit
						 of oopses */
	struct suppressed_signals suppressed; /* since the last collected signal */
	struct signal *deferred; /* the last signal that the rate limit skipped; or NULL */
	guint deferred_source;
	guint64 num_incidents[NUM_INCIDENTS]; /* noticed, whatever happened to them */
	guint64 num_suppressed, num_deferred; /* skipped; of these, collected later */

	/* domain_collect.c */
	bool collecting;
	bool collecting_oops;
	guint retry_source;
	struct backoff retries;
	guint64 num_collected, num_failed;
	guint64 num_repeats; /* of num_collected: records in an earlier dump */
	char *last_dump;
	char *last_oops_dump; /* the last dump of an oops */
};

/* --- tasks --- */

struct task {
	struct domains *all;
	struct pool *pool;
	char *uuid;
	virConnectPtr connection; /* the main one; NULL: none */
	bool taken;		  /* @connection is the task's own */
	bool endless;		  /* may take any time; set it before task_push() */
	/* Runs in a thread of the pool. */
	void (*work)(struct task *task);
	/* Then runs in the main thread; @domain is NULL if it was dropped. */
	void (*done)(struct task *task, struct domain *domain);
	void (*clear)(struct task *task);
};

/* @task: zeroed memory from g_malloc() that begins with a struct task; the pool takes it. */
void task_push(struct domains *all, struct pool *pool, const char *uuid, struct task *task);

/*
 * Call it in a task's thread. Replaces the main connection by one for the task alone, and looks up
 * the task's domain there; other tasks reuse the connection afterwards if no call on it was left
 * behind. libvirtd answers only a few calls of a connection at a time, so calls that ask QEMU,
 * which may hang, must not use the main connection.
 */
virDomainPtr task_take_domain(struct task *task, GError **error);

/* --- shared between the files --- */

struct domain *domain_get(struct domains *all, const char *uuid); /* creates it if needed */
void domain_drop(struct domain *domain);
/* Drops a domain that is not enabled and ignores its events until it changes. */
void domain_ignore(struct domain *domain);

void domain_refresh(struct domain *domain);
void domain_refresh_stop(struct domain *domain);

/* What an earlier daemon knew of a guest, or what was known of it when it was saved. */
struct recalled {
	bool known; /* @state is valid */
	struct kernel_state state;
};

/*
 * Call it in a task's thread, for a domain of which neither layout nor kernel is known. Whatever
 * searches the kernel or collects must recall first, since it replaces the stored state: that shows
 * which oopses came while nobody watched. Returns the layout, or NULL. @continued: as in struct
 * domain. @recalled: zeroed.
 */
struct layout *domain_kernel_recall(virDomainPtr domain, const struct collector *collector,
				    const char *uuid, bool continued, struct recalled *recalled,
				    GError **error);
/* In the main thread, when nothing is known of the kernel yet: takes over @recalled, and zeroes it.
 */
void domain_kernel_adopt(struct domain *domain, struct recalled *recalled);
/* A new instance, another kernel, or none: drops what is known of memory and kernel. */
void domain_kernel_reset(struct domain *domain);
/* The guest was saved, or is restored: the same kernel continues in another QEMU process. */
void domain_kernel_move(struct domain *domain);
void domain_kernel_find(struct domain *domain, unsigned int delay_ms);
/* Later, unless a search is due: for what the last one did not find, less and less often. */
void domain_kernel_find_again(struct domain *domain, struct backoff *backoff);
void domain_kernel_stop(struct domain *domain);
void domain_watch_update(struct domain *domain); /* starts or stops it as needed */
void domain_kernel_save(struct domain *domain);
/* Forgets the oldest guests that were saved and have no domain any more. */
void domain_kernel_trim(struct domains *all);
/*
 * Why the requested memory watch cannot notice oopses of the current kernel (static); NULL: it can,
 * or is not requested.
 */
const char *domain_watch_blind(const struct domain *domain);

/*
 * Why requested hang detection does not work for the current kernel (static); NULL: it works, or is
 * not requested.
 */
const char *domain_stall_blind(const struct domain *domain);
void domain_stall_tell(struct domain *domain); /* logs the above when it changes */
/* @places: for stall_watch_new(); NULL: unknown from now on. */
void domain_stall_set(struct domain *domain, GBytes *places);
/* Called at each tick of the memory watch if the process's memory is readable: adds what the tick
 * reads to @peek. */
void domain_stall_ask(struct domain *domain, struct peek *peek);
/* Called when that was read. */
void domain_stall_look(struct domain *domain);
/* The guest's own detector found a hang: the LOCKUP event of its panic device. */
void domain_stall_guest_told(struct domain *domain);
/* @signal was collected; @blocked: for stall_watch_follow(). */
void domain_stall_follow(struct domain *domain, const struct signal *signal, GBytes *blocked);
/* Stores reported hangs in domain->kernel; the watch restores them when it begins. */
void domain_stall_keep(struct domain *domain);
void domain_stall_paused(struct domain *domain, bool paused);

/* @places: for disk_watch_new(); NULL: unknown from now on. */
void domain_disks_set(struct domain *domain, GBytes *places);
/* Like domain_stall_ask() and domain_stall_look(). */
void domain_disks_ask(struct domain *domain, struct peek *peek);
void domain_disks_look(struct domain *domain);
/* The requests that a collection must check. */
void domain_disks_requests(const struct domain *domain, struct disk_requests *requests);

/* @signal: a word as in report.h (static). @signalled_us: real time. */
void domain_signal(struct domain *domain, const char *signal, gint64 signalled_us);
void domain_stalls(struct domain *domain, enum stall_event event,
		   const struct stall_finding *finding);
/* Any other incident. @word: static, a signal as in report.h; @evidence: what was seen. */
void domain_notice(struct domain *domain, const char *word, enum incident incident,
		   const char *evidence);
/* Handles signals that came before the domain was known. */
void domain_signals_known(struct domain *domain);
/* Another kernel runs: oopses of the previous one cannot be seen any more. */
void domain_signals_another_kernel(struct domain *domain);
/* Their kernel is gone: drops the signals that wait, and logs each with @why. */
void domain_signals_lost(struct domain *domain, const char *why);
void domain_signals_reconfigured(struct domain *domain); /* the rate limit */
/* Stores skipped and deferred signals in domain->kernel for the next daemon, and restores them. */
void domain_signals_keep(struct domain *domain);
void domain_signals_recall(struct domain *domain);
void domain_signals_stop(struct domain *domain); /* nothing begins any more, and nothing is lost */
void domain_signals_clear(struct domain *domain);

/* Collects the first waiting signal unless a collection is running. */
void domain_collect_next(struct domain *domain);
/* Retries at once what failed while libvirtd was away. */
void domain_collect_retry(struct domain *domain);
/*
 * If it crashed or was stopped by its watchdog or an error while the daemon was away, collects it
 * once. The kernel state must have been loaded.
 */
void domain_stopped(struct domain *domain);
void domain_collect_stop(struct domain *domain);
/* Noticed oopses that are being collected or wait for that. */
unsigned int domain_uncollected(const struct domain *domain);

void domain_watchdog(struct domain *domain, int action); /* of virDomainEventWatchdogAction */
/* If it was paused while the daemon was away, reports that once. */
void domain_watchdog_look(struct domain *domain);
void domain_watchdog_over(struct domain *domain);   /* it runs again */
void domain_watchdog_forget(struct domain *domain); /* it ran, and is stopped again */
/* It is stopped, and libvirt does not say why: checks for an internal error. */
void domain_error_look(struct domain *domain);
void domain_error_over(struct domain *domain); /* it runs again */
void domain_error_stop(struct domain *domain);
/* It is stopped and has a dump of that: checks whether it has run since. If so, reports the new
 * stop. */
void domain_clock_check(struct domain *domain);

void domain_oops_update(struct domain *domain); /* starts or stops it as needed */
void domain_oops_end(struct domain *domain);	/* it will not be collected while QEMU holds it */
void domain_oops_stop(struct domain *domain);

/* Used by status.c and metrics.c. */
void status_changed(struct domains *all);

#endif
