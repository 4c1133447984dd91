/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The collector's data and the analyser's job, as JSON: the payload of JOB, THAWED and FINISH. A
 * core has it as a note, so that its report can be made again.
 *
 * {
 *   "kind": "collect" | "map",
 *   "memory": "proc" | "libvirt",
 *   "extents": [ { "start": N, "length": N, "offset": N }, ... ],      decimal, bytes
 *   "map": "base64" | null,                                            the kernel map
 *   "log_settle_ms": N,                  maximum time to wait for the guest's log
 *   "collection": { "id", "domain_name", "domain_uuid", "previous", "signal", "signalled",
 *                   "frozen", "thawed", "stored", "freeze_us", "nmi", "nmi_reason", "host",
 *                   "hypervisor", "tool_version", "memory_source", "tasks", "incident",
 *                   "evidence", "phase": strings or null,
 *                   "suppressed_rate_limit", ...: counts of struct suppressed_signals,
 *                   "waiting": N, "budget_ms": N, "stalled_cpu": N, "deferred": bool,
 *                   "unwatched": bool, "thawed_early": bool,
 *                   "errors": [ { "field", "message" } ] }
 * }
 *
 * THAWED and FINISH carry a complete "collection" and nothing else; the analyser replaces its own.
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
 * Fills all of @job/@collection, or fails with an error that names the member. Absent strings are
 * null. The caller zeroes the struct before and clears it after; on error it is zeroed again.
 */
bool job_from_json(const char *json, size_t length, struct job *job, GError **error);
bool collection_from_json(const char *json, size_t length, struct report_collection *collection,
			  GError **error);
void job_clear(struct job *job);

#endif
