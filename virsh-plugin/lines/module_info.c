/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "module_info.h"

#include <string.h>

#include "../members.h"
#include "build_id.h"
#include "common/sanitize.h"
#include "debug_file.h"
#include "packages.h"

#define MAX_MODULES 256 /* with frames in them; a kernel has about 200 modules in all */

/* The debug information of the kernel or of one module. */
struct info {
	char *name;		       /* NULL: the kernel */
	char *build_id;		       /* NULL: unknown */
	bool is_foreign;	       /* a module from outside of the kernel's tree */
	struct debug_file *file;       /* NULL: none */
	char *path;		       /* of file */
	char *problem;		       /* or NULL */
	char *advice;		       /* how to solve the problem, or NULL */
	guint num_places, num_missing; /* numbers of places looked up, and of those not found */
	char *missing;		       /* why the first missing place was not found */
};

struct module_info {
	JsonObject *report;
	struct debug_finder *finder;
	GHashTable *by_name; /* "" for the kernel: struct info */
	GPtrArray *in_order; /* the same, in order of use */
};

static void free_info(void *data)
{
	struct info *info = data;

	g_free(info->name);
	g_free(info->build_id);
	debug_file_free(info->file);
	g_free(info->path);
	g_free(info->problem);
	g_free(info->advice);
	g_free(info->missing);
	g_free(info);
}

struct module_info *module_info_new(JsonObject *report, struct debug_finder *finder)
{
	struct module_info *modules = g_new0(struct module_info, 1);

	modules->report = report;
	modules->finder = finder;
	modules->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	modules->in_order = g_ptr_array_new_with_free_func(free_info);
	return modules;
}

void module_info_free(struct module_info *modules)
{
	g_hash_table_unref(modules->by_name);
	g_ptr_array_unref(modules->in_order);
	g_free(modules);
}

/* --- finding --- */

static JsonObject *find_module(JsonObject *report, const char *name)
{
	JsonArray *modules = member_array(report, "modules");

	for (guint i = 0; modules && i < json_array_get_length(modules); i++) {
		JsonObject *module = element_object(modules, i);

		if (strcmp(member_text(module, "name", ""), name) == 0)
			return module;
	}
	return NULL;
}

/* Without the alternative file of dwz(1) it is useful, but names are missing. */
static void add_alternative(struct module_info *modules, struct info *info)
{
	g_autofree char *build_id = debug_file_alternative(info->file);
	g_autofree char *path = NULL;
	g_autoptr(GError) local = NULL;
	int fd;

	if (!build_id)
		return;
	fd = build_id_is_plain(build_id)
		     ? debug_finder_find(modules->finder, build_id, "", &path, &local)
		     : -1;
	if (fd < 0 || !debug_file_set_alternative(info->file, fd, &local))
		info->problem = g_strdup_printf(
			"%s has only a part of it: dwz(1) moved the other to the file of build ID "
			"%s, which cannot be used: %s",
			info->path, build_id, local ? local->message : "that is no build ID");
}

static void find_file(struct module_info *modules, struct info *info)
{
	JsonObject *guest = member_object(modules->report, "guest");
	g_autoptr(GError) local = NULL;
	int fd;

	fd = debug_finder_find(modules->finder, info->build_id, info->name, &info->path, &local);
	if (fd >= 0)
		info->file = debug_file_open(info->path, fd, &local);
	if (info->file) {
		add_alternative(modules, info);
		return;
	}
	info->problem = info->path ? g_strdup_printf("%s: %s", info->path, local->message)
				   : g_strdup(local->message);
	g_clear_pointer(&info->path, g_free);
	info->advice = package_advice(member_text(guest, "release", NULL),
				      member_text(guest, "version", NULL), info->is_foreign);
}

/* NULL: the report has no such module. */
static struct info *make_info(struct module_info *modules, const char *name)
{
	JsonObject *module =
		name ? find_module(modules->report, name) : member_object(modules->report, "guest");
	const char *taint = name ? member_text(module, "taint", "") : "";
	struct info *info;

	if (!module || modules->in_order->len >= MAX_MODULES)
		return NULL;
	info = g_new0(struct info, 1);
	info->name = g_strdup(name);
	info->is_foreign = strpbrk(taint, "OP") != NULL;
	if (build_id_is_plain(member_text(module, "build_id", NULL)))
		info->build_id = g_strdup(member_text(module, "build_id", NULL));
	if (info->build_id)
		find_file(modules, info);
	else
		info->problem = g_strdup("the report does not have its build ID");
	g_ptr_array_add(modules->in_order, info);
	return info;
}

static struct info *info_of(struct module_info *modules, const char *name)
{
	const char *key = name ? name : "";
	void *info = NULL;

	if (g_hash_table_lookup_extended(modules->by_name, key, NULL, &info))
		return info;
	info = make_info(modules, name);
	if (info)
		g_hash_table_insert(modules->by_name,
				    ((struct info *)info)->name ? ((struct info *)info)->name
								: (char *)"",
				    info);
	return info;
}

GArray *module_info_look_up(struct module_info *modules, const char *module,
			    const struct place *place)
{
	struct info *info = info_of(modules, module);
	g_autoptr(GError) local = NULL;
	GArray *chain;

	if (!info || !info->file)
		return NULL;
	chain = debug_file_look_up(info->file, place, &local);
	info->num_places++;
	if (!chain && info->num_missing++ == 0)
		info->missing = g_strdup(local->message);
	return chain;
}

/* --- the result --- */

static void set_text(JsonObject *object, const char *name, const char *text)
{
	g_autofree char *clean = sanitize_line(text, -1);

	if (clean)
		json_object_set_string_member(object, name, clean);
	else
		json_object_set_null_member(object, name);
}

static char *describe_problem(const struct info *info)
{
	if (info->problem || info->num_missing == 0)
		return g_strdup(info->problem);
	return g_strdup_printf("%u of %u places are not found in it: %s", info->num_missing,
			       info->num_places, info->missing);
}

JsonArray *module_info_write(const struct module_info *modules)
{
	JsonArray *array = json_array_new();

	for (guint i = 0; i < modules->in_order->len; i++) {
		const struct info *info = modules->in_order->pdata[i];
		g_autofree char *problem = describe_problem(info);
		JsonObject *object = json_object_new();

		set_text(object, "module", info->name);
		set_text(object, "build_id", info->build_id);
		set_text(object, "file", info->path);
		set_text(object, "problem", problem);
		set_text(object, "advice", info->advice);
		json_array_add_object_element(array, object);
	}
	return array;
}
