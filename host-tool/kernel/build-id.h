/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's build ID, from the ELF notes in its image (/sys/kernel/notes). From 5.9 on
 * VMCOREINFO has it, too.
 */
#ifndef OOPSBT_KERNEL_BUILD_ID_H
#define OOPSBT_KERNEL_BUILD_ID_H

#include "kernel/kernel.h"

/* As hexadecimal digits; free with g_free(). */
char *build_id_read(const struct kernel *kernel, GError **error);

/*
 * A module's build ID: build_id of struct module (from 5.14 on, CONFIG_STACKTRACE_BUILD_ID), else
 * from its notes (/sys/module/NAME/notes). NULL: the module has none, or it cannot be read.
 */
char *build_id_read_module(const struct kernel *kernel, gva_t module);

#endif
