/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A WARN_ON() as the kernel prints it (__warn() in kernel/panic.c):
 *
 *	up to 6.16	WARNING: CPU: 1 PID: 7 at fs/inode.c:12 FUNCTION+0x1/0x2 [MODULE]
 *	from 6.17	WARNING: fs/inode.c:12 at FUNCTION+0x1/0x2 [MODULE], CPU#1: COMM/7
 */
#ifndef OOPSBT_KERNEL_WARNING_H
#define OOPSBT_KERNEL_WARNING_H

#include <stdbool.h>

/* Whose code warned; free both with g_free(). @module: NULL: the core kernel. False: @line is none.
 */
bool warning_parse(const char *line, char **function, char **module);

#endif
