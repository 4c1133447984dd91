/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "common/options.h"

static void test_defaults_are_an_empty_element(void)
{
	struct options options;
	g_autofree char *xml = NULL;

	options_init(&options);
	xml = options_to_xml(&options);
	g_assert_cmpstr(xml, ==, "<oopsbt/>");
	g_assert_true(options.freeze);
	g_assert_false(options.vmcore);
	g_assert_cmpuint(options.keep, ==, 10);
	g_assert_cmpuint(options.full, ==, 3);
	g_assert_cmpuint(options.budget_ms, ==, 200);
	g_assert_cmpuint(options.watch_ms, ==, 1000);
	for (enum incident kind = 0; kind < NUM_INCIDENTS; kind++)
		g_assert_cmpint((options.kinds >> kind) & 1, ==,
				kind != INCIDENT_WARNING && kind != INCIDENT_COLLECT);
}

static void test_every_option_survives_the_way_to_xml_and_back(void)
{
	static const char *const values[][2] = {
		{"signal", "watch"}, {"nmi", "never"},
		{"freeze", "off"},   {"vmcore", "on"},
		{"keep", "3"},	     {"budget", "50"},
		{"watch", "100"},    {"signal", "event"},
		{"nmi", "always"},   {"tasks", "blocked"},
		{"tasks", "all"},    {"tasks", "none"},
		{"kinds", "oops"},   {"kinds", "panic,starved"},
		{"kinds", "all"},    {"full", "1000"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		struct options options;
		struct options again;
		g_autofree char *xml = NULL;
		g_autofree char *value = NULL;
		g_autofree char *expected = NULL;

		options_init(&options);
		g_assert_true(options_set(&options, values[i][0], values[i][1], NULL));
		xml = options_to_xml(&options);
		expected = g_strdup_printf("<oopsbt %s=\"%s\"/>", values[i][0], values[i][1]);
		g_assert_cmpstr(xml, ==, expected);
		g_assert_true(options_from_xml(xml, &again, NULL, NULL));
		value = options_get(&again, values[i][0]);
		g_assert_cmpstr(value, ==, values[i][1]);
	}
}

static void test_help_names_every_option(void)
{
	struct options options;
	size_t count = 0;

	options_init(&options);
	for (const struct option_help *help = options_help(); help->name; help++, count++) {
		g_autofree char *value = options_get(&options, help->name);

		g_assert_nonnull(value);
		g_assert_true(options_set(&options, help->name, value, NULL));
	}
	g_assert_cmpuint(count, ==, 10);
	g_assert_null(options_get(&options, "colour"));
}

static void test_an_element_as_libvirt_returns_it(void)
{
	struct options options;

	g_assert_true(options_from_xml("<oopsbt:oopsbt xmlns:oopsbt=\"" OPTIONS_XML_URI
				       "\" keep=\"7\" nmi=\"never\"/>\n",
				       &options, NULL, NULL));
	g_assert_cmpuint(options.keep, ==, 7);
	g_assert_cmpint(options.nmi, ==, OPTION_NMI_NEVER);
}

static void test_unknown_attributes_are_warnings(void)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct options options;

	g_assert_true(options_from_xml("<oopsbt colour=\"red\" keep=\"2\"><more/></oopsbt>",
				       &options, warnings, NULL));
	g_assert_cmpuint(options.keep, ==, 2);
	g_assert_cmpuint(warnings->len, ==, 2);
	g_assert_cmpstr(warnings->pdata[0], ==, "unknown option 'colour' is ignored");
	g_assert_cmpstr(warnings->pdata[1], ==, "unknown element 'more' is ignored");
}

static void test_enabled(void)
{
	g_autofree char *xml = NULL;
	struct options options;
	g_autoptr(GError) error = NULL;

	g_assert_true(options_from_xml("<oopsbt enabled=\"no\"/>", &options, NULL, NULL));
	g_assert_true(options.disabled);
	xml = options_to_xml(&options);
	g_assert_cmpstr(xml, ==, "<oopsbt enabled=\"no\"/>");
	g_assert_true(options_from_xml("<oopsbt enabled=\"yes\"/>", &options, NULL, NULL));
	g_assert_false(options.disabled);
	g_assert_false(options_from_xml("<oopsbt enabled=\"maybe\"/>", &options, NULL, &error));
	g_assert_error(error, OPTIONS_ERROR, OPTIONS_ERROR_VALUE);
}

static void test_bad_values_are_refused_with_what_is_allowed(void)
{
	static const char *const bad[][2] = {
		{"signal", ""},	      {"signal", "Auto"},
		{"nmi", "sometimes"}, {"freeze", "yes"},
		{"vmcore", "1"},      {"keep", "0"},
		{"keep", "1001"},     {"keep", "-1"},
		{"keep", " 5"},	      {"keep", "5 "},
		{"keep", "0x5"},      {"keep", "99999999999999999999"},
		{"budget", "0"},      {"budget", "10001"},
		{"watch", "99"},      {"watch", "60001"},
		{"tasks", "some"},    {"kinds", ""},
		{"kinds", "oops,"},   {"kinds", "oops,collect"},
		{"kinds", "OOPS"},    {"kinds", "auto,oops"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct options options;
		g_autofree char *untouched = NULL;
		g_autofree char *xml = NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) again = NULL;

		options_init(&options);
		g_assert_false(options_set(&options, bad[i][0], bad[i][1], &error));
		g_assert_error(error, OPTIONS_ERROR, OPTIONS_ERROR_VALUE);
		g_assert_nonnull(strstr(error->message, "it takes "));
		untouched = options_to_xml(&options);
		g_assert_cmpstr(untouched, ==, "<oopsbt/>");
		xml = g_strdup_printf("<oopsbt %s=\"%s\"/>", bad[i][0], bad[i][1]);
		g_assert_false(options_from_xml(xml, &options, NULL, &again));
		g_assert_error(again, OPTIONS_ERROR, OPTIONS_ERROR_VALUE);
	}
}

static void test_an_unknown_option_is_refused(void)
{
	struct options options;
	g_autoptr(GError) error = NULL;

	options_init(&options);
	g_assert_false(options_set(&options, "colour", "red", &error));
	g_assert_error(error, OPTIONS_ERROR, OPTIONS_ERROR_NAME);
}

static void test_what_is_not_the_element_is_refused(void)
{
	static const char *const bad[] = {
		"", "keep", "<oopsbt", "<oopsbt>", "<other keep=\"5\"/>", "<oopsbt keep=5/>",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct options options;
		g_autoptr(GError) error = NULL;

		g_assert_false(options_from_xml(bad[i], &options, NULL, &error));
		g_assert_error(error, OPTIONS_ERROR, OPTIONS_ERROR_XML);
	}
}

static void test_kinds_of_incident_are_words_of_one_table(void)
{
	unsigned int bits = 0;
	enum incident incident;
	g_autofree char *all = incidents_to_words((1u << NUM_INCIDENTS) - 1, ",");
	g_autofree char *two = NULL;

	g_assert_true(incidents_from_words(all, (1u << NUM_INCIDENTS) - 1, &bits));
	g_assert_cmpuint(bits, ==, (1u << NUM_INCIDENTS) - 1);
	g_assert_true(incidents_from_words("panic,oops", OPTIONS_KINDS_STORED, &bits));
	two = incidents_to_words(bits, ", ");
	g_assert_cmpstr(two, ==, "oops, panic");
	g_assert_false(incidents_from_words("oops,", OPTIONS_KINDS_STORED, &bits));
	g_assert_false(incidents_from_words("", OPTIONS_KINDS_STORED, &bits));
	g_assert_false(incidents_from_words("collect", OPTIONS_KINDS, &bits));
	g_assert_cmpuint(bits, ==, 1u << INCIDENT_OOPS | 1u << INCIDENT_PANIC);
	g_assert_true(incident_from_signal("panicked", &incident));
	g_assert_cmpint(incident, ==, INCIDENT_PANIC);
	g_assert_false(incident_from_signal("stall", &incident));
	g_assert_false(incident_from_signal(NULL, &incident));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/options/an element can say that the domain is not enabled", test_enabled);
	g_test_add_func("/options/defaults", test_defaults_are_an_empty_element);
	g_test_add_func("/options/round-trip", test_every_option_survives_the_way_to_xml_and_back);
	g_test_add_func("/options/help", test_help_names_every_option);
	g_test_add_func("/options/libvirt", test_an_element_as_libvirt_returns_it);
	g_test_add_func("/options/unknown-attribute", test_unknown_attributes_are_warnings);
	g_test_add_func("/options/bad-value", test_bad_values_are_refused_with_what_is_allowed);
	g_test_add_func("/options/unknown-option", test_an_unknown_option_is_refused);
	g_test_add_func("/options/bad-element", test_what_is_not_the_element_is_refused);
	g_test_add_func("/options/kinds", test_kinds_of_incident_are_words_of_one_table);
	return g_test_run();
}
