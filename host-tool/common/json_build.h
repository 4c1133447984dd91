/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds one member to the object that json-glib's builder is building. */
#ifndef OOPSBT_COMMON_JSON_BUILD_H
#define OOPSBT_COMMON_JSON_BUILD_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

void json_build_string(JsonBuilder *builder, const char *name, const char *value); /* or NULL */
void json_build_boolean(JsonBuilder *builder, const char *name, bool value);
void json_build_integer(JsonBuilder *builder, const char *name, uint64_t value); /* below 2^63 */

#endif
