/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collection, start to end, in the calling thread:
 *
 *   signalled → frozen → captured → thawed → nmi → analysed → stored
 *
 * Does not depend on the daemon's event loop, so a command line tool can use it. If @connection
 * needs a libvirt event loop, one must be registered and running.
 */
#ifndef OOPSBT_DAEMON_COLLECTION_H
#define OOPSBT_DAEMON_COLLECTION_H

#include <gio/gio.h>

#include "base/maybe.h"
#include "common/collection.h"
#include "common/incident.h"
#include "common/options.h"
#include "common/protocol.h"
#include "common/store_quota.h"
#include "daemon/analyzer.h"
#include "daemon/disk_watch.h"
#include "daemon/guard.h"
#include "daemon/layout.h"
#include "daemon/pauses.h"
#include "daemon/summary.h"

#define COLLECTION_ERROR (collection_error_quark())
GQuark collection_error_quark(void);
enum collection_error {
	COLLECTION_ERROR_BUSY, /* another process is collecting this domain: try again */
	COLLECTION_ERROR_GONE, /* the domain does not run any more */
	COLLECTION_ERROR_FAILED,
};

/* Shared by all collections of a process. Members are borrowed and thread-safe. */
struct collector {
	struct store *store;
	struct analyzer_pool *analyzers;
	struct guard *guard;
	struct pauses *pauses; /* NULL: the times of a freeze are those of the calls */
	const char *runtime_directory;
	enum memory_access memory;
	unsigned int log_settle_ms;
	unsigned int freeze_deadline_ms; /* maximum time for libvirt's suspend call */
	uint64_t free_space_floor;	 /* bytes that must stay free on the store's file system */
	struct store_quota quota;
};

enum collection_state {
	COLLECTION_SIGNALLED,
	COLLECTION_FROZEN,
	COLLECTION_CAPTURED,
	COLLECTION_THAWED,
	COLLECTION_NMI,
	COLLECTION_ANALYSED,
	COLLECTION_STORED,
};
const char *collection_state_name(enum collection_state state);

/* Called in the collecting thread, also while the guest is frozen: must not block. */
typedef void (*collection_state_fn)(enum collection_state state, const char *detail,
				    void *user_data);

struct collection_result;
/*
 * Called in the collecting thread when the dump is complete but not yet stored. Returns the
 * environment of its hook (hook.h), or NULL: no hook. g_free()
 */
typedef char *(*collection_hook_fn)(const struct collection_result *result, void *user_data);

struct collection_request {
	virConnectPtr connection;
	const char *uuid;
	const struct options *options;
	const char *signal; /* as in report.h */
	enum incident incident;
	const char *evidence, *phase; /* as in common/collection.h; may be NULL */
	struct maybe_int stalled_cpu;
	gint64 signalled_us;	    /* real time */
	bool held;		    /* QEMU has paused the guest for it, see oops_pause.h */
	const char *held_registers; /* of all vCPUs, if QEMU sent them with the event; or NULL */
	struct layout *layout; /* NULL, or of another instance: the collection reads it first */
	GBytes *map;	       /* the kernel map; NULL: none */
	const struct disk_requests *disk_requests; /* for the instance of @layout; NULL: unknown */
	const char *previous; /* the domain's previous dump of an oops; NULL: unknown */
	struct suppressed_signals suppressed; /* before this one */
	unsigned int waiting;		      /* as in common/collection.h */
	bool deferred, unwatched;	      /* as in common/collection.h */
	GCancellable *cancellable;
	collection_state_fn on_state;
	collection_hook_fn hook; /* NULL: no hook */
	void *user_data;
};

/* In µs of real time. */
struct collection_times {
	struct maybe_int to_frozen_us; /* since the signal; unknown: not frozen */
	struct maybe_int frozen_us;    /* duration; unknown: not frozen, or still frozen */
	struct maybe_int to_stored_us; /* since the signal */
};

struct collection_result {
	char *id;	/* of the dump; for a repeat, of the dump with its record */
	guint64 repeat; /* number of repeats of that dump's bug, this one included; 0: it has its
			   own dump */
	char *title;	/* clean; also set if the dump could not be stored */
	struct summary summary;
	char *not_resumed;	 /* why resuming failed; NULL: it succeeded, or was not needed */
	const char *left_paused; /* static: why the guest was left paused; NULL: it was not */
	GBytes *map;		 /* a new kernel map, or NULL */
	GBytes *stall;		 /* collection_map(): for stall_watch_set(), unvalidated; or NULL */
	GBytes *disks;		 /* collection_map(): for disk_watch_new(), unvalidated; or NULL */
	GBytes *blocked; /* for a hung task: for stall_watch_follow(), unvalidated; or NULL */
	struct protocol_verdict verdict;
	struct layout *layout; /* the layout that was used */
	struct collection_times times;
	char *hook;	     /* result of collection_request.hook; NULL: start no hook */
	GPtrArray *warnings; /* strings: problems that did not prevent the dump */
	bool analysed;	     /* false: the dump has only the daemon's own data */
};

/* False: there is no dump. The caller clears @result in either case. */
bool collection_run(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error);
void collection_result_clear(struct collection_result *result);

/*
 * Lets the analyser find the kernel of a running guest, without a freeze and without a dump. Fills
 * in @result: map, title (the guest's release), verdict (if known), layout.
 */
bool collection_map(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error);

#endif
