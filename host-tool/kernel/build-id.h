/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's build ID, from the ELF notes that its image keeps for /sys/kernel/notes. VMCOREINFO
 * has it, too, from 5.9 on.
 */
#ifndef OOPSBT_KERNEL_BUILD_ID_H
#define OOPSBT_KERNEL_BUILD_ID_H

#include "kernel/kernel.h"

/* As hexadecimal digits; free with g_free(). */
char *build_id_read(const struct kernel *kernel, GError **error);

/*
 * A module's: struct module's build_id (from 5.14 on, CONFIG_STACKTRACE_BUILD_ID), else from the
 * notes that it has for /sys/module/NAME/notes. NULL: it has none, or they cannot be read.
 */
char *build_id_read_module(const struct kernel *kernel, gva_t module);

#endif
