/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/collection.h"

struct report_error *report_error_new(const char *field, const char *message)
{
	struct report_error *error = g_new0(struct report_error, 1);

	error->field = g_strdup(field);
	error->message = g_strdup(message);
	return error;
}

void report_error_free(struct report_error *error)
{
	if (error == NULL)
		return;
	g_free(error->field);
	g_free(error->message);
	g_free(error);
}

GPtrArray *report_errors_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)report_error_free);
}

unsigned int suppressed_total(const struct suppressed_signals *suppressed)
{
	return suppressed->rate_limit + suppressed->queue_full + suppressed->failed +
	       suppressed->not_analysed;
}

void suppressed_add(struct suppressed_signals *suppressed, const struct suppressed_signals *more)
{
	suppressed->rate_limit += more->rate_limit;
	suppressed->queue_full += more->queue_full;
	suppressed->failed += more->failed;
	suppressed->not_analysed += more->not_analysed;
	suppressed->oopses += more->oopses;
}

void report_collection_clear(struct report_collection *collection)
{
	g_free(collection->id);
	g_free(collection->previous);
	g_free(collection->domain_name);
	g_free(collection->domain_uuid);
	g_free(collection->signal);
	g_free(collection->incident);
	g_free(collection->evidence);
	g_free(collection->phase);
	g_free(collection->signalled);
	g_free(collection->frozen);
	g_free(collection->thawed);
	g_free(collection->stored);
	g_free(collection->nmi);
	g_free(collection->nmi_reason);
	g_free(collection->host);
	g_free(collection->hypervisor);
	g_free(collection->tool_version);
	g_free(collection->memory_source);
	g_free(collection->tasks);
	g_clear_pointer(&collection->errors, g_ptr_array_unref);
	*collection = (struct report_collection){0};
}
