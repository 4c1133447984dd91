/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that tasks wait for, and their owners: each kind of lock, and lies of guests about locks.
 */
#include <string.h>

#include "fake_tasks.h"
#include "kernel/blocked.h"

#define LOCK FAKE_TASKS_LOCK
#define OTHER_LOCK FAKE_TASKS_OTHER_LOCK
#define ADDRESS(offset) FAKE_TASKS_ADDRESS(offset)

/* Offsets of a list and of the task in locks and in waiters. */
#define HEAD 16
#define LIST 0
#define TASK 16

/* An address of user space. */
#define USER 0x7f0000001000

static void know(struct fake_tasks *f, enum kernel_field list, enum kernel_field task,
		 enum kernel_field head)
{
	f->map->fields[list] = LIST;
	f->map->fields[task] = TASK;
	f->map->fields[head] = HEAD;
}

static void know_mutex(struct fake_tasks *f)
{
	know(f, FIELD_mutex_waiter_list, FIELD_mutex_waiter_task, FIELD_mutex_wait_list);
	f->map->fields[FIELD_mutex_owner] = 0;
}

/* Tasks 1 and 3 wait in the list of the lock at @lock. */
static void put_waiters(struct fake_tasks *f, uint64_t lock)
{
	const uint64_t nodes[] = {lock + HEAD, fake_task_stack(1, 0x400) + LIST,
				  fake_task_stack(3, 0x300) + LIST};

	fake_link(&f->guest, nodes, G_N_ELEMENTS(nodes));
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + TASK, ADDRESS(fake_task(1)));
	fake_put_u64(&f->guest, fake_task_stack(3, 0x300) + TASK, ADDRESS(fake_task(3)));
}

static GArray *frames_of(const char *function, const char *caller)
{
	GArray *frames = frames_new();
	const char *const names[] = {"__schedule", "schedule", function, caller};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		struct frame frame = {.reliable = true, .symbol.name = g_strdup(names[i])};

		g_array_append_val(frames, frame);
	}
	return frames;
}

static struct blocked find_below(struct fake_tasks *f, unsigned int number, const char *function,
				 const char *caller)
{
	g_autoptr(GArray) frames = frames_of(function, caller);
	struct waits *waits;
	struct blocked blocked;

	tasks_clear(&f->tasks);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	tasks_walk(&f->kernel, 0, &f->tasks);
	waits = waits_new(&f->kernel, &f->tasks, 0);
	blocked_find(waits, tasks_find(&f->tasks, gva(ADDRESS(fake_task(number)))), frames,
		     &blocked);
	waits_free(waits);
	return blocked;
}

static struct blocked find(struct fake_tasks *f, unsigned int number, const char *function)
{
	return find_below(f, number, function, "do_something");
}

/* @owner: the number of a task; 0: none. */
static void check(const struct blocked *blocked, enum blocked_kind kind, uint64_t lock,
		  enum blocked_claim claim, unsigned int owner)
{
	g_assert_cmpstr(blocked_kind_name(blocked->kind), ==, blocked_kind_name(kind));
	g_assert_cmphex(blocked->lock.value, ==, lock);
	g_assert_cmpint(blocked->claim, ==, claim);
	g_assert_cmphex(blocked->owner.value, ==, owner ? ADDRESS(fake_task(owner)) : 0);
}

static void test_mutex(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	know_mutex(f);
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, LOCK, ADDRESS(fake_task(5)) | 1);
	for (unsigned int number = 1; number <= 3; number += 2) {
		blocked = find(f, number, "__mutex_lock.constprop.0");
		check(&blocked, BLOCKED_MUTEX, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	}
	/* A task outside every list waits for an unknown mutex. */
	blocked = find(f, 4, "__mutex_lock.constprop.0");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	/* In other functions nothing counts as a lock. */
	blocked = find(f, 1, "do_something_else");
	check(&blocked, BLOCKED_UNKNOWN, 0, BLOCKED_NO_OWNER, 0);
}

/* An owner is shown only if it is a task. */
static void test_owners(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t owners[] = {0,
				   7,
				   ADDRESS(0x7000),
				   ADDRESS(fake_task(5)) + 8,
				   0x00007fff00000000,
				   0x8000000000000000,
				   UINT64_MAX};

	know_mutex(f);
	put_waiters(f, LOCK);
	for (size_t i = 0; i < G_N_ELEMENTS(owners); i++) {
		struct blocked blocked;

		fake_put_u64(&f->guest, LOCK, owners[i]);
		blocked = find(f, 1, "__mutex_lock");
		check(&blocked, BLOCKED_MUTEX, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
	}
}

/* Locks are shown only if the list is whole and only one of its nodes can be a lock's. */
static void test_lists(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t one = fake_task_stack(1, 0x400), three = fake_task_stack(3, 0x300);
	const uint64_t both[] = {LOCK + HEAD, one, OTHER_LOCK + HEAD, three};
	const uint64_t none[] = {one, three};
	const uint64_t elsewhere[] = {LOCK + HEAD, one, OTHER_LOCK};
	struct blocked blocked;

	know_mutex(f);
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, LOCK, ADDRESS(fake_task(5)));
	fake_put_u64(&f->guest, OTHER_LOCK, ADDRESS(fake_task(4)));
	fake_link(&f->guest, both, G_N_ELEMENTS(both));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	fake_link(&f->guest, none, G_N_ELEMENTS(none));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	/* A waiter that names a task but is not on its stack. */
	fake_put_u64(&f->guest, OTHER_LOCK + TASK, ADDRESS(fake_task(3)));
	fake_link(&f->guest, elsewhere, G_N_ELEMENTS(elsewhere));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	/* A list that does not lead back; a list that leaves the kernel; an endless list. */
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, LOCK + HEAD + 8, ADDRESS(0x9000));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, three, 0x1000);
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
}

/* A lock on the stack of a task that does not wait for it, such as a completion. */
static void test_own_lock(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t lock = fake_task_stack(4, 0x400);
	const uint64_t nodes[] = {lock + HEAD, fake_task_stack(1, 0x400)};
	struct blocked blocked;

	know_mutex(f);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + TASK, ADDRESS(fake_task(1)));
	fake_link(&f->guest, nodes, G_N_ELEMENTS(nodes));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, ADDRESS(lock), BLOCKED_NO_OWNER, 0);
	blocked = find(f, 4, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
}

/* A waiter that begins below the stack pointer: its function has returned. */
static void test_dead_waiter(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t waiter = fake_task_stack(1, 0x808);
	const uint64_t nodes[] = {LOCK + HEAD, waiter};
	struct blocked blocked;

	know_mutex(f);
	fake_put_u64(&f->guest, waiter + TASK, ADDRESS(fake_task(1)));
	fake_link(&f->guest, nodes, G_N_ELEMENTS(nodes));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_SP, ADDRESS(waiter));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
}

/*
 * A list with more nodes than the limit, and an expired time limit: both end the search and are
 * reported.
 */
static void test_limits(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) frames = frames_of("__mutex_lock", "do_something");
	g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	const struct task_entry *entry;
	struct blocked blocked;
	struct waits *waits;

	know_mutex(f);
	g_array_append_vals(nodes, &(uint64_t){LOCK + HEAD}, 1);
	for (uint64_t at = fake_task_stack(1, 0x3000); at < fake_task_stack(1, 0x400); at += 24) {
		g_array_append_val(nodes, at);
		fake_put_u64(&f->guest, at + TASK, ADDRESS(fake_task(1)));
	}
	fake_link(&f->guest, (const uint64_t *)nodes->data, nodes->len);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	tasks_walk(&f->kernel, 0, &f->tasks);
	entry = tasks_find(&f->tasks, gva(ADDRESS(fake_task(1))));
	for (unsigned int spare = nodes->len + 1; spare >= nodes->len - 1; spare--) {
		bool enough = spare >= nodes->len;

		waits = waits_new(&f->kernel, &f->tasks, 0);
		waits->num = WAITS_MAX - spare;
		blocked_find(waits, entry, frames, &blocked);
		g_assert_cmphex(blocked.lock.value, ==, enough ? ADDRESS(LOCK) : 0);
		g_assert_true(enough == !waits->stopped);
		waits_free(waits);
	}
	waits = waits_new(&f->kernel, &f->tasks, g_get_monotonic_time());
	blocked_capture(waits, entry);
	g_assert_cmpuint(waits->num, ==, 0);
	g_assert_nonnull(waits->stopped);
	waits_free(waits);
}

static void test_rwsem(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	know(f, FIELD_rwsem_waiter_list, FIELD_rwsem_waiter_task, FIELD_rwsem_wait_list);
	f->map->fields[FIELD_rwsem_owner] = 8;
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, LOCK + 8, ADDRESS(fake_task(5)));
	blocked = find(f, 1, "rwsem_down_read_slowpath");
	check(&blocked, BLOCKED_RWSEM_READ, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	blocked = find(f, 3, "rwsem_down_write_slowpath");
	check(&blocked, BLOCKED_RWSEM_WRITE, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	/* Readers have the lock; task 5 may be one of them. */
	fake_put_u64(&f->guest, LOCK + 8, ADDRESS(fake_task(5)) | 3);
	blocked = find(f, 3, "rwsem_down_write_slowpath");
	check(&blocked, BLOCKED_RWSEM_WRITE, ADDRESS(LOCK), BLOCKED_READER, 5);
	/* Unknown readers have the lock. */
	fake_put_u64(&f->guest, LOCK + 8, 3);
	blocked = find(f, 3, "rwsem_down_write_slowpath");
	check(&blocked, BLOCKED_RWSEM_WRITE, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
}

static void test_semaphore(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	know(f, FIELD_semaphore_waiter_list, FIELD_semaphore_waiter_task,
	     FIELD_semaphore_wait_list);
	put_waiters(f, LOCK);
	blocked = find(f, 1, "__down_killable");
	check(&blocked, BLOCKED_SEMAPHORE, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
	f->map->fields[FIELD_semaphore_last_holder] = 8;
	fake_put_u64(&f->guest, LOCK + 8, ADDRESS(fake_task(5)));
	blocked = find(f, 1, "__down_common");
	check(&blocked, BLOCKED_SEMAPHORE, ADDRESS(LOCK), BLOCKED_LAST_HOLDER, 5);
}

/* On PREEMPT_RT, in a function of any name. */
static void test_rt_mutex(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t waiter = fake_task_stack(1, 0x400);
	struct blocked blocked;

	f->map->fields[FIELD_task_pi_blocked_on] = FAKE_TASK_PI_BLOCKED_ON;
	f->map->fields[FIELD_rt_waiter_lock] = 8;
	f->map->fields[FIELD_rt_mutex_base_owner] = 24;
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_PI_BLOCKED_ON, ADDRESS(waiter));
	fake_put_u64(&f->guest, waiter + 8, ADDRESS(LOCK));
	fake_put_u64(&f->guest, LOCK + 24, ADDRESS(fake_task(5)) | 1);
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_RT_MUTEX, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	blocked = find(f, 1, "rt_spin_lock");
	check(&blocked, BLOCKED_RT_MUTEX, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	blocked = find(f, 1, "__rwbase_read_lock");
	check(&blocked, BLOCKED_RT_MUTEX, ADDRESS(LOCK), BLOCKED_OWNER, 5);
	fake_put_u64(&f->guest, waiter + 8, USER);
	blocked = find(f, 1, "rt_spin_lock");
	g_assert_cmphex(blocked.lock.value, ==, 0);
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_PI_BLOCKED_ON, USER);
	blocked = find(f, 1, "rt_spin_lock");
	g_assert_cmphex(blocked.lock.value, ==, 0);
	/* It has the rt_mutex, and waits for readers, which PREEMPT_RT only counts. */
	blocked = find(f, 1, "rwbase_write_lock");
	check(&blocked, BLOCKED_RWSEM_WRITE, 0, BLOCKED_NO_OWNER, 0);
	blocked = find_below(f, 1, "rt_mutex_schedule", "rwbase_write_lock");
	check(&blocked, BLOCKED_RWSEM_WRITE, 0, BLOCKED_NO_OWNER, 0);
}

/* task->blocker gives the kind of lock and takes precedence; task->blocked_on is a mutex. */
static void test_blocker(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const enum blocked_kind kinds[] = {BLOCKED_MUTEX, BLOCKED_SEMAPHORE,
						  BLOCKED_RWSEM_READ, BLOCKED_RWSEM_WRITE};
	struct blocked blocked;

	f->map->fields[FIELD_mutex_owner] = 0;
	f->map->fields[FIELD_rwsem_owner] = 0;
	f->map->fields[FIELD_semaphore_last_holder] = 0;
	f->map->fields[FIELD_task_blocker] = FAKE_TASK_BLOCKER;
	f->map->fields[FIELD_task_blocked_on] = FAKE_TASK_BLOCKED_ON;
	fake_put_u64(&f->guest, LOCK, ADDRESS(fake_task(4)));
	for (uint64_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_BLOCKER, ADDRESS(LOCK) | kind);
		blocked = find(f, 1, "do_something_else");
		check(&blocked, kinds[kind], ADDRESS(LOCK),
		      kinds[kind] == BLOCKED_SEMAPHORE ? BLOCKED_LAST_HOLDER : BLOCKED_OWNER, 4);
	}
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_BLOCKER, 0);
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_BLOCKED_ON, ADDRESS(LOCK));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, ADDRESS(LOCK), BLOCKED_OWNER, 4);
	/*
	 * A waiter on the task's own stack, with CONFIG_DEBUG_MUTEXES; and a value that is not a
	 * lock.
	 */
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_BLOCKED_ON,
		     ADDRESS(fake_task_stack(1, 0x400)));
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	fake_put_u64(&f->guest, fake_task(1) + FAKE_TASK_BLOCKED_ON, UINT64_MAX);
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
}

static void test_completion(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	know(f, FIELD_swait_queue_list, FIELD_swait_queue_task, FIELD_completion_wait_list);
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, LOCK, ADDRESS(fake_task(5)));
	blocked = find(f, 1, "wait_for_completion");
	check(&blocked, BLOCKED_COMPLETION, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
	/*
	 * Without the function, the same list belongs to a wait queue, if a wait queue is possible.
	 */
	f->map->fields[FIELD_swait_head_list] = 8;
	blocked = find(f, 3, "rcu_gp_kthread");
	check(&blocked, BLOCKED_SIMPLE_WAIT_QUEUE, ADDRESS(LOCK + HEAD - 8), BLOCKED_NO_OWNER, 0);
}

static void test_wait_queue(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	know(f, FIELD_wait_entry_list, FIELD_wait_entry_task, FIELD_wait_head_list);
	put_waiters(f, LOCK);
	blocked = find(f, 1, "do_something_else");
	check(&blocked, BLOCKED_WAIT_QUEUE, ADDRESS(LOCK), BLOCKED_NO_OWNER, 0);
	/* The task waits for time to pass, or for a lock. */
	blocked = find(f, 1, "msleep");
	check(&blocked, BLOCKED_UNKNOWN, 0, BLOCKED_NO_OWNER, 0);
	blocked = find(f, 1, "__mutex_lock");
	check(&blocked, BLOCKED_MUTEX, 0, BLOCKED_NO_OWNER, 0);
	/* One entry of the queue is not a task, as with epoll: the head of the queue is unknown. */
	fake_put_u64(&f->guest, fake_task_stack(3, 0x300) + TASK, 0);
	blocked = find(f, 1, "do_something_else");
	check(&blocked, BLOCKED_UNKNOWN, 0, BLOCKED_NO_OWNER, 0);
}

/* The same list may have waiters for other pages. */
static void test_page(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t folio = 0xffffea0000001000;
	struct blocked blocked;

	f->map->fields[FIELD_page_wait_list] = LIST;
	f->map->fields[FIELD_page_wait_task] = TASK;
	f->map->fields[FIELD_page_wait_page] = 24;
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + 24, folio);
	blocked = find_below(f, 1, "folio_wait_bit_common", "__folio_lock");
	check(&blocked, BLOCKED_PAGE, folio, BLOCKED_NO_OWNER, 0);
	blocked = find_below(f, 1, "folio_wait_bit_common", "folio_wait_writeback");
	check(&blocked, BLOCKED_WRITEBACK, folio, BLOCKED_NO_OWNER, 0);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + 24, USER);
	blocked = find(f, 1, "folio_wait_bit_common");
	check(&blocked, BLOCKED_PAGE, 0, BLOCKED_NO_OWNER, 0);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + 24, folio);
	f->map->fields[FIELD_page_wait_folio] = 32;
	blocked = find(f, 1, "folio_wait_bit_common");
	check(&blocked, BLOCKED_PAGE, 0, BLOCKED_NO_OWNER, 0);
	/* It was woken: nothing else is in its list. */
	f->map->fields[FIELD_page_wait_folio] = 24;
	fake_link(&f->guest, (const uint64_t[]){fake_task_stack(1, 0x400)}, 1);
	blocked = find(f, 1, "folio_wait_bit_common");
	check(&blocked, BLOCKED_PAGE, 0, BLOCKED_NO_OWNER, 0);
}

static void test_bit(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct blocked blocked;

	f->map->fields[FIELD_bit_wait_list] = LIST;
	f->map->fields[FIELD_bit_wait_task] = TASK;
	f->map->fields[FIELD_bit_wait_word] = 24;
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + 24, ADDRESS(OTHER_LOCK));
	blocked = find_below(f, 1, "bit_wait_io", "__wait_on_buffer");
	check(&blocked, BLOCKED_BIT, ADDRESS(OTHER_LOCK), BLOCKED_NO_OWNER, 0);
	fake_put_u64(&f->guest, fake_task_stack(1, 0x400) + 24, USER);
	blocked = find_below(f, 1, "bit_wait_io", "__wait_on_buffer");
	check(&blocked, BLOCKED_BIT, 0, BLOCKED_NO_OWNER, 0);
}

static void test_futex(struct fake_tasks *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t waiter = fake_task_stack(1, 0x400);
	struct blocked blocked;

	f->map->fields[FIELD_futex_q_list] = LIST;
	f->map->fields[FIELD_futex_q_task] = TASK;
	f->map->fields[FIELD_futex_q_address] = 24;
	f->map->fields[FIELD_futex_q_offset] = 32;
	put_waiters(f, LOCK);
	fake_put_u64(&f->guest, waiter + 24, USER);
	fake_put_u32(&f->guest, waiter + 32, 0x120);
	blocked = find(f, 1, "futex_wait_queue");
	check(&blocked, BLOCKED_FUTEX, USER + 0x120, BLOCKED_NO_OWNER, 0);
	/* Shared between processes; no offset in a page. */
	fake_put_u32(&f->guest, waiter + 32, 0x122);
	blocked = find(f, 1, "futex_wait_queue");
	check(&blocked, BLOCKED_FUTEX, 0, BLOCKED_NO_OWNER, 0);
	fake_put_u32(&f->guest, waiter + 32, 0x1120);
	blocked = find(f, 1, "futex_wait_queue");
	check(&blocked, BLOCKED_FUTEX, 0, BLOCKED_NO_OWNER, 0);
}

/* Stacks of waiting tasks, innermost first, and the function to blame for the wait. */
static const struct {
	const char *name, *stack, *place;
} waits_of[] = {
	{"dd to a disk, fsync",
	 "__schedule schedule io_schedule folio_wait_bit_common folio_wait_bit "
	 "folio_wait_writeback __filemap_fdatawait_range file_write_and_wait_range blkdev_fsync "
	 "do_fsync __x64_sys_fsync do_syscall_64 entry_SYSCALL_64_after_hwframe",
	 "blkdev_fsync"},
	{"the same before 5.17",
	 "__schedule schedule io_schedule wait_on_page_bit wait_on_page_writeback "
	 "__filemap_fdatawait_range file_write_and_wait_range blkdev_fsync do_fsync "
	 "__x64_sys_fsync do_syscall_64 entry_SYSCALL_64_after_hwframe",
	 "blkdev_fsync"},
	{"dd from a disk",
	 "__schedule schedule io_schedule folio_wait_bit_common filemap_update_page "
	 "filemap_get_pages filemap_read blkdev_read_iter vfs_read ksys_read do_syscall_64 "
	 "entry_SYSCALL_64_after_hwframe",
	 "blkdev_read_iter"},
	{"a page of a program",
	 "__schedule schedule io_schedule folio_wait_bit_common filemap_fault __do_fault do_fault "
	 "__handle_mm_fault handle_mm_fault do_user_addr_fault exc_page_fault asm_exc_page_fault",
	 "filemap_fault"},
	{"a request when all are in use",
	 "__schedule schedule io_schedule blk_mq_get_tag __blk_mq_alloc_requests "
	 "blk_mq_submit_bio submit_bio_noacct_nocheck ext4_io_submit@ext4 ext4_writepages@ext4 "
	 "do_writepages __writeback_single_inode",
	 "ext4_io_submit [ext4]"},
	{"a request that blk-wbt holds back",
	 "__schedule schedule io_schedule rq_qos_wait wbt_wait __rq_qos_throttle "
	 "blk_mq_submit_bio submit_bio_noacct_nocheck submit_bh_wbc block_write_full_page",
	 "submit_bh_wbc"},
	{"direct I/O",
	 "__schedule schedule blk_io_schedule __blkdev_direct_IO_simple blkdev_read_iter vfs_read",
	 "__blkdev_direct_IO_simple"},
	{"jbd2's thread",
	 "__schedule schedule io_schedule bit_wait_io __wait_on_bit out_of_line_wait_on_bit "
	 "__wait_on_buffer jbd2_journal_commit_transaction@jbd2 kjournald2@jbd2 kthread "
	 "ret_from_fork",
	 "jbd2_journal_commit_transaction [jbd2]"},
	{"who waits for jbd2's thread",
	 "__schedule schedule jbd2_log_wait_commit@jbd2 jbd2_complete_transaction@jbd2 "
	 "ext4_sync_file@ext4 do_fsync __x64_sys_fsync do_syscall_64",
	 "ext4_sync_file [ext4]"},
	{"who waits to begin a transaction",
	 "__schedule schedule wait_transaction_locked@jbd2 start_this_handle@jbd2 "
	 "jbd2__journal_start@jbd2 __ext4_journal_start_sb@ext4",
	 "start_this_handle [jbd2]"},
	{"xfs's log",
	 "__schedule schedule xlog_wait_on_iclog@xfs xfs_log_force_seq@xfs xfs_file_fsync@xfs "
	 "do_fsync",
	 "xfs_log_force_seq [xfs]"},
	{"a server of NFS that is away",
	 "__schedule schedule rpc_wait_bit_killable@sunrpc __wait_on_bit out_of_line_wait_on_bit "
	 "__rpc_execute@sunrpc rpc_run_task@sunrpc nfs4_call_sync_sequence@nfsv4",
	 "__rpc_execute [sunrpc]"},
	{"a page of a file on NFS",
	 "__schedule schedule io_schedule folio_wait_bit_common filemap_update_page "
	 "filemap_get_pages filemap_read nfs_file_read@nfs vfs_read ksys_read",
	 "nfs_file_read [nfs]"},
	{"requests of NFS",
	 "__schedule schedule nfs_wait_bit_killable@nfs __wait_on_bit out_of_line_wait_on_bit "
	 "nfs_wait_on_request@nfs nfs_lock_and_join_requests@nfs nfs_updatepage@nfs "
	 "nfs_write_end@nfs",
	 "nfs_updatepage [nfs]"},
	{"a mutex",
	 "__schedule schedule schedule_preempt_disabled __mutex_lock.constprop.0 "
	 "__mutex_lock_slowpath mutex_lock my_ioctl@my vfs_ioctl __x64_sys_ioctl do_syscall_64",
	 "my_ioctl [my]"},
	{"the mutex of all network devices",
	 "__schedule schedule schedule_preempt_disabled __mutex_lock rtnl_lock my_ioctl sock_ioctl",
	 "rtnl_lock"},
	{"a rwsem, to write",
	 "__schedule schedule schedule_preempt_disabled rwsem_down_write_slowpath down_write "
	 "do_truncate do_sys_ftruncate do_syscall_64",
	 "do_truncate"},
	{"a rwsem, to read, on PREEMPT_RT",
	 "__schedule schedule rt_mutex_schedule __rwbase_read_lock rwbase_read_lock down_read "
	 "walk_component path_lookupat",
	 "walk_component"},
	{"a spinlock on PREEMPT_RT",
	 "__schedule schedule_rtlock rtlock_slowlock_locked rt_spin_lock my_poll do_sys_poll",
	 "my_poll"},
	{"a semaphore", "__schedule schedule schedule_timeout __down_common __down down my_open",
	 "my_open"},
	{"a frozen file system",
	 "__schedule schedule percpu_rwsem_wait __percpu_down_read mnt_want_write "
	 "open_last_lookups path_openat",
	 "mnt_want_write"},
	{"a completion",
	 "__schedule schedule schedule_timeout __wait_for_common wait_for_completion "
	 "do_coredump get_signal",
	 "do_coredump"},
	{"a work",
	 "__schedule schedule schedule_timeout __wait_for_common __flush_work flush_work "
	 "my_remove pci_device_remove",
	 "my_remove"},
	{"a grace period",
	 "__schedule schedule schedule_timeout __wait_for_common __wait_rcu_gp synchronize_rcu "
	 "my_remove",
	 "synchronize_rcu"},
	{"writeback",
	 "__schedule schedule wb_wait_for_completion sync_inodes_sb sync_inodes_one_sb "
	 "iterate_supers ksys_sync",
	 "sync_inodes_sb"},
	{"a swap of pages",
	 "__schedule schedule io_schedule migration_entry_wait_on_locked migration_entry_wait "
	 "do_swap_page __handle_mm_fault",
	 "do_swap_page"},
	{"a child", "__schedule schedule do_wait kernel_wait4 __do_sys_wait4 do_syscall_64",
	 "sys_wait4"},
	{"time", "__schedule schedule schedule_timeout msleep my_probe my_init do_one_initcall",
	 "my_probe"},
	{"what a thread waits for itself",
	 "__schedule schedule my_wait_for_never@my my_thread@my kthread ret_from_fork",
	 "my_thread [my]"},
	{"a thread that has not begun", "__schedule schedule kthread ret_from_fork", "kthread"},
	{"a task of which nothing is known", "__schedule schedule io_schedule", NULL},
};

/* "FUNCTION@MODULE" or "FUNCTION", separated by blanks. */
static GArray *frames_of_stack(const char *stack)
{
	g_auto(GStrv) functions = g_strsplit(stack, " ", -1);
	GArray *frames = frames_new();

	for (char **function = functions; *function; function++) {
		g_auto(GStrv) parts = g_strsplit(*function, "@", 2);
		struct frame frame = {
			.reliable = true,
			.symbol = {.name = g_strdup(parts[0]), .module = g_strdup(parts[1])}};

		g_array_append_val(frames, frame);
	}
	return frames;
}

static void test_places(struct fake_tasks *f G_GNUC_UNUSED, gconstpointer unused G_GNUC_UNUSED)
{
	for (size_t i = 0; i < G_N_ELEMENTS(waits_of); i++) {
		g_autoptr(GArray) frames = frames_of_stack(waits_of[i].stack);
		g_autofree char *place = NULL;
		struct blame blame = {0};

		blocked_blame(frames, &blame);
		place = blame.module ? g_strdup_printf("%s [%s]", blame.functions[0], blame.module)
				     : g_strdup(blame.functions[0]);
		g_test_message("%s", waits_of[i].name);
		g_assert_cmpstr(place, ==, waits_of[i].place);
		blame_clear(&blame);
	}
}

/* Without unwind data, frames are guesses: a guess is better than no frame. */
static void test_guessed_place(struct fake_tasks *f G_GNUC_UNUSED,
			       gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) frames = frames_of_stack("__schedule schedule __mutex_lock my_open");
	struct blame blame = {0};

	for (guint i = 0; i < frames->len; i++)
		g_array_index(frames, struct frame, i).reliable = false;
	blocked_blame(frames, &blame);
	g_assert_cmpstr(blame.functions[0], ==, "my_open");
	blame_clear(&blame);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(struct fake_tasks *f, gconstpointer unused);
	} tests[] = {
		{"a mutex has an owner", test_mutex},
		{"an owner that is not a task is not shown", test_owners},
		{"a malformed list gives no lock", test_lists},
		{"a task does not wait for a lock on its own stack", test_own_lock},
		{"a waiter below the stack pointer does not count", test_dead_waiter},
		{"the number of examined waiters is limited", test_limits},
		{"a rwsem has a writer or a last reader", test_rwsem},
		{"a semaphore has at most a last holder", test_semaphore},
		{"pi_blocked_on gives the rt_mutex", test_rt_mutex},
		{"task->blocker takes precedence", test_blocker},
		{"a completion has no owner", test_completion},
		{"a wait queue contains the task", test_wait_queue},
		{"the waiter has the page", test_page},
		{"the waiter has the bit", test_bit},
		{"the waiter has the futex", test_futex},
		{"a wait is blamed on the first function that does not wait for its caller",
		 test_places},
		{"a wait has a place, even a guessed one", test_guessed_place},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strdup_printf("/blocked/%s", tests[i].name);

		g_test_add(path, struct fake_tasks, NULL, fake_tasks_set_up, tests[i].test,
			   fake_tasks_tear_down);
	}
	return g_test_run();
}
