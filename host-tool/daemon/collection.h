/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One collection, start to end, in the calling thread:
 *
 *   signalled → frozen → captured → thawed → nmi → analysed → stored
 *
 * Independent of the daemon's event loop, so that a command line tool can do the same. A libvirt
 * event loop must be registered and running somewhere if @connection needs one.
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
	COLLECTION_ERROR_BUSY, /* somebody else is collecting this domain: try again */
	COLLECTION_ERROR_GONE, /* the domain does not run any more */
	COLLECTION_ERROR_FAILED,
};

/* What all collections of a process share. Thread-safe members, borrowed. */
struct collector {
	struct store *store;
	struct analyzer_pool *analyzers;
	struct guard *guard;
	struct pauses *pauses; /* NULL: a freeze's times are those of the calls */
	const char *runtime_directory;
	enum memory_access memory;
	unsigned int log_settle_ms;
	unsigned int freeze_deadline_ms; /* how long libvirt may take over a freeze */
	uint64_t free_space_floor;	 /* bytes that must stay free in the store */
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
 * Called in the collecting thread when all of the dump is known, and before it is there: what its
 * hook is to know (hook.h), or NULL: it has none. g_free()
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
	const char *held_registers; /* of all vCPUs, if QEMU sent them along; or NULL */
	struct layout *layout;	    /* NULL, or of another instance: found out first */
	GBytes *map;		    /* the kernel map; NULL: none */
	const struct disk_requests *disk_requests; /* of @layout's instance; NULL: none are known */
	const char *previous; /* the domain's last dump of an oops; NULL: none is known */
	struct suppressed_signals suppressed; /* before this one */
	unsigned int waiting;		      /* as in common/collection.h */
	bool deferred;			      /* the same */
	GCancellable *cancellable;
	collection_state_fn on_state;
	collection_hook_fn hook; /* NULL: no hook */
	void *user_data;
};

/* Real time, in µs. */
struct collection_times {
	struct maybe_int to_frozen_us; /* from the signal; not known: it was not frozen */
	struct maybe_int frozen_us;    /* how long; not known: it was not frozen, or stays so */
	struct maybe_int to_stored_us; /* from the signal */
};

struct collection_result {
	char *id;	/* of the dump; of the one that has the record, if it is a repeat */
	guint64 repeat; /* which one of that dump's bug since that dump; 0: it has its own dump */
	char *title;	/* clean; also where it could not be stored */
	struct summary summary;
	char *not_resumed;	 /* why it could not be; NULL: it was, or was not to be */
	const char *left_paused; /* static: who has paused it and was left alone; NULL: nobody */
	GBytes *map;		 /* a new kernel map, or NULL */
	GBytes *stall;		 /* collection_map(): for stall_watch_set(), unchecked; or NULL */
	GBytes *disks;		 /* collection_map(): for disk_watch_new(), unchecked; or NULL */
	GBytes *blocked;	 /* of a hung task: for stall_watch_follow(), unchecked; or NULL */
	struct protocol_verdict verdict;
	struct layout *layout; /* as it was used */
	struct collection_times times;
	char *hook;	     /* what collection_request.hook gave; NULL: no hook is to be started */
	GPtrArray *warnings; /* strings: what went wrong although there is a dump */
	bool analysed;	     /* false: the dump holds only what the daemon knows */
};

/* False: there is no dump. @result is the caller's to clear in either case. */
bool collection_run(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error);
void collection_result_clear(struct collection_result *result);

/*
 * Has the analyser find the kernel of a running guest: nothing is frozen, nothing stored. In
 * @result: map, title (the guest's release), verdict (if known), layout.
 */
bool collection_map(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error);

#endif
