/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled BPF programs, by the kernel's list of their symbols (struct bpf_ksym, since 5.8). */
#ifndef OOPSBT_KERNEL_BPF_H
#define OOPSBT_KERNEL_BPF_H

#include "kernel/kernel.h"
#include "kernel/symbol.h"

/* Is @address in one? */
bool bpf_contains(const struct kernel *kernel, gva_t address);

/* Fills @symbol if it is: "bpf_prog_TAG_NAME", as the kernel names it. */
void bpf_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

#endif
