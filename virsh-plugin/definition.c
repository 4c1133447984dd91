/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "definition.h"

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <string.h>

typedef xmlXPathContext XPathContext;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XPathContext, xmlXPathFreeContext)

static xmlXPathContext *new_context(xmlDoc *document)
{
	xmlXPathContext *context = xmlXPathNewContext(document);

	xmlXPathRegisterNs(context, BAD_CAST "qemu", BAD_CAST QEMU_XML_URI);
	return context;
}

char *definition_evaluate(xmlDoc *document, const char *expression)
{
	g_autoptr(XPathContext) context = new_context(document);
	xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, context);
	xmlChar *text = result ? xmlXPathCastToString(result) : NULL;
	char *value = g_strdup(text ? (char *)text : "");

	xmlFree(text);
	xmlXPathFreeObject(result);
	return value;
}

bool definition_matches(xmlDoc *document, const char *expression)
{
	g_autofree char *call = g_strdup_printf("boolean(%s)", expression);
	g_autofree char *value = definition_evaluate(document, call);

	return strcmp(value, "true") == 0;
}

xmlNode *definition_find(xmlDoc *document, const char *expression)
{
	g_autoptr(XPathContext) context = new_context(document);
	xmlXPathObject *result = xmlXPathEvalExpression(BAD_CAST expression, context);
	xmlNode *node = result && result->nodesetval && result->nodesetval->nodeNr > 0
				? result->nodesetval->nodeTab[0]
				: NULL;

	xmlXPathFreeObject(result);
	return node;
}
