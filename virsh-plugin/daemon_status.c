/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon_status.h"

#include <string.h>

#include "common/json.h"
#include "common/store.h"

#define STATUS_FILE "/run/oopsbt/status.json"
#define CONFIG_FILE OOPSBT_SYSCONFDIR "/oopsbtd.conf"
#define MAX_DEPTH 16

static JsonObject *read_status(void)
{
	const char *directory = g_getenv("OOPSBT_RUNTIME_DIRECTORY");
	g_autofree char *path = directory ? g_build_filename(directory, "status.json", NULL)
					  : g_strdup(STATUS_FILE);
	g_autofree char *text = NULL;
	size_t length;

	if (!g_file_get_contents(path, &text, &length, NULL))
		return NULL;
	return untrusted_json_parse(text, length, MAX_DEPTH, NULL);
}

/* A file outlives a killed daemon, and its process id may have been given to another. */
static bool is_daemon(gint64 pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/comm", pid);
	g_autofree char *name = NULL;

	return g_file_get_contents(path, &name, NULL, NULL) &&
	       strcmp(g_strchomp(name), "oopsbtd") == 0;
}

JsonObject *daemon_status(void)
{
	JsonObject *status = read_status();

	if (status && is_daemon(json_object_get_int_member_with_default(status, "pid", 0)))
		return status;
	g_clear_pointer(&status, json_object_unref);
	return NULL;
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

static char *configured_directory(void)
{
	g_autoptr(GKeyFile) config = g_key_file_new();

	if (!g_key_file_load_from_file(config, CONFIG_FILE, G_KEY_FILE_NONE, NULL))
		return NULL;
	return g_key_file_get_string(config, "store", "root", NULL);
}

char *daemon_dump_directory(void)
{
	JsonObject *status = daemon_status();
	char *directory = NULL;

	if (status) {
		directory = g_strdup(
			json_object_get_string_member_with_default(status, "directory", NULL));
		json_object_unref(status);
	}
	if (!directory)
		directory = configured_directory();
	return directory ? directory : g_strdup(STORE_DEFAULT_ROOT);
}
