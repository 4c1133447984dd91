/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "health.h"

#include <string.h>

#include "members.h"

/* Does oopsbtd currently have this way of noticing an oops of the guest? */
static bool has_signal(JsonObject *daemon, const char *wanted)
{
	JsonArray *signals = member_array(daemon, "signals");

	for (guint i = 0; signals && i < json_array_get_length(signals); i++) {
		JsonNode *node = json_array_get_element(signals, i);

		if (JSON_NODE_HOLDS_VALUE(node) &&
		    g_strcmp0(json_node_get_string(node), wanted) == 0)
			return true;
	}
	return false;
}

char *health_of_domain(const struct survey_row *row, JsonObject *daemon)
{
	const char *blind = member_text(daemon, "watch_reason", NULL);
	bool has_event = has_signal(daemon, "event") && row->shape.panic != PANIC_DEVICE_NONE;

	if (row->problem)
		return g_strdup(row->problem);
	if (!row->enabled || !row->active)
		return NULL;
	if (!daemon)
		return g_strdup("oopsbtd does not follow it");
	if (row->shape.security)
		return g_strdup_printf("its memory is encrypted (launchSecurity %s), so nothing of "
				       "it can be read",
				       row->shape.security);
	if (!member_text(daemon, "kernel", NULL))
		return g_strdup("no Linux kernel is found in its memory (yet)");
	if (blind)
		return g_strdup_printf("the memory watch sees no oops: %s", blind);
	if (!has_event && !has_signal(daemon, "watch"))
		return g_strdup("no oops can be noticed: no panic device, and no memory watch");
	return NULL;
}

static guint count_enabled(const GPtrArray *rows)
{
	guint count = 0;

	for (guint i = 0; i < rows->len; i++) {
		const struct survey_row *row = rows->pdata[i];

		count += row->enabled && row->active;
	}
	return count;
}

static char *problems_of(const GPtrArray *rows, JsonObject *status)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++) {
		const struct survey_row *row = rows->pdata[i];
		g_autofree char *problem =
			health_of_domain(row, daemon_status_domain(status, row->uuid));

		if (problem)
			g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "", row->name,
					       problem);
	}
	return g_string_free(text, FALSE);
}

static enum health health_of_running(const GPtrArray *rows, JsonObject *status, char **text)
{
	g_autofree char *problems = problems_of(rows, status);
	guint enabled = count_enabled(rows);

	if (!member_flag(status, "connected", true)) {
		*text = g_strdup("CRITICAL: oopsbtd has no connection to libvirt");
		return HEALTH_CRITICAL;
	}
	if (*problems) {
		*text = g_strconcat("PROBLEM: ", problems, NULL);
		return HEALTH_PROBLEM;
	}
	*text = g_strdup_printf("OK: oopsbtd runs and watches %u guest%s", enabled,
				enabled == 1 ? "" : "s");
	return HEALTH_OK;
}

enum health health_without_domains(bool connected, const GError *error, char **text)
{
	g_autofree char *first = g_strndup(error->message, strcspn(error->message, "\n"));

	*text = g_strconcat(connected ? "UNKNOWN: " : "CRITICAL: ", first, NULL);
	return connected ? HEALTH_UNKNOWN : HEALTH_CRITICAL;
}

enum health health_of_all(const GPtrArray *rows, enum daemon_state state, JsonObject *status,
			  char **text)
{
	switch (state) {
	case DAEMON_RUNNING:
		return health_of_running(rows, status, text);
	case DAEMON_STOPPED:
		*text = g_strdup_printf("CRITICAL: oopsbtd is not running; %u guest%s not watched",
					count_enabled(rows),
					count_enabled(rows) == 1 ? " is" : "s are");
		return HEALTH_CRITICAL;
	case DAEMON_HIDDEN:
		break;
	}
	*text = g_strdup("UNKNOWN: the state of oopsbtd cannot be read here (run this as root on "
			 "the domains' host)");
	return HEALTH_UNKNOWN;
}
