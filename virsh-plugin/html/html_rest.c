/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html_rest.h"

#include <string.h>

#include "../members.h"
#include "html_parts.h"

#define MAX_ROWS 300
#define MAX_VALUE 400
#define MAX_JSON ((size_t)96 << 10)

/* A simple value, or several; nested values are only in the JSON. */
static char *value_text(JsonNode *node)
{
	g_autofree char *text = NULL;

	if (!node || JSON_NODE_HOLDS_OBJECT(node) || JSON_NODE_HOLDS_NULL(node))
		return NULL;
	if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
		text = g_strdup(json_node_get_string(node));
	else
		text = json_to_string(node, false);
	return g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), MAX_VALUE));
}

static void begin_folded(struct html *html, const char *name, guint count)
{
	html_open(html, "details", NULL);
	if (count > 0)
		html_elementf(html, "summary", NULL, "%s: %u", name, count);
	else
		html_element(html, "summary", NULL, name);
}

/* Adds a row for each member. */
static void add_object(struct html *html, const char *name, JsonObject *object)
{
	g_autoptr(GList) names = object ? json_object_get_members(object) : NULL;
	guint rows = 0;

	if (!names)
		return;
	begin_folded(html, name, 0);
	html_open(html, "table", "facts");
	for (GList *member = names; member && rows < MAX_ROWS; member = member->next, rows++) {
		g_autofree char *value = value_text(json_object_get_member(object, member->data));

		html_fact(html, member->data, value);
	}
	html_close(html);
	html_close(html);
}

static void add_row(struct html *html, JsonObject *object, const char *const *columns)
{
	html_open(html, "tr", NULL);
	for (const char *const *column = columns; *column; column++) {
		JsonNode *node = object ? json_object_get_member(object, *column) : NULL;
		g_autofree char *value = value_text(node);

		html_element(html, "td", NULL, value);
	}
	html_close(html);
}

/* Adds a row for each object, with these of its members. */
static void add_objects(struct html *html, const char *name, JsonArray *array,
			const char *const *columns)
{
	guint count = array ? json_array_get_length(array) : 0;

	if (count == 0)
		return;
	begin_folded(html, name, count);
	html_open(html, "div", "wide");
	html_open(html, "table", "rows");
	html_open(html, "tr", NULL);
	for (const char *const *column = columns; *column; column++)
		html_element(html, "th", NULL, *column);
	html_close(html);
	for (guint i = 0; i < MIN(count, MAX_ROWS); i++)
		add_row(html, element_object(array, i), columns);
	html_close(html);
	html_close(html);
	if (count > MAX_ROWS)
		html_note(html, "%d of %u are shown; report.json has all.", MAX_ROWS, count);
	html_close(html);
}

/* Omits the log, which the page has, and long stacks if needed. */
static void add_json(struct html *html, JsonObject *report)
{
	JsonObject *copy = json_object_new();
	g_autoptr(GList) names = json_object_get_members(report);
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *text = NULL;
	size_t length;

	for (GList *name = names; name; name = name->next) {
		if (strcmp(name->data, "log") != 0)
			json_object_set_member(
				copy, name->data,
				json_node_copy(json_object_get_member(report, name->data)));
	}
	json_node_take_object(node, copy);
	text = json_to_string(node, false);
	length = strlen(text);
	begin_folded(html, "report.json, without the log", 0);
	if (length > MAX_JSON) {
		g_autofree char *part = g_utf8_make_valid(text, MAX_JSON);

		html_element(html, "pre", "json", part);
		html_note(html, "%zu of %zu bytes are shown; 'info --json' has all.", MAX_JSON,
			  length);
	} else {
		html_element(html, "pre", "json", text);
	}
	html_close(html);
}

void html_rest(struct html *html, JsonObject *report)
{
	static const char *const modules[] = {"name", "base", "size", "taint", "build_id", NULL};
	static const char *const errors[] = {"field", "message", NULL};
	static const char *const oopses[] = {"number", "title", "comm", "pid", "cpu", NULL};
	JsonObject *suppressed = member_object(report, "suppressed");

	html_section(html, "rest", "Everything else");
	add_objects(html, "What is missing, and why", member_array(report, "errors"), errors);
	add_object(html, "Signals without a dump of their own", suppressed);
	add_objects(html, "Oopses without a dump of their own", member_array(suppressed, "oopses"),
		    oopses);
	add_object(html, "Guest", member_object(report, "guest"));
	add_object(html, "Domain", member_object(report, "domain"));
	add_object(html, "Collector", member_object(report, "collector"));
	add_objects(html, "Modules", member_array(report, "modules"), modules);
	add_json(html, report);
	html_close(html);
}
