/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey.h"

#include <libxml/parser.h>
#include <string.h>

#define PARALLEL_CALLS 4 /* libvirtd serves five calls of one client at a time */

static void row_free(struct survey_row *row)
{
	g_free(row->name);
	g_free(row->problem);
	domain_shape_clear(&row->shape);
	g_free(row);
}

const char *survey_state(const struct survey_row *row)
{
	static const char *const names[] = {
		[VIR_DOMAIN_NOSTATE] = "no state",     [VIR_DOMAIN_RUNNING] = "running",
		[VIR_DOMAIN_BLOCKED] = "idle",	       [VIR_DOMAIN_PAUSED] = "paused",
		[VIR_DOMAIN_SHUTDOWN] = "in shutdown", [VIR_DOMAIN_SHUTOFF] = "shut off",
		[VIR_DOMAIN_CRASHED] = "crashed",      [VIR_DOMAIN_PMSUSPENDED] = "pmsuspended",
	};

	return row->state >= 0 && row->state < (int)G_N_ELEMENTS(names) ? names[row->state]
									: "unknown";
}

struct task {
	virDomainPtr domain;
	struct survey_row *row;
};

static void look(void *data, void *user_data)
{
	struct session *session = user_data;
	g_autofree struct task *task = data;
	struct survey_row *row = task->row;
	g_autoptr(GError) error = NULL;

	if (!domain_look(session, task->domain, row->active, &row->enabled, &row->next,
			 &row->options, &row->shape, &error)) {
		row->problem = g_strdup(error->message);
		row->problem[strcspn(row->problem, "\n")] = '\0';
	}
}

static int state_of(const virDomainStatsRecord *record)
{
	for (int i = 0; i < record->nparams; i++) {
		if (strcmp(record->params[i].field, "state.state") == 0)
			return record->params[i].value.i;
	}
	return VIR_DOMAIN_NOSTATE;
}

static int compare_rows(const void *a, const void *b)
{
	const struct survey_row *left = *(struct survey_row *const *)a;
	const struct survey_row *right = *(struct survey_row *const *)b;

	return strcmp(left->name, right->name);
}

static int get_records(struct session *session, GPtrArray *domains,
		       virDomainStatsRecordPtr **records)
{
	int count;

	if (!domains)
		return virConnectGetAllDomainStats(session->connection, VIR_DOMAIN_STATS_STATE,
						   records, 0);
	g_ptr_array_add(domains, NULL);
	count = virDomainListGetStats((virDomainPtr *)domains->pdata, VIR_DOMAIN_STATS_STATE,
				      records, 0);
	g_ptr_array_set_size(domains, domains->len - 1);
	return count;
}

GPtrArray *survey(struct session *session, GPtrArray *domains, GError **error)
{
	GPtrArray *rows;
	virDomainStatsRecordPtr *records = NULL;
	GThreadPool *pool;
	int count;

	if (!session_connect(session, error))
		return NULL;
	count = domains && domains->len == 0 ? 0 : get_records(session, domains, &records);
	if (count < 0) {
		session_fail(session, error, "cannot read the domains' states");
		return NULL;
	}
	rows = g_ptr_array_new_with_free_func((GDestroyNotify)row_free);
	xmlInitParser(); /* libxml2 requires this before threads start */
	pool = g_thread_pool_new(look, session, PARALLEL_CALLS, FALSE, NULL);
	for (int i = 0; i < count; i++) {
		struct survey_row *row = g_new0(struct survey_row, 1);
		struct task *task = g_new(struct task, 1);

		row->name = g_strdup(virDomainGetName(records[i]->dom));
		virDomainGetUUIDString(records[i]->dom, row->uuid);
		row->state = state_of(records[i]);
		row->active = virDomainGetID(records[i]->dom) != (unsigned int)-1;
		*task = (struct task){.domain = records[i]->dom, .row = row};
		g_ptr_array_add(rows, row);
		g_thread_pool_push(pool, task, NULL);
	}
	g_thread_pool_free(pool, FALSE, TRUE);
	if (records)
		virDomainStatsRecordListFree(records);
	g_ptr_array_sort(rows, compare_rows);
	return rows;
}
