/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "panic_events.h"

#include <stdlib.h>
#include <string.h>

#include "definition.h"

/* The names of libvirt's elements. The number of an event's bit is its index. */
static const char *const names[] = {"panicked", "crashloaded", "shutdown", "oops", "lockup"};

static unsigned int event_of_name(const xmlChar *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (xmlStrEqual(name, BAD_CAST names[i]))
			return 1u << i;
	return 0;
}

/* The events of <panic>; NULL has none. */
static unsigned int events_of_elements(const xmlNode *panic)
{
	unsigned int events = 0;

	for (xmlNode *at = panic ? panic->children : NULL; at; at = at->next) {
		xmlChar *name;

		if (!xmlStrEqual(at->name, BAD_CAST "event"))
			continue;
		name = xmlGetProp(at, BAD_CAST "name");
		events |= event_of_name(name);
		xmlFree(name);
	}
	return events;
}

/* The number after "events=" in an argument. */
static unsigned int events_of_argument(const char *argument)
{
	const char *number = strstr(argument, "events=");

	return number ? strtoul(number + strlen("events="), NULL, 0) : 0;
}

/* Does an argument set this switch of the device? A patched QEMU then adds its event. */
static bool is_switched_on(xmlDoc *document, const char *name)
{
	g_autofree char *expression =
		g_strdup_printf("/domain/qemu:commandline/qemu:arg[contains(@value, 'pvpanic') and "
				"contains(@value, '%s=on')]",
				name);

	return definition_matches(document, expression);
}

unsigned int panic_events_named(xmlDoc *document)
{
	g_autofree char *argument = definition_evaluate(
		document, "string(/domain/qemu:commandline/qemu:arg[contains(@value, 'pvpanic') "
			  "and contains(@value, 'events=')][last()]/@value)");

	return events_of_elements(definition_find(document, "/domain/devices/panic[event]")) |
	       events_of_argument(argument) |
	       (is_switched_on(document, "oops") ? PANIC_EVENT_OOPS : 0) |
	       (is_switched_on(document, "lockup") ? PANIC_EVENT_LOCKUP : 0);
}

void panic_events_add_elements(xmlNode *panic, unsigned int defaults, unsigned int events)
{
	unsigned int has = events_of_elements(panic);

	events = has ? events & ~has : events | defaults;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (events & 1u << i)
			xmlNewProp(xmlNewChild(panic, NULL, BAD_CAST "event", NULL),
				   BAD_CAST "name", BAD_CAST names[i]);
}

bool panic_events_change_argument(xmlDoc *document, const char *driver, unsigned int events)
{
	g_autofree char *expression = g_strdup_printf(
		"/domain/qemu:commandline/qemu:arg[starts-with(@value, '%s.events=')][last()]",
		driver);
	xmlNode *argument = definition_find(document, expression);
	g_autofree char *after = NULL;
	xmlChar *before;

	if (!argument)
		return false;
	before = xmlGetProp(argument, BAD_CAST "value");
	after = g_strdup_printf("%s.events=%u", driver,
				events_of_argument((const char *)before) | events);
	xmlFree(before);
	xmlSetProp(argument, BAD_CAST "value", BAD_CAST after);
	return true;
}

static void append_argument(xmlNode *commandline, xmlNs *qemu, const char *value)
{
	xmlNewProp(xmlNewChild(commandline, qemu, BAD_CAST "arg", NULL), BAD_CAST "value",
		   BAD_CAST value);
}

/* libvirt gives the device no alias that <qemu:override> could use. */
void panic_events_add_argument(xmlDoc *document, const char *driver, unsigned int events)
{
	g_autofree char *property = g_strdup_printf("%s.events=%u", driver, events);
	xmlNode *root = xmlDocGetRootElement(document);
	xmlNs *qemu = xmlSearchNsByHref(document, root, BAD_CAST QEMU_XML_URI);
	xmlNode *commandline = definition_find(document, "/domain/qemu:commandline");

	if (!qemu)
		qemu = xmlNewNs(root, BAD_CAST QEMU_XML_URI, BAD_CAST "qemu");
	if (!commandline)
		commandline = xmlNewChild(root, qemu, BAD_CAST "commandline", NULL);
	append_argument(commandline, qemu, "-global");
	append_argument(commandline, qemu, property);
}
