/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds variables that no table names, through the code of functions that use them. For kernels
 * without CONFIG_KALLSYMS_ALL, whose kallsyms has functions only.
 *
 * 	tainted_mask	8 bytes, read by both get_taint() and test_taint() (kernel/panic.c)
 * 	die_counter	4 bytes, read and written by __die_header()
 * 			(arch/x86/kernel/dumpstack.c); by __die() before 5.5 or if inlined
 * 	panic_cpu	4 bytes, which nmi_panic() exchanges if -1; from 6.18 on
 * 			panic_try_start()
 * 	tk_core		8 bytes before the struct timekeeper whose ktime_sec
 * 			ktime_get_seconds() reads
 *
 * Only operands with a fixed address in the image's data count. A variable is accepted if exactly
 * one address fits and has a valid value; else it stays unknown.
 */
#ifndef OOPSBT_KERNEL_X86_64_CODE_VARIABLES_H
#define OOPSBT_KERNEL_X86_64_CODE_VARIABLES_H

#include "kernel/map.h"

/*
 * Fills the map's symbols that are 0. Needs the map's kallsyms, _stext and _etext; for tk_core the
 * fields as well. Reads the first 4 KiB of each function at most.
 */
void code_variables(const struct image *image, const struct address_space *space,
		    struct kernel_map *map);

#endif
