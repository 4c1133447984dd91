/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are in struct task_struct, for a kernel without BTF: told by two tasks of which it
 * is known what they hold. init_task is the first CPU's idle task: PID 0, "swapper", on init_stack.
 * kthreadd_task is PID 2, "kthreadd". An offset at which both hold what they must is taken if it is
 * the only one; else it stays unknown (with CONFIG_RANDSTRUCT that of the PID does, since PID and
 * TGID are apart).
 */
#ifndef OOPSBT_KERNEL_TASK_LAYOUT_H
#define OOPSBT_KERNEL_TASK_LAYOUT_H

#include "kernel/map.h"

/* Fills the fields task_stack, task_comm, task_pid and task_tgid, as far as they are told. */
void task_layout_infer(struct kernel_map *map, const struct address_space *space);

#endif
