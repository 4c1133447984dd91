/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>

#include "common/store.h"
#include "daemon/runtime.h"

#define MIB ((uint64_t)1 << 20)

/* Every key, with its range; the defaults are in oopsbtd.conf as comments too. */
enum key_type {
	KEY_STRING,
	KEY_MEMORY,
	KEY_METRICS, /* string, or NULL for "none" */
	KEY_NUMBER,  /* unsigned int */
	KEY_MIB,     /* uint64_t, bytes; in the file MiB */
};

struct key {
	const char *group;
	const char *name;
	enum key_type type;
	size_t offset;
	unsigned int minimum, maximum, fallback;
	const char *text_fallback;
};

#define AT(member) offsetof(struct config, member)

static const struct key keys[] = {
	{"daemon", "uri", KEY_STRING, AT(uri), 0, 0, 0, "qemu:///system"},
	{"daemon", "memory", KEY_MEMORY, AT(memory), 0, 0, 0, "auto"},
	{"daemon", "metrics", KEY_METRICS, AT(metrics), 0, 0, 0, NULL},
	{"daemon", "parallel", KEY_NUMBER, AT(parallel), 1, 64, 4, NULL},
	{"store", "root", KEY_STRING, AT(store), 0, 0, 0, STORE_DEFAULT_ROOT},
	{"store", "free_space_mib", KEY_MIB, AT(free_space_floor), 0, 1 << 30, 256, NULL},
	{"store", "max_use_mib", KEY_MIB, AT(quota.max_use), 0, 1 << 30, 0, NULL},
	{"store", "keep_free_mib", KEY_MIB, AT(quota.keep_free), 0, 1 << 30, 0, NULL},
	{"store", "max_age_days", KEY_NUMBER, AT(quota.max_age_days), 0, 36500, 0, NULL},
	{"collection", "freeze_deadline_ms", KEY_NUMBER, AT(freeze_deadline_ms), 10, 60000, 1000,
	 NULL},
	{"collection", "log_settle_ms", KEY_NUMBER, AT(log_settle_ms), 0, 60000, 5000, NULL},
	{"stall", "starved_s", KEY_NUMBER, AT(starved_s), 0, 3600, 20, NULL},
	{"stall", "dead_s", KEY_NUMBER, AT(dead_s), 0, 3600, 60, NULL},
	{"rate-limit", "domain_burst", KEY_NUMBER, AT(domain_rate.burst), 1, 100000, 20, NULL},
	{"rate-limit", "domain_per_hour", KEY_NUMBER, AT(domain_rate.per_hour), 1, 1000000, 60,
	 NULL},
	{"rate-limit", "total_burst", KEY_NUMBER, AT(total_rate.burst), 1, 100000, 100, NULL},
	{"rate-limit", "total_per_hour", KEY_NUMBER, AT(total_rate.per_hour), 1, 1000000, 600,
	 NULL},
	{"analyzer", "memory_mib", KEY_MIB, AT(analyzer.memory), 0, 1 << 20, 1024, NULL},
	{"analyzer", "file_mib", KEY_MIB, AT(analyzer.file_size), 1, 1 << 20, 256, NULL},
	{"analyzer", "cpu_seconds", KEY_NUMBER, AT(analyzer.cpu_seconds), 1, 3600, 30, NULL},
	{"analyzer", "wall_seconds", KEY_NUMBER, AT(analyzer.wall_seconds), 1, 3600, 30, NULL},
};

static bool fail(const struct key *key, const char *value, GError **error)
{
	static const char *const expected[] = {
		[KEY_STRING] = "a path or URI",
		[KEY_MEMORY] = "auto, proc or libvirt",
		[KEY_METRICS] = "none or the whole path of a file that ends in .prom",
	};

	if (key->type == KEY_NUMBER || key->type == KEY_MIB)
		g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
			    "[%s] %s: \"%s\" is not a number from %u to %u", key->group, key->name,
			    value, key->minimum, key->maximum);
	else
		g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
			    "[%s] %s: \"%s\" is not %s", key->group, key->name, value,
			    expected[key->type]);
	return false;
}

static bool set_memory(const struct key *key, const char *value, enum memory_access *member,
		       GError **error)
{
	if (strcmp(value, "auto") == 0)
		*member = MEMORY_AUTO;
	else if (strcmp(value, "proc") == 0)
		*member = MEMORY_PROC;
	else if (strcmp(value, "libvirt") == 0)
		*member = MEMORY_LIBVIRT;
	else
		return fail(key, value, error);
	return true;
}

/* node_exporter takes only files of this ending. */
static bool set_metrics(const struct key *key, const char *value, char **member, GError **error)
{
	bool none = strcmp(value, "none") == 0;

	if (!none && !(g_path_is_absolute(value) && g_str_has_suffix(value, ".prom")))
		return fail(key, value, error);
	g_free(*member);
	*member = none ? NULL : g_strdup(value);
	return true;
}

static void set_number(struct config *config, const struct key *key, unsigned int number)
{
	void *member = (char *)config + key->offset;

	if (key->type == KEY_MIB)
		*(uint64_t *)member = number * MIB;
	else
		*(unsigned int *)member = number;
}

static bool set(struct config *config, const struct key *key, const char *value, GError **error)
{
	void *member = (char *)config + key->offset;
	guint64 number;

	switch (key->type) {
	case KEY_STRING:
		if (*value == '\0')
			return fail(key, value, error);
		g_free(*(char **)member);
		*(char **)member = g_strdup(value);
		return true;
	case KEY_MEMORY:
		return set_memory(key, value, member, error);
	case KEY_METRICS:
		return set_metrics(key, value, member, error);
	case KEY_NUMBER:
	case KEY_MIB:
		if (!g_ascii_string_to_unsigned(value, 10, key->minimum, key->maximum, &number,
						NULL))
			return fail(key, value, error);
		set_number(config, key, (unsigned int)number);
		return true;
	}
	return false;
}

static const struct key *find_key(const char *group, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (strcmp(keys[i].group, group) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool apply_group(GKeyFile *file, const char *group, struct config *config,
			GPtrArray *warnings, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_keys(file, group, NULL, NULL);

	for (char **name = names; name && *name; name++) {
		const struct key *key = find_key(group, *name);
		g_autofree char *value = g_key_file_get_value(file, group, *name, NULL);

		if (key == NULL)
			g_ptr_array_add(warnings,
					g_strdup_printf("[%s] %s is not known and is ignored",
							group, *name));
		else if (!set(config, key, g_strchomp(value), error))
			return false;
	}
	return true;
}

static void set_defaults(struct config *config)
{
	const char *uri = secure_getenv("LIBVIRT_DEFAULT_URI"); /* as other libvirt clients do */

	config->metrics = runtime_metrics_file();
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (keys[i].text_fallback)
			set(config, &keys[i], keys[i].text_fallback, NULL);
		else if (keys[i].type == KEY_NUMBER || keys[i].type == KEY_MIB)
			set_number(config, &keys[i], keys[i].fallback);
	}
	if (uri && *uri) {
		g_free(config->uri);
		config->uri = g_strdup(uri);
	}
}

bool config_load(const char *path, struct config *config, GPtrArray *warnings, GError **error)
{
	const char *wanted = path ? path : CONFIG_DEFAULT_PATH;
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) groups = NULL;

	*config = (struct config){0};
	set_defaults(config);
	if (!g_key_file_load_from_file(file, wanted, G_KEY_FILE_NONE, &cause)) {
		if (path == NULL && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return true;
		g_propagate_prefixed_error(error, g_steal_pointer(&cause), "%s: ", wanted);
		return false;
	}
	groups = g_key_file_get_groups(file, NULL);
	for (char **group = groups; *group; group++)
		if (!apply_group(file, *group, config, warnings, error)) {
			g_prefix_error(error, "%s: ", wanted);
			return false;
		}
	return true;
}

void config_clear(struct config *config)
{
	g_free(config->uri);
	g_free(config->store);
	g_free(config->metrics);
	*config = (struct config){0};
}

bool config_metrics_is_default(const struct config *config)
{
	g_autofree char *path = runtime_metrics_file();

	return g_strcmp0(config->metrics, path) == 0;
}
