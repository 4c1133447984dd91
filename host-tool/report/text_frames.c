// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text_frames.h"

#include "report/text_writer.h"

#define FOLD_REPEATS 3 /* shorter repetitions are printed in full */

void text_symbol(GString *text, const struct frame *frame)
{
	g_autofree char *symbol = resolved_symbol_text(&frame->symbol, frame->pc.value);

	text_append_clean(text, symbol);
}

/* The kernel's name of a stack in angle brackets, or NULL. */
static const char *stack_marker(enum stack_kind stack)
{
	switch (stack) {
	case STACK_TASK:
		return "TASK";
	case STACK_IRQ:
		return "IRQ";
	case STACK_NMI:
		return "NMI";
	case STACK_ENTRY:
		return "ENTRY_TRAMPOLINE";
	case STACK_USER:
		return NULL;
	default:
		return stack_kind_name(stack);
	}
}

/* The number of equal frames after @first: a recursion. */
static guint count_repeats(const GArray *frames, guint first)
{
	const struct frame *frame = &g_array_index(frames, struct frame, first);
	guint next = first + 1;

	for (; next < frames->len; next++) {
		const struct frame *other = &g_array_index(frames, struct frame, next);

		if (other->pc.value != frame->pc.value || other->reliable != frame->reliable ||
		    other->late != frame->late || other->stack != frame->stack || other->registers)
			break;
	}
	return next - first - 1;
}

/* The registers with which control left a frame, in the kernel's format. */
static void write_saved_registers(GString *text, const struct frame *frame)
{
	g_string_append(text, "   RIP: ");
	text_symbol(text, frame);
	g_string_append_c(text, '\n');
	text_registers(text, "   ", frame->registers);
}

static bool all_late(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++)
		if (!g_array_index(frames, struct frame, i).late)
			return false;
	return true;
}

void text_trace(GString *text, const GArray *frames, bool registers)
{
	bool told = all_late(frames);
	const char *marker = NULL;
	guint repeats;

	g_string_append(text, told ? "  Call Trace (read after the thaw):\n" : "  Call Trace:\n");
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);
		const char *next = stack_marker(frame->stack);

		if (registers && frame->registers)
			write_saved_registers(text, frame);
		if (g_strcmp0(marker, next) != 0) {
			if (marker)
				text_append(text, "   </%s>\n", marker);
			if (next)
				text_append(text, "   <%s>\n", next);
			marker = next;
		}
		g_string_append(text, frame->reliable ? "   " : "   ? ");
		text_symbol(text, frame);
		g_string_append(text, frame->late && !told ? "  (read after the thaw)\n" : "\n");
		repeats = count_repeats(frames, i);
		if (repeats >= FOLD_REPEATS) {
			text_append(text, "   ... and %u times more\n", repeats);
			i += repeats;
		}
	}
	if (marker)
		text_append(text, "   </%s>\n", marker);
}
