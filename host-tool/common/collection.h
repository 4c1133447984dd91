/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The collector's part of a report. The daemon fills it in, the analyser puts it into the report;
 * common/context.h has the JSON form.
 */
#ifndef OOPSBT_COMMON_COLLECTION_H
#define OOPSBT_COMMON_COLLECTION_H

#include <glib.h>

#include "base/maybe.h"

/* Something that is missing or doubtful in a report. Owns its strings. */
struct report_error {
	char *field;   /* path of the JSON field, "vcpus[2].frames"; NULL: none */
	char *message; /* what failed, and on what */
};

struct report_error *report_error_new(const char *field, const char *message);
void report_error_free(struct report_error *error);
GPtrArray *report_errors_new(void); /* of struct report_error, which it owns */

/*
 * Numbers of a domain's signals without a dump, by reason. They came between the previous
 * collection and this one.
 */
struct suppressed_signals {
	unsigned int rate_limit;
	unsigned int queue_full;   /* too many signals were queued */
	unsigned int failed;	   /* the collection began but left no dump */
	unsigned int not_analysed; /* the dump has only the daemon's own data */
	unsigned int oopses;	   /* of all these: oopses of the current kernel */
};

unsigned int suppressed_total(const struct suppressed_signals *suppressed);
void suppressed_add(struct suppressed_signals *suppressed, const struct suppressed_signals *more);

/* Owns its strings; NULL: unknown or not applicable. */
struct report_collection {
	char *id;	/* <UTC time>-<n>, the name of the dump's directory */
	char *previous; /* the domain's previous dump of an oops */
	struct suppressed_signals suppressed;
	unsigned int waiting; /* later signals of oopses that wait for a collection */
	bool deferred;	      /* this signal waited for the rate limit */
	bool unwatched;	      /* nobody watched the guest before it: oopses may have been missed */
	char *domain_name;
	char *domain_uuid;
	char *signal;	/* "oops", "crashloaded", "panicked", "watch", "stall", "lockup",
			   "watchdog", "kvm-error", "collect", "file" */
	char *incident; /* a name of common/incident.h: the kind that the daemon assumed; NULL:
			   unknown */
	char *evidence; /* what the daemon saw, one sentence with numbers; or NULL */
	char *phase;	/* "began", "lasts", "ended", for a stalled guest; or NULL */
	struct maybe_int stalled_cpu; /* Linux number of the stalled CPU */
	char *signalled;	      /* RFC 3339 UTC with microseconds, or NULL */
	char *frozen;		      /* NULL: was never frozen */
	char *thawed;
	char *stored;
	struct maybe_int freeze_us; /* monotonic */
	unsigned int budget_ms;	    /* the longest freeze that was allowed; 0: unknown */
	bool thawed_early;	    /* the guest ran before all changing state was read */
	char *nmi;		    /* "sent" or "not-sent" */
	char *nmi_reason;
	char *host;	     /* host name */
	char *hypervisor;    /* "QEMU 7.2.22, libvirt 9.0.0" */
	char *tool_version;  /* version of the collecting program */
	char *memory_source; /* "proc", "libvirt", "core", "kdump" */
	char *tasks;	     /* "blocked", "all": the tasks shown; NULL: none */
	GPtrArray *errors;   /* of struct report_error; errors of the collector */
};

void report_collection_clear(struct report_collection *collection);

#endif
