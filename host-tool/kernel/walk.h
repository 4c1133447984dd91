/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk up a CPU's stacks: its position, and the memory that the code for the next step may read.
 */
#ifndef OOPSBT_KERNEL_WALK_H
#define OOPSBT_KERNEL_WALK_H

#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/register_set.h"
#include "kernel/rule.h"
#include "kernel/unwind.h"

struct walk {
	const struct kernel *kernel;
	const struct cpu *cpu;
	struct unwind_result *result;
	struct register_set registers; /* of the current frame */
	/* The registers that were saved when control left the frame: see struct frame. */
	struct register_set saved;
	bool interrupted; /* the frame was interrupted; it did not make a call */
	bool reliable;
	bool late;
	const struct stack *stack; /* NULL: unknown */
	unsigned int stacks_seen;  /* one bit for each stack of the CPU */
	bool done;
};

static inline gva_t walk_pc(const struct walk *walk)
{
	return gva(walk->registers.values[REGISTER_PC]);
}

static inline gva_t walk_sp(const struct walk *walk)
{
	return gva(walk->registers.values[REGISTER_SP]);
}

static inline uint64_t walk_fp(const struct walk *walk)
{
	return walk->registers.values[REGISTER_FP];
}

/* Ends the walk before the stack ends. The text is for the report. */
void walk_stop(struct walk *walk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Reads only from this CPU's stacks; any other address means a wrong step. Sets `late`. */
bool walk_read(struct walk *walk, gva_t address, void *buffer, size_t length);
bool walk_read_u64(struct walk *walk, gva_t address, uint64_t *value);

/* The frame visited before this one, or NULL. */
const struct frame *walk_callee(const struct walk *walk);

bool walk_has_seen(const struct walk *walk, const struct stack *stack);

/* Is @pc in the function of this name; in a function whose name begins with @prefix? */
bool walk_in_function(const struct walk *walk, gva_t pc, const char *name);
bool walk_in_function_like(const struct walk *walk, gva_t pc, const char *prefix);

/*
 * Is @address executable? The kernel's text, or any executable page: the layout of modules may be
 * unknown.
 */
bool walk_is_text(const struct walk *walk, gva_t address);

#endif
