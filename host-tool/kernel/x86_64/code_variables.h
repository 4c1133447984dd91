/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables that no table names, by the code of functions that use them: for kernels without
 * CONFIG_KALLSYMS_ALL, whose kallsyms has the functions.
 *
 *	tainted_mask	what both get_taint() and test_taint() read (kernel/panic.c): 8 bytes
 *	die_counter	what __die_header() both reads and writes (arch/x86/kernel/dumpstack.c;
 *before 5.5, or where a compiler has put it there, __die()): 4 bytes panic_cpu	what nmi_panic()
 *exchanges if it is -1 (from 6.18 on panic_try_start()): 4 bytes
 *	tk_core		8 bytes before the struct timekeeper whose ktime_sec ktime_get_seconds()
 *reads
 *
 * Only operands count that are a fixed address in the image's data. A variable is known if exactly
 * one is what it must be and it holds what the variable can hold; else it stays unknown.
 */
#ifndef OOPSBT_KERNEL_X86_64_CODE_VARIABLES_H
#define OOPSBT_KERNEL_X86_64_CODE_VARIABLES_H

#include "kernel/map.h"

/*
 * Fills those of the map's symbols that are 0. Needs its kallsyms, _stext and _etext; tk_core its
 * fields as well. Reads no more than the first 4 KiB of each function.
 */
void code_variables(const struct image *image, const struct address_space *space,
		    struct kernel_map *map);

#endif
