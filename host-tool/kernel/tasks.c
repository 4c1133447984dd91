// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/tasks.h"

/* include/linux/sched.h; since 5.4 unless another release is given. */
#define INTERRUPTIBLE 0x1u
#define UNINTERRUPTIBLE 0x2u
#define STOPPED 0x4u
#define TRACED 0x8u
#define EXIT_DEAD 0x10u
#define EXIT_ZOMBIE 0x20u
#define PARKED 0x40u
#define DEAD 0x80u
#define WAKEKILL 0x100u
#define NOLOAD 0x400u
#define RTLOCK_WAIT 0x1000u /* 5.16 */

static struct maybe_uint read_uint(const struct kernel *kernel, struct task_entry *entry,
				   enum kernel_field field, size_t length)
{
	uint64_t value = 0; /* little-endian, as in the guest */

	if (!kernel_has(kernel, field) ||
	    !kernel_read_state(kernel, entry->address, field, &value, length, &entry->late, NULL))
		return (struct maybe_uint){0};
	return (struct maybe_uint){true, value};
}

static struct maybe_int read_int(const struct kernel *kernel, struct task_entry *entry,
				 enum kernel_field field, size_t length)
{
	struct maybe_uint value = read_uint(kernel, entry, field, length);

	if (value.value > INT64_MAX)
		return (struct maybe_int){0};
	return (struct maybe_int){value.known, (int64_t)value.value};
}

/* unsigned int __state since 5.14, long state before. */
static struct maybe_uint read_state(const struct kernel *kernel, struct task_entry *entry)
{
	if (kernel_has(kernel, FIELD_task_state))
		return read_uint(kernel, entry, FIELD_task_state, 4);
	return read_uint(kernel, entry, FIELD_task_state_old, 8);
}

/* In thread_info since 5.16. */
static struct maybe_int read_cpu(const struct kernel *kernel, struct task_entry *entry)
{
	if (kernel_has(kernel, FIELD_task_cpu))
		return read_int(kernel, entry, FIELD_task_cpu, 4);
	return read_int(kernel, entry, FIELD_task_cpu_old, 4);
}

/*
 * The later of two times: when the task last got a CPU (sched_info.last_arrival), and when its run
 * time was last updated (se.exec_start), which happens when it leaves the CPU.
 */
static struct maybe_int read_ran(const struct kernel *kernel, struct task_entry *entry)
{
	struct maybe_int arrived = read_int(kernel, entry, FIELD_task_last_arrival, 8);
	struct maybe_int counted = read_int(kernel, entry, FIELD_task_exec_start, 8);

	if (!counted.known || (arrived.known && arrived.value > counted.value))
		return arrived;
	return counted;
}

static struct maybe_int read_switches(const struct kernel *kernel, struct task_entry *entry)
{
	struct maybe_int own = read_int(kernel, entry, FIELD_task_nvcsw, 8);
	struct maybe_int forced = read_int(kernel, entry, FIELD_task_nivcsw, 8);

	if (!own.known || !forced.known || own.value > INT64_MAX / 2 ||
	    forced.value > INT64_MAX / 2)
		return (struct maybe_int){0};
	return (struct maybe_int){true, own.value + forced.value};
}

static bool read_entry(const struct kernel *kernel, gva_t address, struct task_entry *entry)
{
	*entry = (struct task_entry){.address = address};
	if (!task_read(kernel, address, &entry->task, NULL))
		return false;
	entry->late = entry->task.late;
	entry->state_bits = read_state(kernel, entry);
	entry->exit_state = read_uint(kernel, entry, FIELD_task_exit_state, 4);
	entry->cpu = read_cpu(kernel, entry);
	/* An int, or in 7.2 a one-byte member. */
	entry->on_cpu = read_int(kernel, entry, FIELD_task_on_cpu, 1);
	entry->ran_ns = read_ran(kernel, entry);
	entry->num_switches = read_switches(kernel, entry);
	entry->stack = gva(read_uint(kernel, entry, FIELD_task_stack, 8).value);
	if (entry->on_cpu.known && !entry->on_cpu.value)
		entry->sp = read_uint(kernel, entry, FIELD_task_thread_sp, 8);
	return true;
}

/* False: the walk must end. */
static bool add(const struct kernel *kernel, gva_t address, int64_t deadline_us,
		struct tasks *tasks)
{
	struct task_entry entry;

	if (tasks_find(tasks, address))
		return true;
	if (tasks->entries->len >= TASKS_MAX)
		tasks->stopped = "there are more tasks than the limit";
	else if (deadline_us && g_get_monotonic_time() >= deadline_us)
		tasks->stopped = "the time limit was reached";
	else if (!read_entry(kernel, address, &entry))
		tasks->stopped = "a task cannot be read";
	if (tasks->stopped)
		return false;
	g_array_append_val(tasks->entries, entry);
	g_hash_table_insert(tasks->by_address, g_memdup2(&address.value, 8),
			    GUINT_TO_POINTER(tasks->entries->len));
	return true;
}

static bool read_next(const struct kernel *kernel, gva_t *node)
{
	return address_space_read_u64(&kernel->space, *node, &node->value, NULL) &&
	       kernel_is_kernel_address(kernel, *node);
}

static void walk_threads(const struct kernel *kernel, gva_t leader, int64_t deadline_us,
			 struct tasks *tasks)
{
	const int32_t *fields = kernel->map->fields;
	gva_t head = gva(0), node;
	bool seen_leader = false;

	if (!kernel_has(kernel, FIELD_task_signal) || !kernel_has(kernel, FIELD_task_thread_node) ||
	    !kernel_has(kernel, FIELD_signal_thread_head) ||
	    !kernel_read_field(kernel, leader, FIELD_task_signal, &head.value, 8, NULL) ||
	    !kernel_is_kernel_address(kernel, head))
		return;
	head = node = gva_add(head, (uint64_t)fields[FIELD_signal_thread_head]);
	/* Every task is added once, so a loop ends at a known task. The leader is known already. */
	while (read_next(kernel, &node) && node.value != head.value) {
		gva_t task = gva(node.value - (uint64_t)fields[FIELD_task_thread_node]);

		if (task.value == leader.value && !seen_leader) {
			seen_leader = true;
			continue;
		}
		if (tasks_find(tasks, task)) {
			tasks->stopped = "a list of threads leads to a task that was seen before";
			return;
		}
		if (!add(kernel, task, deadline_us, tasks))
			return;
	}
}

void tasks_walk(const struct kernel *kernel, int64_t deadline_us, struct tasks *tasks)
{
	gva_t first = gva(kernel->map->symbols[SYMBOL_init_task]), node;
	uint64_t offset = (uint64_t)kernel->map->fields[FIELD_task_tasks];

	*tasks = (struct tasks){
		.entries = g_array_new(FALSE, TRUE, sizeof(struct task_entry)),
		.by_address = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.stopped = tasks_lack(kernel),
	};
	if (tasks->stopped)
		return;
	/* The first task is CPU 0's idle task, which is not a process. */
	node = gva_add(first, offset);
	while (!tasks->stopped) {
		gva_t leader;

		if (!read_next(kernel, &node)) {
			tasks->stopped = "the list of tasks leads to an address that has no task";
			return;
		}
		leader = gva(node.value - offset);
		if (leader.value == first.value)
			return;
		if (tasks_find(tasks, leader)) {
			tasks->stopped = "the list of tasks has a loop";
			return;
		}
		if (add(kernel, leader, deadline_us, tasks))
			walk_threads(kernel, leader, deadline_us, tasks);
	}
}

void tasks_clear(struct tasks *tasks)
{
	g_clear_pointer(&tasks->entries, g_array_unref);
	g_clear_pointer(&tasks->by_address, g_hash_table_unref);
}

const struct task_entry *tasks_find(const struct tasks *tasks, gva_t address)
{
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(tasks->by_address, &address.value));

	return number ? &g_array_index(tasks->entries, struct task_entry, number - 1) : NULL;
}

char task_letter(const struct task_entry *entry)
{
	uint64_t state = entry->state_bits.value, gone = entry->exit_state.value;

	if (!entry->state_bits.known)
		return '?';
	if (gone & EXIT_ZOMBIE)
		return 'Z';
	if (gone & EXIT_DEAD || state & DEAD)
		return 'X';
	if (state & INTERRUPTIBLE)
		return 'S';
	if (state & UNINTERRUPTIBLE)
		return state & NOLOAD ? 'I' : 'D';
	if (state & RTLOCK_WAIT)
		return 'D';
	if (state & STOPPED)
		return 'T';
	if (state & TRACED)
		return 't';
	if (state & PARKED)
		return 'P';
	return state ? '?' : 'R';
}

bool task_is_blocked(const struct task_entry *entry)
{
	return task_letter(entry) == 'D';
}

bool task_is_hung(const struct task_entry *entry)
{
	return task_is_blocked(entry) && !(entry->state_bits.value & WAKEKILL);
}

bool task_has_stack(const struct kernel *kernel, const struct task_entry *entry)
{
	return entry->sp.known && entry->sp.value % 8 == 0 && entry->stack.value &&
	       kernel_is_kernel_address(kernel, entry->stack) &&
	       entry->sp.value - entry->stack.value < kernel->map->stack_size;
}

bool task_has_stood_still(const struct kernel *now, const struct task_entry *entry)
{
	struct task_entry again;

	return entry->sp.known && entry->num_switches.known &&
	       read_entry(now, entry->address, &again) &&
	       again.task.pid.value == entry->task.pid.value && again.sp.known &&
	       again.sp.value == entry->sp.value && again.num_switches.known &&
	       again.num_switches.value == entry->num_switches.value;
}

const char *tasks_lack(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_init_task])
		return "this kernel has no symbol init_task";
	return kernel_has(kernel, FIELD_task_tasks) ? NULL
						    : "no offset of task_struct.tasks is known";
}
