/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMCOREINFO: a page of KEY=VALUE lines that the kernel keeps for crash dumps (kernel/crash_core.c,
 * since 6.9 kernel/vmcore_info.c). It has the layouts that tools need for reading dumps, the printk
 * ring's among them.
 */
#ifndef OOPSBT_KERNEL_VMCOREINFO_H
#define OOPSBT_KERNEL_VMCOREINFO_H

#include "kernel/kernel.h"

/* The text, with all lines; free with g_free(). */
char *vmcoreinfo_read(const struct kernel *kernel, GError **error);

/* The value of a key such as "OSRELEASE"; NULL: there is no such line. Free with g_free(). */
char *vmcoreinfo_value(const char *text, const char *key);

/* A decimal value, as that of "OFFSET(printk_info.seq)". */
bool vmcoreinfo_number(const char *text, const char *key, uint64_t *value);

/* A hexadecimal value, as that of "SYMBOL(_stext)" or "KERNELOFFSET". */
bool vmcoreinfo_address(const char *text, const char *key, uint64_t *value);

#endif
