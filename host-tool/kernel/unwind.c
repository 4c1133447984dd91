// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/unwind.h"

#include <string.h>

#include "kernel/bpf.h"
#include "kernel/modules.h"
#include "kernel/resolve.h"
#include "kernel/trampolines.h"

/* struct pt_regs of x86-64 (arch/x86/include/asm/ptrace.h); the last five are what IRET takes. */
#define PT_REGS_R13 16
#define PT_REGS_BP 32
#define PT_REGS_R10 56
#define PT_REGS_AX 80
#define PT_REGS_DX 96
#define PT_REGS_DI 112
#define PT_REGS_ORIG_AX 120
#define PT_REGS_IP 128
#define PT_REGS_CS 136
#define PT_REGS_SP 152
#define PT_REGS_SIZE 168
#define IRET_FRAME_SIZE (PT_REGS_SIZE - PT_REGS_IP)

#define GUARD_PAGE_SIZE 4096

#define INT3 0xcc
#define CALL 0xe8
#define CALL_LENGTH 5
#define STUFFING_TRAP_MAX 8 /* INT3, or PAUSE; LFENCE; JMP */
#define STUFFING_PRELUDE_MAX 16
#define STUFFED_BYTES_MAX (32 * 8) /* RSB_CLEAR_LOOPS */

#define ORC_LOOKUP_BLOCK 256 /* LOOKUP_BLOCK_SIZE in arch/x86/include/asm/orc_lookup.h */

struct walk {
	const struct kernel *kernel;
	const struct cpu *cpu;
	struct unwind_result *result;
	gva_t pc, sp;
	uint64_t bp;
	/* Registers that few frames are found by; known while no call lies between. */
	bool scratch_known;
	uint64_t r10, r13, ax, dx, di;
	bool interrupted;
	bool reliable;
	bool late;
	const struct stack *stack;
	unsigned int stacks_seen; /* bit per stack of the CPU */
	bool done;
};

static void stop(struct walk *walk, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void stop(struct walk *walk, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	walk->result->stopped = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	walk->done = true;
}

static unsigned int stack_bit(const struct walk *walk, const struct stack *stack)
{
	return 1u << (stack - walk->cpu->stacks);
}

/* Only the CPU's own stacks are read: an address elsewhere is a wrong turn. */
static bool read_stack(struct walk *walk, gva_t address, void *buffer, size_t length)
{
	const struct stack *stack = cpu_find_stack(walk->cpu, address);

	return stack && address.value + length <= stack->high.value &&
	       address_space_read(&walk->kernel->space, address, buffer, length, &walk->late, NULL);
}

static bool read_stack_u64(struct walk *walk, gva_t address, uint64_t *value)
{
	return read_stack(walk, address, value, sizeof(*value));
}

static void add_frame(struct walk *walk)
{
	struct frame frame = {
		.pc = walk->pc,
		.sp = walk->sp,
		.stack = walk->stack ? walk->stack->kind : STACK_UNKNOWN,
		.interrupted = walk->interrupted,
		.reliable = walk->reliable,
		.late = walk->late,
	};

	g_array_append_val(walk->result->frames, frame);
}

/* The frame above the kernel's: where the task left user mode. */
static void add_user_frame(struct walk *walk, uint64_t ip, uint64_t sp)
{
	struct frame frame = {
		.pc = gva(ip),
		.sp = gva(sp),
		.stack = STACK_USER,
		.interrupted = true,
		.reliable = walk->reliable,
		.late = walk->late,
	};

	g_array_append_val(walk->result->frames, frame);
	walk->done = true;
}

/* The stack that @sp has run out of, into the page below: what is on it is above. */
static const struct stack *find_overflowed_stack(const struct cpu *cpu, gva_t sp)
{
	for (unsigned int i = 0; i < cpu->num_stacks; i++) {
		const struct stack *stack = &cpu->stacks[i];

		if (stack->kind == STACK_TASK && sp.value < stack->low.value &&
		    stack->low.value - sp.value <= GUARD_PAGE_SIZE)
			return stack;
	}
	return NULL;
}

/*
 * Moves to the caller's frame. Up the same stack, or to one not left before; else the guest's
 * memory is misread or made up.
 */
static bool move(struct walk *walk, gva_t pc, gva_t sp)
{
	const struct stack *stack = cpu_find_stack(walk->cpu, sp);

	if (!stack && walk->stack && sp.value == walk->stack->high.value)
		stack = walk->stack; /* its very end: nothing of the frame is left on it */
	if (!stack && walk->interrupted)
		stack = find_overflowed_stack(walk->cpu, sp);
	if (!stack) {
		stop(walk,
		     "the next frame at 0x%" G_GINT64_MODIFIER "x is on none of this CPU's stacks",
		     sp.value);
		return false;
	}
	if (stack == walk->stack) {
		if (sp.value <= walk->sp.value) {
			stop(walk, "the next frame at 0x%" G_GINT64_MODIFIER "x does not lie above",
			     sp.value);
			return false;
		}
	} else if (walk->stacks_seen & stack_bit(walk, stack)) {
		stop(walk, "the next frame is on the %s stack again", stack_kind_name(stack->kind));
		return false;
	}
	walk->stacks_seen |= stack_bit(walk, stack);
	walk->stack = stack;
	walk->pc = pc;
	walk->sp = sp;
	return true;
}

/* The orc_lookup table narrows the search: one index per 256 bytes of text. */
static void lookup_range(const struct kernel *kernel, gva_t address, uint64_t *low, uint64_t *high)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t block = (address.value - symbols[SYMBOL__stext]) / ORC_LOOKUP_BLOCK;
	uint64_t where = symbols[SYMBOL_orc_lookup] + 4 * block;
	uint32_t bounds[2];

	*low = 0;
	*high = kernel->map->num_orcs;
	if (!symbols[SYMBOL_orc_lookup] || !kernel_is_core_text(kernel, address) ||
	    where + sizeof(bounds) > symbols[SYMBOL_orc_lookup_end] ||
	    !address_space_read(&kernel->space, gva(where), bounds, sizeof(bounds), NULL, NULL) ||
	    bounds[0] > bounds[1] || bounds[1] >= kernel->map->num_orcs)
		return;
	*low = bounds[0];
	*high = (uint64_t)bounds[1] + 1;
}

static bool find_core_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
			  GError **error)
{
	const uint64_t *symbols = kernel->map->symbols;
	struct orc_table table = {
		.ips = gva(symbols[SYMBOL___start_orc_unwind_ip]),
		.entries = gva(symbols[SYMBOL___start_orc_unwind]),
		.num_entries = kernel->map->num_orcs,
	};
	uint64_t low, high;

	lookup_range(kernel, address, &low, &high);
	return orc_find(&kernel->space, &table, kernel->map->orc_layout, address, low, high, entry,
			error);
}

static bool in_core_image(const struct kernel *kernel, gva_t address)
{
	const uint64_t *symbols = kernel->map->symbols;

	return address.value >= symbols[SYMBOL__text] && address.value < symbols[SYMBOL__end];
}

/* In the core kernel's or a module's own code. */
static bool find_text_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
			  GError **error)
{
	const struct kernel_module *module;

	if (in_core_image(kernel, address))
		return find_core_orc(kernel, address, entry, error);
	module = kernel->modules ? modules_find(kernel->modules, address) : NULL;
	if (module)
		return orc_find(&kernel->space, &module->orc, kernel->map->orc_layout, address, 0,
				module->orc.num_entries, entry, error);
	g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
		    "0x%" G_GINT64_MODIFIER "x is in neither the kernel nor a module",
		    address.value);
	return false;
}

static bool find_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
		     GError **error)
{
	gva_t original;

	if (find_text_orc(kernel, address, entry, error))
		return true;
	if (in_core_image(kernel, address) || !trampoline_find_original(kernel, address, &original))
		return false;
	g_clear_error(error);
	return find_text_orc(kernel, original, entry, error);
}

/* The value an entry's rule starts from; for the indirect ones, the address to read it at. */
static bool rule_base(struct walk *walk, const struct orc_entry *entry, uint64_t *base)
{
	switch (entry->sp_register) {
	case ORC_REGISTER_SP:
	case ORC_REGISTER_SP_INDIRECT:
		*base = walk->sp.value;
		return true;
	case ORC_REGISTER_BP:
	case ORC_REGISTER_BP_INDIRECT:
		*base = walk->bp;
		return true;
	case ORC_REGISTER_R10:
		*base = walk->r10;
		return walk->scratch_known;
	case ORC_REGISTER_R13:
		*base = walk->r13;
		return walk->scratch_known;
	case ORC_REGISTER_AX:
		*base = walk->ax;
		return walk->scratch_known;
	case ORC_REGISTER_DX:
		*base = walk->dx;
		return walk->scratch_known;
	case ORC_REGISTER_DI:
		*base = walk->di;
		return walk->scratch_known;
	default:
		return false;
	}
}

static bool previous_sp(struct walk *walk, const struct orc_entry *entry, gva_t *sp)
{
	uint64_t value;

	if (!rule_base(walk, entry, &value))
		return false;
	switch (entry->sp_register) {
	case ORC_REGISTER_SP_INDIRECT:
		/*
		 * Since 5.12 the offset is added after the load, before it was added to the
		 * address; entry code of old kernels only has offset 0, where both are the same.
		 */
		if (!read_stack_u64(walk, gva(value), &value))
			return false;
		value += entry->sp_offset;
		break;
	case ORC_REGISTER_BP_INDIRECT:
		if (!read_stack_u64(walk, gva(value + entry->sp_offset), &value))
			return false;
		break;
	default: /* in R10, R13, AX, DX and DI it is itself; objtool gives them no offset */
		value += entry->sp_offset;
		break;
	}
	*sp = gva(value);
	return true;
}

static bool previous_bp(struct walk *walk, const struct orc_entry *entry, gva_t sp, uint64_t old_bp)
{
	switch (entry->bp_register) {
	case ORC_REGISTER_UNDEFINED:
		return true;
	case ORC_REGISTER_PREV_SP:
		return read_stack_u64(walk, gva(sp.value + entry->bp_offset), &walk->bp);
	case ORC_REGISTER_BP:
		return read_stack_u64(walk, gva(old_bp + entry->bp_offset), &walk->bp);
	default:
		return false;
	}
}

static bool frame_pointer_known(struct walk *walk, const struct orc_entry *entry, gva_t sp,
				uint64_t old_bp)
{
	if (previous_bp(walk, entry, sp, old_bp))
		return true;
	stop(walk, "the frame pointer above 0x%" G_GINT64_MODIFIER "x cannot be read",
	     walk->pc.value);
	return false;
}

static uint64_t word(const uint8_t *bytes, size_t offset)
{
	uint64_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static void load_registers(struct walk *walk, const uint8_t regs[PT_REGS_SIZE])
{
	walk->bp = word(regs, PT_REGS_BP);
	walk->r10 = word(regs, PT_REGS_R10);
	walk->r13 = word(regs, PT_REGS_R13);
	walk->ax = word(regs, PT_REGS_AX);
	walk->dx = word(regs, PT_REGS_DX);
	walk->di = word(regs, PT_REGS_DI);
	walk->scratch_known = true;
}

/* @prefix: a function whose name begins with @name will do. */
static bool in_function_named(const struct walk *walk, gva_t pc, const char *name, bool prefix)
{
	struct resolved_symbol symbol;
	bool found;

	kernel_resolve(walk->kernel, pc, &symbol);
	found = symbol.name &&
		(prefix ? g_str_has_prefix(symbol.name, name) : !strcmp(symbol.name, name));
	resolved_symbol_clear(&symbol);
	return found;
}

static bool in_function(const struct walk *walk, gva_t pc, const char *name)
{
	return in_function_named(walk, pc, name, false);
}

/*
 * Put there by a kprobe or while text is patched, it stands for an instruction not yet executed;
 * unless it is gone, and the handler has moved on.
 */
static bool trapped_at_int3(const struct walk *walk, uint64_t ip)
{
	bool late = false;
	uint8_t byte;

	if (!in_function(walk, walk->pc, "asm_exc_int3"))
		return false;
	if (!address_space_read(&walk->kernel->space, gva(ip - 1), &byte, 1, &late, NULL))
		return true;
	return byte == INT3 || late;
}

/* The interrupted frame is described by a pt_regs, or by its IRET part alone. */
static bool step_to_registers(struct walk *walk, gva_t at, bool whole)
{
	uint8_t regs[PT_REGS_SIZE];
	size_t skip = whole ? 0 : PT_REGS_IP;
	uint64_t ip, sp;

	if (!whole)
		at = gva(at.value - PT_REGS_IP);
	if (!read_stack(walk, gva_add(at, skip), regs + skip, sizeof(regs) - skip)) {
		stop(walk, "no registers at 0x%" G_GINT64_MODIFIER "x", at.value);
		return false;
	}
	if (whole)
		load_registers(walk, regs);
	ip = word(regs, PT_REGS_IP);
	sp = word(regs, PT_REGS_SP);
	if ((word(regs, PT_REGS_CS) & 3) == 3) {
		add_user_frame(walk, ip, sp);
		return false;
	}
	/* Where user mode's registers would be: a kernel thread's stack ends here. */
	if (whole && walk->stack && walk->stack->kind == STACK_TASK &&
	    at.value + PT_REGS_SIZE == walk->stack->high.value) {
		walk->done = true;
		return false;
	}
	/* As after a call, what counts is the instruction before. */
	walk->interrupted = !trapped_at_int3(walk, ip);
	return move(walk, gva(ip), gva(sp));
}

/*
 * A task that has never run was not called from anywhere: its first task switch "returns" to the
 * start of ret_from_fork (copy_thread() in arch/x86/kernel/process.c), where ORC's way ends, and
 * which no code flows into.
 */
static bool is_start_of_task(const struct kernel *kernel, gva_t pc)
{
	struct orc_entry at, before;

	return find_orc(kernel, pc, &at, NULL) && at.type == ORC_TYPE_END &&
	       find_orc(kernel, gva(pc.value - 1), &before, NULL) &&
	       before.type == ORC_TYPE_UNDEFINED;
}

static bool step_to_caller(struct walk *walk, gva_t sp)
{
	gva_t slot = gva(sp.value - sizeof(uint64_t));
	gva_t task = walk->cpu->stack_task.value ? walk->cpu->stack_task : walk->cpu->current;
	gva_t pc;

	if (!read_stack_u64(walk, slot, &pc.value)) {
		stop(walk, "no return address at 0x%" G_GINT64_MODIFIER "x", slot.value);
		return false;
	}
	if (!kernel_is_kernel_address(walk->kernel, pc)) {
		stop(walk,
		     "0x%" G_GINT64_MODIFIER "x at 0x%" G_GINT64_MODIFIER
		     "x is no return address of the kernel",
		     pc.value, slot.value);
		return false;
	}
	if (!trampoline_recover(walk->kernel, task, slot, &pc)) {
		stop(walk,
		     "the tracer's record of the return address at 0x%" G_GINT64_MODIFIER
		     "x was not found",
		     slot.value);
		return false;
	}
	walk->interrupted = is_start_of_task(walk->kernel, pc);
	walk->scratch_known = false;
	return move(walk, pc, sp);
}

/*
 * What generated code that keeps a frame pointer would have: `push %rbp; mov %rsp, %rbp`. A BPF
 * program does; of other code that is not known it is a guess.
 */
static const struct orc_entry frame_pointer_entry = {
	.type = ORC_TYPE_CALL,
	.sp_register = ORC_REGISTER_BP,
	.sp_offset = 16,
	.bp_register = ORC_REGISTER_PREV_SP,
	.bp_offset = -16,
};

/*
 * The detour of an optimised kprobe (arch/x86/kernel/kprobes/opt.c) has pushed all registers and
 * called optimized_callback(), which fills in where the probe is: one byte before regs->ip.
 */
static bool called_by_detour(const struct walk *walk)
{
	const GArray *frames = walk->result->frames;

	return !walk->interrupted && frames->len >= 2 &&
	       in_function(walk, g_array_index(frames, struct frame, frames->len - 2).pc,
			   "optimized_callback");
}

/*
 * Since 5.17, error_entry() (arch/x86/entry/entry_64.S) returns in RAX where the registers are that
 * it has pushed, or jumps to sync_regs() for that; the entry code then makes it its stack pointer.
 * From the call on until that is done, ORC of the entry code is as if nothing were pushed.
 */
static bool find_registers_of_error_entry(const struct walk *walk, gva_t *at)
{
	static const uint8_t mov_rax_rsp[] = {0x48, 0x89, 0xc4};
	const GArray *frames = walk->result->frames;
	const struct frame *callee =
		frames->len >= 2 ? &g_array_index(frames, struct frame, frames->len - 2) : NULL;
	uint8_t code[sizeof(mov_rax_rsp)];

	/* sync_regs() calls nothing: it is where the CPU is, or was interrupted. */
	if (!walk->interrupted && !(callee && callee->interrupted))
		return false;
	if (!address_space_read(&walk->kernel->space, walk->pc, code, sizeof(code), NULL, NULL) ||
	    memcmp(code, mov_rax_rsp, sizeof(code)) != 0 ||
	    !in_function_named(walk, walk->pc, "asm_", true))
		return false;
	if (walk->interrupted) {
		*at = gva(walk->ax);
		return walk->scratch_known && cpu_find_stack(walk->cpu, *at);
	}
	*at = walk->sp;
	return in_function(walk, callee->pc, "sync_regs");
}

static bool step_from_detour(struct walk *walk)
{
	uint8_t regs[PT_REGS_SIZE];

	if (!read_stack(walk, walk->sp, regs, sizeof(regs)) ||
	    word(regs, PT_REGS_ORIG_AX) != UINT64_MAX ||
	    !kernel_is_kernel_address(walk->kernel, gva(word(regs, PT_REGS_IP)))) {
		stop(walk, "the optimised kprobe at 0x%" G_GINT64_MODIFIER "x has no registers",
		     walk->pc.value);
		return false;
	}
	load_registers(walk, regs);
	walk->interrupted = true;
	return move(walk, gva(word(regs, PT_REGS_IP)), gva_add(walk->sp, PT_REGS_SIZE));
}

/* A call that only jumps over a few bytes; retpolines begin with one that is another thing. */
static bool is_stuffing_call(const struct kernel *kernel, gva_t address)
{
	struct resolved_symbol symbol;
	uint8_t code[CALL_LENGTH];
	int32_t distance;
	bool first;

	if (!kernel_is_core_text(kernel, address) ||
	    !address_space_read(&kernel->space, address, code, sizeof(code), NULL, NULL) ||
	    code[0] != CALL)
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	if (distance <= 0 || distance > STUFFING_TRAP_MAX)
		return false;
	kernel_resolve(kernel, address, &symbol);
	first = symbol.offset == 0;
	resolved_symbol_clear(&symbol);
	return !first;
}

/* If @walk is among such calls: the first of them, and what they have pushed so far. */
static bool among_stuffing_calls(struct walk *walk, gva_t *first, uint64_t *bytes)
{
	uint64_t address;

	*first = gva(UINT64_MAX);
	if (!walk->interrupted)
		return false;
	if (is_stuffing_call(walk->kernel, walk->pc))
		*first = walk->pc;
	for (*bytes = 0; *bytes < STUFFED_BYTES_MAX; *bytes += sizeof(address)) {
		if (!read_stack_u64(walk, gva_add(walk->sp, *bytes), &address) ||
		    !is_stuffing_call(walk->kernel, gva(address - CALL_LENGTH)))
			break;
		*first = gva(MIN(first->value, address - CALL_LENGTH));
	}
	return first->value != UINT64_MAX;
}

/*
 * Against Spectre, a task switch fills the CPU's return stack buffer (FILL_RETURN_BUFFER in
 * arch/x86/include/asm/nospec-branch.h) with calls over a trap; what they push is dropped at once.
 * It is an alternative, for parts of which 5.10's ORC is wrong. The frame is as it was before the
 * first of them: the next entry going back by which a return address is found is the right one.
 */
static bool step_from_stuffing(struct walk *walk, struct orc_entry *entry, gva_t *sp)
{
	gva_t first;
	uint64_t pushed, address;

	if (!among_stuffing_calls(walk, &first, &pushed))
		return false;
	for (unsigned int back = 0; back <= STUFFING_PRELUDE_MAX; back++) {
		if (!find_text_orc(walk->kernel, gva(first.value - back), entry, NULL) ||
		    entry->type != ORC_TYPE_CALL || !previous_sp(walk, entry, sp))
			continue;
		*sp = gva_add(*sp, pushed);
		if (read_stack_u64(walk, gva(sp->value - sizeof(address)), &address) &&
		    kernel_is_core_text(walk->kernel, gva(address)))
			return true;
	}
	return false;
}

/*
 * In a retpoline (arch/x86/lib/retpoline.S), for whose first instructions ORC says that the stack
 * ends, and for its last that the function to be called is the caller. The return address is on
 * top, or below what the retpoline has pushed: an address in itself, that is then replaced by the
 * function's.
 */
static bool step_from_retpoline(struct walk *walk)
{
	gva_t slot = walk->sp, top;
	uint8_t code;

	if (!walk->interrupted || !in_function_named(walk, walk->pc, "__x86_indirect_", true) ||
	    !read_stack_u64(walk, slot, &top.value) ||
	    !address_space_read(&walk->kernel->space, walk->pc, &code, 1, NULL, NULL))
		return false;
	if (code == 0xc3 || code == 0xe9 || /* ret, or jmp to a thunk that does */
	    in_function_named(walk, top, "__x86_indirect_", true))
		slot = gva_add(slot, 8);
	return step_to_caller(walk, gva_add(slot, 8));
}

static bool orc_step(struct walk *walk)
{
	g_autoptr(GError) error = NULL;
	uint64_t old_bp = walk->bp;
	struct orc_entry entry;
	gva_t sp;

	if (step_from_stuffing(walk, &entry, &sp))
		return step_to_caller(walk, sp) && frame_pointer_known(walk, &entry, sp, old_bp);
	if (step_from_retpoline(walk) || walk->done)
		return !walk->done;
	if (find_registers_of_error_entry(walk, &sp))
		return step_to_registers(walk, sp, true);
	/* A return address may belong to the next function, if the call never returns. */
	if (!find_orc(walk->kernel, gva(walk->pc.value - !walk->interrupted), &entry, &error)) {
		if (in_core_image(walk->kernel, walk->pc)) {
			stop(walk, "%s", error->message);
			return false;
		}
		if (called_by_detour(walk))
			return step_from_detour(walk);
		entry = frame_pointer_entry;
		walk->reliable = walk->reliable && bpf_contains(walk->kernel, walk->pc);
	}
	if (entry.type == ORC_TYPE_END) {
		walk->done = true;
		return false;
	}
	if (entry.type == ORC_TYPE_UNDEFINED) {
		stop(walk, "ORC knows no way up from 0x%" G_GINT64_MODIFIER "x", walk->pc.value);
		return false;
	}
	if (!previous_sp(walk, &entry, &sp)) {
		stop(walk, "the frame of 0x%" G_GINT64_MODIFIER "x cannot be found",
		     walk->pc.value);
		return false;
	}
	if (entry.type == ORC_TYPE_CALL) {
		if (!step_to_caller(walk, sp))
			return false;
	} else if (!step_to_registers(walk, sp, entry.type == ORC_TYPE_REGS)) {
		return false;
	}
	return frame_pointer_known(walk, &entry, sp, old_bp);
}

/* The kernel's, or what is mapped to be executed: modules, whose layout may not be known, too. */
static bool is_text(const struct kernel *kernel, gva_t address)
{
	struct mapping mapping;

	if (in_core_image(kernel, address))
		return kernel_is_core_text(kernel, address);
	return kernel_is_kernel_address(kernel, address) &&
	       address_space_translate(&kernel->space, address, &mapping, NULL) &&
	       mapping.executable && !mapping.user;
}

/*
 * Interrupted before its frame pointer is set up, or after that is gone: then the return address is
 * on top of the stack, or below what has been pushed.
 */
static bool frameless_step(struct walk *walk)
{
	uint8_t code[4];
	gva_t slot = walk->sp, caller;

	if (!walk->interrupted || !address_space_read(&walk->kernel->space, gva(walk->pc.value - 1),
						      code, sizeof(code), NULL, NULL))
		return false;
	if (!memcmp(code, "\x55\x48\x89\xe5", 4)) /* push %rbp is done; mov %rsp, %rbp */
		slot = gva_add(slot, 8);
	else if (code[1] != 0x55 && code[1] != 0xc3) /* push %rbp; ret */
		return false;
	if (!read_stack_u64(walk, slot, &caller.value) || !is_text(walk->kernel, caller))
		return false;
	walk->interrupted = false;
	return move(walk, caller, gva_add(slot, 8));
}

static bool frame_pointer_step(struct walk *walk)
{
	gva_t sp = gva(walk->bp + 16);
	gva_t caller;

	if (walk->bp < walk->sp.value || !read_stack_u64(walk, gva(walk->bp + 8), &caller.value) ||
	    !is_text(walk->kernel, caller) || !read_stack_u64(walk, gva(walk->bp), &walk->bp))
		return false;
	walk->interrupted = false;
	return move(walk, caller, sp);
}

/* From the end of an IRQ stack to the one that was in use before, without a frame for that. */
static bool leave_irq_stack(struct walk *walk)
{
	const struct stack *next;
	gva_t sp;

	if (!walk->stack || walk->stack->kind != STACK_IRQ ||
	    !cpu_previous_sp(walk->kernel, walk->stack, &sp))
		return false;
	next = cpu_find_stack(walk->cpu, sp);
	if (!next || (walk->stacks_seen & stack_bit(walk, next)))
		return false;
	walk->stacks_seen |= stack_bit(walk, next);
	walk->stack = next;
	walk->sp = sp;
	return true;
}

/* From the end of another stack: to what user mode had, or what the exception came upon. */
static bool leave_stack(struct walk *walk)
{
	const struct stack *stack = walk->stack;
	uint8_t regs[PT_REGS_SIZE];
	gva_t at;

	if (stack && stack->kind != STACK_TASK)
		return step_to_registers(walk, gva(stack->high.value - IRET_FRAME_SIZE), false);
	at = gva(stack ? stack->high.value - sizeof(regs) : 0);
	if (stack && read_stack(walk, at, regs, sizeof(regs)) && (word(regs, PT_REGS_CS) & 3) == 3)
		return step_to_registers(walk, at, true);
	walk->done = true; /* a kernel thread's */
	return false;
}

/*
 * A kernel with no ORC at all: all that can be had are words that look like return addresses,
 * and of these the ones a frame pointer chain leads to, where there is one.
 */
static bool scan_step(struct walk *walk)
{
	gva_t found;

	walk->reliable = false;
	/* Entry code marks its frame, which is a pt_regs (ENCODE_FRAME_POINTER in asm/frame.h). */
	if ((walk->bp & 1) && cpu_find_stack(walk->cpu, gva(walk->bp)))
		return step_to_registers(walk, gva(walk->bp - 1), true);
	if (frameless_step(walk) || frame_pointer_step(walk))
		return true;
	do {
		for (gva_t slot = walk->sp; read_stack_u64(walk, slot, &found.value);
		     slot = gva_add(slot, 8)) {
			if (is_text(walk->kernel, found)) {
				walk->interrupted = false;
				return move(walk, found, gva_add(slot, 8));
			}
		}
	} while (leave_irq_stack(walk));
	return leave_stack(walk);
}

static void start(struct walk *walk)
{
	const struct vcpu_registers *registers = walk->cpu->registers;

	walk->pc = gva(registers->rip);
	walk->sp = gva(registers->rsp);
	walk->bp = registers->rbp;
	walk->r10 = registers->r10;
	walk->r13 = registers->r13;
	walk->ax = registers->rax;
	walk->dx = registers->rdx;
	walk->di = registers->rdi;
	walk->scratch_known = true;
	walk->interrupted = true;
	walk->reliable = true;
	walk->stack = cpu_find_stack(walk->cpu, walk->sp);
	if (walk->stack)
		walk->stacks_seen = stack_bit(walk, walk->stack);
}

/* A call to a wild address: nothing is known of it, but its caller is on top of the stack. */
static bool step_from_wild_pc(struct walk *walk)
{
	uint64_t caller;

	if (!walk->interrupted || kernel_is_kernel_address(walk->kernel, walk->pc) ||
	    !read_stack_u64(walk, walk->sp, &caller) || !is_text(walk->kernel, gva(caller)))
		return false;
	walk->interrupted = false;
	return move(walk, gva(caller), gva_add(walk->sp, 8));
}

void unwind_cpu(const struct kernel *kernel, const struct cpu *cpu, struct unwind_result *result)
{
	bool orc = kernel->map->orc_layout != ORC_LAYOUT_NONE;
	struct walk walk = {.kernel = kernel, .cpu = cpu, .result = result};

	*result = (struct unwind_result){.frames = frames_new()};
	start(&walk);
	if (cpu_in_user_mode(cpu)) {
		add_user_frame(&walk, cpu->registers->rip, cpu->registers->rsp);
		return;
	}
	add_frame(&walk);
	while (!walk.done) {
		if (result->frames->len >= UNWIND_MAX_FRAMES) {
			stop(&walk, "more than %d frames", UNWIND_MAX_FRAMES);
			break;
		}
		if (step_from_wild_pc(&walk) || (orc ? orc_step(&walk) : scan_step(&walk)))
			add_frame(&walk);
	}
}

void unwind_result_clear(struct unwind_result *result)
{
	g_clear_pointer(&result->frames, g_array_unref);
	g_clear_pointer(&result->stopped, g_free);
}
