/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the collector knows about a collection, and the analyser's job, as JSON: the payload of
 * JOB, THAWED and FINISH, and the note in a core by which a report can be made again.
 *
 * {
 *   "kind": "collect" | "map",
 *   "memory": "proc" | "libvirt",
 *   "extents": [ { "start": N, "length": N, "offset": N }, ... ],      decimal, bytes
 *   "map": "base64" | null,                                            the kernel map, if any
 *   "log_settle_ms": N,                             how long to wait at most for the guest's log
 *   "collection": { "id", "domain_name", "domain_uuid", "previous", "signal", "signalled",
 * "frozen", "thawed", "stored", "freeze_us", "nmi", "nmi_reason", "host", "hypervisor",
 * "tool_version", "memory_source", "tasks", "incident", "evidence", "phase": strings or null,
 * "suppressed_rate_limit", ...: counts of struct suppressed_signals, "waiting": N, "deferred":
 * bool, "stalled_cpu": N, "thawed_early": bool, "errors": [ { "field", "message" } ] }
 * }
 *
 * THAWED and FINISH carry only "collection", whole; the analyser replaces what it had.
 */
#ifndef OOPSBT_COMMON_CONTEXT_H
#define OOPSBT_COMMON_CONTEXT_H

#include <glib.h>
#include <stdbool.h>

#include "common/collection.h"
#include "guest/memory.h"

enum job_kind {
	JOB_COLLECT,
	JOB_MAP,
};

struct job {
	enum job_kind kind;
	bool relay;	 /* memory: "libvirt" */
	GArray *extents; /* of struct guest_extent */
	GBytes *map;	 /* NULL: none */
	unsigned int log_settle_ms;
	struct report_collection collection;
};

/* Rendered with json-glib; free with g_free(). */
char *job_to_json(const struct job *job);
char *collection_to_json(const struct report_collection *collection);

/*
 * Whole or an error naming the member (absent strings are null). @job/@collection must be zeroed
 * before, are the caller's to clear after, and are zeroed again on error.
 */
bool job_from_json(const char *json, size_t length, struct job *job, GError **error);
bool collection_from_json(const char *json, size_t length, struct report_collection *collection,
			  GError **error);
void job_clear(struct job *job);

#endif
