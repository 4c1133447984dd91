// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/modules.h"
#include "kernel/trampolines.h"
#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/rules.h"

#define LOOKUP_BLOCK 256 /* LOOKUP_BLOCK_SIZE in arch/x86/include/asm/orc_lookup.h */

/* The orc_lookup table narrows the search: one index per 256 bytes of text. */
static void lookup_range(const struct kernel *kernel, gva_t address, uint64_t *low, uint64_t *high)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t block = (address.value - symbols[SYMBOL__stext]) / LOOKUP_BLOCK;
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

/* Finds the entry for code of the core kernel or of a module. */
bool find_text_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry,
		   GError **error)
{
	const struct kernel_module *module;

	if (kernel_in_core_image(kernel, address))
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

bool find_orc(const struct kernel *kernel, gva_t address, struct orc_entry *entry, GError **error)
{
	gva_t original;

	if (find_text_orc(kernel, address, entry, error))
		return true;
	if (kernel_in_core_image(kernel, address) ||
	    !trampoline_find_original(kernel, address, &original))
		return false;
	g_clear_error(error);
	return find_text_orc(kernel, original, entry, error);
}

/* The register on which an entry's rule is based; NUM_X86_64_REGISTERS: none. */
static enum x86_64_register base_register(const struct orc_entry *entry)
{
	switch (entry->sp_register) {
	case ORC_REGISTER_SP:
	case ORC_REGISTER_SP_INDIRECT:
		return X86_64_RSP;
	case ORC_REGISTER_BP:
	case ORC_REGISTER_BP_INDIRECT:
		return X86_64_RBP;
	case ORC_REGISTER_R10:
		return X86_64_R10;
	case ORC_REGISTER_R13:
		return X86_64_R13;
	case ORC_REGISTER_AX:
		return X86_64_RAX;
	case ORC_REGISTER_DX:
		return X86_64_RDX;
	case ORC_REGISTER_DI:
		return X86_64_RDI;
	default:
		return NUM_X86_64_REGISTERS;
	}
}

bool orc_previous_sp(struct walk *walk, const struct orc_entry *entry, gva_t *sp)
{
	enum x86_64_register base = base_register(entry);
	uint64_t value;

	if (base == NUM_X86_64_REGISTERS || !register_known(&walk->registers, base))
		return false;
	value = walk->registers.values[base];
	switch (entry->sp_register) {
	case ORC_REGISTER_SP_INDIRECT:
		/*
		 * Since 5.12 the offset is added after the load, before 5.12 to the address. Entry
		 * code of older kernels only has offset 0, where both are the same.
		 */
		if (!walk_read_u64(walk, gva(value), &value))
			return false;
		value += entry->sp_offset;
		break;
	case ORC_REGISTER_BP_INDIRECT:
		if (!walk_read_u64(walk, gva(value + entry->sp_offset), &value))
			return false;
		break;
	default: /* R10, R13, AX, DX and DI hold the stack pointer; objtool gives them no offset */
		value += entry->sp_offset;
		break;
	}
	*sp = gva(value);
	return true;
}

static void place_frame_pointer(const struct walk *walk, const struct orc_entry *entry, gva_t sp,
				struct rule *rule)
{
	switch (entry->bp_register) {
	case ORC_REGISTER_UNDEFINED:
		if (rule->kind == RULE_CALL)
			rule_same(rule, X86_64_RBP);
		return;
	case ORC_REGISTER_PREV_SP:
		rule_memory(rule, X86_64_RBP, sp.value + (uint64_t)entry->bp_offset);
		return;
	case ORC_REGISTER_BP:
		rule_memory(rule, X86_64_RBP, walk_fp(walk) + (uint64_t)entry->bp_offset);
		return;
	default: /* invalid; nothing can be read at 0 */
		rule_memory(rule, X86_64_RBP, 0);
		return;
	}
}

void orc_call_rule(const struct walk *walk, const struct orc_entry *entry, gva_t sp,
		   struct rule *rule)
{
	rule->kind = RULE_CALL;
	rule_memory(rule, X86_64_RIP, sp.value - 8);
	rule_value(rule, X86_64_RSP, sp.value);
	place_frame_pointer(walk, entry, sp, rule);
}

/*
 * A task that has never run was not called from anywhere: its first task switch "returns" to the
 * start of ret_from_fork (copy_thread() in arch/x86/kernel/process.c). ORC ends there, and no code
 * runs into it.
 */
bool orc_is_start_of_task(const struct kernel *kernel, gva_t pc)
{
	struct orc_entry at, before;

	return find_orc(kernel, pc, &at, NULL) && at.type == ORC_TYPE_END &&
	       find_orc(kernel, gva(pc.value - 1), &before, NULL) &&
	       before.type == ORC_TYPE_UNDEFINED;
}

static void use_entry(struct walk *walk, const struct orc_entry *entry, struct rule *rule)
{
	gva_t pc = walk_pc(walk), sp;

	if (entry->type == ORC_TYPE_END) {
		rule->kind = RULE_END;
		return;
	}
	if (entry->type == ORC_TYPE_UNDEFINED) {
		walk_stop(walk, "ORC knows no way up from 0x%" G_GINT64_MODIFIER "x", pc.value);
		return;
	}
	if (!orc_previous_sp(walk, entry, &sp)) {
		walk_stop(walk, "the frame of 0x%" G_GINT64_MODIFIER "x cannot be found", pc.value);
		return;
	}
	if (entry->type == ORC_TYPE_CALL) {
		orc_call_rule(walk, entry, sp, rule);
		return;
	}
	if (entry->type == ORC_TYPE_REGS)
		pt_regs_rule(sp, rule);
	else
		iret_frame_rule(sp, rule);
	place_frame_pointer(walk, entry, sp, rule);
}

bool find_orc_rule(struct walk *walk, struct rule *rule)
{
	g_autoptr(GError) error = NULL;
	gva_t pc = walk_pc(walk);
	struct orc_entry entry;
	bool found;

	/* If the call never returns, a return address may belong to the next function. */
	found = find_orc(walk->kernel, gva(pc.value - !walk->interrupted), &entry, &error);
	if (!found && !kernel_in_core_image(walk->kernel, pc))
		return false;
	if ((!found || entry.type == ORC_TYPE_UNDEFINED) && find_no_orc_rule(walk, rule))
		return true;
	if (found)
		use_entry(walk, &entry, rule);
	else
		walk_stop(walk, "%s", error->message);
	return true;
}
