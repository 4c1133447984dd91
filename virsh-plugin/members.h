/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses members of a report. It was checked when it was stored, but members may be null or, in
 * another version, of another type. @object may be NULL.
 */
#ifndef OOPSBT_PLUGIN_MEMBERS_H
#define OOPSBT_PLUGIN_MEMBERS_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

const char *member_text(JsonObject *object, const char *name, const char *otherwise);
gint64 member_number(JsonObject *object, const char *name, gint64 otherwise);
bool member_flag(JsonObject *object, const char *name, bool otherwise);
JsonObject *member_object(JsonObject *object, const char *name); /* or NULL */
JsonArray *member_array(JsonObject *object, const char *name);	 /* or NULL */
JsonObject *element_object(JsonArray *array, guint i);		 /* or NULL */

#endif
