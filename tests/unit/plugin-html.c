/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of a report: complete, bounded in size, and without markup of the guest. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "../../virsh-plugin/cli.h"
#include "../../virsh-plugin/html/html_report.h"
#include "../../virsh-plugin/html/html_writer.h"

#define HOSTILE "</script><img src=x onerror=\"document.title='owned'\">&"

/* cli.c needs a table of verbs. */
const struct verb *const cli_verbs[] = {NULL};

static JsonNode *load_report(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;

	json_parser_load_from_file(parser, "tests/unit/data/report.json", &error);
	g_assert_no_error(error);
	return json_parser_steal_root(parser);
}

static GString *page_of(const char *json)
{
	g_autoptr(JsonParser) parser = json_parser_new();

	g_assert_true(json_parser_load_from_data(parser, json, -1, NULL));
	return html_report(json_node_get_object(json_parser_get_root(parser)));
}

static void assert_has(const GString *page, const char *text)
{
	if (!strstr(page->str, text))
		g_error("the page has no \"%s\"", text);
}

static void assert_has_not(const GString *page, const char *text)
{
	const char *found = strstr(page->str, text);

	if (found)
		g_error("the page has \"%.80s\"", found);
}

static unsigned int count(const GString *page, const char *text)
{
	unsigned int num = 0;

	for (const char *at = page->str; (at = strstr(at, text)); at += strlen(text))
		num++;
	return num;
}

/* --- the writer --- */

static void test_text_cannot_become_markup(void)
{
	g_autoptr(Html) html = html_new();

	html_open(html, "p", NULL);
	html_attribute(html, "title", "\"'><b>&");
	html_text(html, "<b>\"&'</b>");
	html_close(html);
	g_assert_cmpstr(
		html_string(html), ==,
		"<p title=\"&quot;&#39;&gt;&lt;b&gt;&amp;\">&lt;b&gt;\"&amp;'&lt;/b&gt;</p>");
}

static void test_text_that_is_not_clean_is_cleaned(void)
{
	g_autoptr(Html) html = html_new();

	html_element(html, "p", NULL, "a\x1b[0m\xff\xe2\x80\xae<");
	g_assert_cmpstr(html_string(html), ==, "<p>a\\x1b[0m\\xff\\xe2\\x80\\xae&lt;</p>");
}

static void test_a_text_has_a_bound(void)
{
	g_autoptr(Html) html = html_new();
	g_autofree char *text = g_strnfill(10 << 20, 'x');

	html_text(html, text);
	g_assert_cmpuint(html_length(html), <, 200 << 10);
	g_assert_true(g_str_has_suffix(html_string(html), " (cut)"));
}

static void test_numbers_have_a_point(void)
{
	g_autoptr(Html) html = html_new();

	html_open(html, "rect", NULL);
	html_attribute_number(html, "x", 1.25);
	html_attribute_number(html, "y", 20);
	html_close(html);
	g_assert_cmpstr(html_string(html), ==, "<rect x=\"1.2\" y=\"20\"></rect>");
}

/* --- the page --- */

static void test_the_page_has_what_the_report_has(void)
{
	static const char *const expected[] = {
		"<title>BUG: kernel NULL pointer dereference in scenario_null_deref "
		"[oopsbt_scenario]"
		"</title>",
		"default-src 'none'",
		"address 0x0 = RDI (0x0), which this instruction writes",
		"<mark>  =&gt; ffffffffc0401023",
		"<pre class=\"registers\">  RSP: ffffc90000123456 SS: 0018 EFLAGS: 00000246\n",
		"frozen +1.900 ms",
		"guest's clock, when frozen −10.223 ms",
		"oopsing",
		"default_idle ← do_idle",
		"The incident: ",
		"no register text for vCPU 7",
		"virtio_net",
	};
	g_autoptr(JsonNode) report = load_report();
	GString *page = html_report(json_node_get_object(report));

	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
		assert_has(page, expected[i]);
	g_assert_cmpuint(count(page, "<details class=\"lane "), ==, 8);
	/* No placeholder of the template is left. */
	assert_has_not(page, "@policy@");
	assert_has_not(page, "@body@");
	g_string_free(page, TRUE);
}

/* The freeze came late: the CPU that oopsed is idle. */
static void test_the_cpu_that_oopsed_is_idle_by_now(void)
{
	g_autoptr(JsonNode) node = load_report();
	JsonObject *report = json_node_get_object(node);
	gint64 oopsed =
		json_object_get_int_member(json_object_get_object_member(report, "oops"), "cpu");
	JsonArray *vcpus = json_object_get_array_member(report, "vcpus");
	GString *page;

	for (guint i = 0; i < json_array_get_length(vcpus); i++) {
		JsonObject *vcpu = json_array_get_object_element(vcpus, i);

		if (!json_object_get_null_member(vcpu, "cpu") &&
		    json_object_get_int_member(vcpu, "cpu") == oopsed)
			json_object_set_string_member(vcpu, "context", "idle");
	}
	page = html_report(report);
	assert_has(page, "<span class=\"state\">oopsed</span>");
	assert_has(page, "<span class=\"chip\">idle by now</span>");
	assert_has_not(page, "<span class=\"state\">oopsing</span>");
	g_string_free(page, TRUE);
}

/* Replaces every text of the report by @HOSTILE. */
static JsonNode *poison(JsonNode *node);

static JsonNode *poison_object(JsonObject *object)
{
	g_autoptr(GList) names = json_object_get_members(object);
	JsonObject *poisoned = json_object_new();
	JsonNode *result = json_node_new(JSON_NODE_OBJECT);

	for (GList *name = names; name; name = name->next)
		json_object_set_member(poisoned, name->data,
				       poison(json_object_get_member(object, name->data)));
	json_object_set_string_member(poisoned, HOSTILE, HOSTILE);
	json_node_take_object(result, poisoned);
	return result;
}

static JsonNode *poison_array(JsonArray *array)
{
	JsonArray *poisoned = json_array_new();
	JsonNode *result = json_node_new(JSON_NODE_ARRAY);

	for (guint i = 0; i < json_array_get_length(array); i++)
		json_array_add_element(poisoned, poison(json_array_get_element(array, i)));
	json_node_take_array(result, poisoned);
	return result;
}

static JsonNode *poison(JsonNode *node)
{
	if (JSON_NODE_HOLDS_OBJECT(node))
		return poison_object(json_node_get_object(node));
	if (JSON_NODE_HOLDS_ARRAY(node))
		return poison_array(json_node_get_array(node));
	if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
		return json_node_init_string(json_node_alloc(), HOSTILE);
	return json_node_copy(node);
}

static void test_hostile_text_stays_text_wherever_it_is(void)
{
	g_autoptr(JsonNode) report = load_report();
	g_autoptr(JsonNode) poisoned = poison(report);
	GString *page = html_report(json_node_get_object(poisoned));

	g_assert_cmpuint(count(page, "&lt;img src=x"), >, 50);
	assert_has_not(page, "<img");
	g_assert_cmpuint(count(page, "<script"), ==, 1);
	g_assert_cmpuint(count(page, "</script"), ==, 1);
	g_string_free(page, TRUE);
}

static void test_a_report_with_nothing_in_it_is_a_page(void)
{
	static const char *const reports[] = {
		"{}",
		"{\"title\": 5, \"vcpus\": [1, null, {}], \"timeline\": 7, \"log\": {\"records\": "
		"[{}]},"
		" \"oops\": {\"log_start\": 9}, \"fault\": {\"regs\": 3, \"instructions\": [4]},"
		" \"tasks\": {\"chains\": [1, {\"pids\": [\"x\", {}]}], \"shown\": [null]},"
		" \"culprit\": [1, {}], \"errors\": {}}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(reports); i++) {
		GString *page = page_of(reports[i]);

		assert_has(page, "</html>");
		g_string_free(page, TRUE);
	}
}

static void test_a_chain_of_waiting_tasks_is_drawn(void)
{
	static const char json[] =
		"{\"tasks\": {\"num\": 62, \"num_blocked\": 2, \"chains\": [{\"deadlock\": true,"
		" \"pids\": [137, 138], \"text\": \"Deadlock: ab waits for ba\"}], \"shown\": ["
		"{\"pid\": 137, \"comm\": \"ab\", \"state\": \"D\", \"waits_for\": {\"kind\": "
		"\"mutex\","
		" \"symbol\": \"mutex_b\"}, \"frames\": [{\"symbol\": \"schedule\"}]},"
		"{\"pid\": 138, \"comm\": \"ba\", \"state\": \"D\", \"waits_for\": {\"kind\": "
		"\"mutex\","
		" \"symbol\": \"mutex_a\"}, \"frames\": [{\"symbol\": \"schedule\"}]}]}}";
	GString *page = page_of(json);

	assert_has(page, "<svg class=\"graph deadlock\"");
	assert_has(page, ">ab 137</text>");
	assert_has(page, ">mutex_b</text>");
	/* The arrow from the last task back to the first. */
	assert_has(page, ">mutex_a</text>");
	assert_has(page, ">schedule (2)</text>");
	g_string_free(page, TRUE);
}

/* --- bounds --- */

static void append_cpu(GString *json, unsigned int i)
{
	g_string_append_printf(
		json,
		"%s{\"vcpu\": %u, \"cpu\": %u, \"context\": \"%s\", \"task\": {\"pid\": "
		"%u, \"comm\": \"worker\"}, \"task_ran_ns\": 5, \"regs\": {\"rip\": "
		"\"0x1\"}, \"frames\": [",
		i > 0 ? "," : "", i, i, i == 4000 ? "kernel" : "idle", i);
	for (unsigned int frame = 0; frame < 200; frame++)
		g_string_append_printf(json, "%s{\"pc\": \"0x%x\", \"symbol\": \"function_%u_%u\"}",
				       frame > 0 ? "," : "", frame, i, frame);
	g_string_append(json, "]}");
}

static void test_4096_cpus_and_200000_lines_stay_bounded(void)
{
	GString *json = g_string_new("{\"title\": \"many\", \"oops\": {\"log_start\": 150000},"
				     "\"vcpus\": [");
	GString *page;

	for (unsigned int i = 0; i < 4096; i++)
		append_cpu(json, i);
	g_string_append(json, "], \"log\": {\"records\": [");
	for (unsigned int i = 0; i < 200000; i++)
		g_string_append_printf(json,
				       "%s{\"sequence\": %u, \"text\": \"line %u of the log\"}",
				       i > 0 ? "," : "", i, i);
	g_string_append(json, "]}}");
	page = page_of(json->str);
	g_assert_cmpuint(page->len, <, 1 << 20);
	assert_has(page, "256 of 4096 CPUs are shown, idle ones last");
	assert_has(page, "CPUs are shown without registers and stack");
	assert_has(page, "stacks are cut off");
	assert_has(page, "lines at the beginning are not on this page");
	assert_has(page, "lines of the incident are not on this page");
	assert_has(page, "] line 150000 of the log");
	/* The CPU that is not idle. */
	assert_has(page, "<b>CPU 4000</b>");
	g_string_free(page, TRUE);
	g_string_free(json, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/html/text-cannot-become-markup", test_text_cannot_become_markup);
	g_test_add_func("/html/text-that-is-not-clean-is-cleaned",
			test_text_that_is_not_clean_is_cleaned);
	g_test_add_func("/html/a-text-has-a-bound", test_a_text_has_a_bound);
	g_test_add_func("/html/numbers-have-a-point", test_numbers_have_a_point);
	g_test_add_func("/html/the-page-has-what-the-report-has",
			test_the_page_has_what_the_report_has);
	g_test_add_func("/html/the CPU that oopsed is idle by now",
			test_the_cpu_that_oopsed_is_idle_by_now);
	g_test_add_func("/html/hostile-text-stays-text-wherever-it-is",
			test_hostile_text_stays_text_wherever_it_is);
	g_test_add_func("/html/a-report-with-nothing-in-it-is-a-page",
			test_a_report_with_nothing_in_it_is_a_page);
	g_test_add_func("/html/a-chain-of-waiting-tasks-is-drawn",
			test_a_chain_of_waiting_tasks_is_drawn);
	g_test_add_func("/html/4096-cpus-and-200000-lines-stay-bounded",
			test_4096_cpus_and_200000_lines_stay_bounded);
	return g_test_run();
}
