/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/oops_pause.h"

#include <string.h>

#include "common/json.h"

#define TIMEOUT_MS 1000
#define MAX_DEPTH 8

/* The answer's "return", or NULL with QEMU's error in it, in *@answer: json_object_unref(). */
static bool ask(virDomainPtr domain, const char *command, JsonObject **answer, GError **error)
{
	g_autofree char *text = virt_monitor(domain, command, false, TIMEOUT_MS, error);

	if (text == NULL)
		return false;
	*answer = untrusted_json_parse(text, strlen(text), MAX_DEPTH, error);
	if (*answer == NULL)
		g_prefix_error(error, "QEMU's answer to %s: ", command);
	return *answer != NULL;
}

static bool is_done(JsonObject *answer)
{
	return json_object_has_member(answer, "return");
}

bool oops_pause_set(virDomainPtr domain, unsigned int limit_ms, bool *known, GError **error)
{
	g_autofree char *command =
		limit_ms ? g_strdup_printf("{\"execute\": \"set-action\", \"arguments\": "
					   "{\"oops\": \"pause\", \"oops-timeout\": %u}}",
					   limit_ms)
			 : g_strdup("{\"execute\": \"set-action\", \"arguments\": "
				    "{\"oops\": \"none\"}}");
	g_autoptr(JsonObject) answer = NULL;

	if (!ask(domain, command, &answer, error))
		return false;
	*known = is_done(answer);
	return true;
}

bool oops_pause_holds(virDomainPtr domain, bool *holds, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonNode *node;

	if (!ask(domain, "{\"execute\": \"query-status\"}", &answer, error))
		return false;
	node = json_object_get_member(answer, "return");
	if (node && JSON_NODE_HOLDS_OBJECT(node))
		node = json_object_get_member(json_node_get_object(node), "status");
	*holds = node && JSON_NODE_HOLDS_VALUE(node) &&
		 g_strcmp0(json_node_get_string(node), "paused") == 0;
	return true;
}

bool oops_pause_end(virDomainPtr domain, bool *ended, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;

	if (!ask(domain, "{\"execute\": \"oops-resume\"}", &answer, error))
		return false;
	*ended = is_done(answer);
	return true;
}
