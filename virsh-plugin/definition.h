/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XPath in a domain's definition. The prefix "qemu" is that of <qemu:commandline>. */
#ifndef OOPSBT_PLUGIN_DEFINITION_H
#define OOPSBT_PLUGIN_DEFINITION_H

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>

#define QEMU_XML_URI "http://libvirt.org/schemas/domain/qemu/1.0"

typedef xmlDoc XmlDoc;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlDoc, xmlFreeDoc)

/* The string value of an expression; "" if nothing matches. g_free(). */
char *definition_evaluate(xmlDoc *document, const char *expression);

bool definition_matches(xmlDoc *document, const char *expression);

/* The first node that matches; NULL: none. */
xmlNode *definition_find(xmlDoc *document, const char *expression);

#endif
