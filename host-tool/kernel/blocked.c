// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/blocked.h"

/* Flag bits of an owner word: mutex and rwsem have up to three, rt_mutex has one. */
#define OWNER_FLAGS 7ull
#define READER_OWNED 1ull /* RWSEM_READER_OWNED */
#define BLOCKER_KIND 3ull
#define FUTEX_SHARED 3u /* FUT_OFF_INODE, FUT_OFF_MMSHARED (include/linux/futex.h) */

/* The layout of each kind's waiter, and the offsets of the list and the owner in the lock. */
static const struct layout {
	bool listed;
	struct waiter_layout waiter;
	bool has_owner;
	enum kernel_field owner;
} layouts[NUM_BLOCKED_KINDS] = {
	[BLOCKED_MUTEX] = {true,
			   {FIELD_mutex_waiter_list, FIELD_mutex_waiter_task,
			    FIELD_mutex_wait_list},
			   true,
			   FIELD_mutex_owner},
	[BLOCKED_RWSEM_READ] = {true,
				{FIELD_rwsem_waiter_list, FIELD_rwsem_waiter_task,
				 FIELD_rwsem_wait_list},
				true,
				FIELD_rwsem_owner},
	[BLOCKED_RWSEM_WRITE] = {true,
				 {FIELD_rwsem_waiter_list, FIELD_rwsem_waiter_task,
				  FIELD_rwsem_wait_list},
				 true,
				 FIELD_rwsem_owner},
	[BLOCKED_SEMAPHORE] = {true,
			       {FIELD_semaphore_waiter_list, FIELD_semaphore_waiter_task,
				FIELD_semaphore_wait_list},
			       true,
			       FIELD_semaphore_last_holder},
	[BLOCKED_COMPLETION] = {.listed = true,
				.waiter = {FIELD_swait_queue_list, FIELD_swait_queue_task,
					   FIELD_completion_wait_list}},
	[BLOCKED_WAIT_QUEUE] = {.listed = true,
				.waiter = {FIELD_wait_entry_list, FIELD_wait_entry_task,
					   FIELD_wait_head_list}},
	[BLOCKED_SIMPLE_WAIT_QUEUE] = {.listed = true,
				       .waiter = {FIELD_swait_queue_list, FIELD_swait_queue_task,
						  FIELD_swait_head_list}},
};

/*
 * Prefixes of function names, since compilers add suffixes. Special cases come before general ones.
 */
static const struct {
	const char *prefix;
	enum blocked_kind kind;
} sleepers[] = {
	{"rwsem_down_read", BLOCKED_RWSEM_READ},
	{"rwsem_down_write", BLOCKED_RWSEM_WRITE},
	/* On PREEMPT_RT a writer has the rt_mutex in it, and waits for readers; others wait for
	   the rt_mutex, and pi_blocked_on says so. */
	{"rwbase_read_lock", BLOCKED_RWSEM_READ},
	{"__rwbase_read_lock", BLOCKED_RWSEM_READ},
	{"rwbase_write_lock", BLOCKED_RWSEM_WRITE},
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
	{"bit_wait", BLOCKED_BIT},
	{"__wait_on_bit", BLOCKED_BIT},
	{"out_of_line_wait_on_bit", BLOCKED_BIT},
	{"folio_wait_writeback", BLOCKED_WRITEBACK},
	{"wait_on_page_writeback", BLOCKED_WRITEBACK},
	{"folio_wait_bit", BLOCKED_PAGE},
	{"__folio_lock", BLOCKED_PAGE},
	{"wait_on_page_bit", BLOCKED_PAGE},
	{"__lock_page", BLOCKED_PAGE},
	{"migration_entry_wait", BLOCKED_PAGE},
	{"futex_", BLOCKED_FUTEX},
};

/* Functions that put a task to sleep, whether it waits for something or only sleeps. */
static const char *const schedulers[] = {
	"__schedule",  "schedule", "io_schedule",  "preempt_schedule",	"__cond_resched",
	"__switch_to", "msleep",   "usleep_range", "rt_mutex_schedule",
};

/* A task in one of these waits for time to pass, even if it is in a list. */
static const char *const clocks[] = {"msleep", "usleep_range"};

static bool begins_with_one_of(const char *name, const char *const *beginnings, size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (g_str_has_prefix(name, beginnings[i]))
			return true;
	return false;
}

static bool is_scheduler(const char *name)
{
	return begins_with_one_of(name, schedulers, G_N_ELEMENTS(schedulers));
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
		[BLOCKED_WRITEBACK] = "page writeback",
		[BLOCKED_BIT] = "bit lock",
		[BLOCKED_FUTEX] = "futex",
		[BLOCKED_WAIT_QUEUE] = "wait queue",
		[BLOCKED_SIMPLE_WAIT_QUEUE] = "simple wait queue",
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

static bool has_function_of_kind(const GArray *frames, enum blocked_kind kind)
{
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->symbol.name && !frame->symbol.module &&
		    kind_of_function(frame->symbol.name) == kind)
			return true;
	}
	return false;
}

/* Uses the innermost function outside the scheduler. A wait queue: any other function. */
static enum blocked_kind kind_of_frames(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);
		enum blocked_kind kind;

		if (!frame->reliable || !frame->symbol.name ||
		    begins_with_one_of(frame->symbol.name, clocks, G_N_ELEMENTS(clocks)))
			return BLOCKED_UNKNOWN;
		if (frame->symbol.module)
			return BLOCKED_WAIT_QUEUE;
		if (is_scheduler(frame->symbol.name))
			continue;
		kind = kind_of_function(frame->symbol.name);
		if (kind == BLOCKED_PAGE && has_function_of_kind(frames, BLOCKED_WRITEBACK))
			return BLOCKED_WRITEBACK;
		return kind == BLOCKED_UNKNOWN ? BLOCKED_WAIT_QUEUE : kind;
	}
	return BLOCKED_UNKNOWN;
}

/* The first function that is neither the scheduler's nor a lock's. */
static const struct frame *first_place(const GArray *frames)
{
	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->symbol.name &&
		    (frame->symbol.module ||
		     (!is_scheduler(frame->symbol.name) &&
		      kind_of_function(frame->symbol.name) == BLOCKED_UNKNOWN)))
			return frame;
	}
	return NULL;
}

void blocked_blame(const GArray *frames, struct blame *blame)
{
	const struct frame *place;

	for (guint i = 0; i < frames->len; i++) {
		const struct frame *frame = &g_array_index(frames, struct frame, i);

		if (frame->reliable && frame->symbol.name)
			blame_add_of_wait(blame, frame->symbol.name, frame->symbol.module);
	}
	place = first_place(frames);
	if (place)
		blame_add_if_none(blame, place->symbol.name, place->symbol.module);
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

/*
 * task->blocked_on: a mutex, sometimes NULL or -1 (kernel/sched/sched.h). Before 6.17, with
 * CONFIG_DEBUG_MUTEXES, it was the task's waiter, which lies on its stack.
 */
static gva_t lock_by_blocked_on(const struct kernel *kernel, const struct task_entry *entry,
				bool *late)
{
	gva_t lock = gva(0);

	if (!kernel_has(kernel, FIELD_task_blocked_on) ||
	    !kernel_read_state(kernel, entry->address, FIELD_task_blocked_on, &lock.value, 8, late,
			       NULL) ||
	    lock.value % 8 != 0 || !kernel_is_kernel_address(kernel, lock) ||
	    lock.value - entry->stack.value < kernel->map->stack_size)
		return gva(0);
	return lock;
}

/* Reads the page from a waiter for a page. */
static gva_t page_by_stack(const struct waits *waits, bool *late)
{
	const struct kernel *kernel = waits->kernel;
	enum kernel_field field = kernel_has(kernel, FIELD_page_wait_folio) ? FIELD_page_wait_folio
									    : FIELD_page_wait_page;
	gva_t waiter =
		waits_next_waiter(waits, FIELD_page_wait_list, FIELD_page_wait_task, gva(0), late);
	gva_t page = gva(0);

	if (!waiter.value || !kernel_has(kernel, field) ||
	    !kernel_read_state(kernel, waiter, field, &page.value, 8, late, NULL) ||
	    !kernel_is_kernel_address(kernel, page))
		return gva(0);
	return page;
}

static gva_t word_by_stack(const struct waits *waits, bool *late)
{
	gva_t waiter =
		waits_next_waiter(waits, FIELD_bit_wait_list, FIELD_bit_wait_task, gva(0), late);
	gva_t word = gva(0);

	if (!waiter.value || !kernel_has(waits->kernel, FIELD_bit_wait_word) ||
	    !kernel_read_state(waits->kernel, waiter, FIELD_bit_wait_word, &word.value, 8, late,
			       NULL) ||
	    !kernel_is_kernel_address(waits->kernel, word))
		return gva(0);
	return word;
}

static gva_t futex_by_stack(const struct waits *waits, bool *late)
{
	const struct kernel *kernel = waits->kernel;
	gva_t waiter =
		waits_next_waiter(waits, FIELD_futex_q_list, FIELD_futex_q_task, gva(0), late);
	uint32_t offset = 0;
	gva_t page = gva(0);

	if (!waiter.value || !kernel_has(kernel, FIELD_futex_q_address) ||
	    !kernel_has(kernel, FIELD_futex_q_offset) ||
	    !kernel_read_state(kernel, waiter, FIELD_futex_q_address, &page.value, 8, late, NULL) ||
	    !kernel_read_state(kernel, waiter, FIELD_futex_q_offset, &offset, 4, late, NULL) ||
	    offset & FUTEX_SHARED || offset >= GUEST_PAGE_SIZE)
		return gva(0);
	return gva_add(page, offset);
}

static gva_t lock_by_stack(struct waits *waits, enum blocked_kind kind, bool *late)
{
	switch (kind) {
	case BLOCKED_PAGE:
	case BLOCKED_WRITEBACK:
		return page_by_stack(waits, late);
	case BLOCKED_BIT:
		return word_by_stack(waits, late);
	case BLOCKED_FUTEX:
		return futex_by_stack(waits, late);
	default:
		return layouts[kind].listed ? waits_lock(waits, &layouts[kind].waiter, late)
					    : gva(0);
	}
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

/* Accepts a queue only if the task is linked into it. */
static void find_queue(struct waits *waits, struct blocked *blocked)
{
	blocked->lock = lock_by_stack(waits, BLOCKED_WAIT_QUEUE, &blocked->late);
	if (blocked->lock.value)
		return;
	blocked->lock = lock_by_stack(waits, BLOCKED_SIMPLE_WAIT_QUEUE, &blocked->late);
	blocked->kind = blocked->lock.value ? BLOCKED_SIMPLE_WAIT_QUEUE : BLOCKED_UNKNOWN;
}

static void find_lock(struct waits *waits, const struct task_entry *entry, struct blocked *blocked)
{
	gva_t lock = lock_by_rt_waiter(waits->kernel, entry, &blocked->late);

	if (lock.value) {
		blocked->kind = BLOCKED_RT_MUTEX;
		blocked->lock = lock;
		return;
	}
	if (blocked->kind == BLOCKED_MUTEX)
		blocked->lock = lock_by_blocked_on(waits->kernel, entry, &blocked->late);
	if (blocked->lock.value)
		return;
	waits_read_stack(waits, entry);
	if (blocked->kind == BLOCKED_WAIT_QUEUE)
		find_queue(waits, blocked);
	else
		blocked->lock = lock_by_stack(waits, blocked->kind, &blocked->late);
}

void blocked_find(struct waits *waits, const struct task_entry *entry, const GArray *frames,
		  struct blocked *blocked)
{
	*blocked = (struct blocked){.kind = kind_of_frames(frames)};
	if (!by_blocker(waits->kernel, entry, blocked))
		find_lock(waits, entry, blocked);
	find_owner(waits->kernel, waits->tasks, blocked);
}

static void capture(struct waits *waits, enum blocked_kind kind, gva_t lock)
{
	struct blocked blocked = {.kind = kind, .lock = lock};

	find_owner(waits->kernel, waits->tasks, &blocked);
}

/* Nothing is unwound while the guest is frozen, so the stack may hold a waiter of any kind. */
void blocked_capture(struct waits *waits, const struct task_entry *entry)
{
	const struct kernel *kernel = waits->kernel;
	struct blocked blocked = {0};
	bool late = false;

	waits_read_stack(waits, entry);
	if (by_blocker(kernel, entry, &blocked)) {
		capture(waits, blocked.kind, blocked.lock);
		return;
	}
	capture(waits, BLOCKED_RT_MUTEX, lock_by_rt_waiter(kernel, entry, &late));
	capture(waits, BLOCKED_MUTEX, lock_by_blocked_on(kernel, entry, &late));
	for (int kind = BLOCKED_MUTEX; kind < NUM_BLOCKED_KINDS; kind++)
		capture(waits, (enum blocked_kind)kind,
			lock_by_stack(waits, (enum blocked_kind)kind, &late));
}
