/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon_status.h"

#include <string.h>

#include "common/json.h"
#include "common/store.h"
#include "daemon/config.h"
#include "daemon/runtime.h"
#include "daemon/status.h"

#define MAX_DEPTH 16

/* The file of a killed daemon remains, and its pid may be reused. */
static bool is_daemon(gint64 pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/comm", pid);
	g_autofree char *name = NULL;

	return g_file_get_contents(path, &name, NULL, NULL) &&
	       strcmp(g_strchomp(name), "oopsbtd") == 0;
}

enum daemon_state daemon_status(JsonObject **status)
{
	g_autofree char *directory = runtime_directory();
	g_autofree char *path = g_build_filename(directory, STATUS_FILE, NULL);
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	size_t length;

	*status = NULL;
	if (!g_file_get_contents(path, &text, &length, &error))
		return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? DAEMON_HIDDEN
										: DAEMON_STOPPED;
	*status = untrusted_json_parse(text, length, MAX_DEPTH, NULL);
	if (*status && is_daemon(json_object_get_int_member_with_default(*status, "pid", 0)))
		return DAEMON_RUNNING;
	g_clear_pointer(status, json_object_unref);
	return DAEMON_STOPPED;
}

JsonObject *daemon_status_domain(JsonObject *status, const char *uuid)
{
	JsonNode *node = status ? json_object_get_member(status, "domains") : NULL;
	JsonArray *domains = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

	for (guint i = 0; domains && i < json_array_get_length(domains); i++) {
		JsonNode *element = json_array_get_element(domains, i);
		JsonObject *domain =
			JSON_NODE_HOLDS_OBJECT(element) ? json_node_get_object(element) : NULL;

		if (domain &&
		    g_strcmp0(json_object_get_string_member_with_default(domain, "uuid", NULL),
			      uuid) == 0)
			return domain;
	}
	return NULL;
}

/* The running daemon's value of @member, else the configuration's value at @offset; or NULL. */
static char *read_setting(const char *member, size_t offset)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct config config;
	JsonObject *status;
	char *text = NULL;

	if (daemon_status(&status) == DAEMON_RUNNING) {
		text = g_strdup(json_object_get_string_member_with_default(status, member, NULL));
		json_object_unref(status);
	} else {
		if (config_load(NULL, &config, warnings, NULL))
			text = g_strdup(G_STRUCT_MEMBER(char *, &config, offset));
		config_clear(&config);
	}
	return text;
}

char *daemon_dump_directory(void)
{
	char *directory = read_setting("directory", G_STRUCT_OFFSET(struct config, store));

	return directory ? directory : g_strdup(STORE_DEFAULT_ROOT);
}

char *daemon_auto_enable(void)
{
	return read_setting("auto_enable", G_STRUCT_OFFSET(struct config, auto_enable));
}
