/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define LIBVIRT_WITH_PCI_PVPANIC 9001000
#define QEMU_WITH_SHUTDOWN_EVENT 9001000

#define QEMU_XML_URI "http://libvirt.org/schemas/domain/qemu/1.0"

/* The bits of pvpanic's events property that every QEMU has. */
#define EVENTS_OF_OLD 3u
#define EVENT_SHUTDOWN 4u
#define EVENT_OOPS 8u

typedef xmlDoc XmlDoc;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlDoc, xmlFreeDoc)

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

/* The string value of an XPath expression; "" if nothing matches. g_free(). */
static char *evaluate(xmlDoc *document, const char *expression)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *result;
	xmlChar *text;
	char *value;

	xmlXPathRegisterNs(context, BAD_CAST "qemu", BAD_CAST QEMU_XML_URI);
	result = xmlXPathEvalExpression(BAD_CAST expression, context);
	text = result ? xmlXPathCastToString(result) : NULL;
	value = g_strdup(text ? (char *)text : "");
	xmlFree(text);
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(context);
	return value;
}

static bool matches(xmlDoc *document, const char *expression)
{
	g_autofree char *call = g_strdup_printf("boolean(%s)", expression);
	g_autofree char *value = evaluate(document, call);

	return strcmp(value, "true") == 0;
}

static enum panic_device find_panic_device(xmlDoc *document)
{
	if (matches(document, "/domain/devices/panic[@model='isa' or not(@model)]"))
		return PANIC_DEVICE_ISA;
	if (matches(document, "/domain/devices/panic[@model='pvpanic']"))
		return PANIC_DEVICE_PCI;
	/* -global also names the device: pvpanic.events=11, pvpanic-pci.oops=on. */
	if (matches(document, "/domain/qemu:commandline/qemu:arg[contains(@value, 'pvpanic') and "
			      "not(contains(@value, 'pvpanic.') or "
			      "contains(@value, 'pvpanic-pci.'))]"))
		return PANIC_DEVICE_QEMU;
	return PANIC_DEVICE_NONE;
}

static bool offers_oops(xmlDoc *document)
{
	g_autofree char *value =
		evaluate(document, "string(/domain/qemu:commandline/qemu:arg[contains(@value, "
				   "'pvpanic') and contains(@value, 'events=')][last()]/@value)");
	const char *events = strstr(value, "events=");

	/* A patched QEMU adds the oops event to the events if oops=on. */
	return matches(document, "/domain/devices/panic/event[@name='oops']") ||
	       (events && strtoul(events + strlen("events="), NULL, 0) & EVENT_OOPS) ||
	       matches(document, "/domain/qemu:commandline/qemu:arg[contains(@value, 'pvpanic') "
				 "and contains(@value, 'oops=on')]");
}

static void fill_shape(xmlDoc *document, struct domain_shape *shape)
{
	shape->arch = evaluate(document, "string(/domain/os/type/@arch)");
	shape->machine = evaluate(document, "string(/domain/os/type/@machine)");
	shape->panic = find_panic_device(document);
	shape->oops_event = shape->panic != PANIC_DEVICE_NONE && offers_oops(document);
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
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *result;
	char *text = NULL;

	xmlXPathRegisterNs(context, BAD_CAST "o", BAD_CAST OPTIONS_XML_URI);
	result = xmlXPathEvalExpression(BAD_CAST "/domain/metadata/o:" OPTIONS_XML_KEY, context);
	if (result && result->nodesetval && result->nodesetval->nodeNr > 0) {
		xmlBuffer *buffer = xmlBufferCreate();

		xmlNodeDump(buffer, document, result->nodesetval->nodeTab[0], 0, 0);
		text = g_strdup((const char *)xmlBufferContent(buffer));
		xmlBufferFree(buffer);
	}
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(context);
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
	g_autofree char *machine = evaluate(document, "string(/domain/os/type/@machine)");
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

/* libvirt gives the device no alias that <qemu:override> could use. */
static void append_argument(xmlDoc *document, const char *first, const char *second)
{
	xmlNode *root = xmlDocGetRootElement(document);
	xmlNs *qemu = xmlSearchNsByHref(document, root, BAD_CAST QEMU_XML_URI);
	xmlNode *at = root->children;

	if (!qemu)
		qemu = xmlNewNs(root, BAD_CAST QEMU_XML_URI, BAD_CAST "qemu");
	while (at && (at->ns != qemu || xmlStrcmp(at->name, BAD_CAST "commandline") != 0))
		at = at->next;
	if (!at)
		at = xmlNewChild(root, qemu, BAD_CAST "commandline", NULL);
	xmlNewProp(xmlNewChild(at, qemu, BAD_CAST "arg", NULL), BAD_CAST "value", BAD_CAST first);
	xmlNewProp(xmlNewChild(at, qemu, BAD_CAST "arg", NULL), BAD_CAST "value", BAD_CAST second);
}

/*
 * The events for the device to offer: QEMU's default events, since an explicit value replaces them,
 * and the oops event.
 */
static unsigned int events_with_oops(struct session *session)
{
	unsigned long version = 0;

	virConnectGetVersion(session->connection, &version);
	return EVENTS_OF_OLD | EVENT_OOPS |
	       (version >= QEMU_WITH_SHUTDOWN_EVENT ? EVENT_SHUTDOWN : 0);
}

static xmlNode *find_node(xmlDoc *document, const char *expression)
{
	xmlXPathContext *context = xmlXPathNewContext(document);
	xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, context);
	xmlNode *node = result && result->nodesetval && result->nodesetval->nodeNr > 0
				? result->nodesetval->nodeTab[0]
				: NULL;

	xmlXPathFreeObject(result);
	xmlXPathFreeContext(context);
	return node;
}

/* Adds <event name='...'/> to <panic>: all of @events if it has none yet. */
static void append_events(xmlNode *panic, unsigned int events)
{
	static const char *const names[] = {"panicked", "crashloaded", "shutdown", "oops"};

	for (const xmlNode *at = panic->children; at; at = at->next)
		if (xmlStrcmp(at->name, BAD_CAST "event") == 0)
			events = EVENT_OOPS;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (events & 1u << i)
			xmlNewProp(xmlNewChild(panic, NULL, BAD_CAST "event", NULL),
				   BAD_CAST "name", BAD_CAST names[i]);
}

/*
 * Does libvirt support <event> in <panic> for a domain like this one? Tests with a minimal
 * definition that is only parsed. Stock libvirt drops the element; libvirt with our patches rejects
 * it if QEMU has no patches.
 */
static bool takes_events(struct session *session, xmlDoc *document, const char *model)
{
	g_autofree char *arch = evaluate(document, "string(/domain/os/type/@arch)");
	g_autofree char *machine = evaluate(document, "string(/domain/os/type/@machine)");
	g_autofree char *type = evaluate(document, "string(/domain/@type)");
	g_autofree char *emulator = evaluate(document, "string(/domain/devices/emulator)");
	g_autofree char *probe = g_markup_printf_escaped(
		"<domain type='%s'><name>oopsbt</name><memory unit='MiB'>64</memory>"
		"<os><type arch='%s' machine='%s'>hvm</type></os>"
		"<devices><emulator>%s</emulator><controller type='usb' model='none'/>"
		"<memballoon model='none'/><panic model='%s'><event name='oops'/></panic></devices>"
		"</domain>",
		type, arch, machine, emulator, model);
	char *arguments = virConnectDomainXMLToNative(session->connection, "qemu-argv", probe, 0);
	bool takes =
		arguments && (strstr(arguments, "\"events\":") || strstr(arguments, ",events="));

	if (!arguments)
		virResetLastError();
	free(arguments);
	return takes;
}

/* Uses libvirt's element if libvirt supports it, else a QEMU argument. */
static void offer_oops(struct session *session, xmlDoc *document, enum panic_device device)
{
	unsigned int events = events_with_oops(session);
	bool isa = device == PANIC_DEVICE_ISA;
	g_autofree char *property = NULL;

	if (takes_events(session, document, isa ? "isa" : "pvpanic")) {
		append_events(find_node(document, isa ? "/domain/devices/panic[@model='isa' or "
							"not(@model)]"
						      : "/domain/devices/panic[@model='pvpanic']"),
			      events);
		return;
	}
	property = g_strdup_printf("%s.events=%u", isa ? "pvpanic" : "pvpanic-pci", events);
	append_argument(document, "-global", property);
}

bool domain_add_oops_event(struct session *session, virDomainPtr domain, bool *added,
			   GError **error)
{
	g_autoptr(XmlDoc) document = get_definition(
		session, domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, error);
	const char *name = virDomainGetName(domain);
	enum panic_device device;
	xmlChar *after = NULL;
	int size;

	if (!document)
		return false;
	device = find_panic_device(document);
	*added = false;
	if (device == PANIC_DEVICE_NONE) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' has no panic device that could offer the oops event\n"
			    "--add-panic-device adds one",
			    name);
		return false;
	}
	if (device == PANIC_DEVICE_QEMU) {
		g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
			    "domain '%s' has its panic device from <qemu:commandline>\n"
			    "add 'events=%u' to that device's arguments there",
			    name, events_with_oops(session));
		return false;
	}
	if (offers_oops(document))
		return true;
	offer_oops(session, document, device);
	xmlDocDumpMemory(document, &after, &size);
	*added = define(session, name, (char *)after, error);
	xmlFree(after);
	return *added;
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
