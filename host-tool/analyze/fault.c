// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/fault.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/log_match.h"
#include "kernel/modules.h"
#include "kernel/resolve.h"
#include "kernel/x86_64/disassemble.h"

/* The maximum number of bytes before pc in which a function's start is searched. */
#define MAX_BEFORE 1024
#define WINDOW_BEFORE 64
#define WINDOW_AFTER 64
/* The number of instructions to show. */
#define SHOWN_BEFORE 8
#define SHOWN_AFTER 5
/* Bytes that a call or a push puts on the stack. */
#define PUSHED 8

/* The fault on a vCPU's stack. */
struct saved_fault {
	guint vcpu;
	const struct frame *frame; /* NULL: not found */
};

/* "name+0x12/0x34 [module]", as the guest printed it. */
static bool parse_place(const char *place, struct resolved_symbol *symbol)
{
	const char *plus;
	char *slash;

	*symbol = (struct resolved_symbol){0};
	if (!place || !log_symbol_parse(place, &symbol->name, &symbol->module))
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

static const struct report_vcpu *vcpu_at(const struct report *report, guint i)
{
	return &g_array_index(report->vcpus, struct report_vcpu, i);
}

static const struct frame *frame_at(const struct report_vcpu *vcpu, guint i)
{
	return &g_array_index(vcpu->frames, struct frame, i);
}

/* Outside of all code the place is an address. */
static bool is_at(const struct frame *frame, const struct report_fault *fault)
{
	if (fault->symbol.name)
		return same_place(&frame->symbol, &fault->symbol);
	return fault->pc.known && frame->pc.value == fault->pc.value;
}

/* The frame of the CPU that oopsed, still on its stack, that was interrupted at that place. */
static struct saved_fault find_saved_at(const struct report *report, const struct maybe_int *cpu,
					const struct report_fault *fault)
{
	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu = vcpu_at(report, i);

		if (!cpu->known || !vcpu->cpu.known || vcpu->cpu.value != cpu->value)
			continue;
		for (guint j = 1; j < vcpu->frames->len; j++) {
			const struct frame *frame = frame_at(vcpu, j);

			if (frame->interrupted && is_at(frame, fault))
				return (struct saved_fault){i, frame};
		}
	}
	return (struct saved_fault){0};
}

/*
 * The state that was saved where the oops began: the last one that the kernel's oops handling is
 * directly within. Faults during the handling that were fixed up are further in. NULL: none.
 */
static const struct frame *find_told(const struct arch *arch, const struct report_vcpu *vcpu)
{
	const struct frame *found = NULL;
	bool tells = false;

	for (guint i = 0; i < vcpu->frames->len; i++) {
		const struct frame *frame = frame_at(vcpu, i);

		if (frame->registers) {
			if (tells && frame->stack != STACK_USER)
				found = frame;
			tells = false;
		}
		tells = tells || (frame->symbol.name && !frame->symbol.module && frame->reliable &&
				  arch->is_telling_of_oops(frame->symbol.name));
	}
	return found;
}

/*
 * The same if the guest did not name the place. If @cpu is also unknown: the only CPU that handles
 * an oops.
 */
static struct saved_fault find_saved(const struct analysis *analysis, const struct maybe_int *cpu)
{
	const struct report *report = analysis->report;
	struct saved_fault found = {0};

	for (guint i = 0; i < report->vcpus->len; i++) {
		const struct report_vcpu *vcpu = vcpu_at(report, i);
		const struct frame *frame;

		if (!vcpu->cpu.known || (cpu->known && vcpu->cpu.value != cpu->value))
			continue;
		frame = find_told(kernel_arch(&analysis->kernel), vcpu);
		if (frame && found.frame)
			return (struct saved_fault){0};
		if (frame)
			found = (struct saved_fault){i, frame};
	}
	return found;
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
 * Searches all symbols, bypassing the snapshot. A core does not contain all of them; its map has
 * the result of this search.
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

/* Several functions may have this name: checks for the code that the guest printed. */
static bool has_guest_code(const struct kernel *kernel, uint64_t pc,
			   const struct oops_registers *registers)
{
	uint8_t bytes[OOPS_MAX_CODE];

	return !registers->code_size ||
	       (address_space_read(&kernel->space, gva(pc - registers->code_rip), bytes,
				   registers->code_size, NULL, NULL) &&
		!memcmp(bytes, registers->code, registers->code_size));
}

/* Rows after the first are the general registers. */
static bool lacks_registers(const GArray *told, const GArray *saved)
{
	for (guint i = 0; i < saved->len; i++) {
		const struct named_register *named =
			&g_array_index(saved, struct named_register, i);

		if (named->row > 0 && !named_register_at(told, named->name))
			return true;
	}
	return false;
}

/* Adds the registers of @saved that @told lacks; both are in display order. */
static void add_missing(GArray *told, const GArray *saved)
{
	guint next = 0;

	for (guint i = 0; i < saved->len; i++) {
		const struct named_register *named =
			&g_array_index(saved, struct named_register, i);
		const struct named_register *there = named_register_at(told, named->name);

		if (there)
			next = (guint)(there - (const struct named_register *)(void *)told->data);
		else
			g_array_insert_val(told, next, *named);
		next++;
	}
}

/*
 * Combines the registers that the exception saved on the stack with those in the log, since each
 * may lack some. If they differ, the stack is right. If the guest has not printed all registers,
 * the stack has them.
 */
static void take_saved(const struct frame *frame, struct report_fault *fault)
{
	const GArray *registers = frame->registers;

	for (guint i = 0; registers && i < registers->len; i++) {
		const struct named_register *saved =
			&g_array_index(registers, struct named_register, i);
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
	if (registers && lacks_registers(fault->registers, registers))
		add_missing(fault->registers, registers);
}

static struct saved_fault find_pc(struct analysis *analysis, const struct oops_text *oops,
				  struct report_fault *fault)
{
	const struct kernel *kernel = &analysis->kernel;
	const struct oops_registers *registers = &oops->registers;
	struct saved_fault saved;
	bool named;
	uint64_t pc;

	fault->pc = registers->rip;
	named = parse_place(registers->place, &fault->symbol);
	saved = find_saved_at(analysis->report, &oops->cpu, fault);
	if (saved.frame) {
		fault->pc = (struct maybe_uint){true, saved.frame->pc.value};
		take_saved(saved.frame, fault);
		return saved;
	}
	if (!named)
		return saved;
	/* An address of another place would mislead. */
	fault->pc.known =
		registers->rip.known && is_place(kernel, registers->rip.value, &fault->symbol);
	if (fault->pc.known)
		return saved;
	if (find_by_name(analysis, &fault->symbol, &pc) && is_place(kernel, pc, &fault->symbol) &&
	    has_guest_code(kernel, pc, registers))
		fault->pc = (struct maybe_uint){true, pc};
	return saved;
}

/* Reads as much of [@from, @to) around @pc as possible. */
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

/* Reads the function up to pc, if its start is near, and a little more. */
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

/* Finds the first byte that differs. Both are code of the same place at different times. */
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
	/* Uses the code that the guest printed if its memory cannot be read, or pc is unknown. */
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

/*
 * Explains why there is no memory at the address; the code explains the address. A stack grows
 * down.
 */
static void explain_overflow(const struct analysis *analysis, struct saved_fault saved,
			     struct report_fault *fault)
{
	const struct stack *stack;
	uint64_t sp;

	if (!analysis->cpus || !saved.frame)
		return;
	sp = saved.frame->sp.value;
	/* The stack pointer is in the guard page already, or the next push reaches it. */
	stack = cpu_find_overflowed_stack(&analysis->cpus[saved.vcpu], gva(sp - PUSHED));
	if (!stack)
		return;
	g_free(fault->explanation);
	fault->explanation =
		g_strdup_printf("the stack pointer 0x%" G_GINT64_MODIFIER
				"x has run out of the task's stack of %" G_GUINT64_FORMAT
				" bytes, which ends at 0x%" G_GINT64_MODIFIER "x: a stack overflow",
				sp, stack->high.value - stack->low.value, stack->low.value);
}

/* As for the log: from the fault outwards. */
static void blame_from_stack(const struct report_vcpu *vcpu, const struct frame *fault,
			     LogBlame add, struct blame *blame)
{
	bool passed = false;

	for (guint i = 0; i < vcpu->frames->len; i++) {
		const struct frame *frame = frame_at(vcpu, i);

		if (passed && frame->registers)
			blame_add_boundary(blame);
		passed = passed || frame == fault;
		if (passed && frame->reliable && frame->symbol.name)
			add(blame, frame->symbol.name, frame->symbol.module);
	}
}

/*
 * Extends the blame of the guest's log by callers on the stack that the guest has not printed yet,
 * or that its own unwinder leaves out. After a call of what is no code its unwinder knows none.
 */
static void refine_blame(const struct report_vcpu *vcpu, const struct frame *fault,
			 struct oops_text *oops)
{
	struct blame found = {0};

	blame_from_stack(vcpu, fault, oops_text_rule(oops), &found);
	if (blame_is_known(&found) && (!oops->complete || !blame_is_known(&oops->blame) ||
				       !g_strcmp0(found.functions[0], oops->blame.functions[0]))) {
		struct blame given_up = oops->blame;

		oops->blame = found;
		found = given_up;
	}
	blame_clear(&found);
}

/*
 * The log has no registers yet. A function in it may belong to an NMI that came while the CPU
 * printed, so the stack decides.
 */
static void tell_from_stack(const struct report_vcpu *vcpu, const struct frame *fault,
			    struct oops_text *oops)
{
	blame_clear(&oops->blame);
	blame_from_stack(vcpu, fault, oops_text_rule(oops), &oops->blame);
	if (oops->cpu.known)
		return;
	oops->cpu = vcpu->cpu;
	if (!vcpu->task.known)
		return;
	oops->pid = vcpu->task.pid;
	oops->comm = g_strdup(vcpu->task.comm);
}

/* The guest had printed nothing of the oops, or its text is lost. */
static struct saved_fault take_from_stack(const struct analysis *analysis, struct oops_text *oops,
					  struct report_fault *fault)
{
	struct saved_fault saved = find_saved(analysis, &oops->cpu);

	if (!saved.frame)
		return saved;
	fault->source = "stack";
	fault->pc = (struct maybe_uint){true, saved.frame->pc.value};
	kernel_resolve(&analysis->kernel, saved.frame->pc, &fault->symbol);
	fault->registers = g_array_copy(saved.frame->registers);
	tell_from_stack(vcpu_at(analysis->report, saved.vcpu), saved.frame, oops);
	return saved;
}

bool fault_is_on_stack(const struct analysis *analysis)
{
	const struct maybe_int any = {0};

	return find_saved(analysis, &any).frame != NULL;
}

bool fault_is_on_stack_of(const struct analysis *analysis, const struct maybe_int *cpu,
			  const struct maybe_int *pid)
{
	const struct maybe_int any = {0};
	struct saved_fault saved = find_saved(analysis, &any);
	const struct report_vcpu *vcpu;

	if (!saved.frame || !cpu->known || !pid->known)
		return false;
	vcpu = vcpu_at(analysis->report, saved.vcpu);
	return vcpu->cpu.value == cpu->value && vcpu->task.known && vcpu->task.pid.known &&
	       vcpu->task.pid.value == pid->value;
}

static void explain_missing(struct report *report, const struct oops_text *oops)
{
	const struct report_fault *fault = &report->fault;

	if (!fault->pc.known)
		report_add_error(report, "fault.pc", "the address of %s is not known",
				 oops->registers.place ? oops->registers.place : "the fault");
	if (!fault->code.bytes)
		report_add_error(report, "fault.code", "the code at the fault cannot be read");
	if (fault->code_difference)
		report_add_error(report, "fault.code", "%s", fault->code_difference);
	if (fault->register_difference)
		report_add_error(report, "fault.regs", "%s", fault->register_difference);
}

void fault_fill(struct analysis *analysis, struct oops_text *oops)
{
	struct report *report = analysis->report;
	struct report_fault *fault = &report->fault;
	struct saved_fault saved;

	if (oops->registers.registers) {
		fault->source = "log";
		fault->registers = g_steal_pointer(&oops->registers.registers);
		saved = find_pc(analysis, oops, fault);
		if (saved.frame)
			refine_blame(vcpu_at(report, saved.vcpu), saved.frame, oops);
	} else {
		saved = take_from_stack(analysis, oops, fault);
	}
	if (!fault->registers) {
		report_add_error(
			report, "fault",
			"the registers of the oops are neither in the guest's log nor on a stack");
		return;
	}
	fault->known = true;
	fill_code(analysis, oops, fault);
	explain_overflow(analysis, saved, fault);
	explain_missing(report, oops);
}
