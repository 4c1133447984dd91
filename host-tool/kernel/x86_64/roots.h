/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables in which the Linux kernel may be mapped, for kernel_find() to look through. Where
 * they are taken from, the cheapest way first:
 *
 *   1. The CR3 of each vCPU, and the same without the bit that page-table isolation sets for user
 *      mode (arch/x86/entry/calling.h). Up to MAX_CR3_ROOTS different ones.
 *   2. The first MiB of memory. The kernel starts its CPUs in real mode there, with page tables
 *      (trampoline_pgd in arch/x86/realmode/init.c) that have the kernel's own last entry.
 *   3. Each 2 MiB boundary of guest-physical memory. A kernel is loaded at one, and its data begin
 * at one, with the stack of its first task. That has STACK_END_MAGIC in its lowest word
 *      (start_kernel() in init/main.c). The page tables that the kernel is linked with
 *      (init_top_pgt in arch/x86/kernel/head_64.S) lie a few hundred KiB above, and know
 *      themselves: top -> level3_kernel_pgt -> level2_kernel_pgt are all there. 8 bytes are
 *      read at each boundary, for 2 s at most.
 *
 * Of the tables that are found by what they look like 64 are offered at most.
 *
 * No way needs the IDT, a vCPU in kernel mode, or a vCPU that runs Linux at all.
 */
#ifndef OOPSBT_KERNEL_X86_64_ROOTS_H
#define OOPSBT_KERNEL_X86_64_ROOTS_H

#include "guest/paging.h"
#include "guest/registers.h"
#include "guest/x86_64/cr3.h"
#include "kernel/image.h"

#define MAX_CR3_ROOTS 64
#define MAX_IMAGE_ROOTS 16

struct kernel_root {
	struct address_space space;
	char *origin; /* for messages: "vCPU 0", ... */
	/*
	 * Addresses that lie in the image if the vCPU runs Linux: its page fault handler, and
	 * where it stands. 0: not known. FRED kernels have no IDT.
	 */
	gva_t hints[2];
};

/* Called with one root after the other; true ends it. */
typedef bool (*kernel_root_fn)(void *user_data, const struct kernel_root *root);

enum kernel_place {
	KERNEL_OF_VCPUS, /* the first way only */
	KERNEL_ANYWHERE,
};

/*
 * Offers all of them to @found. *@unscanned is the number of bytes of guest-physical memory that
 * there was no time to look at.
 */
void kernel_roots(struct snapshot *snapshot, const GArray *vcpus, enum kernel_place place,
		  kernel_root_fn found, void *user_data, uint64_t *unscanned);

/*
 * The parts of the area for kernel images in which something is mapped, in order. Holes in them
 * are shorter than what may lie between two kernels' sections. Array of struct mapped_run.
 */
GArray *kernel_image_runs(const struct address_space *space);

/*
 * init_top_pgt by what it is: of the pages of the image that are page tables and map it to where
 * @space does, the one that maps most besides. False if there is none.
 */
bool kernel_own_tables(const struct address_space *space, const struct image *image, gva_t *tables);

#endif
