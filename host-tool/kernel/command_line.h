/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's command line, as in /proc/cmdline: saved_command_line (init/main.c). */
#ifndef OOPSBT_KERNEL_COMMAND_LINE_H
#define OOPSBT_KERNEL_COMMAND_LINE_H

#include "kernel/kernel.h"

/* Free with g_free(). */
char *command_line_read(const struct kernel *kernel, GError **error);

#endif
