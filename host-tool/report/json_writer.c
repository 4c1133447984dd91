/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_writer.h"

#include "kernel/registers.h"

#include <inttypes.h>

#include "common/sanitize.h"

static void new_line(struct json_writer *writer)
{
	g_string_append_c(writer->text, '\n');
	for (unsigned int i = 0; i < writer->depth; i++)
		g_string_append(writer->text, "  ");
}

/* Writes the separator before a value (comma, line or space) and its name. */
static void begin_value(struct json_writer *writer, const char *name)
{
	if (writer->has_members)
		g_string_append_c(writer->text, ',');
	if (writer->packed_depth > 0) {
		if (writer->has_members)
			g_string_append_c(writer->text, ' ');
	} else if (writer->depth > 0) {
		new_line(writer);
	}
	writer->has_members = true;
	if (name) {
		g_string_append_c(writer->text, '"');
		g_string_append(writer->text, name);
		g_string_append(writer->text, "\": ");
	}
}

static void begin_container(struct json_writer *writer, const char *name, char bracket,
			    enum json_layout layout)
{
	begin_value(writer, name);
	g_string_append_c(writer->text, bracket);
	if (writer->packed_depth > 0 || layout == JSON_PACKED)
		writer->packed_depth++;
	else
		writer->depth++;
	writer->has_members = false;
}

static void end_container(struct json_writer *writer, char bracket)
{
	if (writer->packed_depth > 0) {
		writer->packed_depth--;
	} else {
		writer->depth--;
		if (writer->has_members)
			new_line(writer);
	}
	g_string_append_c(writer->text, bracket);
	writer->has_members = true;
}

void json_begin_object(struct json_writer *writer, const char *name, enum json_layout layout)
{
	begin_container(writer, name, '{', layout);
}

void json_end_object(struct json_writer *writer)
{
	end_container(writer, '}');
}

void json_begin_array(struct json_writer *writer, const char *name, enum json_layout layout)
{
	begin_container(writer, name, '[', layout);
}

void json_end_array(struct json_writer *writer)
{
	end_container(writer, ']');
}

void json_string(struct json_writer *writer, const char *name, const char *value)
{
	GString *text = writer->text;
	gsize start;

	if (value == NULL) {
		json_null(writer, name);
		return;
	}
	begin_value(writer, name);
	g_string_append_c(text, '"');
	start = text->len;
	sanitize_append(text, value, -1, true);
	/* Clean text needs only these escapes. */
	for (gsize i = start; i < text->len; i++) {
		switch (text->str[i]) {
		case '\n':
			text->str[i] = 'n';
			break;
		case '\t':
			text->str[i] = 't';
			break;
		case '"':
		case '\\':
			break;
		default:
			continue;
		}
		g_string_insert_c(text, (gssize)i++, '\\');
	}
	g_string_append_c(text, '"');
}

void json_integer(struct json_writer *writer, const char *name, int64_t value)
{
	char digits[24];

	begin_value(writer, name);
	g_snprintf(digits, sizeof(digits), "%" PRId64, value);
	g_string_append(writer->text, digits);
}

void json_maybe_integer(struct json_writer *writer, const char *name, const struct maybe_int *value)
{
	if (value->known)
		json_integer(writer, name, value->value);
	else
		json_null(writer, name);
}

void json_hex(struct json_writer *writer, const char *name, uint64_t value)
{
	char digits[24];

	begin_value(writer, name);
	g_snprintf(digits, sizeof(digits), "\"0x%" PRIx64 "\"", value);
	g_string_append(writer->text, digits);
}

void json_boolean(struct json_writer *writer, const char *name, bool value)
{
	begin_value(writer, name);
	g_string_append(writer->text, value ? "true" : "false");
}

void json_null(struct json_writer *writer, const char *name)
{
	begin_value(writer, name);
	g_string_append(writer->text, "null");
}

void json_registers(struct json_writer *writer, const char *name, const GArray *registers,
		    enum json_layout layout)
{
	if (!registers) {
		json_null(writer, name);
		return;
	}
	json_begin_object(writer, name, layout);
	for (guint i = 0; i < registers->len; i++) {
		const struct named_register *found =
			&g_array_index(registers, struct named_register, i);

		json_hex(writer, found->name, found->value);
	}
	json_end_object(writer);
}
