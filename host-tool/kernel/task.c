// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/task.h"

/* TASK_* and EXIT_* bits of include/linux/sched.h that all kernels since 5.4 agree on. */
static const char *state_name(uint64_t state)
{
	if (!state)
		return "running";
	if (state & 1)
		return "interruptible";
	if (state & 2)
		return "uninterruptible";
	if (state & 4)
		return "stopped";
	if (state & 8)
		return "traced";
	return "other";
}

static bool read_state(const struct kernel *kernel, gva_t address, uint64_t *state, GError **error)
{
	uint32_t value;

	/* unsigned int __state since 5.14, long state before. */
	if (!kernel_has(kernel, FIELD_task_state))
		return kernel_read_field(kernel, address, FIELD_task_state_old, state,
					 sizeof(*state), error);
	if (!kernel_read_field(kernel, address, FIELD_task_state, &value, sizeof(value), error))
		return false;
	*state = value;
	return true;
}

bool task_read(const struct kernel *kernel, gva_t address, struct task *task, GError **error)
{
	uint64_t state;

	*task = (struct task){0};
	if (!kernel_read_field(kernel, address, FIELD_task_pid, &task->pid, 4, error) ||
	    !kernel_read_field(kernel, address, FIELD_task_tgid, &task->tgid, 4, error) ||
	    !kernel_read_field(kernel, address, FIELD_task_comm, task->comm, TASK_COMM_SIZE,
			       error) ||
	    !read_state(kernel, address, &state, error))
		return false;
	task->state = state_name(state);
	return true;
}
