// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/task.h"

/* TASK_* and EXIT_* bits of include/linux/sched.h, the same in all kernels since 5.4. */
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
	/* These two end with the switch to the next task. */
	if (state & 0x80)
		return "dead";
	/* It sleeps, but another CPU wakes it before this one has left it. */
	if (state & 0x200)
		return "waking";
	return "other";
}

static bool read_field(const struct kernel *kernel, gva_t address, enum kernel_field field,
		       void *buffer, size_t length, struct task *task, GError **error)
{
	return kernel_read_state(kernel, address, field, buffer, length, &task->late, error);
}

static bool read_state(const struct kernel *kernel, gva_t address, struct task *task,
		       GError **error)
{
	/* unsigned int __state since 5.14, long state before. */
	bool is_int = kernel_has(kernel, FIELD_task_state);
	uint64_t state = 0; /* little-endian, as in the guest */

	if (!is_int && !kernel_has(kernel, FIELD_task_state_old))
		return true;
	if (!read_field(kernel, address, is_int ? FIELD_task_state : FIELD_task_state_old, &state,
			is_int ? 4 : 8, task, error))
		return false;
	task->state = state_name(state);
	return true;
}

static bool read_pid(const struct kernel *kernel, gva_t address, enum kernel_field field,
		     struct maybe_int *pid, struct task *task, GError **error)
{
	int32_t value;

	if (!kernel_has(kernel, field))
		return true;
	if (!read_field(kernel, address, field, &value, sizeof(value), task, error))
		return false;
	*pid = (struct maybe_int){true, value};
	return true;
}

bool task_read(const struct kernel *kernel, gva_t address, struct task *task, GError **error)
{
	*task = (struct task){0};
	return read_pid(kernel, address, FIELD_task_pid, &task->pid, task, error) &&
	       read_pid(kernel, address, FIELD_task_tgid, &task->tgid, task, error) &&
	       read_field(kernel, address, FIELD_task_comm, task->comm, TASK_COMM_SIZE, task,
			  error) &&
	       read_state(kernel, address, task, error);
}
