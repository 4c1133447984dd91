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

#endif
