/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds page tables that may map the Linux kernel, for kernel_find() to search. Sources, cheapest
 * first:
 *
 *   1. The CR3 of each vCPU, also without the bit that page-table isolation sets for user mode
 *      (arch/x86/entry/calling.h). Up to MAX_CR3_ROOTS different ones.
 *   2. The first MiB of memory. The kernel starts its CPUs in real mode there, with page tables
 *      (trampoline_pgd in arch/x86/realmode/init.c) that share the last entry of the kernel's.
 *   3. Each 2 MiB boundary of guest-physical memory. A kernel is loaded at one, and its data
 *      begins at one, with the stack of its first task. The lowest word of that stack is
 *      STACK_END_MAGIC (start_kernel() in init/main.c). The page tables that the kernel is
 *      linked with (init_top_pgt in arch/x86/kernel/head_64.S) are a few hundred KiB above and
 *      are recognised by their links: top -> level3_kernel_pgt -> level2_kernel_pgt. Reads 8
 *      bytes at each boundary, for 2 s at most. A read of shared memory (memfd) that the guest
 *      has never touched makes the host allocate the page: 4 KiB of 2 MiB, or all of it if the
 *      pages are huge and were not preallocated.
 *
 * At most 64 tables from sources 2 and 3 are offered.
 *
 * No source needs the IDT, a vCPU in kernel mode, or a vCPU that runs Linux at all.
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
	 * Addresses that are in the image if the vCPU runs Linux: its page fault handler and its
	 * PC. 0: unknown. FRED kernels have no IDT.
	 */
	gva_t hints[2];
};

/* Called for each root; returns true to stop. */
typedef bool (*kernel_root_fn)(void *user_data, const struct kernel_root *root);

enum kernel_place {
	KERNEL_OF_VCPUS, /* source 1 only */
	KERNEL_ANYWHERE,
};

/*
 * Passes all roots to @found. Sets *@unscanned to the bytes of guest-physical memory that were not
 * searched for lack of time.
 */
void kernel_roots(struct snapshot *snapshot, const GArray *vcpus, enum kernel_place place,
		  kernel_root_fn found, void *user_data, uint64_t *unscanned);

/*
 * The mapped parts of the area for kernel images, in order. Small gaps, as between two sections of
 * a kernel, do not split a part. Array of struct mapped_run.
 */
GArray *kernel_image_runs(const struct address_space *space);

/*
 * Finds init_top_pgt by its content: the image pages that are page tables and map the image to the
 * same memory as @space; of these the one that maps most of the rest. False: there is none.
 */
bool kernel_own_tables(const struct address_space *space, const struct image *image, gva_t *tables);

#endif
