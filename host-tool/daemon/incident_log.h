/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log entries for an incident whose collection is over: oopsbt-journal(7). */
#ifndef OOPSBT_DAEMON_INCIDENT_LOG_H
#define OOPSBT_DAEMON_INCIDENT_LOG_H

#include "daemon/collection.h"
#include "daemon/log.h"
#include "daemon/signal.h"

struct incident_entry {
	const char *domain; /* its name */
	const char *uuid;
	const struct signal *signal;
	const char *kernel; /* its release, if the report has none; NULL: unknown */
	const struct collection_result *result;
};

#define INCIDENT_MAX_FIELDS 16

struct incident_fields {
	struct log_field list[INCIDENT_MAX_FIELDS + 1]; /* the last one has no name */
	char *owned[INCIDENT_MAX_FIELDS];
	size_t count;
};

/* The fields of an incident with a dump. Borrows from @entry. */
void incident_fields_of_dump(struct incident_fields *fields, const struct incident_entry *entry);
void incident_fields_clear(struct incident_fields *fields);

/* For an incident with a dump. */
void incident_log_dump(struct log *log, const struct incident_entry *entry);
/* For an incident without a dump. */
void incident_log_no_dump(struct log *log, const struct incident_entry *entry, int priority,
			  const char *reason);
/* With or without a dump: writes an entry only if a pause keeps the guest from running. */
void incident_log_pause(struct log *log, const struct incident_entry *entry);
/* For the first signal that was skipped since the last collection. */
void incident_log_suppressed(struct log *log, const struct incident_entry *entry,
			     const char *reason);

#endif
