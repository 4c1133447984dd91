/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report_file.h"

#include "common/json.h"

#define MAX_DEPTH 16

JsonObject *report_parse(const char *text, size_t length, GError **error)
{
	return untrusted_json_parse(text, length, MAX_DEPTH, error);
}

gint64 report_schema(JsonObject *report)
{
	JsonNode *node = json_object_get_member(report, "schema");

	return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;
}
