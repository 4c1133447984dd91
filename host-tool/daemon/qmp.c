/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/qmp.h"

#include <string.h>

#include "common/json.h"

#define MAX_DEPTH 8

static bool ask(virDomainPtr domain, const char *command, int timeout_ms, JsonObject **answer,
		GError **error)
{
	g_autofree char *text = virt_monitor(domain, command, false, timeout_ms, error);

	if (text == NULL)
		return false;
	*answer = untrusted_json_parse(text, strlen(text), MAX_DEPTH, error);
	if (*answer == NULL)
		g_prefix_error(error, "QEMU's answer to %s: ", command);
	return *answer != NULL;
}

bool qmp_ask(virDomainPtr domain, const char *command, JsonObject **answer, GError **error)
{
	return ask(domain, command, QMP_TIMEOUT_MS, answer, error);
}

JsonArray *qmp_list(JsonObject *answer)
{
	JsonNode *node = json_object_get_member(answer, "return");

	return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

const char *qmp_text(JsonNode *entry, const char *member)
{
	JsonNode *node = JSON_NODE_HOLDS_OBJECT(entry)
				 ? json_object_get_member(json_node_get_object(entry), member)
				 : NULL;

	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

bool qmp_device_property(virDomainPtr domain, const char *type, const char *property, bool *has,
			 gint64 *value, GError **error)
{
	g_autofree char *command = g_strdup_printf(
		"{\"execute\": \"device-list-properties\", \"arguments\": {\"typename\": \"%s\"}}",
		type);
	g_autoptr(JsonObject) answer = NULL;
	JsonArray *properties;

	if (!qmp_ask(domain, command, &answer, error))
		return false;
	*has = false;
	properties = qmp_list(answer);
	for (guint i = 0; properties && i < json_array_get_length(properties); i++) {
		JsonNode *entry = json_array_get_element(properties, i);
		JsonNode *node;

		if (g_strcmp0(qmp_text(entry, "name"), property) != 0)
			continue;
		*has = true;
		node = json_object_get_member(json_node_get_object(entry), "default-value");
		*value = node && JSON_NODE_HOLDS_VALUE(node) &&
					 json_node_get_value_type(node) == G_TYPE_INT64
				 ? json_node_get_int(node)
				 : -1;
	}
	return true;
}

/* A member of the answer to query-status, or NULL. *@answer owns it. */
static JsonNode *ask_status(virDomainPtr domain, const char *member, int timeout_ms,
			    JsonObject **answer, GError **error)
{
	JsonNode *node;

	if (!ask(domain, "{\"execute\": \"query-status\"}", timeout_ms, answer, error))
		return NULL;
	node = json_object_get_member(*answer, "return");
	return node && JSON_NODE_HOLDS_OBJECT(node)
		       ? json_object_get_member(json_node_get_object(node), member)
		       : NULL;
}

char *qmp_run_state(virDomainPtr domain, int timeout_ms, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonNode *node = ask_status(domain, "status", timeout_ms, &answer, error);

	if (answer == NULL)
		return NULL;
	if (node == NULL || !JSON_NODE_HOLDS_VALUE(node)) {
		g_set_error_literal(error, VIRT_ERROR, VIR_ERR_OPERATION_FAILED,
				    "QEMU does not tell its run state");
		return NULL;
	}
	return g_strdup(json_node_get_string(node));
}

bool qmp_is_paused(virDomainPtr domain, int timeout_ms, bool *paused, GError **error)
{
	g_autofree char *state = qmp_run_state(domain, timeout_ms, error);

	*paused = g_strcmp0(state, "paused") == 0 || g_strcmp0(state, "postmigrate") == 0;
	return state != NULL;
}

bool qmp_holds_for_oops(virDomainPtr domain, bool *holds, GError **error)
{
	g_autoptr(JsonObject) answer = NULL;
	JsonNode *node = ask_status(domain, "oops-pause", QMP_TIMEOUT_MS, &answer, error);

	*holds = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_boolean(node);
	return answer != NULL;
}
