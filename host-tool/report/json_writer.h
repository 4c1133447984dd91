/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes JSON directly, without building a tree: a report has thousands of log records, and a user
 * waits for it. Members appear in the order of the calls. Strings are sanitised (common/sanitize.h;
 * newlines stay) and quoted.
 */
#ifndef OOPSBT_REPORT_JSON_WRITER_H
#define OOPSBT_REPORT_JSON_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/maybe.h"

enum json_layout {
	JSON_SPREAD, /* a line for each member */
	JSON_PACKED, /* one line for all members and their content */
};

struct json_writer {
	GString *text;
	unsigned int depth;	   /* number of open spread containers */
	unsigned int packed_depth; /* number of open packed containers in them */
	bool has_members;	   /* of the innermost container */
};

void json_begin_object(struct json_writer *writer, const char *name, enum json_layout layout);
void json_end_object(struct json_writer *writer);
void json_begin_array(struct json_writer *writer, const char *name, enum json_layout layout);
void json_end_array(struct json_writer *writer);

void json_string(struct json_writer *writer, const char *name, const char *value); /* NULL: null */
void json_integer(struct json_writer *writer, const char *name, int64_t value);
void json_maybe_integer(struct json_writer *writer, const char *name,
			const struct maybe_int *value);			     /* unknown: null */
void json_hex(struct json_writer *writer, const char *name, uint64_t value); /* "0x..." */
void json_boolean(struct json_writer *writer, const char *name, bool value);
void json_null(struct json_writer *writer, const char *name);
/* An object of @registers (of struct named_register); NULL: null. */
void json_registers(struct json_writer *writer, const char *name, const GArray *registers,
		    enum json_layout layout);

#endif
