/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/oops_pause.h"

#include "daemon/qmp.h"

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

	if (!qmp_ask(domain, command, &answer, error))
		return false;
	*known = is_done(answer);
	return true;
}

bool oops_pause_end(virDomainPtr domain, bool *ended, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;

	if (!qmp_ask(domain, "{\"execute\": \"oops-resume\"}", &answer, error))
		return false;
	*ended = is_done(answer);
	return true;
}

bool oops_pause_known(virDomainPtr domain, bool *known, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonNode *node;
	JsonArray *commands;

	if (!qmp_ask(domain, "{\"execute\": \"query-commands\"}", &answer, error))
		return false;
	*known = false;
	node = json_object_get_member(answer, "return");
	if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node))
		return true;
	commands = json_node_get_array(node);
	for (guint i = 0; i < json_array_get_length(commands); i++) {
		node = json_array_get_element(commands, i);
		node = JSON_NODE_HOLDS_OBJECT(node)
			       ? json_object_get_member(json_node_get_object(node), "name")
			       : NULL;
		*known = *known || (node && JSON_NODE_HOLDS_VALUE(node) &&
				    !g_strcmp0(json_node_get_string(node), "oops-resume"));
	}
	return true;
}
