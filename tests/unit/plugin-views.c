/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plugin's text from report.json equals the text of report.txt. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "../../virsh-plugin/cli.h"
#include "../../virsh-plugin/code_view.h"
#include "../../virsh-plugin/cpu_view.h"
#include "../../virsh-plugin/lines_text.h"
#include "../../virsh-plugin/mail.h"

/* cli.c needs a table of verbs. */
const struct verb *const cli_verbs[] = {NULL};

static char *data_file(const char *name)
{
	g_autofree char *path = g_build_filename("tests/unit/data", name, NULL);
	g_autoptr(GError) error = NULL;
	char *text;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	return text;
}

static JsonObject *parse(const char *text, JsonParser *parser)
{
	g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
	return json_node_get_object(json_parser_get_root(parser));
}

static void test_a_cpu_is_shown_as_in_the_report(void)
{
	static const unsigned int cpus[] = {2, 6};
	g_autofree char *json = data_file("report.json");
	g_autofree char *report = data_file("report.txt");
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object = parse(json, parser);

	for (size_t i = 0; i < G_N_ELEMENTS(cpus); i++) {
		g_autoptr(GError) error = NULL;
		GString *view = cpu_view(object, cpus[i], &error);
		const char *registers;

		g_assert_no_error(error);
		registers = strstr(view->str, "  RIP: ");
		g_test_message("%s", view->str);
		g_assert_nonnull(registers);
		/* A report also has another text for an empty trace. */
		if (strstr(registers, "  No call trace.\n"))
			g_string_truncate(view, view->len - strlen("  No call trace.\n"));
		g_assert_nonnull(strstr(report, registers));
		g_string_free(view, TRUE);
	}
}

static void test_registers_that_are_not_there_are_left_out(void)
{
	static const char json[] =
		"{\"vcpus\": [{\"vcpu\": 0, \"cpu\": 0, \"regs\": {\"rip\": \"0x1\", \"rax\": 7,"
		" \"rbx\": \"0x2\", \"cs\": \"\", \"cr2\": \"junk\"}, \"frames\": [5]}]}";
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *view = cpu_view(parse(json, parser), 0, NULL);

	g_assert_nonnull(
		strstr(view->str, "  RIP: 0x0000000000000001\n  RBX: 0000000000000002\n  Call"));
	g_string_free(view, TRUE);
}

/* UPDATE_EXPECTED=1 updates the expected mail. */
static void test_a_mail_is_as_expected(void)
{
	g_autofree char *json = data_file("report.json");
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text = mail_text(parse(json, parser));
	g_autofree char *expected = NULL;

	if (g_getenv("UPDATE_EXPECTED"))
		g_assert_true(g_file_set_contents("tests/unit/data/mail.txt", text->str, -1, NULL));
	expected = data_file("mail.txt");
	g_assert_cmpstr(text->str, ==, expected);
	g_string_free(text, TRUE);
}

static void test_a_mail_has_nothing_of_the_host(void)
{
	static const char *const secrets[] = {"host7", "web1", "4dea22b3", "libvirt", "20261122T"};
	g_autofree char *json = data_file("report.json");
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text = mail_text(parse(json, parser));

	for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
		g_assert_nonnull(strstr(json, secrets[i]));
		g_assert_null(strstr(text->str, secrets[i]));
	}
	g_string_free(text, TRUE);
}

static void test_a_mail_of_a_hang_has_its_tasks(void)
{
	static const char json[] =
		"{\"title\": \"deadlock\", \"incident\": \"hung-task\","
		" \"stall\": {\"cpu\": null, \"evidence\": \"numbers\"},"
		" \"tasks\": {\"num\": 2, \"num_blocked\": 1, \"chains\": [{\"text\": \"a waits "
		"for b\"}],"
		" \"shown\": [{\"pid\": 7, \"comm\": \"a\", \"state\": \"D\", \"frames\": "
		"[{\"pc\": \"0x1\","
		" \"symbol\": \"waits\", \"offset\": 1}]},"
		" {\"pid\": 8, \"comm\": \"b\", \"state\": \"S\", \"frames\": [{\"pc\": \"0x2\","
		" \"symbol\": \"sleeps\", \"offset\": 1}]}]}}";
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text = mail_text(parse(json, parser));

	g_assert_nonnull(strstr(text->str, "Kind:         hung-task\n"));
	g_assert_nonnull(strstr(text->str, "\nSeen from outside: numbers\n"));
	g_assert_nonnull(strstr(text->str, "a waits for b\n"));
	g_assert_nonnull(strstr(text->str, "   waits+0x1\n"));
	g_assert_null(strstr(text->str, "sleeps"));
	g_string_free(text, TRUE);
}

static void test_a_mail_has_the_verdict(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text =
		mail_text(parse("{\"title\": \"t\", \"stall\": {\"evidence\": \"numbers\"},"
				" \"verdict\": {\"blame\": \"guest\", \"text\": \"Who and why.\"},"
				" \"guest\": {\"command_line\": \" quiet  \"}}",
				parser));

	g_assert_nonnull(strstr(text->str, "\nWho and why.\n"));
	g_assert_nonnull(strstr(text->str, "Command line: quiet\n"));
	g_string_free(text, TRUE);
}

static void test_a_mail_has_the_log_from_the_complaint_on(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text = mail_text(
		parse("{\"title\": \"t\", \"oops\": null, \"complaint\": {\"log_start\": 7},"
		      " \"log\": {\"records\": [{\"sequence\": 6, \"text\": \"before\"},"
		      " {\"sequence\": 7, \"text\": \"WARNING\"}]}}",
		      parser));

	g_assert_nonnull(strstr(text->str, "What the kernel printed:\n\n[    0.000000] WARNING\n"));
	g_assert_null(strstr(text->str, "before"));
	g_string_free(text, TRUE);
}

static void test_a_mail_of_a_report_with_nothing_in_it(void)
{
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text =
		mail_text(parse("{\"vcpus\": [null, 5, {}], \"log\": {\"records\": [1]}}", parser));

	g_assert_true(g_str_has_prefix(text->str, "(no title)\n"));
	g_string_free(text, TRUE);
}

/* Sets the line "@file:@line" of @object of the report, after an inlined function at "in.h:7". */
static void set_lines(JsonObject *object, const char *file, int line)
{
	g_autofree char *text = g_strdup_printf(
		"{\"lines\": [{\"function\": \"inside\", \"file\": \"in.h\", \"line\": 7},"
		" {\"function\": \"outside\", \"file\": \"%s\", \"line\": %d}]}",
		file, line);
	g_autoptr(JsonParser) parser = json_parser_new();

	json_object_set_array_member(
		object, "lines",
		json_array_ref(json_object_get_array_member(parse(text, parser), "lines")));
}

static JsonObject *frame_of(JsonObject *report, guint vcpu, guint frame)
{
	JsonArray *vcpus = json_object_get_array_member(report, "vcpus");

	return json_array_get_object_element(
		json_object_get_array_member(json_array_get_object_element(vcpus, vcpu), "frames"),
		frame);
}

static void test_a_report_without_lines_stays_as_it_is(void)
{
	g_autofree char *json = data_file("report.json");
	g_autofree char *report = data_file("report.txt");
	g_autoptr(JsonParser) parser = json_parser_new();
	GString *text = lines_annotate(report, strlen(report), parse(json, parser));

	g_assert_cmpstr(text->str, ==, report);
	g_string_free(text, TRUE);
}

static void test_lines_are_at_every_place_that_has_them(void)
{
	g_autofree char *json = data_file("report.json");
	g_autofree char *report = data_file("report.txt");
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object = parse(json, parser);
	JsonObject *fault = json_object_get_object_member(object, "fault");
	GString *text;

	set_lines(frame_of(object, 0, 0), "idle.c", 11);
	set_lines(fault, "fault.c", 12);
	set_lines(json_array_get_object_element(json_object_get_array_member(fault, "instructions"),
						1),
		  "code.c", 13);
	text = lines_annotate(report, strlen(report), object);
	g_test_message("%s", text->str);
	g_assert_nonnull(strstr(text->str, "   [inlined] inside at in.h:7\n"
					   "   default_idle+0xb/0x10 at idle.c:11\n"));
	g_assert_nonnull(strstr(text->str, "  RIP: scenario_null_deref+0x3/0x20 [oopsbt_scenario] "
					   "at fault.c:12\n"));
	g_assert_nonnull(strstr(text->str, "     in.h:7 (inside):\n  => ffffffffc0401023 "));
	g_string_free(text, TRUE);
}

static void test_the_code_is_shown_as_in_the_report(void)
{
	g_autofree char *json = data_file("report.json");
	g_autofree char *report = data_file("report.txt");
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;
	JsonObject *object = parse(json, parser);
	GString *view = code_view(object, &error);
	const char *code;
	const char *end;

	g_assert_no_error(error);
	g_test_message("%s", view->str);
	code = strstr(view->str, "     ffffffffc0401021");
	end = strstr(view->str, "  Cause: ");
	g_assert_true(code && end);
	g_assert_nonnull(strstr(report, end));
	g_string_truncate(view, (gsize)(end - view->str));
	g_assert_nonnull(strstr(report, code));
	g_string_free(view, TRUE);
	json_object_remove_member(object, "fault");
	g_assert_null(code_view(object, &error));
	g_assert_error(error, CLI_ERROR, CLI_ERROR_FAILED);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/views/cpu", test_a_cpu_is_shown_as_in_the_report);
	g_test_add_func("/views/code", test_the_code_is_shown_as_in_the_report);
	g_test_add_func("/views/missing", test_registers_that_are_not_there_are_left_out);
	g_test_add_func("/lines/none", test_a_report_without_lines_stays_as_it_is);
	g_test_add_func("/lines/places", test_lines_are_at_every_place_that_has_them);
	g_test_add_func("/mail/expected", test_a_mail_is_as_expected);
	g_test_add_func("/mail/host", test_a_mail_has_nothing_of_the_host);
	g_test_add_func("/mail/hang", test_a_mail_of_a_hang_has_its_tasks);
	g_test_add_func("/mail/nothing", test_a_mail_of_a_report_with_nothing_in_it);
	g_test_add_func("/mail/verdict", test_a_mail_has_the_verdict);
	g_test_add_func("/mail/complaint", test_a_mail_has_the_log_from_the_complaint_on);
	return g_test_run();
}
