/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells from a function's name its part in a stack. Some functions only serve their callers: if
 * they fail, the caller is to blame. Others enter the kernel or dispatch work: the frames beyond
 * them are unrelated.
 */
#ifndef OOPSBT_KERNEL_HELPER_H
#define OOPSBT_KERNEL_HELPER_H

#include <stdbool.h>

/* Should the caller of this function be blamed instead? */
bool function_is_helper(const char *function);

/* Does the name say that the function allocates for its caller, as "sk_prot_alloc" does? */
bool function_says_that_it_allocates(const char *function);

/* Does an exception, an interrupt, a system call, a task or a softirq begin here? */
bool function_is_entry(const char *function);

/* Is it an entry that interrupts other code? False for system calls and starts of tasks. */
bool function_is_interruption(const char *function);

/* Does an exception begin here, such as a page fault, which an instruction has caused? */
bool function_is_exception(const char *function);

/* Does the function dispatch work to unrelated functions? True for entries as well. */
bool function_is_dispatcher(const char *function);

/*
 * For a function that is not a helper: does its name say that it waits for its caller
 * ("tty_ldisc_lock", "nfs_wait_bit_killable"), or does every read and write wait in it?
 */
bool function_says_that_it_waits(const char *function);

/*
 * If this function waits for something that the whole kernel shares (other CPUs, a grace period):
 * the common name of such waits, static. The caller is not to blame, and all these waits are one
 * bug. Else NULL.
 */
const char *function_common_wait(const char *function);

/*
 * The function's name in the source, the same for all kernels: without compiler suffixes (".cold",
 * ".isra.0"). The functions of a system call ("__x64_sys_read", "__do_sys_read") become "sys_read".
 * Free with g_free().
 */
char *function_plain(const char *function);

#endif
