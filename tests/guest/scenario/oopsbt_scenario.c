// SPDX-License-Identifier: GPL-2.0-only
/*
 * Oopses on request, each at a known place with known callers.
 *
 *	echo NAME [ARG...] > /sys/kernel/debug/oopsbt_scenario/run
 *
 * Reading the file lists the scenarios. README.md says what each leaves behind. The module can't be
 * unloaded: tasks that oopsed still refer to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/rtmutex.h>
#include <linux/rwsem.h>
#include <linux/sched/clock.h>
#include <linux/semaphore.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/apic.h>
#include <asm/nmi.h>

#define MAX_ARGS 3
#define MAX_BUSY_MS 60000

struct scenario {
	const char *name;
	const char *help;
	int (*run)(int argc, char **argv);
};

/* Advanced by the scenario "counter"; what it was when the last oops began. */
static atomic64_t scenario_counter;
static u64 scenario_counter_at_oops;

/*
 * The call chain of all that dereference NULL. Each function does something after its call, so that
 * none is a tail call and all are on the stack.
 */
static noinline __noclone int scenario_null_deref(int *where)
{
	WRITE_ONCE(scenario_counter_at_oops, atomic64_read(&scenario_counter));
	WRITE_ONCE(*where, 1);
	return READ_ONCE(*where) + 1;
}

static noinline __noclone int scenario_null_inner(int *where)
{
	return scenario_null_deref(where) + 1;
}

static noinline __noclone int scenario_null_outer(void)
{
	int *where = NULL;

	OPTIMIZER_HIDE_VAR(where);
	return scenario_null_inner(where) + 1;
}

static int run_null(int argc, char **argv)
{
	return scenario_null_outer() ? -EFAULT : 0;
}

static noinline __noclone int scenario_bug(int number)
{
	BUG_ON(number != 1);
	return number;
}

static int run_bug(int argc, char **argv)
{
	return scenario_bug(argc + 2);
}

static noinline __noclone int scenario_gpf(unsigned long address)
{
	OPTIMIZER_HIDE_VAR(address);
	return READ_ONCE(*(int *)address) + 1;
}

static int run_gpf(int argc, char **argv)
{
	return scenario_gpf(0x6f6f707362740000) ? -EFAULT : 0;
}

static noinline __noclone int scenario_call(int (*function)(void))
{
	OPTIMIZER_HIDE_VAR(function);
	return function() + 1;
}

/* As a function of a module that is gone: modules are loaded from the other end of this space. */
static int run_call_unmapped(int argc, char **argv)
{
	return scenario_call((void *)(MODULES_END - PAGE_SIZE)) ? -EFAULT : 0;
}

/* As an object that something else has overwritten or freed. */
static int run_call_heap(int argc, char **argv)
{
	void *object = kzalloc(PAGE_SIZE, GFP_KERNEL);
	int result;

	if (!object)
		return -ENOMEM;
	result = scenario_call(object);
	kfree(object);
	return result ? -EFAULT : 0;
}

static int run_warn(int argc, char **argv)
{
	WARN(1, "asked for\n");
	return 0;
}

static int run_panic(int argc, char **argv)
{
	panic("asked for");
}

/* The core kernel calls back into the module. */
static noinline __noclone int scenario_compare(const void *a, const void *b)
{
	return scenario_null_outer();
}

static int run_indirect(int argc, char **argv)
{
	int numbers[] = { 3, 1, 2 };

	sort(numbers, ARRAY_SIZE(numbers), sizeof(numbers[0]), scenario_compare, NULL);
	return -EFAULT;
}

static noinline __noclone unsigned long scenario_recurse(unsigned long depth)
{
	volatile char frame[256];

	frame[depth % sizeof(frame)] = depth;
	if (depth == ULONG_MAX)
		return 0;
	return scenario_recurse(depth + 1) + frame[0];
}

static int run_stack_overflow(int argc, char **argv)
{
	return scenario_recurse(argc) ? -EFAULT : 0;
}

/* start_bound() - run FN(DATA) in a kernel thread that stays on CPU */
static int start_bound(int (*fn)(void *data), void *data, int cpu)
{
	struct task_struct *task = kthread_create(fn, data, "oopsbt/%d", cpu);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	return 0;
}

/* The scenarios that take a CPU run FN in a thread there. The default is the last one. */
static int start_on_cpu(int (*fn)(void *data), int argc, char **argv)
{
	int cpu = cpumask_last(cpu_online_mask);

	if (argc && kstrtoint(argv[0], 0, &cpu))
		return -EINVAL;
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu))
		return -ENXIO;
	return start_bound(fn, NULL, cpu);
}

static int scenario_kthread(void *unused)
{
	return scenario_null_outer();
}

static int run_kthread(int argc, char **argv)
{
	return start_on_cpu(scenario_kthread, argc, argv);
}

static void scenario_hardirq(struct irq_work *work)
{
	scenario_null_outer();
	barrier();
}

static struct irq_work hardirq_work;

/* An interrupt to this CPU, taken here. Does not return: an oops in an interrupt is a panic. */
static noinline __noclone void scenario_raise_irq(void)
{
	init_irq_work(&hardirq_work, scenario_hardirq);
	irq_work_queue(&hardirq_work);
	for (;;)
		cpu_relax();
}

static int hardirq_thread(void *unused)
{
	scenario_raise_irq();
	return 0;
}

static int run_hardirq(int argc, char **argv)
{
	return start_on_cpu(hardirq_thread, argc, argv);
}

static void scenario_softirq(struct tasklet_struct *tasklet)
{
	scenario_null_outer();
	barrier();
}

static void scenario_softirq_outer(struct tasklet_struct *tasklet)
{
	scenario_raise_irq();
	barrier();
}

static struct tasklet_struct softirq_tasklet;

/* A softirq runs at the end of the section that keeps it off. */
static noinline __noclone void scenario_raise_softirq(void (*fn)(struct tasklet_struct *))
{
	tasklet_setup(&softirq_tasklet, fn);
	local_bh_disable();
	tasklet_schedule(&softirq_tasklet);
	local_bh_enable();
}

static int softirq_thread(void *unused)
{
	scenario_raise_softirq(scenario_softirq);
	return 0;
}

static int run_softirq(int argc, char **argv)
{
	return start_on_cpu(softirq_thread, argc, argv);
}

static int irq_in_softirq_thread(void *unused)
{
	scenario_raise_softirq(scenario_softirq_outer);
	return 0;
}

static int run_irq_in_softirq(int argc, char **argv)
{
	return start_on_cpu(irq_in_softirq_thread, argc, argv);
}

static int nmi_cpu = -1;

static int scenario_nmi(unsigned int type, struct pt_regs *regs)
{
	if (READ_ONCE(nmi_cpu) != smp_processor_id())
		return NMI_DONE;
	WRITE_ONCE(nmi_cpu, -1);
	scenario_null_outer();
	return NMI_HANDLED;
}

static noinline __noclone void scenario_raise_nmi(int cpu)
{
	WRITE_ONCE(nmi_cpu, cpu);
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	while (READ_ONCE(nmi_cpu) == cpu)
		cpu_relax();
}

static int nmi_thread(void *unused)
{
	scenario_raise_nmi(raw_smp_processor_id());
	return 0;
}

static int run_nmi(int argc, char **argv)
{
	return start_on_cpu(nmi_thread, argc, argv);
}

/* The arguments CPUS and MS of the scenarios that keep CPUs busy. */
static int parse_busy(int argc, char **argv, struct cpumask *cpus, unsigned int *ms)
{
	if (argc != 2 || cpulist_parse(argv[0], cpus) || kstrtouint(argv[1], 0, ms) || !*ms ||
	    *ms > MAX_BUSY_MS)
		return -EINVAL;
	return cpumask_subset(cpus, cpu_online_mask) ? 0 : -ENXIO;
}

/* How many of them are. */
static atomic_t busy;
static bool spin_is_over; /* before its time */

static int start_busy(int (*fn)(void *data), int argc, char **argv)
{
	struct cpumask cpus, others;
	unsigned int ms;
	int cpu, err;

	err = parse_busy(argc, argv, &cpus, &ms);
	if (err)
		return err;
	/* Not on one of these CPUs, if possible. */
	if (cpumask_andnot(&others, cpu_online_mask, &cpus))
		set_cpus_allowed_ptr(current, &others);
	atomic_set(&busy, 0);
	WRITE_ONCE(spin_is_over, false);
	for_each_cpu(cpu, &cpus) {
		err = start_bound(fn, (void *)(unsigned long)ms, cpu);
		if (err)
			return err;
	}
	while (atomic_read(&busy) < cpumask_weight(&cpus))
		cond_resched();
	/* The writer may not get much further: its exit can need an answer from these CPUs. */
	pr_notice("CPUs %*pbl are busy\n", cpumask_pr_args(&cpus));
	return 0;
}

/* sched_clock() goes on where interrupts, and with them the time of day, are kept off. */
static noinline __noclone int scenario_spin_loop(unsigned long ms)
{
	u64 end = sched_clock() + ms * NSEC_PER_MSEC;
	int loops = 0;

	while (!READ_ONCE(spin_is_over) && sched_clock() < end) {
		cpu_relax();
		loops++;
	}
	return loops;
}

static noinline __noclone int scenario_spin_inner(unsigned long ms)
{
	return scenario_spin_loop(ms) + 1;
}

static noinline __noclone int scenario_spin_outer(unsigned long ms)
{
	return scenario_spin_inner(ms) + 1;
}

static int spin_irqoff_thread(void *data)
{
	unsigned long flags;
	int loops;

	local_irq_save(flags);
	atomic_inc(&busy);
	loops = scenario_spin_outer((unsigned long)data);
	local_irq_restore(flags);
	return loops < 0;
}

static int end_spin(unsigned int type, struct pt_regs *regs)
{
	WRITE_ONCE(spin_is_over, true);
	return NMI_HANDLED;
}

/* The host can end a spin then, though the guest does not listen. */
static int run_spin_until_nmi(int argc, char **argv)
{
	return register_nmi_handler(NMI_UNKNOWN, end_spin, 0, "oopsbt_end_spin");
}

static int run_spin_irqoff(int argc, char **argv)
{
	return start_busy(spin_irqoff_thread, argc, argv);
}

static struct cpumask nmi_spinners;
static unsigned long nmi_spin_ms;

static int scenario_spin_nmi(unsigned int type, struct pt_regs *regs)
{
	if (!cpumask_test_and_clear_cpu(smp_processor_id(), &nmi_spinners))
		return NMI_DONE;
	atomic_inc(&busy);
	scenario_spin_outer(READ_ONCE(nmi_spin_ms));
	return NMI_HANDLED;
}

static int spin_nmi_thread(void *data)
{
	int cpu = raw_smp_processor_id();

	WRITE_ONCE(nmi_spin_ms, (unsigned long)data);
	cpumask_set_cpu(cpu, &nmi_spinners);
	apic->send_IPI_mask(cpumask_of(cpu), NMI_VECTOR);
	while (cpumask_test_cpu(cpu, &nmi_spinners))
		cpu_relax();
	return 0;
}

static int run_spin_nmi(int argc, char **argv)
{
	return start_busy(spin_nmi_thread, argc, argv);
}

static int spin_preemptoff_thread(void *data)
{
	int loops;

	preempt_disable();
	atomic_inc(&busy);
	loops = scenario_spin_outer((unsigned long)data);
	preempt_enable();
	return loops < 0;
}

static int run_spin_preemptoff(int argc, char **argv)
{
	return start_busy(spin_preemptoff_thread, argc, argv);
}

static int spin_rcu_thread(void *data)
{
	int loops;

	rcu_read_lock();
	atomic_inc(&busy);
	loops = scenario_spin_outer((unsigned long)data);
	rcu_read_unlock();
	return loops < 0;
}

static int run_spin_rcu(int argc, char **argv)
{
	return start_busy(spin_rcu_thread, argc, argv);
}

static void scenario_halt_cpu(void *unused)
{
	local_irq_disable();
	for (;;)
		asm volatile("hlt");
}

static int run_halt(int argc, char **argv)
{
	on_each_cpu(scenario_halt_cpu, NULL, 0);
	return 0;
}

/* A reader that sleeps, which PREEMPT_RCU lets it do: no grace period ends before it wakes. */
static int rcu_sleep_thread(void *data)
{
	u64 end = sched_clock() + (unsigned long)data * NSEC_PER_MSEC;

	rcu_read_lock();
	atomic_inc(&busy);
	while (!READ_ONCE(spin_is_over) && sched_clock() < end) {
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(HZ / 10);
	}
	rcu_read_unlock();
	return 0;
}

static struct rcu_head after_reader;
static atomic_t waits_for_reader;

static void reader_is_over(struct rcu_head *head)
{
	atomic_set(&waits_for_reader, 0);
}

static int run_rcu_sleep(int argc, char **argv)
{
	int err = start_busy(rcu_sleep_thread, argc, argv);

	/* So that there is a grace period. */
	if (!err && !atomic_xchg(&waits_for_reader, 1))
		call_rcu(&after_reader, reader_is_over);
	return err;
}

/*
 * Counts a hundred times, with a pause after each. What this CPU counted last is in R12: so it
 * shows wherever in here the CPU is caught.
 */
static noinline __noclone void scenario_count(void)
{
	unsigned long turns, times = 100;
	register u64 last asm("r12");

	asm volatile("1:	mov $1, %0\n"
		     "	lock xadd %0, %3\n"
		     "	inc %0\n"
		     "	mov $1000, %1\n"
		     "2:	dec %1\n"
		     "	jnz 2b\n"
		     "	dec %2\n"
		     "	jnz 1b\n"
		     : "=&r"(last), "=&r"(turns), "+r"(times), "+m"(scenario_counter.counter)
		     :
		     : "memory", "cc");
}

static int counter_thread(void *data)
{
	u64 end = sched_clock() + (unsigned long)data * NSEC_PER_MSEC;

	atomic_inc(&busy);
	while (sched_clock() < end) {
		scenario_count();
		cond_resched();
	}
	return 0;
}

static int run_counter(int argc, char **argv)
{
	return start_busy(counter_thread, argc, argv);
}

static DEFINE_RAW_SPINLOCK(contended);
static atomic_t waiters;
static unsigned int turns; /* how many have had it */

static noinline __noclone void scenario_spin_on_lock(void)
{
	unsigned long flags;
	unsigned int turn;

	/* Or a quick one has had the lock and is gone before the one that will oops takes it. */
	while (!raw_spin_is_locked(&contended))
		cond_resched();
	local_irq_save(flags);
	atomic_inc(&waiters);
	raw_spin_lock(&contended);
	turn = ++turns;
	raw_spin_unlock(&contended);
	local_irq_restore(flags);
	pr_info("turn %u of the lock: CPU %d\n", turn, raw_smp_processor_id());
}

static int spinlock_thread(void *unused)
{
	scenario_spin_on_lock();
	return 0;
}

/* The task that holds the lock is dead by now, its preemption count with it: let the others go. */
static void release_lock(struct timer_list *timer)
{
	arch_spin_unlock(&contended.raw_lock);
}

static DEFINE_TIMER(release_timer, release_lock);

static noinline __noclone int scenario_oops_with_lock(unsigned int hold_ms)
{
	int others = num_online_cpus() - 1;
	int sum;

	raw_spin_lock(&contended);
	while (atomic_read(&waiters) < others)
		cpu_relax();
	/* The last one has said that it will take the lock: let it come to that. */
	udelay(1000);
	mod_timer(&release_timer, jiffies + msecs_to_jiffies(hold_ms));
	sum = scenario_null_outer();
	raw_spin_unlock(&contended);
	return sum;
}

static int run_spinlock(int argc, char **argv)
{
	unsigned int hold_ms = 500;
	int cpu, self, err;

	if (argc && (kstrtouint(argv[0], 0, &hold_ms) || hold_ms > MAX_BUSY_MS))
		return -EINVAL;
	if (raw_spin_is_locked(&contended))
		return -EBUSY;
	self = raw_smp_processor_id();
	err = set_cpus_allowed_ptr(current, cpumask_of(self));
	if (err)
		return err;
	atomic_set(&waiters, 0);
	turns = 0;
	for_each_online_cpu(cpu) {
		if (cpu == self)
			continue;
		err = start_bound(spinlock_thread, NULL, cpu);
		if (err)
			return err;
	}
	return scenario_oops_with_lock(hold_ms) ? -EFAULT : 0;
}

/*
 * Tasks that wait for each other and for ever. They are told apart by name, and nothing
 * ends them.
 */
static DEFINE_MUTEX(scenario_mutex_a);
static DEFINE_MUTEX(scenario_mutex_b);
static DEFINE_MUTEX(scenario_mutex_c);
static DECLARE_RWSEM(scenario_rwsem);
static DECLARE_COMPLETION(scenario_never);
static DECLARE_COMPLETION(scenario_has_a);
static DECLARE_COMPLETION(scenario_has_b);
static DECLARE_COMPLETION(scenario_has_rwsem);
static DECLARE_COMPLETION(scenario_has_c);

static noinline __noclone int scenario_ab(void *unused)
{
	mutex_lock(&scenario_mutex_a);
	complete(&scenario_has_a);
	wait_for_completion(&scenario_has_b);
	mutex_lock(&scenario_mutex_b);
	mutex_unlock(&scenario_mutex_b);
	return 0;
}

static noinline __noclone int scenario_ba(void *unused)
{
	mutex_lock(&scenario_mutex_b);
	complete(&scenario_has_b);
	wait_for_completion(&scenario_has_a);
	mutex_lock(&scenario_mutex_a);
	mutex_unlock(&scenario_mutex_a);
	return 0;
}

static noinline __noclone int scenario_read_and_sleep(void *unused)
{
	down_read(&scenario_rwsem);
	complete(&scenario_has_rwsem);
	for (;;)
		ssleep(3600);
	return 0;
}

static noinline __noclone int scenario_write_with_mutex(void *unused)
{
	mutex_lock(&scenario_mutex_c);
	complete(&scenario_has_c);
	down_write(&scenario_rwsem);
	up_write(&scenario_rwsem);
	return 0;
}

static noinline __noclone int scenario_wait_behind_writer(void *unused)
{
	mutex_lock(&scenario_mutex_c);
	mutex_unlock(&scenario_mutex_c);
	return 0;
}

static noinline __noclone int scenario_wait_for_never(void *unused)
{
	wait_for_completion(&scenario_never);
	return 0;
}

static struct semaphore scenario_semaphore = __SEMAPHORE_INITIALIZER(scenario_semaphore, 0);
static DECLARE_WAIT_QUEUE_HEAD(scenario_queue);
static struct workqueue_struct *scenario_workqueue;

static noinline __noclone int scenario_wait_for_semaphore(void *unused)
{
	down(&scenario_semaphore);
	return 0;
}

static noinline __noclone int scenario_wait_in_queue(void *unused)
{
	wait_event(scenario_queue, READ_ONCE(scenario_workqueue) == ERR_PTR(-EINVAL));
	return 0;
}

static noinline void scenario_second_work(struct work_struct *work)
{
	pr_notice("the second work runs\n");
}

static DECLARE_WORK(second_work, scenario_second_work);

/* It waits for what comes after it in a queue that does one thing at a time. */
static noinline void scenario_first_work(struct work_struct *work)
{
	flush_work(&second_work);
	barrier();
}

static DECLARE_WORK(first_work, scenario_first_work);

static DEFINE_RT_MUTEX(scenario_rt_mutex);
static DECLARE_COMPLETION(scenario_has_rt_mutex);

static noinline __noclone int scenario_hold_rt_mutex(void *unused)
{
	rt_mutex_lock(&scenario_rt_mutex);
	complete(&scenario_has_rt_mutex);
	for (;;)
		ssleep(3600);
	return 0;
}

static noinline __noclone int scenario_wait_for_rt_mutex(void *unused)
{
	rt_mutex_lock(&scenario_rt_mutex);
	rt_mutex_unlock(&scenario_rt_mutex);
	return 0;
}

static void scenario_lock_page(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	folio_lock(page_folio(page));
#else
	lock_page(page);
#endif
}

/* It waits for itself: a page's lock has no owner. */
static noinline __noclone int scenario_wait_for_page(void *unused)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	scenario_lock_page(page);
	scenario_lock_page(page);
	return 0;
}

static int start_stuck(int (*fn)(void *data), const char *name)
{
	return PTR_ERR_OR_ZERO(kthread_run(fn, NULL, "%s", name));
}

/* Two mutexes, taken in two orders. */
static int run_deadlock(int argc, char **argv)
{
	int err = start_stuck(scenario_ab, "oopsbt-ab");

	return err ? err : start_stuck(scenario_ba, "oopsbt-ba");
}

/* One waits for the mutex of one that waits to write where a reader sleeps. */
static int run_chain(int argc, char **argv)
{
	int err = start_stuck(scenario_read_and_sleep, "oopsbt-reader");

	if (err)
		return err;
	wait_for_completion(&scenario_has_rwsem);
	err = start_stuck(scenario_write_with_mutex, "oopsbt-writer");
	if (err)
		return err;
	wait_for_completion(&scenario_has_c);
	return start_stuck(scenario_wait_behind_writer, "oopsbt-third");
}

static int run_completion(int argc, char **argv)
{
	return start_stuck(scenario_wait_for_never, "oopsbt-never");
}

static int run_complete(int argc, char **argv)
{
	complete_all(&scenario_never);
	return 0;
}

static int run_semaphore(int argc, char **argv)
{
	return start_stuck(scenario_wait_for_semaphore, "oopsbt-sem");
}

static int run_wait_queue(int argc, char **argv)
{
	return start_stuck(scenario_wait_in_queue, "oopsbt-queue");
}

static int run_workqueue(int argc, char **argv)
{
	if (scenario_workqueue)
		return -EBUSY;
	scenario_workqueue = alloc_ordered_workqueue("oopsbt-work", 0);
	if (!scenario_workqueue)
		return -ENOMEM;
	queue_work(scenario_workqueue, &first_work);
	queue_work(scenario_workqueue, &second_work);
	return 0;
}

static int run_rt_mutex(int argc, char **argv)
{
	int err = start_stuck(scenario_hold_rt_mutex, "oopsbt-has-rt");

	if (err)
		return err;
	wait_for_completion(&scenario_has_rt_mutex);
	return start_stuck(scenario_wait_for_rt_mutex, "oopsbt-rt");
}

static int run_page(int argc, char **argv)
{
	return start_stuck(scenario_wait_for_page, "oopsbt-page");
}

static const struct scenario scenarios[] = {
	{ "null", "write through NULL in the writer's context", run_null },
	{ "bug", "BUG() there", run_bug },
	{ "gpf", "read a non-canonical address there", run_gpf },
	{ "call_unmapped", "call a function where no page is, as of a module that is gone",
	  run_call_unmapped },
	{ "call_heap", "call a function in the heap", run_call_heap },
	{ "indirect", "null in a function called back by the core kernel (sort)", run_indirect },
	{ "kthread", "[CPU]: null in a kernel thread", run_kthread },
	{ "spinlock",
	  "[MS]: null with a lock held, for MS, that the others spin on with interrupts off",
	  run_spinlock },
	{ "hardirq", "[CPU]: null in a hard interrupt", run_hardirq },
	{ "softirq", "[CPU]: null in a softirq", run_softirq },
	{ "irq_in_softirq", "[CPU]: null in a hard interrupt in a softirq", run_irq_in_softirq },
	{ "nmi", "[CPU]: null in an NMI", run_nmi },
	{ "stack_overflow", "run into the guard page below the writer's stack",
	  run_stack_overflow },
	{ "halt", ": halt all CPUs for good", run_halt },
	{ "spin_irqoff", "CPUS MS: spin with interrupts off", run_spin_irqoff },
	{ "spin_nmi", "CPUS MS: spin in an NMI", run_spin_nmi },
	{ "spin_preemptoff", "CPUS MS: spin with preemption off", run_spin_preemptoff },
	{ "spin_rcu", "CPUS MS: spin in an RCU reader", run_spin_rcu },
	{ "rcu_sleep", "CPUS MS: sleep in an RCU reader", run_rcu_sleep },
	{ "spin_until_nmi", ": an NMI of the host's ends what spins, and rcu_sleep, from now on",
	  run_spin_until_nmi },
	{ "counter", "CPUS MS: advance a shared counter", run_counter },
	{ "deadlock", "two threads that take two mutexes in two orders", run_deadlock },
	{ "chain", "a thread that waits for a mutex, whose owner waits to write behind a reader",
	  run_chain },
	{ "completion", "a thread that waits for what never comes", run_completion },
	{ "complete", ": it comes after all", run_complete },
	{ "semaphore", "a thread that waits for a semaphore", run_semaphore },
	{ "wait_queue", "a thread that waits in a wait queue", run_wait_queue },
	{ "rt_mutex", "a thread that waits for an rt_mutex", run_rt_mutex },
	{ "page", "a thread that waits for the lock of a page", run_page },
	{ "workqueue", "a work that waits for the next one of its queue", run_workqueue },
	{ "warn", "WARN(), which is no oops", run_warn },
	{ "panic", "panic(), which is more than one", run_panic },
};

static ssize_t run_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	char line[80], *rest = line, *word, *argv[MAX_ARGS + 1];
	int argc = 0, i, err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, buf, len))
		return -EFAULT;
	line[len] = '\0';
	while (argc < ARRAY_SIZE(argv) && (word = strsep(&rest, " \n")))
		if (*word)
			argv[argc++] = word;

	for (i = 0; argc && i < ARRAY_SIZE(scenarios); i++) {
		if (strcmp(scenarios[i].name, argv[0]))
			continue;
		err = scenarios[i].run(argc - 1, argv + 1);
		return err ? err : len;
	}
	return -EINVAL;
}

static int run_show(struct seq_file *seq, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(scenarios); i++)
		seq_printf(seq, "%s %s\n", scenarios[i].name, scenarios[i].help);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init scenario_init(void)
{
	struct dentry *dir;
	int err;

	err = register_nmi_handler(NMI_LOCAL, scenario_nmi, 0, "oopsbt_scenario");
	if (!err)
		err = register_nmi_handler(NMI_LOCAL, scenario_spin_nmi, 0, "oopsbt_spin");
	if (err)
		return err;
	dir = debugfs_create_dir("oopsbt_scenario", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}

module_init(scenario_init);
MODULE_DESCRIPTION("Oopses on request, for tests");
MODULE_LICENSE("GPL");
