/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident_log.h"

static void add(struct incident_fields *fields, const char *name, const char *value)
{
	g_assert(fields->count < INCIDENT_MAX_FIELDS);
	fields->list[fields->count++] = (struct log_field){name, value};
}

static void add_number(struct incident_fields *fields, const char *name, int64_t value)
{
	char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	fields->owned[fields->count] = text;
	add(fields, name, text);
}

static void add_maybe(struct incident_fields *fields, const char *name,
		      const struct maybe_int *value)
{
	if (value->known)
		add_number(fields, name, value->value);
}

void incident_fields_clear(struct incident_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		g_free(fields->owned[i]);
}

/* Adds an incident, whatever happens to it. */
static void add_incident(struct incident_fields *fields, const struct incident_entry *entry)
{
	add(fields, "OOPSBT_DOMAIN_UUID", entry->uuid);
	add(fields, "OOPSBT_KIND", incident_name(entry->signal->incident));
	add(fields, "OOPSBT_SIGNAL", entry->signal->word);
	add(fields, "OOPSBT_PHASE", entry->signal->phase);
}

/* By the damage: does the guest, or a part of it, go on? */
static int priority(const struct signal *signal)
{
	if (!g_strcmp0(signal->phase, "ended"))
		return LOG_NOTICE;
	return signal->incident == INCIDENT_PANIC || signal->incident == INCIDENT_DEAD ||
			       signal->incident == INCIDENT_KVM_ERROR
		       ? LOG_CRIT
		       : LOG_WARNING;
}

static const char *title_of(const struct collection_result *result)
{
	return result->title && *result->title ? result->title : "no title";
}

void incident_fields_of_dump(struct incident_fields *fields, const struct incident_entry *entry)
{
	const struct collection_result *result = entry->result;
	const struct summary *summary = &result->summary;
	unsigned int suppressed = suppressed_total(&entry->signal->suppressed);

	*fields = (struct incident_fields){0};
	add_incident(fields, entry);
	add(fields, "OOPSBT_TITLE", title_of(result));
	add(fields, "OOPSBT_FINGERPRINT", summary->fingerprint);
	add(fields, "OOPSBT_VERDICT", summary->verdict);
	add(fields, "OOPSBT_BLAME", summary->blame);
	add(fields, "OOPSBT_KERNEL", summary->release ? summary->release : entry->kernel);
	add_maybe(fields, "OOPSBT_CPU", &summary->cpu);
	add(fields, "OOPSBT_DUMP", result->id);
	add_maybe(fields, "OOPSBT_FREEZE_US", &result->times.frozen_us);
	if (suppressed)
		add_number(fields, "OOPSBT_SUPPRESSED", suppressed);
	if (result->repeat)
		add_number(fields, "OOPSBT_REPEAT", (int64_t)result->repeat);
}

void incident_log_dump(struct log *log, const struct incident_entry *entry)
{
	const struct collection_result *result = entry->result;
	struct incident_fields fields;

	incident_fields_of_dump(&fields, entry);
	log_event(log, LOG_ID_INCIDENT, priority(entry->signal), entry->domain, fields.list,
		  result->repeat ? "%s: %s (again; recorded in dump %s)" : "%s: %s (dump %s)",
		  incident_name(entry->signal->incident), title_of(result), result->id);
	incident_fields_clear(&fields);
}

void incident_log_no_dump(struct log *log, const struct incident_entry *entry, int level,
			  const char *reason)
{
	struct incident_fields fields = {0};

	add_incident(&fields, entry);
	add(&fields, "OOPSBT_TITLE", entry->result->title);
	add(&fields, "OOPSBT_KERNEL", entry->kernel);
	add(&fields, "OOPSBT_REASON", reason);
	log_event(log, LOG_ID_NO_DUMP, level, entry->domain, fields.list,
		  "no dump of this signal (%s): %s", entry->signal->word, reason);
	incident_fields_clear(&fields);
}

static void tell_pause(struct log *log, const struct incident_entry *entry, const char *id,
		       int level, const char *message, const char *reason)
{
	struct incident_fields fields = {0};

	add_incident(&fields, entry);
	add(&fields, "OOPSBT_DUMP", entry->result->id);
	add(&fields, "OOPSBT_REASON", reason);
	log_event(log, id, level, entry->domain, fields.list, "%s: %s", message, reason);
	incident_fields_clear(&fields);
}

void incident_log_pause(struct log *log, const struct incident_entry *entry)
{
	const struct collection_result *result = entry->result;

	if (result->not_resumed)
		tell_pause(log, entry, LOG_ID_NOT_RESUMED, LOG_ERR,
			   "could not be resumed, the freeze guard keeps trying",
			   result->not_resumed);
	/* QEMU stops a guest for its panic; the panic's entry says so. */
	if (result->left_paused && entry->signal->incident != INCIDENT_PANIC)
		tell_pause(log, entry, LOG_ID_LEFT_PAUSED, LOG_NOTICE, "is left paused",
			   result->left_paused);
}

void incident_log_suppressed(struct log *log, const struct incident_entry *entry,
			     const char *reason)
{
	struct incident_fields fields = {0};

	add_incident(&fields, entry);
	add(&fields, "OOPSBT_REASON", reason);
	log_event(log, LOG_ID_RATE_LIMIT, LOG_WARNING, entry->domain, fields.list,
		  "skipping signals: %s; the next report says how many", reason);
	incident_fields_clear(&fields);
}
