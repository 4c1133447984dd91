// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/fault.h"

#include <string.h>

#include "kernel/modules.h"
#include "kernel/resolve.h"
#include "kernel/x86_64/disassemble.h"

/* Of code, in bytes: a function's start is looked for no further back than this. */
#define MAX_BEFORE 1024
#define WINDOW_BEFORE 64
#define WINDOW_AFTER 64
/* Instructions that a reader is shown. */
#define SHOWN_BEFORE 8
#define SHOWN_AFTER 5

/* "name+0x12/0x34 [module]", as the guest printed it. */
static bool parse_place(const char *place, struct resolved_symbol *symbol)
{
	const char *plus;
	char *slash;

	*symbol = (struct resolved_symbol){0};
	if (!place || !oops_symbol_parse(place, &symbol->name, &symbol->module))
		return false;
	plus = strstr(place, "+0x");
	symbol->offset = g_ascii_strtoull(plus + 1, &slash, 16);
	symbol->size = g_ascii_strtoull(slash + 1, NULL, 16);
	return true;
}

static bool same_place(const struct resolved_symbol *a, const struct resolved_symbol *b)
{
	return !g_strcmp0(a->name, b->name) && !g_strcmp0(a->module, b->module) &&
	       a->offset == b->offset && a->size == b->size;
}

/* The frame of the CPU that oopsed, still there, that was interrupted in that place; or NULL. */
static const struct frame *find_frame(const struct report *report, const struct maybe_int *cpu,
				      const struct resolved_symbol *symbol)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu =
			&g_array_index(report->vcpus, struct report_vcpu, i);

		if (!cpu->known || !vcpu->cpu.known || vcpu->cpu.value != cpu->value)
			continue;
		for (guint j = 0; j < vcpu->frames->len; j++) {
			const struct frame *frame = &g_array_index(vcpu->frames, struct frame, j);

			if (j && frame->interrupted && same_place(&frame->symbol, symbol))
				return frame;
		}
	}
	return NULL;
}

static bool is_place(const struct kernel *kernel, uint64_t pc, const struct resolved_symbol *symbol)
{
	struct resolved_symbol found;
	bool same;

	kernel_resolve(kernel, gva(pc), &found);
	same = same_place(&found, symbol);
	resolved_symbol_clear(&found);
	return same;
}

/*
 * Through all symbols, past the snapshot. Who reads the core has not so many pages, and finds what
 * was found here in the map.
 */
static bool find_in_core_kernel(struct analysis *analysis, const struct resolved_symbol *symbol,
				uint64_t *pc)
{
	struct kernel_map *map = analysis->map;
	const char *names[] = {symbol->name};
	uint64_t start;

	if (map->fault_pc.value && is_place(&analysis->kernel, map->fault_pc.value, symbol)) {
		*pc = map->fault_pc.value;
		return true;
	}
	if (!kallsyms_resolve(&map->kallsyms, &analysis->kernel.space, names, 1, &start, NULL) ||
	    !start)
		return false;
	*pc = start + symbol->offset;
	map->fault_pc = gva(*pc);
	return true;
}

static bool find_by_name(struct analysis *analysis, const struct resolved_symbol *symbol,
			 uint64_t *pc)
{
	const struct kernel *kernel = &analysis->kernel;
	const struct kernel_module *module;
	gva_t start;

	if (!symbol->module)
		return find_in_core_kernel(analysis, symbol, pc);
	module = kernel->modules ? modules_find_name(kernel->modules, symbol->module) : NULL;
	if (!module || !module_find_symbol(kernel, module, symbol->name, &start, NULL))
		return false;
	*pc = start.value + symbol->offset;
	return true;
}

/* Several functions may share a name; the code that the guest printed is of one of them. */
static bool has_guest_code(const struct kernel *kernel, uint64_t pc,
			   const struct oops_registers *registers)
{
	uint8_t bytes[OOPS_MAX_CODE];

	return !registers->code_size ||
	       (address_space_read(&kernel->space, gva(pc - registers->code_rip), bytes,
				   registers->code_size, NULL, NULL) &&
		!memcmp(bytes, registers->code, registers->code_size));
}

/*
 * What the exception saved on the stack is the state itself, and the log tells of it. Both have
 * registers that the other lacks. Where the log says something else, the stack is believed.
 */
static void take_saved(const struct frame *frame, struct report_fault *fault)
{
	for (guint i = 0; frame->registers && i < frame->registers->len; i++) {
		const struct named_register *saved =
			&g_array_index(frame->registers, struct named_register, i);
		struct named_register *told = named_register_at(fault->registers, saved->name);

		if (!told)
			continue;
		fault->source = "stack";
		if (told->value != saved->value && !fault->register_difference)
			fault->register_difference =
				g_strdup_printf("%s is 0x%" G_GINT64_MODIFIER
						"x on the stack, and 0x%" G_GINT64_MODIFIER
						"x in what the guest printed",
						saved->label, saved->value, told->value);
		told->value = saved->value;
	}
}

static void find_pc(struct analysis *analysis, const struct oops_text *oops,
		    struct report_fault *fault)
{
	const struct kernel *kernel = &analysis->kernel;
	const struct oops_registers *registers = &oops->registers;
	const struct frame *frame;
	uint64_t pc;

	fault->pc = registers->rip;
	if (!parse_place(registers->place, &fault->symbol))
		return;
	frame = find_frame(analysis->report, &oops->cpu, &fault->symbol);
	if (frame) {
		fault->pc = (struct maybe_uint){true, frame->pc.value};
		take_saved(frame, fault);
		return;
	}
	/* A number that names another place is no help. */
	fault->pc.known =
		registers->rip.known && is_place(kernel, registers->rip.value, &fault->symbol);
	if (fault->pc.known)
		return;
	if (find_by_name(analysis, &fault->symbol, &pc) && is_place(kernel, pc, &fault->symbol) &&
	    has_guest_code(kernel, pc, registers))
		fault->pc = (struct maybe_uint){true, pc};
}

/* As much of [@from, @to) around @pc as can be read. */
static GByteArray *read_code(const struct address_space *space, gva_t pc, uint64_t from,
			     uint64_t to, gva_t *start)
{
	GByteArray *bytes = g_byte_array_new();
	uint64_t at = from;

	*start = gva(from);
	while (at < to) {
		uint8_t buffer[GUEST_PAGE_SIZE];
		uint64_t end = MIN(to, (at & GUEST_PAGE_MASK) + GUEST_PAGE_SIZE);

		if (address_space_read(space, gva(at), buffer, end - at, NULL, NULL)) {
			g_byte_array_append(bytes, buffer, (guint)(end - at));
		} else if (end <= pc.value) {
			g_byte_array_set_size(bytes, 0);
			*start = gva(end);
		} else {
			break;
		}
		at = end;
	}
	if (start->value + bytes->len > pc.value)
		return bytes;
	g_byte_array_unref(bytes);
	return NULL;
}

/* The function up to pc, where that is not far, and a little more. */
static void read_memory(const struct analysis *analysis, struct report_fault *fault,
			struct code *code)
{
	const struct resolved_symbol *symbol = &fault->symbol;
	uint64_t pc = fault->pc.value, from = pc - WINDOW_BEFORE, to = pc + WINDOW_AFTER;
	bool near = symbol->name && symbol->offset <= MAX_BEFORE;

	if (near)
		from = pc - symbol->offset;
	if (symbol->name && symbol->size > symbol->offset)
		to = MIN(to, pc - symbol->offset + symbol->size);
	if (!fault->pc.known || !kernel_is_kernel_address(&analysis->kernel, gva(pc)))
		return;
	fault->code.bytes =
		read_code(&analysis->kernel.space, gva(pc), from, to, &fault->code.start);
	if (!fault->code.bytes)
		return;
	*code = (struct code){
		.bytes = fault->code.bytes->data,
		.length = fault->code.bytes->len,
		.start = fault->code.start,
		.pc = gva(pc),
		.starts_clean = near && fault->code.start.value == from,
	};
}

static void take_guest_code(const struct oops_registers *registers, struct report_fault *fault)
{
	if (!registers->code_size)
		return;
	fault->guest_code.bytes = g_byte_array_new();
	g_byte_array_append(fault->guest_code.bytes, registers->code, registers->code_size);
	if (fault->pc.known)
		fault->guest_code.start = gva(fault->pc.value - registers->code_rip);
}

/* Both describe the same place at different times: the first byte in which they differ. */
static void compare_code(struct report_fault *fault)
{
	const struct report_code *ours = &fault->code, *guest = &fault->guest_code;

	if (!ours->bytes || !guest->bytes || !guest->start.value)
		return;
	for (guint i = 0; i < guest->bytes->len; i++) {
		uint64_t place = guest->start.value + i - ours->start.value;

		if (place >= ours->bytes->len || ours->bytes->data[place] == guest->bytes->data[i])
			continue;
		fault->code_difference = g_strdup_printf(
			"at 0x%" G_GINT64_MODIFIER "x memory has %02x, the guest printed %02x",
			guest->start.value + i, ours->bytes->data[place], guest->bytes->data[i]);
		return;
	}
}

static void name_targets(const struct kernel *kernel, GArray *instructions)
{
	for (guint i = 0; i < instructions->len; i++) {
		struct instruction *instruction =
			&g_array_index(instructions, struct instruction, i);
		struct resolved_symbol symbol;

		if (!instruction->target.known)
			continue;
		kernel_resolve(kernel, gva(instruction->target.value), &symbol);
		if (symbol.name)
			instruction->target_name =
				resolved_symbol_text(&symbol, instruction->target.value);
		resolved_symbol_clear(&symbol);
	}
}

static void fill_code(const struct analysis *analysis, const struct oops_text *oops,
		      struct report_fault *fault)
{
	struct code code = {0};

	take_guest_code(&oops->registers, fault);
	read_memory(analysis, fault, &code);
	compare_code(fault);
	/* What the guest printed serves where its memory cannot be read, or is not known. */
	if (!code.bytes && fault->guest_code.bytes) {
		code.bytes = fault->guest_code.bytes->data;
		code.length = fault->guest_code.bytes->len;
		code.start = fault->guest_code.start;
		code.pc = gva_add(code.start, oops->registers.code_rip);
	}
	code.placed = fault->pc.known;
	if (fault->pc.known)
		code.pc = gva(fault->pc.value);
	if (code.bytes) {
		fault->instructions = disassemble(&code, SHOWN_BEFORE, SHOWN_AFTER);
		if (fault->pc.known)
			name_targets(&analysis->kernel, fault->instructions);
	}
	fault->explanation = explain_address(&code, fault->registers, oops->address);
}

void fault_fill(struct analysis *analysis, struct oops_text *oops)
{
	struct report *report = analysis->report;
	struct report_fault *fault = &report->fault;

	if (!oops->registers.registers) {
		report_add_error(report, "fault", "the guest's log has no registers of the oops");
		return;
	}
	fault->known = true;
	fault->source = "log";
	fault->registers = g_steal_pointer(&oops->registers.registers);
	find_pc(analysis, oops, fault);
	fill_code(analysis, oops, fault);
	if (!fault->pc.known)
		report_add_error(report, "fault.pc", "the address of %s cannot be told",
				 oops->registers.place ? oops->registers.place : "the fault");
	if (!fault->code.bytes)
		report_add_error(report, "fault.code", "the code at the fault cannot be read");
	if (fault->code_difference)
		report_add_error(report, "fault.code", "%s", fault->code_difference);
	if (fault->register_difference)
		report_add_error(report, "fault.regs", "%s", fault->register_difference);
}
