/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks of one bug, and stacks of different bugs. A stack is one string, its functions innermost
 * first.
 */
#include <glib.h>
#include <string.h>

#include "report/fingerprint.h"

struct incident {
	const char *kind, *stack, *title;
};

static void add_stack(const char *stack, struct blame *blame)
{
	g_auto(GStrv) functions = g_strsplit(stack, " ", -1);

	for (char **function = functions; *function; function++) {
		if (g_str_equal(*function, "|"))
			blame_add_boundary(blame);
		else
			blame_add(blame, *function, NULL);
	}
}

static char *fingerprint_of(const struct incident *incident)
{
	struct blame blame = {0};
	char *made;

	if (incident->stack)
		add_stack(incident->stack, &blame);
	made = fingerprint_make(incident->kind, &blame, incident->title);
	blame_clear(&blame);
	return made;
}

static const struct pair {
	const char *name;
	struct incident a, b;
} same[] =
	{
		{"the title does not count where functions are known",
		 {"oops", "f g h", "general protection fault in f"},
		 {"oops", "f g h", "BUG: unable to handle page fault in f"}},
		{"compilers' suffixes",
		 {"oops", "f.isra.0 g.constprop.3 h.cold", ""},
		 {"oops", "f g.part.7 h.llvm.123456", ""}},
		{"a function split in two parts",
		 {"oops", "f.cold f g h", ""},
		 {"oops", "f g h", ""}},
		{"a function that calls itself, once or often",
		 {"oops", "f f f f g h", ""},
		 {"oops", "f g h", ""}},
		{"helpers and what checks code",
		 {"oops", "memcpy f g h", ""},
		 {"oops", "__asan_memcpy kasan_check_range f __might_sleep g mutex_lock h", ""}},
		{"callers far away",
		 {"oops", "f g h write_sysfs vfs_write", ""},
		 {"oops", "f g h some_ioctl", ""}},
		{"what an interrupt came upon",
		 {"oops", "f call_timer_fn __do_softirq irq_exit_rcu one_task", ""},
		 {"oops", "f call_timer_fn handle_softirqs run_ksoftirqd smpboot_thread_fn kthread",
		  ""}},
		{"what an exception came upon, by our own unwinding",
		 {"oops", "f g | x y", ""},
		 {"oops", "f g | z", ""}},
		{"what calls the same three functions: a system call, the core kernel, a thread",
		 {"oops", "scenario_null_deref scenario_null_inner scenario_null_outer run_null",
		  ""},
		 {"oops",
		  "scenario_null_deref scenario_null_inner scenario_null_outer "
		  "scenario_compare sort run_indirect",
		  ""}},
		{"the way into a system call",
		 {"oops", "__do_sys_read.isra.0 do_syscall_64 entry_SYSCALL_64_after_hwframe", ""},
		 {"oops", "__ia32_sys_read do_int80_emulation", ""}},
		{"numbers in a title",
		 {"panic", NULL, "Kernel panic: no room for 4096 bytes at 0xffff8880abcd0000"},
		 {"panic", NULL, "Kernel panic: no room for 512 bytes at 0xffff88801234aaaa"}},
},
  different[] = {
	  {"the kind", {"oops", "f g h", ""}, {"hard-lockup", "f g h", ""}},
	  {"the function", {"oops", "f g h", ""}, {"oops", "e g h", ""}},
	  {"the caller", {"oops", "f g h", ""}, {"oops", "f e h", ""}},
	  {"the caller of a helper", {"oops", "memcpy f", ""}, {"oops", "memcpy g", ""}},
	  {"the order", {"oops", "f g", ""}, {"oops", "g f", ""}},
	  {"the system call",
	   {"oops", "f __x64_sys_read do_syscall_64", ""},
	   {"oops", "f __x64_sys_write do_syscall_64", ""}},
	  {"the words of a title", {"panic", NULL, "no init"}, {"panic", NULL, "no root"}},
	  {"names that begin alike", {"oops", "fg h", ""}, {"oops", "f gh", ""}},
};

static void test_same(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
		g_autofree char *a = fingerprint_of(&same[i].a), *b = fingerprint_of(&same[i].b);

		g_test_message("%s", same[i].name);
		g_assert_cmpstr(a, ==, b);
	}
}

static void test_different(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(different); i++) {
		g_autofree char *a = fingerprint_of(&different[i].a);
		g_autofree char *b = fingerprint_of(&different[i].b);

		g_test_message("%s", different[i].name);
		g_assert_cmpstr(a, !=, b);
	}
}

static void test_form(void)
{
	const struct incident incident = {"oops", "f g h", ""};
	g_autofree char *made = fingerprint_of(&incident);

	g_assert_cmpuint(strlen(made), ==, FINGERPRINT_LENGTH);
	g_assert_cmpuint(strspn(made, "0123456789abcdef"), ==, FINGERPRINT_LENGTH);
	/*
	 * Fingerprints are stored and compared with those of other releases: a change must be
	 * deliberate.
	 */
	g_assert_cmpstr(made, ==, "849f770b85b3c8b6");
}

/* A sample can show a CPU anywhere in its loop. */
static void test_loop(void)
{
	static const char *const seen[][8] = {
		{"f", "read_it", "my_ioctl", "vfs_ioctl", "__x64_sys_ioctl"},
		{"native_sched_clock", "delay_tsc", "my_ioctl", "vfs_ioctl"},
		{"other", "my_ioctl", "__x64_sys_ioctl", "do_syscall_64"},
		/* In a page fault of the loop, and in an interrupt */
		{"handle_mm_fault", "exc_page_fault", "asm_exc_page_fault", "my_ioctl",
		 "vfs_ioctl"},
		{"my_ioctl", "asm_sysvec_apic_timer_interrupt", "another_task"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(seen); i++) {
		struct blame blame = {0};

		for (size_t j = 0; j < G_N_ELEMENTS(seen[i]) && seen[i][j]; j++)
			blame_add_of_loop(&blame, seen[i][j], NULL);
		g_assert_cmpstr(blame.functions[0], ==, "my_ioctl");
		g_assert_null(blame.functions[1]);
		blame_clear(&blame);
	}
}

/* Stacks that differ only in their innermost part: the place of the overflow is random. */
static void test_overflow(void)
{
	static const struct {
		const char *functions[9], *blamed, *caller;
	} stacks[] = {
		{{"f", "f", "f", "f", "g", "h"}, "f", "g"},
		{{"memcpy", "leaf", "f", "f.isra.0", "f", "g", "h"}, "f", "g"},
		{{"a", "b", "a", "b", "my_ioctl", "vfs_ioctl", "__x64_sys_ioctl"},
		 "my_ioctl",
		 NULL},
		{{"leaf", "b", "a", "b", "my_ioctl", "vfs_ioctl"}, "my_ioctl", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(stacks); i++) {
		struct blame blame = {0};

		for (size_t j = 0; stacks[i].functions[j]; j++)
			blame_add_of_overflow(&blame, stacks[i].functions[j], NULL);
		g_assert_cmpstr(blame.functions[0], ==, stacks[i].blamed);
		g_assert_cmpstr(blame.functions[1], ==, stacks[i].caller);
		blame_clear(&blame);
	}
}

/* All tasks that wait for one shared resource are the same bug. */
static void test_common_wait(void)
{
	static const char *const seen[][3] = {
		{"schedule", "synchronize_net", "f"},
		{"wait_for_completion", "synchronize_rcu_expedited", "g"},
		{"__synchronize_srcu.part.0", "synchronize_srcu", "h"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(seen); i++) {
		struct blame blame = {0};

		for (size_t j = 0; j < G_N_ELEMENTS(seen[i]); j++)
			blame_add_of_wait(&blame, seen[i][j], NULL);
		g_assert_cmpstr(blame.functions[0], ==, "synchronize_rcu");
		g_assert_null(blame.functions[1]);
		blame_clear(&blame);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fingerprint/same", test_same);
	g_test_add_func("/fingerprint/different", test_different);
	g_test_add_func("/fingerprint/form", test_form);
	g_test_add_func("/fingerprint/loop", test_loop);
	g_test_add_func("/fingerprint/overflow", test_overflow);
	g_test_add_func("/fingerprint/common-wait", test_common_wait);
	return g_test_run();
}
