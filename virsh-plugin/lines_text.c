/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lines_text.h"

#include <string.h>

#include "members.h"
#include "trace.h"

#define SOURCE_INDENT "    "

/* --- one frame --- */

static JsonObject *last_of(JsonObject *owner)
{
	JsonArray *lines = member_array(owner, "lines");
	guint count = lines ? json_array_get_length(lines) : 0;

	return count > 0 ? element_object(lines, count - 1) : NULL;
}

static void append_file(GString *text, JsonObject *position)
{
	gint64 line = member_number(position, "line", 0);

	g_string_append(text, member_text(position, "file", "unknown"));
	if (line > 0)
		g_string_append_printf(text, ":%" G_GINT64_FORMAT, line);
}

/* Appends the surrounding lines and marks the position. */
static void append_around(GString *text, const char *indent, JsonObject *position)
{
	JsonArray *source = member_array(position, "source");

	for (guint i = 0; source && i < json_array_get_length(source); i++) {
		JsonObject *line = element_object(source, i);
		gint64 number = member_number(line, "line", 0);

		g_string_append_printf(text, "%s%s%c%6" G_GINT64_FORMAT "  %s\n", indent,
				       SOURCE_INDENT,
				       number == member_number(position, "line", 0) ? '>' : ' ',
				       number, member_text(line, "text", ""));
	}
}

void lines_append_inlined(GString *text, const char *indent, JsonObject *owner)
{
	JsonArray *lines = member_array(owner, "lines");

	for (guint i = 0; lines && i + 1 < json_array_get_length(lines); i++) {
		JsonObject *position = element_object(lines, i);

		g_string_append_printf(text, "%s[inlined] %s at ", indent,
				       member_text(position, "function", "unknown"));
		append_file(text, position);
		g_string_append_c(text, '\n');
		append_around(text, indent, position);
	}
}

void lines_append_place(GString *text, JsonObject *owner)
{
	JsonObject *position = last_of(owner);

	if (!position || !member_text(position, "file", NULL))
		return;
	g_string_append(text, " at ");
	append_file(text, position);
}

void lines_append_source(GString *text, const char *indent, JsonObject *owner)
{
	append_around(text, indent, last_of(owner));
}

/* --- instructions --- */

static char *describe_instruction(JsonObject *instruction)
{
	JsonArray *lines = member_array(instruction, "lines");
	JsonObject *innermost =
		lines && json_array_get_length(lines) > 0 ? element_object(lines, 0) : NULL;
	GString *text;

	if (!innermost || !member_text(innermost, "file", NULL))
		return NULL;
	text = g_string_new(NULL);
	append_file(text, innermost);
	if (member_text(innermost, "function", NULL))
		g_string_append_printf(text, " (%s)", member_text(innermost, "function", NULL));
	return g_string_free(text, FALSE);
}

char *lines_of_instruction(JsonObject *instruction, JsonObject *before)
{
	g_autofree char *description = describe_instruction(instruction);
	g_autofree char *last = before ? describe_instruction(before) : NULL;

	return g_strcmp0(description, last) == 0 ? NULL : g_steal_pointer(&description);
}

void lines_append_before(GString *text, JsonObject *instruction, JsonObject *before)
{
	g_autofree char *place = lines_of_instruction(instruction, before);
	JsonArray *lines = member_array(instruction, "lines");

	if (!place)
		return;
	g_string_append_printf(text, "     %s:\n", place);
	append_around(text, "     ", element_object(lines, 0));
}

/* --- report.txt --- */

/* The names that a line may have: "symbol+0x1/0x2 [module]", or an instruction's address. */
struct names {
	GHashTable *frames;	  /* JsonObject */
	GHashTable *instructions; /* the same */
};

static void add_frame(struct names *names, JsonObject *frame)
{
	GString *name;

	if (!member_array(frame, "lines"))
		return;
	name = g_string_new(NULL);
	trace_append_symbol(name, frame);
	if (g_hash_table_contains(names->frames, name->str))
		g_string_free(name, TRUE);
	else
		g_hash_table_insert(names->frames, g_string_free(name, FALSE), frame);
}

/*
 * A name may be an instruction on one CPU and a return address on another, and the text does not
 * tell which. It counts as the instruction, which the first pass has added.
 */
static void add_frames(struct names *names, JsonArray *frames, bool only_exact)
{
	for (guint i = 0; frames && i < json_array_get_length(frames); i++) {
		JsonObject *frame = element_object(frames, i);

		if (!only_exact || i == 0 || member_object(frame, "regs"))
			add_frame(names, frame);
	}
}

static void add_instructions(struct names *names, JsonArray *instructions)
{
	for (guint i = 0; instructions && i < json_array_get_length(instructions); i++) {
		JsonObject *instruction = element_object(instructions, i);
		const char *address = member_text(instruction, "address", NULL);

		if (address && g_str_has_prefix(address, "0x"))
			g_hash_table_insert(names->instructions, g_strdup(address + 2),
					    instruction);
	}
}

static void collect_names(struct names *names, JsonObject *report)
{
	JsonArray *vcpus = member_array(report, "vcpus");
	JsonArray *tasks = member_array(member_object(report, "tasks"), "shown");
	JsonObject *fault = member_object(report, "fault");

	add_frame(names, fault);
	add_instructions(names, member_array(fault, "instructions"));
	for (int round = 0; round < 2; round++)
		for (guint i = 0; vcpus && i < json_array_get_length(vcpus); i++)
			add_frames(names, member_array(element_object(vcpus, i), "frames"),
				   round == 0);
	for (guint i = 0; tasks && i < json_array_get_length(tasks); i++)
		add_frames(names, member_array(element_object(tasks, i), "frames"), false);
}

/* The frame that a line of report.txt shows; @indent: the text before its name. NULL: none. */
static JsonObject *frame_of_line(const struct names *names, const char *line, char **indent)
{
	size_t spaces = strspn(line, " ");
	const char *name = line + spaces;
	const char *end;
	g_autofree char *key = NULL;

	if (spaces == 0)
		return NULL;
	if (g_str_has_prefix(name, "? "))
		name += 2;
	end = strstr(name, "  (");
	key = end ? g_strndup(name, (gsize)(end - name)) : g_strdup(name);
	*indent = g_strndup(line, spaces);
	return g_hash_table_lookup(names->frames, key);
}

/* "  RIP: 0010:symbol+0x1/0x2": the PC of a CPU, without the inlined functions of its frame. */
static JsonObject *frame_of_rip(const struct names *names, const char *line)
{
	const char *name = line + strspn(line, " ");

	if (name == line || !g_str_has_prefix(name, "RIP: "))
		return NULL;
	name += strlen("RIP: ");
	if (strlen(name) > 5 && name[4] == ':')
		name += 5;
	return g_hash_table_lookup(names->frames, name);
}

/* "  => ffffffff81000000  0f 0b  ud2" */
static JsonObject *instruction_of_line(const struct names *names, const char *line)
{
	g_autofree char *address = NULL;

	if (!g_str_has_prefix(line, "  => ") && !g_str_has_prefix(line, "     "))
		return NULL;
	address = g_strndup(line + 5, strspn(line + 5, "0123456789abcdef"));
	return g_hash_table_lookup(names->instructions, address);
}

static void annotate_line(GString *text, const struct names *names, const char *line,
			  JsonObject **before)
{
	g_autofree char *indent = NULL;
	JsonObject *frame = frame_of_line(names, line, &indent);
	JsonObject *rip = frame ? NULL : frame_of_rip(names, line);
	JsonObject *instruction = frame || rip ? NULL : instruction_of_line(names, line);
	const char *name_end;

	if (instruction) {
		lines_append_before(text, instruction, *before);
		*before = instruction;
	}
	if (frame)
		lines_append_inlined(text, indent, frame);
	name_end = frame ? strstr(line, "  (") : NULL;
	g_string_append_len(text, line, name_end ? name_end - line : (gssize)strlen(line));
	lines_append_place(text, frame ? frame : rip);
	g_string_append_printf(text, "%s\n", name_end ? name_end : "");
	if (frame)
		lines_append_source(text, indent, frame);
}

GString *lines_annotate(const char *text, size_t length, JsonObject *report)
{
	g_autofree char *copy = g_strndup(text, length);
	g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
	struct names names = {
		.frames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.instructions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	GString *result = g_string_sized_new(length);
	JsonObject *before = NULL;

	collect_names(&names, report);
	for (char **line = lines; *line && (line[1] || **line); line++)
		annotate_line(result, &names, *line, &before);
	g_hash_table_unref(names.frames);
	g_hash_table_unref(names.instructions);
	return result;
}
