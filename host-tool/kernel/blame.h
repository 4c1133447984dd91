/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose code is to blame, by a stack: the first function that is no helper, and its callers, by
 * which one bug is told from another. The stack may be the guest's own, as text, or one of ours:
 * its functions are handed in one by one, from the innermost outwards.
 */
#ifndef OOPSBT_KERNEL_BLAME_H
#define OOPSBT_KERNEL_BLAME_H

#include <stdbool.h>

#define BLAME_FUNCTIONS 3

/* All zero: nothing is known yet. */
struct blame {
	char *functions[BLAME_FUNCTIONS]; /* plain names; the first is to blame; NULL: no more */
	char *module;			  /* of the first; NULL: the core kernel */
	bool whole;			  /* no more are wanted */
	bool waits;			  /* of blame_add_of_wait(): the first waits by its name */
	bool allocates;	  /* of blame_add_of_memory(): the first allocates by its name */
	char *dispatcher; /* of blame_add_of_loop(): the innermost one of the task */
	/* Of blame_add_of_overflow() */
	char *previous;
	unsigned int repeats; /* of that, one after another */
	bool recurs;
};

void blame_add(struct blame *blame, const char *function, const char *module);

/*
 * The same for a CPU that does not get on. It was seen anywhere in a loop: whose loop it is counts,
 * the outermost function below one that hands out work.
 */
void blame_add_of_loop(struct blame *blame, const char *function, const char *module);

/*
 * The same for a stack that has overflowed. A function that calls itself is to blame; where several
 * call each other, it is chance which one was the last, and whose work it is counts.
 */
void blame_add_of_overflow(struct blame *blame, const char *function, const char *module);

/* The same for memory: who had it allocated, not one that says by its name that it allocates. */
void blame_add_of_memory(struct blame *blame, const char *function, const char *module);

/* The same for a task that waits: for what all of the kernel uses, or for its own. */
void blame_add_of_wait(struct blame *blame, const char *function, const char *module);

/* Here begins what was interrupted: if somebody is to blame already, it is not beyond this. */
void blame_add_boundary(struct blame *blame);

/* The stack ends: where a loop has only functions that hand out work, it is the innermost's. */
void blame_end(struct blame *blame);

/* Takes this function, though it is a helper, if there is none. */
void blame_add_if_none(struct blame *blame, const char *function, const char *module);

/* Whether somebody is to blame. */
bool blame_is_known(const struct blame *blame);

/* "KIND in FUNCTION [MODULE]", or "KIND" where nobody is. Free with g_free(). */
char *blame_title(const char *kind, const struct blame *blame);
void blame_clear(struct blame *blame);

#endif
