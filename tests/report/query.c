// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Queries of shell tests about a report.json.
 *
 *	query value REPORT PATH		the value at a JSONPath, as text; one value per line
 *	query symbols REPORT KALLSYMS	each symbol has its address of the guest's /proc/kallsyms
 *	query agrees REPORT CPU...	the guest's backtraces of these CPUs equal those of the host
 *	query whole REPORT		all mandatory fields exist; each null has an explanation
 */
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static JsonNode *load(JsonParser *parser, const char *path)
{
	g_autoptr(GError) error = NULL;

	if (json_parser_load_from_file(parser, path, &error))
		return json_parser_get_root(parser);
	fprintf(stderr, "query: %s: %s\n", path, error->message);
	return NULL;
}

static JsonArray *match(const char *path, JsonNode *root)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) found = json_path_query(path, root, &error);

	if (found)
		return json_node_dup_array(found);
	fprintf(stderr, "query: %s: %s\n", path, error->message);
	return NULL;
}

static int value(JsonNode *root, const char *path)
{
	g_autoptr(JsonArray) found = match(path, root);

	if (!found || !json_array_get_length(found))
		return 1;
	for (guint i = 0; i < json_array_get_length(found); i++) {
		JsonNode *node = json_array_get_element(found, i);
		g_autofree char *text = NULL;

		if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
			text = json_node_dup_string(node);
		else
			text = json_to_string(node, FALSE);
		puts(text);
	}
	return 0;
}

/* "name" or "name [module]" -> array of addresses: static functions may share a name. */
static GHashTable *load_kallsyms(const char *path)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						  (GDestroyNotify)g_array_unref);
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		char name[512] = "", module[128] = "", type;
		guint64 address;
		g_autofree char *key = NULL;
		GArray *addresses;

		if (sscanf(line, "%" G_GINT64_MODIFIER "x %c %511s %127s", &address, &type, name,
			   module) < 3)
			continue;
		/* clang's ThinLTO: NAME.llvm.NUMBER; a trace shows NAME. */
		if (strstr(name, ".llvm."))
			*strstr(name, ".llvm.") = '\0';
		key = module[0] ? g_strdup_printf("%s %s", name, module) : g_strdup(name);
		addresses = g_hash_table_lookup(table, key);
		if (!addresses) {
			addresses = g_array_new(FALSE, FALSE, sizeof(guint64));
			g_hash_table_insert(table, g_steal_pointer(&key), addresses);
		}
		g_array_append_val(addresses, address);
	}
	free(line);
	if (file)
		fclose(file);
	return table;
}

static bool known_at(GHashTable *table, const char *name, const char *module, guint64 address)
{
	g_autofree char *key = module ? g_strdup_printf("%s [%s]", name, module) : g_strdup(name);
	GArray *addresses = g_hash_table_lookup(table, key);

	for (guint i = 0; addresses && i < addresses->len; i++) {
		if (g_array_index(addresses, guint64, i) == address)
			return true;
	}
	return false;
}

/*
 * Code that ftrace generates: a kernel backtrace has no name for it, but /proc/kallsyms has its
 * page (since 5.8).
 */
static bool made_by_ftrace(GHashTable *table, guint64 address)
{
	GArray *addresses = g_hash_table_lookup(table, "ftrace_trampoline [__builtin__ftrace]");

	for (guint i = 0; addresses && i < addresses->len; i++) {
		if (address - g_array_index(addresses, guint64, i) < 4096)
			return true;
	}
	return false;
}

/* After a call of what is no code the fault is there, and has no name. */
static bool is_fault(JsonNode *root, const char *pc)
{
	JsonObject *fault = json_object_get_object_member(json_node_get_object(root), "fault");

	return !json_object_get_null_member(fault, "pc") &&
	       !strcmp(json_object_get_string_member(fault, "pc"), pc);
}

static const char *string_member(JsonObject *object, const char *name)
{
	return json_object_get_null_member(object, name)
		       ? NULL
		       : json_object_get_string_member(object, name);
}

static int symbols(JsonNode *root, const char *path)
{
	g_autoptr(GHashTable) table = load_kallsyms(path);
	g_autoptr(JsonArray) frames = match("$.vcpus[*].frames[*]", root);
	guint checked = 0, user = 0, wrong = 0;

	for (guint i = 0; frames && i < json_array_get_length(frames); i++) {
		JsonObject *frame = json_array_get_object_element(frames, i);
		const char *symbol = string_member(frame, "symbol");
		const char *pc_text = json_object_get_string_member(frame, "pc");
		guint64 pc = g_ascii_strtoull(pc_text, NULL, 16);

		if (!symbol) {
			if (!strcmp(json_object_get_string_member(frame, "stack"), "user")) {
				user++;
			} else if (!made_by_ftrace(table, pc) && !is_fault(root, pc_text)) {
				printf("no symbol for 0x%" G_GINT64_MODIFIER "x\n", pc);
				wrong++;
			}
			continue;
		}
		checked++;
		if (!known_at(table, symbol, string_member(frame, "module"),
			      pc - (guint64)json_object_get_int_member(frame, "offset"))) {
			printf("0x%" G_GINT64_MODIFIER "x is not %s+%" G_GINT64_FORMAT "\n", pc,
			       symbol, json_object_get_int_member(frame, "offset"));
			wrong++;
		}
	}
	printf("%u symbols, %u wrong, %u frames in user mode\n", checked, wrong, user);
	return wrong || !(checked + user);
}

static JsonObject *vcpu_of(JsonNode *root, gint64 cpu)
{
	JsonArray *vcpus = json_object_get_array_member(json_node_get_object(root), "vcpus");

	for (guint i = 0; i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = json_array_get_object_element(vcpus, i);

		if (!json_object_get_null_member(vcpu, "cpu") &&
		    json_object_get_int_member(vcpu, "cpu") == cpu)
			return vcpu;
	}
	return NULL;
}

static int agrees(JsonNode *root, int argc, char **argv)
{
	int wrong = 0;

	for (int i = 0; i < argc; i++) {
		JsonObject *vcpu = vcpu_of(root, g_ascii_strtoll(argv[i], NULL, 10));

		if (!vcpu || json_object_get_null_member(vcpu, "guest_frames")) {
			printf("CPU %s: no backtrace by the guest\n", argv[i]);
			wrong = 1;
		} else if (!json_object_get_null_member(vcpu, "disagreement")) {
			printf("CPU %s: %s\n", argv[i],
			       json_object_get_string_member(vcpu, "disagreement"));
			wrong = 1;
		}
	}
	return wrong;
}

static bool explained(JsonArray *errors, const char *field)
{
	/* A freeze that did not begin has no end, and one without an end has no length. */
	if (!strcmp(field, "timeline.thawed") && explained(errors, "timeline.frozen"))
		return true;
	if (!strcmp(field, "timeline.freeze_us") && explained(errors, "timeline.thawed"))
		return true;
	for (guint i = 0; i < json_array_get_length(errors); i++) {
		JsonObject *error = json_array_get_object_element(errors, i);
		const char *named = json_object_get_string_member(error, "field");

		/* An error without a field explains nothing. */
		if (named && *named &&
		    (g_str_has_prefix(field, named) || g_str_has_prefix(named, field)))
			return true;
	}
	return false;
}

static int whole(JsonNode *root)
{
	static const char *const fields[] = {
		"schema",
		"id",
		"title",
		"domain.name",
		"domain.uuid",
		"signal",
		"timeline.signalled",
		"timeline.frozen",
		"timeline.thawed",
		"timeline.stored",
		"timeline.freeze_us",
		"guest.release",
		"guest.version",
		"guest.build_id",
		"guest.kaslr_offset",
		"guest.taint",
		"guest.uptime_s",
		"guest.panic_on_oops",
		"guest.oops_all_cpu_backtrace",
		"vcpus",
		"modules",
		"log.source",
		"log.records",
	};
	JsonArray *errors = json_object_get_array_member(json_node_get_object(root), "errors");
	int wrong = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *path = g_strdup_printf("$.%s", fields[i]);
		g_autoptr(JsonArray) found = match(path, root);

		if (!found || json_array_get_length(found) != 1) {
			printf("%s is not there\n", fields[i]);
			wrong = 1;
		} else if (json_array_get_null_element(found, 0) && !explained(errors, fields[i])) {
			printf("%s is null and nothing says why\n", fields[i]);
			wrong = 1;
		}
	}
	return wrong;
}

int main(int argc, char **argv)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonNode *root = argc >= 3 ? load(parser, argv[2]) : NULL;

	if (!root)
		return 2;
	if (!strcmp(argv[1], "value") && argc == 4)
		return value(root, argv[3]);
	if (!strcmp(argv[1], "symbols") && argc == 4)
		return symbols(root, argv[3]);
	if (!strcmp(argv[1], "agrees") && argc >= 4)
		return agrees(root, argc - 3, argv + 3);
	if (!strcmp(argv[1], "whole") && argc == 3)
		return whole(root);
	fprintf(stderr, "query: see the head of tests/report/query.c\n");
	return 2;
}
