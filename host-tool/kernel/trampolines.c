// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/trampolines.h"

#define MAX_NODES 512
#define MAX_OPS 1024
#define MAX_KPROBES 4096
#define KPROBE_TABLE_SIZE 64 /* kernel/kprobes.c */
/* A copied instruction and the jump back (MAX_INSN_SIZE, arch/x86/include/asm/kprobes.h). */
#define KPROBE_SLOT_SIZE 20
/*
 * Bytes of a task's stack of traced calls: SHADOW_STACK_SIZE (kernel/trace/fgraph.c, since 6.11);
 * smaller before.
 */
#define RET_STACK_SIZE 4096u
/* FTRACE_OPS_FL_SAVE_REGS (include/linux/ftrace.h), the same bit since 4.18. */
#define FTRACE_OPS_SAVE_REGS (1ull << 2)

/* A singly linked list. Each node holds a frame and its return address. */
struct return_list {
	enum kernel_field head, link, frame, address;
};

static const struct return_list rethooks = {
	FIELD_task_rethooks,
	FIELD_rethook_node_llist,
	FIELD_rethook_node_frame,
	FIELD_rethook_node_ret_addr,
};

static const struct return_list kretprobes = {
	FIELD_task_kretprobe_instances,
	FIELD_kretprobe_instance_llist,
	FIELD_kretprobe_instance_fp,
	FIELD_kretprobe_instance_ret_addr,
};

static bool find_in_list(const struct kernel *kernel, const struct return_list *list, gva_t task,
			 gva_t slot, gva_t trampoline, gva_t *address)
{
	uint64_t link;

	if (!kernel_has(kernel, list->link) ||
	    !kernel_read_field(kernel, task, list->head, &link, sizeof(link), NULL))
		return false;
	for (int i = 0; i < MAX_NODES && link; i++) {
		gva_t node = gva(link - (uint64_t)kernel->map->fields[list->link]);
		uint64_t frame, target;

		if (!kernel_read_field(kernel, node, list->frame, &frame, 8, NULL) ||
		    !kernel_read_field(kernel, node, list->address, &target, 8, NULL) ||
		    !address_space_read_u64(&kernel->space, gva(link), &link, NULL))
			return false;
		/*
		 * One function may have several probes: all but the last return to the trampoline.
		 */
		if (frame == slot.value && target != trampoline.value) {
			*address = gva(target);
			return true;
		}
	}
	return false;
}

/*
 * Up to 6.10 an array of struct ftrace_ret_stack; from 6.11 on the entries lie between other words.
 * Both grow upwards and keep old entries: the first word that equals the slot's address belongs to
 * a call that has not returned.
 */
static bool find_in_ret_stack(const struct kernel *kernel, gva_t task, gva_t slot, gva_t *address)
{
	int32_t retp = kernel->map->fields[FIELD_ftrace_ret_stack_retp];
	int32_t ret = kernel->map->fields[FIELD_ftrace_ret_stack_ret];
	uint64_t base, word;

	if (retp == FIELD_UNKNOWN || ret == FIELD_UNKNOWN ||
	    !kernel_read_field(kernel, task, FIELD_task_ret_stack, &base, sizeof(base), NULL) ||
	    !base)
		return false;
	for (uint64_t at = (uint64_t)retp; at < RET_STACK_SIZE; at += sizeof(word)) {
		gva_t entry = gva(base + at - (uint64_t)retp);

		if (!address_space_read_u64(&kernel->space, gva(base + at), &word, NULL))
			return false;
		if (word == slot.value)
			return kernel_read_field(kernel, entry, FIELD_ftrace_ret_stack_ret,
						 &address->value, 8, NULL);
	}
	return false;
}

static void capture_list(const struct kernel *kernel, const struct return_list *list, gva_t task)
{
	gva_t none;

	/* No frame is at 0, so this reads all nodes. */
	find_in_list(kernel, list, task, gva(0), gva(0), &none);
}

void trampoline_capture(const struct kernel *kernel, gva_t task)
{
	uint64_t base;

	capture_list(kernel, &rethooks, task);
	capture_list(kernel, &kretprobes, task);
	if (kernel_has(kernel, FIELD_task_ret_stack) &&
	    kernel_read_field(kernel, task, FIELD_task_ret_stack, &base, sizeof(base), NULL) &&
	    base)
		address_space_prefetch(&kernel->space, gva(base), RET_STACK_SIZE);
}

bool trampoline_recover(const struct kernel *kernel, gva_t task, gva_t slot, gva_t *address)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t value = address->value;

	if (!value)
		return true;
	if (value == symbols[SYMBOL_return_to_handler])
		return task.value && find_in_ret_stack(kernel, task, slot, address);
	if (value == symbols[SYMBOL_arch_rethook_trampoline])
		return task.value && find_in_list(kernel, &rethooks, task, slot, *address, address);
	if (value == symbols[SYMBOL_kretprobe_trampoline] ||
	    value == symbols[SYMBOL___kretprobe_trampoline])
		return task.value &&
		       find_in_list(kernel, &kretprobes, task, slot, *address, address);
	return true;
}

static bool find_ftrace_original(const struct kernel *kernel, gva_t address, gva_t *original)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t ops;

	if (!kernel_has(kernel, FIELD_ftrace_ops_trampoline_size) ||
	    !kernel_read_variable(kernel, SYMBOL_ftrace_ops_list, &ops, sizeof(ops), NULL))
		return false;
	for (int i = 0; i < MAX_OPS && ops; i++) {
		uint64_t start, size, flags;

		if (!kernel_read_field(kernel, gva(ops), FIELD_ftrace_ops_trampoline, &start, 8,
				       NULL) ||
		    !kernel_read_field(kernel, gva(ops), FIELD_ftrace_ops_trampoline_size, &size, 8,
				       NULL) ||
		    !kernel_read_field(kernel, gva(ops), FIELD_ftrace_ops_flags, &flags, 8, NULL))
			return false;
		if (start && address.value - start < size) {
			uint64_t source =
				symbols[flags & FTRACE_OPS_SAVE_REGS ? SYMBOL_ftrace_regs_caller
								     : SYMBOL_ftrace_caller];

			*original = gva(source + (address.value - start));
			return source;
		}
		if (!kernel_read_field(kernel, gva(ops), FIELD_ftrace_ops_next, &ops, 8, NULL))
			return false;
	}
	return false;
}

/*
 * The detour of an optimised kprobe is a template that calls the handlers, then a copy of the
 * overwritten instructions. The stack is as at the probe only where the copy begins.
 */
static bool find_detour_copy(const struct kernel *kernel, gva_t probe, uint64_t *copy)
{
	const uint64_t *symbols = kernel->map->symbols;
	uint64_t length =
		symbols[SYMBOL_optprobe_template_end] - symbols[SYMBOL_optprobe_template_entry];
	uint64_t handler, detour;

	if (!kernel_has(kernel, FIELD_optprobe_kp) ||
	    !kernel_read_field(kernel, probe, FIELD_kprobe_pre_handler, &handler, 8, NULL) ||
	    !handler || handler != symbols[SYMBOL_aggr_pre_handler])
		return false; /* not part of a struct optimized_kprobe */
	probe = gva(probe.value - (uint64_t)kernel->map->fields[FIELD_optprobe_kp]);
	if (!kernel_read_field(kernel, probe, FIELD_optprobe_detour, &detour, 8, NULL) || !detour)
		return false;
	*copy = detour + length;
	return true;
}

static bool is_copy_of(gva_t address, uint64_t copy, uint64_t probed, gva_t *original)
{
	*original = gva(probed + (address.value - copy));
	return copy && address.value - copy < KPROBE_SLOT_SIZE;
}

/* Walks the kernel's hash table of kprobes. */
static bool find_probed(const struct kernel *kernel, gva_t address, gva_t *original)
{
	uint64_t table = kernel->map->symbols[SYMBOL_kprobe_table];
	int seen = 0;

	if (!table || !kernel_has(kernel, FIELD_kprobe_hlist) ||
	    !kernel_has(kernel, FIELD_kprobe_slot))
		return false;
	for (uint64_t i = 0; i < KPROBE_TABLE_SIZE; i++) {
		uint64_t node;

		if (!address_space_read_u64(&kernel->space, gva(table + 8 * i), &node, NULL))
			return false;
		for (; node && seen < MAX_KPROBES; seen++) {
			gva_t probe = gva(node - (uint64_t)kernel->map->fields[FIELD_kprobe_hlist]);
			uint64_t slot, probed;

			if (!kernel_read_field(kernel, probe, FIELD_kprobe_slot, &slot, 8, NULL) ||
			    !kernel_read_field(kernel, probe, FIELD_kprobe_addr, &probed, 8,
					       NULL) ||
			    !address_space_read_u64(&kernel->space, gva(node), &node, NULL))
				return false;
			if (is_copy_of(address, slot, probed, original) ||
			    (find_detour_copy(kernel, probe, &slot) &&
			     is_copy_of(address, slot, probed, original)))
				return true;
		}
	}
	return false;
}

bool trampoline_find_original(const struct kernel *kernel, gva_t address, gva_t *original)
{
	return find_ftrace_original(kernel, address, original) ||
	       find_probed(kernel, address, original);
}
