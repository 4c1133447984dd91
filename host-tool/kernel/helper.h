/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a function's name says of its part in a stack. Some functions only serve their callers: when
 * they fail, their callers are to blame. Some are where the kernel is entered, or where it hands
 * out work: who is beyond them has nothing to do with what they began.
 */
#ifndef OOPSBT_KERNEL_HELPER_H
#define OOPSBT_KERNEL_HELPER_H

#include <stdbool.h>

/* Would a reader blame the caller of this function rather than the function? */
bool function_is_helper(const char *function);

/* Does it say by its name that it allocates for its caller, as "sk_prot_alloc" does? */
bool function_says_that_it_allocates(const char *function);

/* Is this where an exception, an interrupt, a system call, a task or a softirq begins? */
bool function_is_entry(const char *function);

/* One of those that come upon other code: not a system call's nor a task's beginning. */
bool function_is_interruption(const char *function);

/* Is this where a page fault or another exception begins, which an instruction has brought about?
 */
bool function_is_exception(const char *function);

/* Does this function hand out work to one of many that have nothing in common? So do entries. */
bool function_is_dispatcher(const char *function);

/*
 * Does a function that is no helper say by its name that it waits for its caller
 * ("tty_ldisc_lock", "nfs_wait_bit_killable"), or is it one in which all wait that read or write?
 */
bool function_says_that_it_waits(const char *function);

/*
 * A wait of this function's is for what all of the kernel shares: other CPUs, a grace period. Who
 * comes there is not to blame, and all that do are one bug: its name, static. Or NULL.
 */
const char *function_common_wait(const char *function);

/*
 * The name that a function has in the source, for all kernels: without what compilers add to it
 * (".cold", ".isra.0"), and a system call's functions ("__x64_sys_read", "__do_sys_read") as one,
 * "sys_read". Free with g_free().
 */
char *function_plain(const char *function);

#endif
