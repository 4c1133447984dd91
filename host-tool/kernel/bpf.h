/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled BPF programs, from the kernel's list of their symbols (struct bpf_ksym, since 5.8). */
#ifndef OOPSBT_KERNEL_BPF_H
#define OOPSBT_KERNEL_BPF_H

#include "kernel/kernel.h"
#include "kernel/symbol.h"

/* Is @address in a BPF program, and where is that: [*@start, *@end)? */
bool bpf_find(const struct kernel *kernel, gva_t address, gva_t *start, gva_t *end);

/* If @address is in one, fills @symbol with the kernel's name: "bpf_prog_TAG_NAME". */
void bpf_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

#endif
