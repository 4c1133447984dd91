// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/arch.h"

#include <string.h>

#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/register_names.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"
#include "kernel/x86_64/switch.h"

#define INT3 0xcc
/* __START_KERNEL (arch/x86/include/asm/page_types.h) */
#define LINK_ADDRESS 0xffffffff81000000ull

static void load_registers(const struct vcpu_registers *vcpu, struct register_set *set)
{
	const struct {
		enum x86_64_register number;
		uint64_t value;
	} all[] = {
		{X86_64_RIP, vcpu->rip},	{X86_64_RSP, vcpu->rsp},
		{X86_64_RBP, vcpu->rbp},	{X86_64_RAX, vcpu->rax},
		{X86_64_RBX, vcpu->rbx},	{X86_64_RCX, vcpu->rcx},
		{X86_64_RDX, vcpu->rdx},	{X86_64_RSI, vcpu->rsi},
		{X86_64_RDI, vcpu->rdi},	{X86_64_R8, vcpu->r8},
		{X86_64_R9, vcpu->r9},		{X86_64_R10, vcpu->r10},
		{X86_64_R11, vcpu->r11},	{X86_64_R12, vcpu->r12},
		{X86_64_R13, vcpu->r13},	{X86_64_R14, vcpu->r14},
		{X86_64_R15, vcpu->r15},	{X86_64_RFLAGS, vcpu->rflags},
		{X86_64_CS, vcpu->cs.selector}, {X86_64_SS, vcpu->ss.selector},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		register_put(set, all[i].number, all[i].value);
}

static bool in_user_mode(const struct register_set *set)
{
	return register_known(set, X86_64_CS) && (set->values[X86_64_CS] & 3) == 3;
}

/*
 * The argument register, and the registers in which a compiler may keep the argument across calls.
 */
static size_t first_argument(const GArray *registers, uint64_t values[ARCH_MAX_ARGUMENTS])
{
	static const char *const names[] = {"rdi", "rbx", "rbp", "r12", "r13", "r14", "r15"};
	size_t num = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		num += named_register_find(registers, names[i], &values[num]);
	return num;
}

static bool interrupts_on(const struct vcpu_registers *vcpu)
{
	return vcpu->rflags & RFLAGS_IF;
}

/* In order of precedence. */
static bool find_rule(struct walk *walk, struct rule *rule)
{
	typedef bool (*finder)(struct walk * walk, struct rule * rule);
	static const finder with_orc[] = {
		find_wild_call_rule,
		find_return_stack_rule,
		find_retpoline_rule,
		find_error_entry_rule,
		find_orc_rule,
		find_optprobe_rule,
		find_bpf_rule,
		find_its_thunk_rule,
		find_no_orc_rule,
		find_unknown_code_rule,
		NULL,
	};
	static const finder without_orc[] = {
		find_wild_call_rule,
		find_frame_pointer_rule,
		find_scan_rule,
		NULL,
	};
	bool orc = walk->kernel->map->orc_layout != ORC_LAYOUT_NONE;

	for (const finder *find = orc ? with_orc : without_orc; *find; find++) {
		*rule = (struct rule){0};
		if ((*find)(walk, rule))
			return !walk->done;
	}
	walk_stop(walk, "the frame of 0x%" G_GINT64_MODIFIER "x cannot be found",
		  walk_pc(walk).value);
	return false;
}

/*
 * A kprobe or text patching puts an INT3 in place of an instruction that has not run yet. If the
 * INT3 is gone, the handler has continued after it.
 */
static bool is_behind_trap(const struct walk *walk, gva_t pc)
{
	bool late = false;
	uint8_t byte;

	if (!walk_in_function(walk, walk_pc(walk), "asm_exc_int3"))
		return false;
	if (!address_space_read(&walk->kernel->space, gva(pc.value - 1), &byte, 1, &late, NULL))
		return true;
	return byte == INT3 || late;
}

static bool is_user_entry(const struct stack *stack, gva_t end)
{
	return end.value == stack->high.value || end.value + FRED_PADDING == stack->high.value;
}

/* arch/x86/kernel/dumpstack.c and arch/x86/mm/fault.c; up to 5.11 no_context(). */
static bool is_telling_of_oops(const char *function)
{
	static const char *const names[] = {"oops_begin", "oops_end",	    "die",
					    "die_addr",	  "__die",	    "__die_body",
					    "no_context", "page_fault_oops"};
	size_t length = strcspn(function, "."); /* compilers add suffixes */

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == length && !strncmp(function, names[i], length))
			return true;
	return false;
}

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.link_address = LINK_ADDRESS,
	.load_registers = load_registers,
	.load_switched_out = x86_64_load_switched_out,
	.in_user_mode = in_user_mode,
	.name_registers = x86_64_name_registers,
	.first_argument = first_argument,
	.fit = x86_64_fit,
	.is_stopped = x86_64_is_stopped,
	.interrupts_on = interrupts_on,
	.find_cpu_number = x86_64_find_cpu_number,
	.add_hardware_stacks = x86_64_add_hardware_stacks,
	.add_cpu_stacks = x86_64_add_cpu_stacks,
	.previous_sp = x86_64_previous_sp,
	.find_rule = find_rule,
	.is_behind_trap = is_behind_trap,
	.is_start_of_task = orc_is_start_of_task,
	.is_user_entry = is_user_entry,
	.is_telling_of_oops = is_telling_of_oops,
};
