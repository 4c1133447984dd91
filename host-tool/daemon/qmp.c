/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/qmp.h"

#include <string.h>

#include "common/json.h"

#define TIMEOUT_MS 1000
#define MAX_DEPTH 8

bool qmp_ask(virDomainPtr domain, const char *command, JsonObject **answer, GError **error)
{
	g_autofree char *text = virt_monitor(domain, command, false, TIMEOUT_MS, error);

	if (text == NULL)
		return false;
	*answer = untrusted_json_parse(text, strlen(text), MAX_DEPTH, error);
	if (*answer == NULL)
		g_prefix_error(error, "QEMU's answer to %s: ", command);
	return *answer != NULL;
}

bool qmp_is_paused(virDomainPtr domain, bool *paused, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonNode *node;

	if (!qmp_ask(domain, "{\"execute\": \"query-status\"}", &answer, error))
		return false;
	node = json_object_get_member(answer, "return");
	if (node && JSON_NODE_HOLDS_OBJECT(node))
		node = json_object_get_member(json_node_get_object(node), "status");
	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node)) {
		g_set_error_literal(error, VIRT_ERROR, VIR_ERR_OPERATION_FAILED,
				    "QEMU does not tell its run state");
		return false;
	}
	*paused = g_strcmp0(json_node_get_string(node), "paused") == 0;
	return true;
}
