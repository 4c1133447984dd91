/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "annotate.h"

#include <stdlib.h>
#include <string.h>

#include "../members.h"
#include "chain.h"
#include "common/sanitize.h"
#include "module_info.h"
#include "source_path.h"

#define MAX_PLACES 50000	      /* distinct places */
#define MAX_ADDED ((size_t)128 << 20) /* approximate bytes of JSON */
#define MAX_NAME 512		      /* bytes of a function's or a file's name */
#define BYTES_OF_POSITION 300	      /* and of its source lines, in bytes */

struct annotation {
	JsonObject *report;
	struct module_info *modules;
	struct source_tree *tree; /* or NULL */
	GHashTable *places;	  /* key: JsonArray *, or NULL: no lines */
	size_t added;		  /* approximate bytes of JSON */
};

static bool read_address(JsonObject *object, const char *name, guint64 *address)
{
	const char *text = member_text(object, name, NULL);

	return text && g_str_has_prefix(text, "0x") &&
	       g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, address, NULL);
}

/* --- a chain as JSON --- */

static void set_text(JsonObject *object, const char *name, const char *text)
{
	g_autofree char *clean = text ? sanitize_line(text, (gssize)strnlen(text, MAX_NAME)) : NULL;

	if (clean)
		json_object_set_string_member(object, name, clean);
	else
		json_object_set_null_member(object, name);
}

static void set_number(JsonObject *object, const char *name, int number)
{
	if (number > 0)
		json_object_set_int_member(object, name, number);
	else
		json_object_set_null_member(object, name);
}

static JsonObject *write_position(struct annotation *annotation, const struct position *position)
{
	g_autofree char *file =
		position->file ? source_path(position->file, position->directory) : NULL;
	JsonArray *source = annotation->tree && file
				    ? source_tree_around(annotation->tree, file, position->line)
				    : NULL;
	JsonObject *object = json_object_new();

	set_text(object, "function", position->function);
	set_text(object, "file", file);
	set_number(object, "line", position->line);
	set_number(object, "column", position->column);
	json_object_set_boolean_member(object, "inlined", position->is_inlined);
	if (source)
		json_object_set_array_member(object, "source", source);
	return object;
}

/* Assembler code has no functions: @symbol is the name in the source. */
static JsonArray *write_chain(struct annotation *annotation, const GArray *chain,
			      const char *symbol)
{
	JsonArray *lines = json_array_new();

	for (guint i = 0; i < chain->len; i++) {
		struct position position = g_array_index(chain, struct position, i);

		if (!position.is_inlined && !position.function)
			position.function = symbol;
		json_array_add_object_element(lines, write_position(annotation, &position));
	}
	return lines;
}

/* --- places --- */

static JsonArray *look_up(struct annotation *annotation, const char *module,
			  const struct place *place)
{
	g_autoptr(GArray) chain = module_info_look_up(annotation->modules, module, place);

	return chain ? write_chain(annotation, chain, place->symbol) : NULL;
}

/* Looks up each place once. The table owns the result. */
static JsonArray *look_up_once(struct annotation *annotation, const char *module,
			       const struct place *place)
{
	g_autofree char *key = g_strdup_printf(
		"%s %s %" G_GINT64_MODIFIER "x %" G_GINT64_MODIFIER "x %" G_GINT64_MODIFIER "x %d",
		module ? module : "", place->symbol ? place->symbol : "", place->offset,
		place->size, place->linked, place->is_return);
	void *lines = NULL;

	if (g_hash_table_lookup_extended(annotation->places, key, NULL, &lines))
		return lines;
	if (g_hash_table_size(annotation->places) >= MAX_PLACES)
		return NULL;
	lines = look_up(annotation, module, place);
	g_hash_table_insert(annotation->places, g_steal_pointer(&key), lines);
	return lines;
}

static void add_lines(struct annotation *annotation, JsonObject *object, const char *module,
		      const struct place *place)
{
	JsonArray *lines = look_up_once(annotation, module, place);
	size_t bytes = lines ? json_array_get_length(lines) * BYTES_OF_POSITION : 0;

	/* From an earlier run. */
	if (json_object_has_member(object, "lines"))
		json_object_remove_member(object, "lines");
	if (!lines || annotation->added + bytes > MAX_ADDED)
		return;
	annotation->added += bytes;
	json_object_set_array_member(object, "lines", json_array_ref(lines));
}

/* The place in "symbol", "offset", "size" and "pc" of @object: a frame or the fault. */
static struct place place_of(struct annotation *annotation, JsonObject *object)
{
	JsonObject *guest = member_object(annotation->report, "guest");
	struct place place = {
		.symbol = member_text(object, "symbol", NULL),
		.offset = (guint64)member_number(object, "offset", 0),
		.size = (guint64)member_number(object, "size", 0),
	};
	guint64 pc;
	guint64 kaslr;

	if (!member_text(object, "module", NULL) && read_address(object, "pc", &pc) &&
	    read_address(guest, "kaslr_offset", &kaslr))
		place.linked = pc - kaslr;
	return place;
}

/* --- the report --- */

static bool is_user(JsonObject *frame)
{
	return strcmp(member_text(frame, "stack", ""), "user") == 0;
}

/* @innermost_is_exact: its pc is an instruction, not a return address. */
static void add_to_frames(struct annotation *annotation, JsonArray *frames, bool innermost_is_exact)
{
	for (guint i = 0; frames && i < json_array_get_length(frames); i++) {
		JsonObject *frame = element_object(frames, i);
		struct place place;

		if (!frame || is_user(frame))
			continue;
		place = place_of(annotation, frame);
		place.is_return = !member_object(frame, "regs") && !(i == 0 && innermost_is_exact);
		add_lines(annotation, frame, member_text(frame, "module", NULL), &place);
	}
}

/* The distance of the addresses gives the place of each instruction. */
static void add_to_instructions(struct annotation *annotation, JsonObject *fault)
{
	JsonArray *instructions = member_array(fault, "instructions");
	const struct place at_fault = place_of(annotation, fault);
	guint64 pc;
	guint64 address;

	if (!read_address(fault, "pc", &pc))
		return;
	for (guint i = 0; instructions && i < json_array_get_length(instructions); i++) {
		JsonObject *instruction = element_object(instructions, i);
		struct place place = at_fault;

		if (!read_address(instruction, "address", &address))
			continue;
		place.offset += address - pc;
		if (place.linked)
			place.linked += address - pc;
		/* Code before the start of the function belongs to another one. */
		if (place.offset < at_fault.size)
			add_lines(annotation, instruction, member_text(fault, "module", NULL),
				  &place);
	}
}

static void add_to_fault(struct annotation *annotation)
{
	JsonObject *fault = member_object(annotation->report, "fault");
	struct place place;

	if (!fault)
		return;
	place = place_of(annotation, fault);
	add_lines(annotation, fault, member_text(fault, "module", NULL), &place);
	add_to_instructions(annotation, fault);
}

static void free_lines(void *lines)
{
	if (lines)
		json_array_unref(lines);
}

void annotate_report(JsonObject *report, struct debug_finder *finder, struct source_tree *tree)
{
	struct annotation annotation = {
		.report = report,
		.modules = module_info_new(report, finder),
		.tree = tree,
		.places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_lines),
	};
	JsonArray *vcpus = member_array(report, "vcpus");
	JsonArray *tasks = member_array(member_object(report, "tasks"), "shown");

	add_to_fault(&annotation);
	for (guint i = 0; vcpus && i < json_array_get_length(vcpus); i++)
		add_to_frames(&annotation, member_array(element_object(vcpus, i), "frames"), true);
	/* A task that does not run is in a call of the scheduler. */
	for (guint i = 0; tasks && i < json_array_get_length(tasks); i++)
		add_to_frames(&annotation, member_array(element_object(tasks, i), "frames"), false);
	json_object_set_array_member(report, "debug_info", module_info_write(annotation.modules));
	g_hash_table_unref(annotation.places);
	module_info_free(annotation.modules);
}
