/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>

#include "common/store.h"
#include "daemon/config_file.h"
#include "daemon/log.h"
#include "daemon/runtime.h"

G_DEFINE_QUARK(oopsbt_config_error, config_error)

#define MIB ((uint64_t)1 << 20)
#define BLANKS " \t"

/* Every key with its range; oopsbtd.conf repeats the defaults in comments. */
enum key_type {
	KEY_URI,    /* string */
	KEY_FOLDER, /* string */
	KEY_MEMORY,
	KEY_METRICS, /* string, or NULL for "none" */
	KEY_DOMAINS, /* string, "*" for "yes", or NULL for "no" */
	KEY_LEVEL,   /* int, LOG_ERR to LOG_DEBUG */
	KEY_NUMBER,  /* unsigned int */
	KEY_MIB,     /* uint64_t in bytes; MiB in the file */
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
	{"daemon", "uri", KEY_URI, AT(uri), 0, 0, 0, "qemu:///system"},
	{"daemon", "memory", KEY_MEMORY, AT(memory), 0, 0, 0, "auto"},
	{"daemon", "metrics", KEY_METRICS, AT(metrics), 0, 0, 0, NULL},
	{"daemon", "auto_enable", KEY_DOMAINS, AT(auto_enable), 0, 0, 0, "no"},
	{"daemon", "log_level", KEY_LEVEL, AT(log_level), 0, 0, 0, "info"},
	{"daemon", "parallel", KEY_NUMBER, AT(parallel), 1, 64, 12, NULL},
	{"store", "root", KEY_FOLDER, AT(store), 0, 0, 0, STORE_DEFAULT_ROOT},
	{"store", "free_space_mib", KEY_MIB, AT(free_space_floor), 0, 1 << 30, 256, NULL},
	{"store", "max_use_mib", KEY_MIB, AT(quota.max_use), 0, 1 << 30, 0, NULL},
	{"store", "keep_free_mib", KEY_MIB, AT(quota.keep_free), 0, 1 << 30, 0, NULL},
	{"store", "max_age_days", KEY_NUMBER, AT(quota.max_age_days), 0, 36500, 0, NULL},
	{"collection", "freeze_deadline_ms", KEY_NUMBER, AT(freeze_deadline_ms), 10, 60000, 1000,
	 NULL},
	{"collection", "log_settle_ms", KEY_NUMBER, AT(log_settle_ms), 0, 60000, 5000, NULL},
	{"stall", "starved_s", KEY_NUMBER, AT(starved_s), 0, 3600, 60, NULL},
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

static const char *expected(enum key_type type)
{
	static const char *const texts[] = {
		[KEY_URI] = "a libvirt URI such as qemu:///system",
		[KEY_FOLDER] = "the whole path of a folder",
		[KEY_MEMORY] = "auto, proc or libvirt",
		[KEY_METRICS] = "none or the whole path of a file that ends in .prom",
		[KEY_DOMAINS] = "yes, no or patterns of names, separated by blanks",
		[KEY_LEVEL] = LOG_LEVELS,
	};

	return texts[type];
}

static bool set_memory(const char *value, enum memory_access *member)
{
	if (strcmp(value, "auto") == 0)
		*member = MEMORY_AUTO;
	else if (strcmp(value, "proc") == 0)
		*member = MEMORY_PROC;
	else if (strcmp(value, "libvirt") == 0)
		*member = MEMORY_LIBVIRT;
	else
		return false;
	return true;
}

static bool set_uri(const char *value, char **member)
{
	if (*value == '\0' || strpbrk(value, BLANKS))
		return false;
	g_free(*member);
	*member = g_strdup(value);
	return true;
}

static bool set_folder(const char *value, char **member)
{
	if (!g_path_is_absolute(value))
		return false;
	g_free(*member);
	*member = g_strdup(value);
	return true;
}

/* node_exporter only reads files with this suffix. */
static bool set_metrics(const char *value, char **member)
{
	bool none = strcmp(value, "none") == 0;

	if (!none && !(g_path_is_absolute(value) && g_str_has_suffix(value, ".prom")))
		return false;
	g_free(*member);
	*member = none ? NULL : g_strdup(value);
	return true;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (g_ascii_strcasecmp(word, *words) == 0)
			return true;
	return false;
}

/* False: a mistake that is also a pattern, of domains that hardly exist. */
static bool are_patterns(const char *value)
{
	static const char *const alone[] = {"true", "on", "1", "false", "off", "0", NULL};
	static const char *const nowhere[] = {"yes", "no", NULL};
	g_auto(GStrv) each = g_strsplit_set(value, BLANKS, -1);

	if (*value == '\0' || strpbrk(value, ",#") || is_one_of(value, alone))
		return false;
	for (char **pattern = each; *pattern; pattern++)
		if (is_one_of(*pattern, nowhere))
			return false;
	return true;
}

static bool set_domains(const char *value, char **member)
{
	bool yes = strcmp(value, "yes") == 0;
	bool no = strcmp(value, "no") == 0;

	if (!yes && !no && !are_patterns(value))
		return false;
	g_free(*member);
	*member = no ? NULL : g_strdup(yes ? "*" : value);
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

/* False: the value is invalid, and the key keeps its value. */
static bool set(struct config *config, const struct key *key, const char *value)
{
	void *member = (char *)config + key->offset;
	guint64 number;

	switch (key->type) {
	case KEY_URI:
		return set_uri(value, member);
	case KEY_FOLDER:
		return set_folder(value, member);
	case KEY_MEMORY:
		return set_memory(value, member);
	case KEY_METRICS:
		return set_metrics(value, member);
	case KEY_DOMAINS:
		return set_domains(value, member);
	case KEY_LEVEL:
		return log_level_from_word(value, member);
	case KEY_NUMBER:
	case KEY_MIB:
		if (!g_ascii_string_to_unsigned(value, 10, key->minimum, key->maximum, &number,
						NULL))
			return false;
		set_number(config, key, (unsigned int)number);
		return true;
	}
	return false;
}

/* --- reading the files --- */

struct loading {
	struct config *config;
	GPtrArray *warnings, *errors;
};

static void complain_of(GPtrArray *to, const struct config_setting *setting, const char *format,
			...) G_GNUC_PRINTF(3, 4);

static void complain_of(GPtrArray *to, const struct config_setting *setting, const char *format,
			...)
{
	g_autofree char *text = NULL;
	va_list args;

	if (to == NULL)
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(to, g_strdup_printf("%s:%u: %s", setting->path, setting->line, text));
}

/* NULL @section: searches all sections. */
static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if ((section == NULL || strcmp(keys[i].group, section) == 0) &&
		    strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static void complain_of_key(GPtrArray *warnings, const struct config_setting *setting)
{
	const struct key *elsewhere = find_key(NULL, setting->key);

	if (elsewhere)
		complain_of(warnings, setting,
			    "[%s] %s is not known and is ignored; it belongs into [%s]",
			    setting->section, setting->key, elsewhere->group);
	else
		complain_of(warnings, setting,
			    "[%s] %s is not known and is ignored; oopsbtd.conf(5) lists the keys",
			    setting->section, setting->key);
}

static void apply_setting(const struct config_setting *setting, void *user_data)
{
	struct loading *loading = user_data;
	const struct key *key = find_key(setting->section, setting->key);

	if (key == NULL)
		complain_of_key(loading->warnings, setting);
	else if (set(loading->config, key, setting->value))
		return;
	else if (key->type == KEY_NUMBER || key->type == KEY_MIB)
		complain_of(loading->errors, setting,
			    "[%s] %s: \"%s\" is not a number from %u to %u", key->group, key->name,
			    setting->value, key->minimum, key->maximum);
	else
		complain_of(loading->errors, setting, "[%s] %s: \"%s\" is not %s", key->group,
			    key->name, setting->value, expected(key->type));
}

static void complain_of_line(const struct config_setting *where, const char *why, void *user_data)
{
	const struct loading *loading = user_data;

	complain_of(loading->errors, where, "%s", why);
}

static void set_defaults(struct config *config)
{
	const char *uri = secure_getenv("LIBVIRT_DEFAULT_URI"); /* as other libvirt clients do */

	config->metrics = runtime_metrics_file();
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (keys[i].text_fallback)
			set(config, &keys[i], keys[i].text_fallback);
		else if (keys[i].type == KEY_NUMBER || keys[i].type == KEY_MIB)
			set_number(config, &keys[i], keys[i].fallback);
	}
	if (uri && *uri) {
		g_free(config->uri);
		config->uri = g_strdup(uri);
	}
}

void config_look(const char *path, struct config *config, GPtrArray *warnings, GPtrArray *errors)
{
	g_autoptr(GPtrArray) files = config_files(path);
	struct loading loading = {config, warnings, errors};
	const struct config_reader reader = {apply_setting, complain_of_line, &loading};

	*config = (struct config){0};
	set_defaults(config);
	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		g_autoptr(GError) cause = NULL;

		if (config_file_read(file, &reader, &cause) ||
		    (i == 0 && path == NULL &&
		     g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
			continue;
		g_ptr_array_add(errors, g_strdup_printf("%s: %s", file, cause->message));
	}
}

bool config_load(const char *path, struct config *config, GPtrArray *warnings, GError **error)
{
	g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);

	config_look(path, config, warnings, errors);
	if (errors->len == 0)
		return true;
	if (errors->len == 1)
		g_set_error_literal(error, CONFIG_ERROR, 0, errors->pdata[0]);
	else
		g_set_error(error, CONFIG_ERROR, 0,
			    "%s; `oopsbtd --check-config` shows this and %u more",
			    (const char *)errors->pdata[0], errors->len - 1);
	return false;
}

bool config_auto_enables(const char *patterns, const char *name)
{
	g_auto(GStrv) each = patterns ? g_strsplit_set(patterns, BLANKS, -1) : NULL;

	for (char **pattern = each; pattern && *pattern; pattern++)
		if (**pattern && g_pattern_match_simple(*pattern, name))
			return true;
	return false;
}

void config_clear(struct config *config)
{
	g_free(config->auto_enable);
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
