/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule tells how to get from one frame to the frame above: where each register was saved. An
 * architecture finds the rule for the current frame; unwind.c applies it.
 */
#ifndef OOPSBT_KERNEL_RULE_H
#define OOPSBT_KERNEL_RULE_H

#include "guest/address.h"
#include "kernel/register_set.h"

enum place_kind {
	PLACE_LOST,   /* unknown */
	PLACE_SAME,   /* still in the register */
	PLACE_VALUE,  /* @value itself */
	PLACE_MEMORY, /* in the word at guest-virtual address @value, on a stack */
};

struct place {
	enum place_kind kind;
	uint64_t value;
};

enum rule_kind {
	RULE_CALL,	  /* the frame above made a call: its PC is a return address */
	RULE_INTERRUPTED, /* the frame above was interrupted, and its registers were saved */
	RULE_END,	  /* there is no frame above: the stack ends here */
};

struct rule {
	enum rule_kind kind;
	bool guess; /* the frame above, and all that follow, may be wrong */
	/*
	 * RULE_INTERRUPTED: the saved registers are in [saved, saved_end). saved_end 0: only some
	 * were saved.
	 */
	gva_t saved, saved_end;
	/* By register number. In a RULE_CALL the stack pointer is never PLACE_MEMORY. */
	struct place places[MAX_REGISTERS];
};

static inline void rule_value(struct rule *rule, unsigned int number, uint64_t value)
{
	rule->places[number] = (struct place){PLACE_VALUE, value};
}

static inline void rule_memory(struct rule *rule, unsigned int number, uint64_t address)
{
	rule->places[number] = (struct place){PLACE_MEMORY, address};
}

static inline void rule_same(struct rule *rule, unsigned int number)
{
	rule->places[number] = (struct place){.kind = PLACE_SAME};
}

#endif
