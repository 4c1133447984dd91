/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Infers offsets in struct task_struct for a kernel without BTF, from two tasks with known content.
 * init_task is the first CPU's idle task: PID 0, "swapper", on init_stack. kthreadd_task is PID 2,
 * "kthreadd". An offset counts only if it is the only one at which both tasks have the expected
 * content. With CONFIG_RANDSTRUCT the offset of the PID stays unknown, since PID and TGID are not
 * adjacent.
 */
#ifndef OOPSBT_KERNEL_TASK_LAYOUT_H
#define OOPSBT_KERNEL_TASK_LAYOUT_H

#include "kernel/map.h"

/* Fills the fields task_stack, task_comm, task_pid and task_tgid, if they can be inferred. */
void task_layout_infer(struct kernel_map *map, const struct address_space *space);

#endif
