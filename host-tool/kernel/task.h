/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of a task_struct (include/linux/sched.h). */
#ifndef OOPSBT_KERNEL_TASK_H
#define OOPSBT_KERNEL_TASK_H

#include "base/maybe.h"
#include "kernel/kernel.h"

#define TASK_COMM_SIZE 16

struct task {
	struct maybe_int pid, tgid; /* unknown in a kernel with RANDSTRUCT and without BTF */
	char comm[TASK_COMM_SIZE + 1];
	const char *state; /* static: as ps(1) and the kernel name it; NULL: unknown */
	bool late;	   /* some of it was read after the thaw */
};

bool task_read(const struct kernel *kernel, gva_t address, struct task *task, GError **error);

#endif
