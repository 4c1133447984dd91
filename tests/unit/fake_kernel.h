/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel image in a fake guest: symbol tables in the format of 6.4 and later, a banner, the stack
 * of the first task, and its own page tables.
 */
#ifndef OOPSBT_FAKE_KERNEL_H
#define OOPSBT_FAKE_KERNEL_H

#include "fake_guest.h"

#define FAKE_KERNEL_LENGTH (6u << 20)

/* Offsets in the image. */
#define FAKE_KERNEL_RODATA (2u << 20)
#define FAKE_KERNEL_BANNER (FAKE_KERNEL_RODATA + 0x100u)
#define FAKE_KERNEL_KALLSYMS (FAKE_KERNEL_RODATA + 0x1000u)
#define FAKE_KERNEL_DATA (4u << 20)
#define FAKE_KERNEL_TOP_TABLE (FAKE_KERNEL_DATA + 0x10000u)

#define FAKE_KERNEL_BANNER_TEXT "Linux version 6.6.6 (a@b) (gcc) #1 SMP PREEMPT_DYNAMIC\n"

struct fake_symbol {
	const char *name; /* with the type character before it: "Tschedule" */
	uint64_t address;
};

/* Puts @symbols, sorted by address, into the image, behind 2000 irrelevant functions. */
void fake_kernel_put(struct fake_guest *guest, const struct fake_symbol *symbols,
		     size_t num_symbols);

#endif
