// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_frame.h"

void json_frame(struct json_writer *w, const struct frame *frame)
{
	const struct resolved_symbol *symbol = &frame->symbol;

	json_begin_object(w, NULL, JSON_PACKED);
	json_hex(w, "pc", frame->pc.value);
	json_string(w, "symbol", symbol->name);
	if (symbol->name) {
		json_integer(w, "offset", (int64_t)symbol->offset);
		json_integer(w, "size", (int64_t)symbol->size);
	} else {
		json_null(w, "offset");
		json_null(w, "size");
	}
	json_string(w, "module", symbol->module);
	json_string(w, "stack", stack_kind_name(frame->stack));
	if (frame->sp.value)
		json_hex(w, "sp", frame->sp.value);
	else
		json_null(w, "sp");
	json_boolean(w, "reliable", frame->reliable);
	json_boolean(w, "late", frame->late);
	json_registers(w, "regs", frame->registers, JSON_PACKED);
	json_end_object(w);
}
