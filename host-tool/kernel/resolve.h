/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The symbol at an address, wherever its code is from: the core kernel, a module, a BPF program. */
#ifndef OOPSBT_KERNEL_RESOLVE_H
#define OOPSBT_KERNEL_RESOLVE_H

#include "kernel/kernel.h"
#include "kernel/symbol.h"

/*
 * Always sets @symbol, which is to be cleared with resolved_symbol_clear(); its name is NULL if
 * there is none.
 */
void kernel_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

#endif
