/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the collector knows about a collection: its part of a report. The daemon fills it in, the
 * analyser puts it into the report; common/context.h has its JSON form.
 */
#ifndef OOPSBT_COMMON_COLLECTION_H
#define OOPSBT_COMMON_COLLECTION_H

#include <glib.h>

#include "base/maybe.h"

/* Something that could not be had, or is doubtful. Owned strings. */
struct report_error {
	char *field;   /* path of the JSON field that is concerned, "vcpus[2].frames"; NULL: none */
	char *message; /* what failed, on what */
};

struct report_error *report_error_new(const char *field, const char *message);
void report_error_free(struct report_error *error);
GPtrArray *report_errors_new(void); /* of struct report_error, which it owns */

/*
 * Signals of a domain that have no dump that tells of them, by the reason: those between the
 * collection before and this one.
 */
struct suppressed_signals {
	unsigned int rate_limit;
	unsigned int queue_full;   /* too many signals were waiting */
	unsigned int failed;	   /* their collections were begun, and there is no dump */
	unsigned int not_analysed; /* there is a dump, with what the daemon knows alone */
	unsigned int oopses;	   /* of all these, those of oopses of the kernel that runs now */
};

unsigned int suppressed_total(const struct suppressed_signals *suppressed);
void suppressed_add(struct suppressed_signals *suppressed, const struct suppressed_signals *more);

/* Owned strings; NULL: not known, or it does not apply. */
struct report_collection {
	char *id;	/* <UTC time>-<n>, the dump's directory name */
	char *previous; /* the domain's last dump of an oops before this one */
	struct suppressed_signals suppressed;
	unsigned int waiting; /* signals of oopses that came after this one, to be collected */
	bool deferred;	      /* this signal was itself left out until the rate limit allowed it */
	char *domain_name;
	char *domain_uuid;
	char *signal;	/* "oops", "crashloaded", "panicked", "watch", "stall", "watchdog",
			   "kvm-error",   "collect", "file" */
	char *incident; /* a name of common/incident.h: what the daemon took it for; NULL: not known
			 */
	char *evidence; /* what the daemon saw, in numbers: one sentence; or NULL */
	char *phase;	/* "began", "lasts", "ended": of a guest that stands still; or NULL */
	struct maybe_int stalled_cpu; /* the kernel's number of the CPU that stands still */
	char *signalled;	      /* RFC 3339 UTC with microseconds, or NULL */
	char *frozen;		      /* NULL: was not frozen */
	char *thawed;
	char *stored;
	struct maybe_int freeze_us; /* monotonic */
	bool thawed_early;	    /* the guest ran again before all was read that changes then */
	char *nmi;		    /* "sent" or "not-sent" */
	char *nmi_reason;
	char *host;	     /* host name */
	char *hypervisor;    /* "QEMU 7.2.22, libvirt 9.0.0" */
	char *tool_version;  /* of the program that collected */
	char *memory_source; /* "proc", "libvirt", "core", "kdump" */
	char *tasks;	     /* "blocked", "all": which ones are shown; NULL: none */
	GPtrArray *errors;   /* of struct report_error; what went wrong on the collector's side */
};

void report_collection_clear(struct report_collection *collection);

#endif
