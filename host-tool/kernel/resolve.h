/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the symbol at an address in the core kernel, a module, or a BPF program. */
#ifndef OOPSBT_KERNEL_RESOLVE_H
#define OOPSBT_KERNEL_RESOLVE_H

#include "kernel/kernel.h"
#include "kernel/symbol.h"

/* Always sets @symbol; clear it with resolved_symbol_clear(). Its name is NULL if there is none. */
void kernel_resolve(const struct kernel *kernel, gva_t address, struct resolved_symbol *symbol);

#endif
