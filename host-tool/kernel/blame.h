/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the code to blame in a stack: the first function that is not a helper, and its callers.
 * These functions also tell one bug from another. The stack may be text from the guest's log or a
 * stack that oopsbt unwound: the caller adds its functions one by one, innermost first.
 */
#ifndef OOPSBT_KERNEL_BLAME_H
#define OOPSBT_KERNEL_BLAME_H

#include <stdbool.h>

#define BLAME_FUNCTIONS 3

/* All zero: nothing is known yet. */
struct blame {
	char *functions[BLAME_FUNCTIONS]; /* plain names; the first is to blame; NULL: no more */
	char *module;			  /* of the first; NULL: the core kernel */
	bool whole;			  /* no more functions are needed */
	bool waits;	  /* blame_add_of_wait(): the name of the first says that it waits */
	bool allocates;	  /* blame_add_of_memory(): the name of the first says that it allocates */
	char *dispatcher; /* blame_add_of_loop(): the task's innermost dispatcher */
	/* For blame_add_of_overflow(). */
	char *previous;
	unsigned int repeats; /* of @previous, in a row */
	bool recurs;
};

void blame_add(struct blame *blame, const char *function, const char *module);

/*
 * The same for a CPU that makes no progress. The sample may be from anywhere in a loop, so this
 * blames the owner of the loop: the outermost function below a dispatcher.
 */
void blame_add_of_loop(struct blame *blame, const char *function, const char *module);

/*
 * The same for a stack that has overflowed. This blames a function that calls itself. Where several
 * functions call each other, the last one is chance; then this blames the owner, as for a loop.
 */
void blame_add_of_overflow(struct blame *blame, const char *function, const char *module);

/* The same for memory: blames the caller of functions whose names say that they allocate. */
void blame_add_of_memory(struct blame *blame, const char *function, const char *module);

/*
 * The same for a waiting task. A wait for something that the whole kernel shares has its own name.
 */
void blame_add_of_wait(struct blame *blame, const char *function, const char *module);

/* The frames beyond were interrupted: if a function is to blame already, no more are added. */
void blame_add_boundary(struct blame *blame);

/* The stack ends: a loop that has only dispatchers is blamed on the innermost one. */
void blame_end(struct blame *blame);

/* Adds this function, even if it is a helper, unless a function is to blame already. */
void blame_add_if_none(struct blame *blame, const char *function, const char *module);

/* Is a function to blame? */
bool blame_is_known(const struct blame *blame);

/* "KIND in FUNCTION [MODULE]", or "KIND" if no function is to blame. Free with g_free(). */
char *blame_title(const char *kind, const struct blame *blame);
void blame_clear(struct blame *blame);

#endif
