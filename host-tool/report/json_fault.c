/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_fault.h"

static void hex_bytes(struct json_writer *w, const char *name, const uint8_t *bytes, size_t length)
{
	GString *text = g_string_new(NULL);

	for (size_t i = 0; i < length; i++)
		g_string_append_printf(text, "%s%02x", i > 0 ? " " : "", bytes[i]);
	json_string(w, name, text->str);
	g_string_free(text, TRUE);
}

/* Writes an address that is known if the fault's is. */
static void address(struct json_writer *w, const struct report_fault *fault, const char *name,
		    gva_t value)
{
	if (fault->pc.known)
		json_hex(w, name, value.value);
	else
		json_null(w, name);
}

static void write_place(struct json_writer *w, const struct report_fault *fault)
{
	const struct resolved_symbol *symbol = &fault->symbol;

	address(w, fault, "pc", gva(fault->pc.value));
	json_string(w, "symbol", symbol->name);
	if (symbol->name) {
		json_integer(w, "offset", (int64_t)symbol->offset);
		json_integer(w, "size", (int64_t)symbol->size);
	} else {
		json_null(w, "offset");
		json_null(w, "size");
	}
	json_string(w, "module", symbol->module);
}

static void write_code(struct json_writer *w, const struct report_fault *fault, const char *name,
		       const struct report_code *code)
{
	if (!code->bytes) {
		json_null(w, name);
		return;
	}
	json_begin_object(w, name, JSON_PACKED);
	address(w, fault, "start", code->start);
	hex_bytes(w, "bytes", code->bytes->data, code->bytes->len);
	json_end_object(w);
}

static void write_instructions(struct json_writer *w, const struct report_fault *fault)
{
	json_begin_array(w, "instructions", JSON_SPREAD);
	for (guint i = 0; fault->instructions && i < fault->instructions->len; i++) {
		const struct instruction *instruction =
			&g_array_index(fault->instructions, struct instruction, i);

		json_begin_object(w, NULL, JSON_PACKED);
		address(w, fault, "address", instruction->address);
		hex_bytes(w, "bytes", instruction->bytes, instruction->length);
		json_string(w, "text", instruction->text);
		json_string(w, "target", instruction->target_name);
		json_boolean(w, "fault", instruction->at_fault);
		json_end_object(w);
	}
	json_end_array(w);
}

void json_fault(struct json_writer *w, const struct report_fault *fault)
{
	if (!fault->known) {
		json_null(w, "fault");
		return;
	}
	json_begin_object(w, "fault", JSON_SPREAD);
	json_string(w, "source", fault->source);
	write_place(w, fault);
	json_registers(w, "regs", fault->registers, JSON_SPREAD);
	json_string(w, "explanation", fault->explanation);
	write_code(w, fault, "code", &fault->code);
	write_code(w, fault, "guest_code", &fault->guest_code);
	json_string(w, "code_difference", fault->code_difference);
	write_instructions(w, fault);
	json_end_object(w);
}
