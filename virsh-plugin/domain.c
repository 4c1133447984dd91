/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "daemon/qmp.h"
#include "definition.h"
#include "panic_events.h"

#define LIBVIRT_WITH_PCI_PVPANIC 9001000
#define QEMU_WITH_SHUTDOWN_EVENT 9001000

/* What every QEMU's pvpanic offers by default. */
#define EVENTS_OF_OLD (PANIC_EVENT_PANICKED | PANIC_EVENT_CRASHLOADED)

const char *panic_device_name(enum panic_device device)
{
	switch (device) {
	case PANIC_DEVICE_NONE:
		return "none";
	case PANIC_DEVICE_ISA:
		return "pvpanic (isa)";
	case PANIC_DEVICE_PCI:
		return "pvpanic (pci)";
	case PANIC_DEVICE_QEMU:
		return "pvpanic (qemu:commandline)";
	}
	g_assert_not_reached();
}

void domain_shape_clear(struct domain_shape *shape)
{
	g_free(shape->arch);
	g_free(shape->machine);
	g_free(shape->security);
}

/* --- the definition --- */

static xmlDoc *get_definition(struct session *session, virDomainPtr domain, unsigned int flags,
			      GError **error)
{
	char *text = virDomainGetXMLDesc(domain, flags);
	xmlDoc *document;

	if (!text) {
		session_fail(session, error, "cannot read the definition of domain '%s'",
			     virDomainGetName(domain));
		return NULL;
	}
	document = xmlReadMemory(text, strlen(text), "domain", NULL,
				 XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	free(text);
	if (!document)
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the definition of domain '%s' is not XML", virDomainGetName(domain));
	return document;
}

static enum panic_device find_panic_device(xmlDoc *document)
{
	if (definition_matches(document, "/domain/devices/panic[@model='isa' or not(@model)]"))
		return PANIC_DEVICE_ISA;
	if (definition_matches(document, "/domain/devices/panic[@model='pvpanic']"))
		return PANIC_DEVICE_PCI;
	/* -global also names the device: pvpanic.events=11, pvpanic-pci.oops=on. */
	if (definition_matches(document,
			       "/domain/qemu:commandline/qemu:arg[contains(@value, 'pvpanic') and "
			       "not(contains(@value, 'pvpanic.') or "
			       "contains(@value, 'pvpanic-pci.'))]"))
		return PANIC_DEVICE_QEMU;
	return PANIC_DEVICE_NONE;
}

static void fill_shape(xmlDoc *document, struct domain_shape *shape)
{
	shape->arch = definition_evaluate(document, "string(/domain/os/type/@arch)");
	shape->machine = definition_evaluate(document, "string(/domain/os/type/@machine)");
	if (definition_matches(document, "/domain/launchSecurity"))
		shape->security =
			definition_evaluate(document, "string(/domain/launchSecurity/@type)");
	shape->panic = find_panic_device(document);
	if (shape->panic != PANIC_DEVICE_NONE)
		shape->events = panic_events_named(document);
}

bool domain_get_shape(struct session *session, virDomainPtr domain, unsigned int flags,
		      struct domain_shape *shape, GError **error)
{
	g_autoptr(XmlDoc) document = get_definition(session, domain, flags, error);

	if (!document)
		return false;
	fill_shape(document, shape);
	return true;
}

/* --- options --- */

/* The element's text, free(); *@xml is NULL if there is none. */
static bool get_metadata(struct session *session, virDomainPtr domain, unsigned int flags,
			 char **xml, GError **error)
{
	virErrorPtr last;

	*xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, OPTIONS_XML_URI, flags);
	if (*xml)
		return true;
	last = virGetLastError();
	if (last && last->code == VIR_ERR_NO_DOMAIN_METADATA)
		return true;
	return session_fail(session, error, "cannot read the metadata of domain '%s'",
			    virDomainGetName(domain));
}

/* A domain with invalid options counts as enabled: the user must correct or remove them. */
static bool enables(const char *xml)
{
	struct options options;

	return xml && !(options_from_xml(xml, &options, NULL, NULL) && options.disabled);
}

bool domain_has_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, GError **error)
{
	char *xml;

	if (!get_metadata(session, domain, flags, &xml, error))
		return false;
	*enabled = enables(xml);
	free(xml);
	return true;
}

static bool parse_options(virDomainPtr domain, const char *xml, struct options *options,
			  GPtrArray *warnings, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (options_from_xml(xml, options, warnings, &local))
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "the oopsbt metadata of domain '%s' is bad: %s\n"
		    "'virsh oopsbt disable %s' takes it away",
		    virDomainGetName(domain), local->message, virDomainGetName(domain));
	return false;
}

bool domain_get_options(struct session *session, virDomainPtr domain, unsigned int flags,
			bool *enabled, struct options *options, GPtrArray *warnings, GError **error)
{
	char *xml;
	bool good;

	options_init(options);
	if (!get_metadata(session, domain, flags, &xml, error))
		return false;
	*enabled = enables(xml);
	good = !*enabled || parse_options(domain, xml, options, warnings, error);
	free(xml);
	return good;
}

bool domain_set_options(struct session *session, virDomainPtr domain, unsigned int flags,
			const struct options *options, GError **error)
{
	g_autofree char *xml = options ? options_to_xml(options) : NULL;

	if (virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, xml, OPTIONS_XML_KEY,
				 OPTIONS_XML_URI, flags) == 0)
		return true;
	return session_fail(session, error, "cannot change the metadata of domain '%s'",
			    virDomainGetName(domain));
}

bool domain_set_disabled(struct session *session, virDomainPtr domain, unsigned int flags,
			 GError **error)
{
	struct options options;

	options_init(&options);
	options.disabled = true;
	return domain_set_options(session, domain, flags, &options, error);
}

/* The oopsbt element of a definition as text; NULL: none. g_free(). */
static char *find_metadata(xmlDoc *document)
{
	xmlNode *node =
		definition_find(document, "/domain/metadata/*[local-name()='" OPTIONS_XML_KEY
					  "' and namespace-uri()='" OPTIONS_XML_URI "']");
	xmlBuffer *buffer;
	char *text;

	if (!node)
		return NULL;
	buffer = xmlBufferCreate();
	xmlNodeDump(buffer, document, node, 0, 0);
	text = g_strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}

bool domain_look(struct session *session, virDomainPtr domain, bool active, bool *enabled,
		 bool *next, struct options *options, struct domain_shape *shape, GError **error)
{
	g_autoptr(XmlDoc) now = get_definition(session, domain, 0, error);
	g_autoptr(XmlDoc) later = NULL;
	g_autofree char *now_xml = NULL;
	g_autofree char *next_xml = NULL;

	options_init(options);
	if (!now)
		return false;
	fill_shape(now, shape);
	now_xml = find_metadata(now);
	if (active && virDomainIsPersistent(domain) == 1) {
		later = get_definition(session, domain, VIR_DOMAIN_XML_INACTIVE, error);
		if (!later)
			return false;
		next_xml = find_metadata(later);
	} else if (!active) {
		next_xml = g_strdup(now_xml);
	}
	*enabled = enables(now_xml);
	*next = enables(next_xml);
	if (!*enabled && !*next)
		return true;
	return parse_options(domain, *enabled ? now_xml : next_xml, options, NULL, error);
}

/* --- the panic device --- */

static bool has_isa_bus(const char *machine)
{
	return g_str_has_prefix(machine, "pc") || strstr(machine, "q35");
}

static bool append_panic_device(xmlDoc *document, const char *model)
{
	xmlNode *root = xmlDocGetRootElement(document);

	for (xmlNode *at = root ? root->children : NULL; at; at = at->next) {
		if (xmlStrcmp(at->name, BAD_CAST "devices") != 0)
			continue;
		xmlNewProp(xmlNewChild(at, NULL, BAD_CAST "panic", NULL), BAD_CAST "model",
			   BAD_CAST model);
		return true;
	}
	return false;
}

static bool choose_model(struct session *session, virDomainPtr domain, xmlDoc *document,
			 enum panic_device *device, GError **error)
{
	g_autofree char *machine =
		definition_evaluate(document, "string(/domain/os/type/@machine)");
	unsigned long version = 0;

	if (has_isa_bus(machine)) {
		*device = PANIC_DEVICE_ISA;
		return true;
	}
	virConnectGetLibVersion(session->connection, &version);
	if (version >= LIBVIRT_WITH_PCI_PVPANIC) {
		*device = PANIC_DEVICE_PCI;
		return true;
	}
	g_set_error(
		error, CLI_ERROR, CLI_ERROR_FAILED,
		"machine '%s' of domain '%s' has no ISA bus, and libvirt %lu.%lu.%lu cannot "
		"define the PCI panic device\n"
		"libvirt 9.1 can; until then use 'virsh edit %s' and add -device pvpanic-pci in "
		"<qemu:commandline>",
		machine, virDomainGetName(domain), version / 1000000, version / 1000 % 1000,
		version % 1000, virDomainGetName(domain));
	return false;
}

static bool define(struct session *session, const char *name, const char *definition,
		   GError **error)
{
	virDomainPtr defined = virDomainDefineXML(session->connection, definition);

	if (!defined)
		return session_fail(session, error, "cannot change the definition of domain '%s'",
				    name);
	virDomainFree(defined);
	return true;
}

bool domain_add_panic_device(struct session *session, virDomainPtr domain, enum panic_device *added,
			     char **previous, GError **error)
{
	g_autoptr(XmlDoc) document = get_definition(
		session, domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, error);
	xmlChar *before = NULL;
	xmlChar *after = NULL;
	int size;
	bool good;

	if (!document || !choose_model(session, domain, document, added, error))
		return false;
	xmlDocDumpMemory(document, &before, &size);
	if (!append_panic_device(document, *added == PANIC_DEVICE_ISA ? "isa" : "pvpanic")) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "the definition of domain '%s' has no <devices>",
			    virDomainGetName(domain));
		xmlFree(before);
		return false;
	}
	xmlDocDumpMemory(document, &after, &size);
	good = define(session, virDomainGetName(domain), (char *)after, error);
	if (good)
		*previous = g_strdup((char *)before);
	xmlFree(before);
	xmlFree(after);
	return good;
}

/*
 * Does libvirt support this <event> in <panic> for a domain like this one? Tests with a minimal
 * definition that is only parsed. Stock libvirt drops the element; libvirt with our patches rejects
 * it if QEMU does not have the event.
 */
static bool takes_element(struct session *session, xmlDoc *document, enum panic_device device,
			  const char *event)
{
	g_autofree char *arch = definition_evaluate(document, "string(/domain/os/type/@arch)");
	g_autofree char *machine =
		definition_evaluate(document, "string(/domain/os/type/@machine)");
	g_autofree char *type = definition_evaluate(document, "string(/domain/@type)");
	g_autofree char *emulator =
		definition_evaluate(document, "string(/domain/devices/emulator)");
	g_autofree char *probe = g_markup_printf_escaped(
		"<domain type='%s'><name>oopsbt</name><memory unit='MiB'>64</memory>"
		"<os><type arch='%s' machine='%s'>hvm</type></os>"
		"<devices><emulator>%s</emulator><controller type='usb' model='none'/>"
		"<memballoon model='none'/><panic model='%s'><event name='%s'/></panic></devices>"
		"</domain>",
		type, arch, machine, emulator, device == PANIC_DEVICE_ISA ? "isa" : "pvpanic",
		event);
	char *arguments = virConnectDomainXMLToNative(session->connection, "qemu-argv", probe, 0);
	bool takes =
		arguments && (strstr(arguments, "\"events\":") || strstr(arguments, ",events="));

	if (!arguments)
		virResetLastError();
	free(arguments);
	return takes;
}

static const char *driver_of(enum panic_device device)
{
	return device == PANIC_DEVICE_PCI ? "pvpanic-pci" : "pvpanic";
}

/* Asks the running QEMU for a property of the device. False: it has none, or the domain does not
 * run. */
static bool ask_property(virDomainPtr domain, enum panic_device device, const char *property,
			 gint64 *value)
{
	bool has = false;

	return virDomainIsActive(domain) == 1 &&
	       qmp_device_property(domain, driver_of(device), property, &has, value, NULL) && has;
}

/* What QEMU offers by default. libvirt knows the version of one QEMU only: the host's own. */
static unsigned int default_events(struct session *session, virDomainPtr domain,
				   enum panic_device device)
{
	unsigned long version = 0;
	gint64 value = -1;

	if (ask_property(domain, device, "events", &value) && value > 0)
		return value;
	virConnectGetVersion(session->connection, &version);
	return EVENTS_OF_OLD | (version >= QEMU_WITH_SHUTDOWN_EVENT ? PANIC_EVENT_SHUTDOWN : 0);
}

bool domain_has_lockup_event(virDomainPtr domain, enum panic_device device)
{
	gint64 value;

	return ask_property(domain, device, "lockup", &value);
}

/* Elements that libvirt supports for this domain. */
static unsigned int find_elements(struct session *session, xmlDoc *document,
				  enum panic_device device)
{
	if (!takes_element(session, document, device, "oops"))
		return 0;
	return EVENTS_OF_OLD | PANIC_EVENT_OOPS |
	       (takes_element(session, document, device, "shutdown") ? PANIC_EVENT_SHUTDOWN : 0) |
	       (takes_element(session, document, device, "lockup") ? PANIC_EVENT_LOCKUP : 0);
}

/*
 * Adds the oops event, and the lockup event if QEMU is known to have it, to the definition: to the
 * argument that is there, or as libvirt's elements if libvirt supports them, or as an argument.
 * Returns those that were added.
 */
static unsigned int offer_events(struct session *session, virDomainPtr domain, xmlDoc *document,
				 enum panic_device device)
{
	bool isa = device == PANIC_DEVICE_ISA;
	unsigned int elements = find_elements(session, document, device);
	bool lockup = elements & PANIC_EVENT_LOCKUP || domain_has_lockup_event(domain, device);
	unsigned int events = (PANIC_EVENT_OOPS | (lockup ? PANIC_EVENT_LOCKUP : 0)) &
			      ~panic_events_named(document);

	if (events == 0 || panic_events_change_argument(document, driver_of(device), events))
		return events;
	if (elements)
		panic_events_add_elements(
			definition_find(document,
					isa ? "/domain/devices/panic[@model='isa' or not(@model)]"
					    : "/domain/devices/panic[@model='pvpanic']"),
			elements & (EVENTS_OF_OLD | PANIC_EVENT_SHUTDOWN), events);
	else
		panic_events_add_argument(document, driver_of(device),
					  default_events(session, domain, device) | events);
	return events;
}

bool domain_add_oops_event(struct session *session, virDomainPtr domain, unsigned int *added,
			   GError **error)
{
	g_autoptr(XmlDoc) document = get_definition(
		session, domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, error);
	const char *name = virDomainGetName(domain);
	enum panic_device device;
	xmlChar *after = NULL;
	bool good;
	int size;

	if (!document)
		return false;
	device = find_panic_device(document);
	*added = 0;
	if (device == PANIC_DEVICE_NONE) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' has no panic device that could offer the oops event\n"
			    "--add-panic-device adds one",
			    name);
		return false;
	}
	if (device == PANIC_DEVICE_QEMU) {
		if (panic_events_named(document) & PANIC_EVENT_OOPS)
			return true;
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' has its panic device from <qemu:commandline>\n"
			    "add 'events=%u' to that device's arguments there",
			    name, default_events(session, domain, device) | PANIC_EVENT_OOPS);
		return false;
	}
	*added = offer_events(session, domain, document, device);
	if (*added == 0)
		return true;
	xmlDocDumpMemory(document, &after, &size);
	good = define(session, name, (char *)after, error);
	xmlFree(after);
	return good;
}

bool domain_restore(struct session *session, virDomainPtr domain, const char *previous,
		    GError **error)
{
	return define(session, virDomainGetName(domain), previous, error);
}

/* --- live and config --- */

const char *domain_affect_name(unsigned int flags)
{
	if (flags == (VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG))
		return "live and config";
	return flags == VIR_DOMAIN_AFFECT_LIVE ? "live" : "config";
}

bool domain_affect(struct session *session, virDomainPtr domain, const struct cli_args *args,
		   unsigned int *flags, GError **error)
{
	const char *name = virDomainGetName(domain);
	int active = virDomainIsActive(domain);
	int persistent = virDomainIsPersistent(domain);
	bool live = cli_has(args, "live");
	bool config = cli_has(args, "config");

	if (cli_has(args, "current") && (live || config)) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_USAGE,
			    "--current excludes --live and --config");
		return false;
	}
	if (active < 0 || persistent < 0)
		return session_fail(session, error, "cannot read the state of domain '%s'", name);
	if (live && !active) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' is not running, so there is nothing for --live\n"
			    "leave it out: what is configured holds from the next start on",
			    name);
		return false;
	}
	if (config && !persistent) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' is transient: it has no configuration for --config\n"
			    "leave it out, and do it again when the domain has been created anew",
			    name);
		return false;
	}
	*flags = 0;
	if (cli_has(args, "current"))
		*flags = active ? VIR_DOMAIN_AFFECT_LIVE : VIR_DOMAIN_AFFECT_CONFIG;
	else if (!live && !config)
		*flags = (active ? VIR_DOMAIN_AFFECT_LIVE : 0) |
			 (persistent ? VIR_DOMAIN_AFFECT_CONFIG : 0);
	if (live)
		*flags |= VIR_DOMAIN_AFFECT_LIVE;
	if (config)
		*flags |= VIR_DOMAIN_AFFECT_CONFIG;
	return true;
}
