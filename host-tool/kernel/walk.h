/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk up a CPU's stacks: where it stands, and what those who look for the next step may read.
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
	struct register_set registers; /* of the frame that was reached last */
	/* Those of them that were saved as it was left: see struct frame. */
	struct register_set saved;
	bool interrupted; /* it is one that was interrupted, not one that made a call */
	bool reliable;
	bool late;
	const struct stack *stack; /* NULL: none that is known */
	unsigned int stacks_seen;  /* a bit for each stack of the CPU */
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

/* Ends the walk before its stack does; the words are for the report. */
void walk_stop(struct walk *walk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* From this CPU's stacks only: an address elsewhere is a wrong turn. Notes what was late. */
bool walk_read(struct walk *walk, gva_t address, void *buffer, size_t length);
bool walk_read_u64(struct walk *walk, gva_t address, uint64_t *value);

/* The frame that was reached before this one, or NULL. */
const struct frame *walk_callee(const struct walk *walk);

bool walk_has_seen(const struct walk *walk, const struct stack *stack);

/* Is @pc in the function of that name; in one whose name begins with @prefix? */
bool walk_in_function(const struct walk *walk, gva_t pc, const char *name);
bool walk_in_function_like(const struct walk *walk, gva_t pc, const char *prefix);

/* The kernel's, or what is mapped to be executed: modules, whose layout may not be known, too. */
bool walk_is_text(const struct walk *walk, gva_t address);

#endif
