/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The recorded cores in tests/zoo/cores: each NAME.core.xz must give the text of NAME.txt. The text
 * is the stable part of a report: titles, tasks, contexts, functions and offsets, unknown fields.
 *
 * With OOPSBT_ZOO=write in the environment the test writes the texts, and a person compares them
 * (tests/zoo/record).
 */
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/zoo/cores"
#define CORE_SUFFIX ".core.xz"

static char *analyzer;

/* "-" for null and for a missing member: a line always has the same number of words. */
static char *as_text(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	if (!node || JSON_NODE_HOLDS_NULL(node))
		return g_strdup("-");
	if (json_node_get_value_type(node) == G_TYPE_STRING)
		return json_node_dup_string(node);
	return json_to_string(node, FALSE);
}

/* Appends " LABEL VALUE" for each of NAMES, a list that ends with NULL. */
static void add_members(GString *text, JsonObject *object, const char *const *names)
{
	for (; *names; names++) {
		g_autofree char *value = as_text(object, *names);

		g_string_append_printf(text, " %s %s", *names, value);
	}
	g_string_append_c(text, '\n');
}

static JsonObject *object_member(JsonObject *object, const char *name)
{
	JsonNode *node = json_object_get_member(object, name);

	return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void add_object(GString *text, JsonObject *report, const char *name,
		       const char *const *names)
{
	JsonObject *object = object_member(report, name);

	g_string_append_printf(text, "%s:", name);
	if (object)
		add_members(text, object, names);
	else
		g_string_append(text, " -\n");
}

static void add_frame(GString *text, JsonObject *frame)
{
	g_autofree char *symbol = as_text(frame, "symbol"), *module = as_text(frame, "module");
	g_autofree char *stack = as_text(frame, "stack");

	g_string_append_printf(text, "    %-5s ", stack);
	if (!json_object_get_boolean_member(frame, "reliable"))
		g_string_append(text, "? ");
	if (!json_object_get_null_member(frame, "symbol"))
		g_string_append_printf(text,
				       "%s+0x%" G_GINT64_MODIFIER "x/0x%" G_GINT64_MODIFIER "x",
				       symbol, json_object_get_int_member(frame, "offset"),
				       json_object_get_int_member(frame, "size"));
	else if (strcmp(stack, "user") != 0)
		g_string_append(text, "without symbol");
	if (!json_object_get_null_member(frame, "module"))
		g_string_append_printf(text, " [%s]", module);
	while (g_str_has_suffix(text->str, " "))
		g_string_truncate(text, text->len - 1);
	g_string_append_c(text, '\n');
}

static void add_vcpu(GString *text, JsonObject *vcpu)
{
	static const char *const members[] = {"vcpu",	       "cpu",		"context",
					      "preempt_depth", "softirq_depth", "hardirq_depth",
					      "nmi_depth",     "stopped",	NULL};
	static const char *const task_members[] = {"pid", "comm", "state", NULL};
	static const char *const lock_members[] = {"symbol", NULL};
	JsonArray *frames = json_object_get_array_member(vcpu, "frames");

	g_string_append(text, "\nCPU:");
	add_members(text, vcpu, members);
	g_string_append(text, "  ");
	add_object(text, vcpu, "task", task_members);
	if (object_member(vcpu, "stack_task")) {
		g_string_append(text, "  ");
		add_object(text, vcpu, "stack_task", task_members);
	}
	if (object_member(vcpu, "waits_for_lock")) {
		g_string_append(text, "  ");
		add_object(text, vcpu, "waits_for_lock", lock_members);
	}
	for (guint i = 0; i < json_array_get_length(frames); i++)
		add_frame(text, json_array_get_object_element(frames, i));
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The fields in these texts; a report may have more. */
#define FIELDS                                                                                     \
	"^(title|oops|modules|log(\\.records)?|guest(\\.(release|build_id|kaslr_offset|taint|"     \
	"cpus_online|panic_on_oops|panic_cpu|die_counter|oops_signal))?|"                          \
	"vcpus(\\[[0-9]+\\](\\.(cpu|context|task|frames|regs|waits_for_lock))?)?)$"

/* Appends the unknown ones of these fields, without the reason, whose words may change. */
static void add_unknown(GString *text, JsonArray *errors)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < json_array_get_length(errors); i++) {
		char *field = as_text(json_array_get_object_element(errors, i), "field");

		if (g_regex_match_simple(FIELDS, field, 0, 0))
			g_ptr_array_add(fields, field);
		else
			g_free(field);
	}
	g_ptr_array_sort(fields, compare_text);
	g_string_append(text, "\nunknown:");
	for (guint i = 0; i < fields->len; i++)
		g_string_append_printf(text, " %s", (char *)fields->pdata[i]);
	g_string_append_c(text, '\n');
}

static void add_modules(GString *text, JsonObject *report)
{
	JsonNode *node = json_object_get_member(report, "modules");

	g_string_append(text, "modules:");
	if (!node || !JSON_NODE_HOLDS_ARRAY(node)) {
		g_string_append(text, " -\n");
		return;
	}
	for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++) {
		g_autofree char *name = as_text(
			json_array_get_object_element(json_node_get_array(node), i), "name");

		g_string_append_printf(text, " %s", name);
	}
	g_string_append_c(text, '\n');
}

static void add_log(GString *text, JsonObject *report)
{
	JsonObject *log = json_object_get_object_member(report, "log");
	JsonNode *records = json_object_get_member(log, "records");

	if (records && JSON_NODE_HOLDS_ARRAY(records))
		g_string_append_printf(text, "log: %u records\n",
				       json_array_get_length(json_node_get_array(records)));
	else
		g_string_append(text, "log: -\n");
}

/* Appends the functions of the fingerprint. */
static void add_culprit(GString *text, JsonObject *report)
{
	JsonArray *culprit = json_object_get_array_member(report, "culprit");

	g_string_append(text, "culprit:");
	for (guint i = 0; i < json_array_get_length(culprit); i++)
		g_string_append_printf(text, " %s", json_array_get_string_element(culprit, i));
	g_string_append_c(text, '\n');
}

/* Returns the report in the format of the texts; the caller owns it. */
static GString *stable_part(JsonObject *report)
{
	static const char *const guest_members[] = {
		"release",	 "build_id",  "kaslr_offset", "taint_letters", "cpus_online",
		"panic_on_oops", "panic_cpu", "die_counter",  "oops_signal",   NULL};
	static const char *const oops_members[] = {"kind", "address",  "cpu",	 "pid",
						   "comm", "function", "module", NULL};
	JsonArray *vcpus = json_object_get_array_member(report, "vcpus");
	g_autofree char *title = as_text(report, "title");
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "title: %s\n", title);
	add_culprit(text, report);
	add_object(text, report, "oops", oops_members);
	add_object(text, report, "guest", guest_members);
	add_modules(text, report);
	add_log(text, report);
	for (guint i = 0; i < json_array_get_length(vcpus); i++)
		add_vcpu(text, json_array_get_object_element(vcpus, i));
	add_unknown(text, json_object_get_array_member(report, "errors"));
	return text;
}

/* Runs the command; the caller frees OUT. */
static void run(const char *const *command, GBytes **out)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) process =
		g_subprocess_newv(command, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);

	g_assert_no_error(error);
	g_subprocess_communicate(process, NULL, NULL, out, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(g_subprocess_get_successful(process));
}

static void unpack(const char *packed, const char *path)
{
	const char *const command[] = {"xz", "-dc", packed, NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) core = NULL;

	run(command, &core);
	g_file_set_contents(path, g_bytes_get_data(core, NULL), (gssize)g_bytes_get_size(core),
			    &error);
	g_assert_no_error(error);
}

static GString *analyze(const char *core)
{
	const char *const command[] = {analyzer, "--json", core, NULL};
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) json = NULL;

	run(command, &json);
	json_parser_load_from_data(parser, g_bytes_get_data(json, NULL),
				   (gssize)g_bytes_get_size(json), &error);
	g_assert_no_error(error);
	return stable_part(json_node_get_object(json_parser_get_root(parser)));
}

/* Shows the first different line: `git diff` shows all after tests/zoo/record. */
static void compare(const char *name, const char *got, const char *wanted)
{
	g_auto(GStrv) got_lines = g_strsplit(got, "\n", -1);
	g_auto(GStrv) wanted_lines = g_strsplit(wanted, "\n", -1);
	guint i = 0;

	while (got_lines[i] && wanted_lines[i] && !strcmp(got_lines[i], wanted_lines[i]))
		i++;
	if (got_lines[i] || wanted_lines[i])
		g_test_message("%s, line %u: got \"%s\", wanted \"%s\"", name, i + 1,
			       got_lines[i] ? got_lines[i] : "the end",
			       wanted_lines[i] ? wanted_lines[i] : "the end");
	if (strcmp(got, wanted) != 0)
		g_test_fail();
}

static void test_core(const void *user_data)
{
	const char *name = user_data;
	g_autofree char *packed = g_strconcat(FOLDER "/", name, CORE_SUFFIX, NULL);
	g_autofree char *text_path = g_strconcat(FOLDER "/", name, ".txt", NULL);
	g_autofree char *core = g_strdup_printf("%s/oopsbt-zoo-%d", g_get_tmp_dir(), getpid());
	g_autofree char *wanted = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) got = NULL;

	unpack(packed, core);
	got = analyze(core);
	g_remove(core);
	if (!g_strcmp0(g_getenv("OOPSBT_ZOO"), "write")) {
		g_file_set_contents(text_path, got->str, (gssize)got->len, &error);
		g_assert_no_error(error);
		return;
	}
	g_file_get_contents(text_path, &wanted, NULL, &error);
	g_assert_no_error(error);
	compare(name, got->str, wanted);
}

static GPtrArray *core_names(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(FOLDER, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		if (g_str_has_suffix(file, CORE_SUFFIX))
			g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(CORE_SUFFIX)));
	}
	g_ptr_array_sort(names, compare_text);
	return names;
}

static void test_there_are_some(const void *names)
{
	g_assert_cmpuint(((const GPtrArray *)names)->len, >, 0);
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) names = core_names();
	g_autofree char *folder = g_path_get_dirname(argv[0]);

	analyzer = g_build_filename(folder, "../../host-tool/oopsbt-analyze", NULL);
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/zoo", names, test_there_are_some);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strconcat("/zoo/", names->pdata[i], NULL);

		g_test_add_data_func(path, names->pdata[i], test_core);
	}
	return g_test_run();
}
