/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events of a panic device in definitions, and how events are added to them. */
#include <libxml/parser.h>
#include <string.h>

#include "../../virsh-plugin/definition.h"
#include "../../virsh-plugin/panic_events.h"

#define ELEMENT(name) "<event name='" name "'/>"

static XmlDoc *definition(const char *panic, const char *arguments)
{
	g_autofree char *text = g_strdup_printf("<domain xmlns:qemu='" QEMU_XML_URI
						"'><devices><panic model='isa'>%s</panic>"
						"</devices>%s</domain>",
						panic, arguments);

	return xmlReadMemory(text, strlen(text), "domain", NULL, 0);
}

static XmlDoc *with_argument(const char *value)
{
	g_autofree char *arguments = g_strdup_printf(
		"<qemu:commandline><qemu:arg value='-global'/><qemu:arg value='%s'/>"
		"</qemu:commandline>",
		value);

	return definition("", arguments);
}

static void check_named(XmlDoc *document, unsigned int expected)
{
	g_autoptr(XmlDoc) owned = document;

	g_assert_cmpuint(panic_events_named(owned), ==, expected);
}

static void test_named(void)
{
	check_named(definition("", ""), 0);
	check_named(definition(ELEMENT("panicked") ELEMENT("oops"), ""), 9);
	check_named(definition(ELEMENT("lockup") ELEMENT("new"), ""), 16);
	check_named(with_argument("pvpanic.events=11"), 11);
	check_named(with_argument("pvpanic-pci.events=0x1b"), 27);
	check_named(with_argument("pvpanic.oops=on"), 8);
	check_named(with_argument("pvpanic,oops=on,lockup=on"), 24);
	check_named(with_argument("e1000.oops=on"), 0);
}

/* Adds @events as elements; the names that <panic> has then, in order. */
static void check_elements(const char *before, unsigned int defaults, unsigned int events,
			   const char *expected)
{
	g_autoptr(XmlDoc) document = definition(before, "");
	xmlNode *panic = definition_find(document, "/domain/devices/panic");
	g_autoptr(GString) names = g_string_new(NULL);

	panic_events_add_elements(panic, defaults, events);
	for (xmlNode *at = panic->children; at; at = at->next) {
		xmlChar *name = xmlGetProp(at, BAD_CAST "name");

		g_string_append_printf(names, "%s ", (char *)name);
		xmlFree(name);
	}
	g_assert_cmpstr(g_strchomp(names->str), ==, expected);
}

static void test_elements(void)
{
	check_elements("", 3, PANIC_EVENT_OOPS, "panicked crashloaded oops");
	check_elements("", 7, PANIC_EVENT_OOPS | PANIC_EVENT_LOCKUP,
		       "panicked crashloaded shutdown oops lockup");
	/* The user has chosen the others. */
	check_elements(ELEMENT("panicked") ELEMENT("oops"), 7, PANIC_EVENT_LOCKUP,
		       "panicked oops lockup");
	check_elements(ELEMENT("oops"), 7, PANIC_EVENT_OOPS, "oops");
}

static void check_argument(XmlDoc *document, const char *expected)
{
	g_autofree char *value = definition_evaluate(document, "string(//qemu:arg[last()]/@value)");

	g_assert_cmpstr(value, ==, expected);
	g_assert_true(definition_matches(document, "//qemu:arg[last() - 1][@value='-global']"));
	g_assert_true(definition_matches(document, "count(//qemu:arg)=2"));
}

static void test_add_argument(void)
{
	g_autoptr(XmlDoc) document = definition("", "");

	g_assert_false(panic_events_change_argument(document, "pvpanic", PANIC_EVENT_OOPS));
	panic_events_add_argument(document, "pvpanic", 15);
	check_argument(document, "pvpanic.events=15");
}

static void test_change_argument(void)
{
	g_autoptr(XmlDoc) document = with_argument("pvpanic.events=11");

	g_assert_false(panic_events_change_argument(document, "pvpanic-pci", PANIC_EVENT_LOCKUP));
	g_assert_true(panic_events_change_argument(document, "pvpanic", PANIC_EVENT_LOCKUP));
	check_argument(document, "pvpanic.events=27");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/panic-events/those that a definition names", test_named);
	g_test_add_func("/panic-events/elements keep the user's choice, or have QEMU's defaults",
			test_elements);
	g_test_add_func("/panic-events/an argument is added", test_add_argument);
	g_test_add_func("/panic-events/an argument that is there is changed", test_change_argument);
	return g_test_run();
}
