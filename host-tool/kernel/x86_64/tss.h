/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 64-bit TSS (Intel SDM vol. 3A, 8.7): stack pointers, and the interrupt stack table. */
#ifndef OOPSBT_KERNEL_X86_64_TSS_H
#define OOPSBT_KERNEL_X86_64_TSS_H

#define TSS_RSP0 4
#define TSS_RSP1 12 /* unused by hardware; up to 5.12 Linux keeps the task's stack here */
#define TSS_IST1 36
#define TSS_IST_SIZE (7 * 8)
#define TSS_SIZE 104

#endif
