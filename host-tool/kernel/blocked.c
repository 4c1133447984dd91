// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/blocked.h"

/* Of a lock's list. */
#define MAX_WAITERS 1024
/* Flags of an owner word: mutex and rwsem have up to three, an rt_mutex one. */
#define OWNER_FLAGS 7ull
#define READER_OWNED 1ull /* RWSEM_READER_OWNED */
#define BLOCKER_KIND 3ull

/* How a kind's waiter is laid out, and where the lock has its list and its owner. */
static const struct layout {
	enum kernel_field list, task, head, owner;
	bool has_owner;
} layouts[NUM_BLOCKED_KINDS] = {
	[BLOCKED_MUTEX] = {FIELD_mutex_waiter_list, FIELD_mutex_waiter_task, FIELD_mutex_wait_list,
			   FIELD_mutex_owner, true},
	[BLOCKED_RWSEM_READ] = {FIELD_rwsem_waiter_list, FIELD_rwsem_waiter_task,
				FIELD_rwsem_wait_list, FIELD_rwsem_owner, true},
	[BLOCKED_RWSEM_WRITE] = {FIELD_rwsem_waiter_list, FIELD_rwsem_waiter_task,
				 FIELD_rwsem_wait_list, FIELD_rwsem_owner, true},
	[BLOCKED_SEMAPHORE] = {FIELD_semaphore_waiter_list, FIELD_semaphore_waiter_task,
			       FIELD_semaphore_wait_list, FIELD_semaphore_last_holder, true},
	[BLOCKED_COMPLETION] = {FIELD_swait_queue_list, FIELD_swait_queue_task,
				FIELD_completion_wait_list, FIELD_completion_wait_list, false},
};

/* Beginnings of names: compilers add suffixes. The order is from special to general. */
static const struct {
	const char *prefix;
	enum blocked_kind kind;
} sleepers[] = {
	{"rwsem_down_read", BLOCKED_RWSEM_READ},
	{"rwsem_down_write", BLOCKED_RWSEM_WRITE},
	{"rwbase_read_lock", BLOCKED_RT_MUTEX},
	{"rwbase_write_lock", BLOCKED_RT_MUTEX},
	{"rt_mutex_", BLOCKED_RT_MUTEX},
	{"__rt_mutex_", BLOCKED_RT_MUTEX},
	{"rtlock_", BLOCKED_RT_MUTEX},
	{"__mutex_lock", BLOCKED_MUTEX},
	{"mutex_lock", BLOCKED_MUTEX},
	{"__ww_mutex_lock", BLOCKED_MUTEX},
	{"down_read", BLOCKED_RWSEM_READ},
	{"down_write", BLOCKED_RWSEM_WRITE},
	{"__down", BLOCKED_SEMAPHORE},
	{"down", BLOCKED_SEMAPHORE},
	{"wait_for_completion", BLOCKED_COMPLETION},
	{"__wait_for_common", BLOCKED_COMPLETION},
	{"wait_for_common", BLOCKED_COMPLETION},
	{"do_wait_for_common", BLOCKED_COMPLETION},
	{"folio_wait_bit", BLOCKED_PAGE},
	{"__folio_lock", BLOCKED_PAGE},
	{"wait_on_page_bit", BLOCKED_PAGE},
	{"__lock_page", BLOCKED_PAGE},
	{"futex_", BLOCKED_FUTEX},
};

/* What goes to sleep for those that wait, and for those that only sleep. */
static const char *const schedulers[] = {
	"__schedule",	  "schedule",	 "io_schedule", "preempt_schedule",
	"__cond_resched", "__switch_to", "msleep",	"usleep_range",
};

static bool begins_with_one_of_schedulers(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(schedulers); i++)
		if (g_str_has_prefix(name, schedulers[i]))
			return true;
	return false;
}

const char *blocked_kind_name(enum blocked_kind kind)
{
	static const char *const names[NUM_BLOCKED_KINDS] = {
		[BLOCKED_MUTEX] = "mutex",
		[BLOCKED_RWSEM_READ] = "rwsem (to read)",
		[BLOCKED_RWSEM_WRITE] = "rwsem (to write)",
		[BLOCKED_SEMAPHORE] = "semaphore",
		[BLOCKED_RT_MUTEX] = "rt_mutex",
		[BLOCKED_COMPLETION] = "completion",
		[BLOCKED_PAGE] = "page lock",
		[BLOCKED_FUTEX] = "futex",
	};

	return names[kind];
}

static enum blocked_kind kind_of_function(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sleepers); i++)
		if (g_str_has_prefix(name, sleepers[i].prefix))
			return sleepers[i].kind;
	return BLOCKED_UNKNOWN;
}

/* By the innermost function that is not the scheduler's. */
static enum blocked_kind kind_of_frames(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (!frame->reliable || !frame->symbol.name || frame->symbol.module)
			return BLOCKED_UNKNOWN;
		if (!begins_with_one_of_schedulers(frame->symbol.name))
			return kind_of_function(frame->symbol.name);
	}
	return BLOCKED_UNKNOWN;
}

const struct frame *blocked_place(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->symbol.name &&
		    (frame->symbol.module ||
		     (!begins_with_one_of_schedulers(frame->symbol.name) &&
		      kind_of_function(frame->symbol.name) == BLOCKED_UNKNOWN)))
			return frame;
	}
	return NULL;
}

static bool read_word(const struct kernel *kernel, gva_t address, uint64_t *value, bool *late)
{
	return address.value % 8 == 0 && kernel_is_kernel_address(kernel, address) &&
	       address_space_read(&kernel->space, address, value, 8, late, NULL);
}

static bool layout_known(const struct kernel *kernel, const struct layout *layout)
{
	return kernel_has(kernel, layout->list) && kernel_has(kernel, layout->task) &&
	       kernel_has(kernel, layout->head);
}

/* Is the list node at @node part of a waiter, which lies on the stack of the task that it names? */
static bool is_waiter(const struct kernel *kernel, const struct tasks *tasks,
		      const struct layout *layout, gva_t node)
{
	const int32_t *fields = kernel->map->fields;
	const struct task_entry *entry;
	bool late = false;
	uint64_t task;

	if (!read_word(kernel,
		       gva(node.value - (uint64_t)fields[layout->list] +
			   (uint64_t)fields[layout->task]),
		       &task, &late))
		return false;
	entry = tasks_find(tasks, gva(task));
	return entry && entry->stack.value &&
	       node.value - entry->stack.value < kernel->map->stack_size;
}

/* From a waiter's @node along the list to the lock. 0: it is no list, or has no lock in it. */
static gva_t follow(const struct kernel *kernel, const struct tasks *tasks,
		    const struct layout *layout, gva_t node, bool *late)
{
	gva_t first = node, next;
	uint64_t back;

	for (int i = 0; i < MAX_WAITERS; i++) {
		if (!read_word(kernel, node, &next.value, late) ||
		    !read_word(kernel, gva_add(next, 8), &back, late) || back != node.value ||
		    next.value == first.value)
			return gva(0);
		node = next;
		if (!is_waiter(kernel, tasks, layout, node))
			return gva(node.value - (uint64_t)kernel->map->fields[layout->head]);
	}
	return gva(0);
}

/* By the waiter on the task's stack. */
static gva_t lock_by_stack(const struct kernel *kernel, const struct tasks *tasks,
			   const struct task_entry *entry, const struct layout *layout, bool *late)
{
	const int32_t *fields = kernel->map->fields;
	gva_t end = gva_add(entry->stack, kernel->map->stack_size);
	gva_t lock = gva(0);
	uint64_t word;

	if (!task_has_stack(kernel, entry) || !layout_known(kernel, layout))
		return lock;
	for (gva_t at = gva(entry->sp.value); at.value < end.value && !lock.value;
	     at = gva_add(at, 8)) {
		if (!read_word(kernel, at, &word, late))
			break;
		if (word == entry->address.value)
			lock = follow(kernel, tasks, layout,
				      gva(at.value - (uint64_t)fields[layout->task] +
					  (uint64_t)fields[layout->list]),
				      late);
	}
	return lock;
}

static gva_t lock_by_rt_waiter(const struct kernel *kernel, const struct task_entry *entry,
			       bool *late)
{
	gva_t waiter = gva(0), lock = gva(0);

	if (!kernel_has(kernel, FIELD_task_pi_blocked_on) ||
	    !kernel_has(kernel, FIELD_rt_waiter_lock) ||
	    !kernel_read_state(kernel, entry->address, FIELD_task_pi_blocked_on, &waiter.value, 8,
			       late, NULL) ||
	    !kernel_is_kernel_address(kernel, waiter) ||
	    !kernel_read_state(kernel, waiter, FIELD_rt_waiter_lock, &lock.value, 8, late, NULL) ||
	    !kernel_is_kernel_address(kernel, lock))
		return gva(0);
	return lock;
}

static bool by_blocker(const struct kernel *kernel, const struct task_entry *entry,
		       struct blocked *blocked)
{
	static const enum blocked_kind kinds[] = {BLOCKED_MUTEX, BLOCKED_SEMAPHORE,
						  BLOCKED_RWSEM_READ, BLOCKED_RWSEM_WRITE};
	uint64_t word = 0;

	if (!kernel_has(kernel, FIELD_task_blocker) ||
	    !kernel_read_state(kernel, entry->address, FIELD_task_blocker, &word, 8, &blocked->late,
			       NULL) ||
	    !kernel_is_kernel_address(kernel, gva(word)))
		return false;
	blocked->kind = kinds[word & BLOCKER_KIND];
	blocked->lock = gva(word & ~BLOCKER_KIND);
	return true;
}

static enum kernel_field owner_field(const struct kernel *kernel, enum blocked_kind kind)
{
	if (kind == BLOCKED_RT_MUTEX)
		return kernel_has(kernel, FIELD_rt_mutex_base_owner) ? FIELD_rt_mutex_base_owner
								     : FIELD_rt_mutex_owner;
	return layouts[kind].owner;
}

static void find_owner(const struct kernel *kernel, const struct tasks *tasks,
		       struct blocked *blocked)
{
	enum kernel_field field = owner_field(kernel, blocked->kind);
	bool has_owner = layouts[blocked->kind].has_owner || blocked->kind == BLOCKED_RT_MUTEX;
	bool rwsem = blocked->kind == BLOCKED_RWSEM_READ || blocked->kind == BLOCKED_RWSEM_WRITE;
	uint64_t word = 0;

	if (!blocked->lock.value || !has_owner || !kernel_has(kernel, field) ||
	    !kernel_read_state(kernel, blocked->lock, field, &word, 8, &blocked->late, NULL) ||
	    !tasks_find(tasks, gva(word & ~OWNER_FLAGS)))
		return;
	blocked->owner = gva(word & ~OWNER_FLAGS);
	blocked->claim = rwsem && word & READER_OWNED	      ? BLOCKED_READER
			 : blocked->kind == BLOCKED_SEMAPHORE ? BLOCKED_LAST_HOLDER
							      : BLOCKED_OWNER;
}

void blocked_find(const struct kernel *kernel, const struct tasks *tasks,
		  const struct task_entry *entry, const GArray *frames, struct blocked *blocked)
{
	*blocked = (struct blocked){.kind = kind_of_frames(frames)};
	if (!by_blocker(kernel, entry, blocked)) {
		gva_t lock = lock_by_rt_waiter(kernel, entry, &blocked->late);

		if (lock.value)
			blocked->kind = BLOCKED_RT_MUTEX;
		else if (layout_known(kernel, &layouts[blocked->kind]) &&
			 layouts[blocked->kind].head)
			lock = lock_by_stack(kernel, tasks, entry, &layouts[blocked->kind],
					     &blocked->late);
		blocked->lock = lock;
	}
	find_owner(kernel, tasks, blocked);
}

/* Nothing is unwound while the guest stands: a waiter of any kind may be on the stack. */
void blocked_capture(const struct kernel *kernel, const struct tasks *tasks,
		     const struct task_entry *entry)
{
	struct blocked blocked = {0};

	if (!task_has_stack(kernel, entry))
		return;
	address_space_prefetch(&kernel->space, gva(entry->sp.value),
			       entry->stack.value + kernel->map->stack_size - entry->sp.value);
	if (by_blocker(kernel, entry, &blocked)) {
		find_owner(kernel, tasks, &blocked);
		return;
	}
	for (int kind = BLOCKED_MUTEX; kind < NUM_BLOCKED_KINDS; kind++) {
		if (!layouts[kind].head || kind == BLOCKED_RWSEM_WRITE)
			continue;
		blocked = (struct blocked){
			.kind = (enum blocked_kind)kind,
			.lock = lock_by_stack(kernel, tasks, entry, &layouts[kind], &blocked.late),
		};
		find_owner(kernel, tasks, &blocked);
	}
	blocked = (struct blocked){
		.kind = BLOCKED_RT_MUTEX,
		.lock = lock_by_rt_waiter(kernel, entry, &blocked.late),
	};
	find_owner(kernel, tasks, &blocked);
}
