/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renders a report of a guest with eight CPUs and compares it with tests/unit/data/report.*; and
 * renders a report whose every string is hostile.
 */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/sanitize.h"
#include "report/report.h"

static struct maybe_int number(int64_t value)
{
	return (struct maybe_int){true, value};
}

static struct maybe_uint address(uint64_t value)
{
	return (struct maybe_uint){true, value};
}

struct frame_spec {
	enum stack_kind stack;
	const char *symbol, *module;
	uint64_t pc, offset, size;
	bool guess, late;
};

static void add_frames(struct report_vcpu *vcpu, const struct frame_spec *specs, size_t num_specs)
{
	for (size_t i = 0; i < num_specs; i++) {
		struct frame frame = {
			.pc = gva(specs[i].pc),
			.sp = gva(i == 0 ? 0 : 0xffffc90000123000 + 8 * i),
			.symbol = {g_strdup(specs[i].symbol), g_strdup(specs[i].module),
				   specs[i].offset, specs[i].size},
			.stack = specs[i].stack,
			.reliable = !specs[i].guess,
			.late = specs[i].late,
		};

		g_array_append_val(vcpu->frames, frame);
	}
}

static struct report_vcpu new_vcpu(unsigned int n, enum report_context context, const char *comm,
				   int pid)
{
	return (struct report_vcpu){
		.vcpu = n,
		.cpu = number(n),
		.context = context,
		.task = {true, number(pid), number(pid), g_strdup(comm), g_strdup("running")},
		.have_registers = true,
		.registers =
			{
				.vcpu = n,
				.rsp = 0xffffc90000123000 + n * 0x1000,
				.rflags = 0x246,
				.rax = 0x1000 + n,
				.cs = {.selector = context == REPORT_CONTEXT_USER ? 0x33 : 0x10},
				.ss = {.selector = context == REPORT_CONTEXT_USER ? 0x2b : 0x18},
				.gs = {.base = 0xffff88801f200000 + n * 0x80000},
				.cr0 = 0x80050033,
				.cr3 = 0x1c160000,
				.cr4 = 0x6f0,
			},
		.consistency = "frozen",
		.frames = frames_new(),
	};
}

static const struct frame_spec oops_frames[] = {
	{STACK_NMI, "nmi_cpu_backtrace", NULL, 0xffffffff81a00010, 0x10, 0x120, false, false},
	{STACK_NMI, "asm_exc_nmi", NULL, 0xffffffff81c0153d, 0xd, 0x40, false, false},
	{STACK_DOUBLE_FAULT, "oops_enter", NULL, 0xffffffff8109a1b4, 0x14, 0x80, false, false},
	{STACK_IRQ, "__handle_irq_event_percpu", NULL, 0xffffffff8110a7d6, 0x46, 0x190, false,
	 false},
	{STACK_IRQ, "asm_common_interrupt", NULL, 0xffffffff81c00c22, 0x22, 0x40, false, true},
	{STACK_TASK, "scenario_null_deref", "oopsbt_scenario", 0xffffffffc0401023, 0x3, 0x20, false,
	 false},
	{STACK_TASK, "vfs_write", NULL, 0xffffffff8133e0aa, 0x9a, 0x3d0, true, false},
	{STACK_TASK, NULL, NULL, 0xffffffffc0999999, 0, 0, true, false},
	{STACK_TASK, "entry_SYSCALL_64_after_hwframe", NULL, 0xffffffff81c000aa, 0x62, 0xcc, false,
	 false},
};

static const struct frame_spec spin_frames[] = {
	{STACK_TASK, "native_queued_spin_lock_slowpath", NULL, 0xffffffff81b2f000, 0x60, 0x2a0,
	 false, false},
	{STACK_TASK, "scenario_take_lock", "oopsbt_scenario", 0xffffffffc0401083, 0x13, 0x30, false,
	 false},
};

static const struct frame_spec idle_frames[] = {
	{STACK_TASK, "default_idle", NULL, 0xffffffff81b2eb4b, 0xb, 0x10, false, false},
	{STACK_TASK, "do_idle", NULL, 0xffffffff810f2c11, 0x1e1, 0x260, false, false},
};

/* Adds the registers of an exception in frame @i. */
static void add_saved_registers(struct report_vcpu *vcpu, guint i)
{
	static const struct named_register saved[] = {
		{"rsp", "RSP", 16, 0, 0xffffc900001cbd58},
		{"rflags", "EFLAGS", 8, 0, 0x10246},
		{"orig_rax", "ORIG_RAX", 16, 0, UINT64_MAX},
		{"rax", "RAX", 16, 1, 0},
		{"rbx", "RBX", 16, 1, 0xb},
	};
	GArray *registers = g_array_new(FALSE, FALSE, sizeof(saved[0]));

	g_array_append_vals(registers, saved, G_N_ELEMENTS(saved));
	g_array_index(vcpu->frames, struct frame, i).registers = registers;
}

static void add_vcpus(struct report *report)
{
	for (unsigned int n = 0; n < 8; n++) {
		struct report_vcpu vcpu;

		switch (n) {
		case 2:
			vcpu = new_vcpu(n, REPORT_CONTEXT_KERNEL, "sh", 143);
			vcpu.registers.rip = oops_frames[0].pc;
			vcpu.nmi_depth = number(1);
			vcpu.hardirq_depth = number(1);
			vcpu.preempt_depth = number(2);
			vcpu.interrupts_on = number(0);
			vcpu.serving_softirq = number(1);
			vcpu.bh_disable_depth = number(2);
			vcpu.runnable = number(3);
			vcpu.task_ran_ns = number(22123456789);
			vcpu.tick_age_ns = number(4000000);
			vcpu.watchdog_age_ns = number(3ll << 30);
			vcpu.stack_task = (struct report_task){true, number(7), number(7),
							       g_strdup("kworker/2:1"), NULL};
			vcpu.stopped = g_strdup("no ORC entry for 0xffffffffc0999999");
			vcpu.guest_frames =
				g_strdup("scenario_null_deref+0x3/0x20 [oopsbt_scenario]\n"
					 "vfs_write+0x9a/0x3d0\n");
			vcpu.disagreement = g_strdup("frame 3: the guest has vfs_write");
			add_frames(&vcpu, oops_frames, G_N_ELEMENTS(oops_frames));
			add_saved_registers(&vcpu, 5);
			break;
		case 3:
		case 5:
			vcpu = new_vcpu(n, REPORT_CONTEXT_KERNEL, "spinner", 200 + (int)n);
			vcpu.registers.rip = spin_frames[0].pc;
			vcpu.waits_for_lock = true;
			vcpu.interrupts_on = number(n == 3);
			vcpu.lock_address = 0xffffffffc0403000;
			vcpu.lock_symbol = g_strdup("scenario_lock+0x0/0x4 [oopsbt_scenario]");
			vcpu.lock_position = number(n == 5 ? 1 : 2);
			vcpu.lock_queued = number(2);
			add_frames(&vcpu, spin_frames, G_N_ELEMENTS(spin_frames));
			g_array_index(vcpu.frames, struct frame, 0).pc.value += n;
			g_array_index(vcpu.frames, struct frame, 0).symbol.offset += n;
			break;
		case 6:
			vcpu = new_vcpu(n, REPORT_CONTEXT_USER, "stress", 99);
			vcpu.registers.rip = 0x401234;
			vcpu.consistency = "running";
			break;
		case 7:
			vcpu = new_vcpu(n, REPORT_CONTEXT_UNKNOWN, NULL, 0);
			g_clear_pointer(&vcpu.task.state, g_free);
			vcpu.task.known = vcpu.cpu.known = vcpu.have_registers = false;
			vcpu.consistency = NULL;
			break;
		default:
			vcpu = new_vcpu(n, REPORT_CONTEXT_IDLE, "swapper", 0);
			vcpu.registers.rip = idle_frames[0].pc;
			vcpu.interrupts_on = number(n != 4);
			add_frames(&vcpu, idle_frames, G_N_ELEMENTS(idle_frames));
			break;
		}
		g_array_append_val(report->vcpus, vcpu);
	}
}

static void add_log(struct report *report, uint64_t sequence, const char *text)
{
	struct report_log_record record = {
		.sequence = sequence,
		.time_ns = 12345678901 + sequence * 1000000,
		.level = 1,
		.cpu = {sequence == 1, 3},
		.pid = {sequence == 2, 143},
		.text = g_strdup(text),
	};

	g_array_append_val(report->log, record);
}

/*
 * "mov %rax, (%rdi)" of a function whose memory differs a little from the bytes that the guest
 * printed.
 */
static void add_fault(struct report *report)
{
	static const struct named_register registers[] = {
		{"rsp", "RSP", 16, 0, 0xffffc90000123456},
		{"ss", "SS", 4, 0, 0x18},
		{"rflags", "EFLAGS", 8, 0, 0x246},
		{"rax", "RAX", 16, 1, 1},
		{"rdi", "RDI", 16, 1, 0},
	};
	static const uint8_t code[] = {0x31, 0xff, 0x48, 0x89, 0x07, 0xe8, 0x03, 0, 0, 0};
	const struct instruction instructions[] = {
		{gva(0xffffffffc0401021),
		 {0x31, 0xff},
		 2,
		 g_strdup("xorl %edi, %edi"),
		 {0},
		 false,
		 NULL},
		{gva(0xffffffffc0401023),
		 {0x48, 0x89, 0x07},
		 3,
		 g_strdup("movq %rax, (%rdi)"),
		 {0},
		 true,
		 NULL},
		{gva(0xffffffffc0401026),
		 {0xe8, 0x03, 0, 0, 0},
		 5,
		 g_strdup("callq 0xffffffffc040102e"),
		 address(0xffffffffc040102e),
		 false,
		 g_strdup("scenario_null_deref+0xe/0x20 [oopsbt_scenario]")},
	};
	struct report_fault *fault = &report->fault;

	*fault = (struct report_fault){
		.known = true,
		.source = "log",
		.pc = address(0xffffffffc0401023),
		.symbol = {g_strdup("scenario_null_deref"), g_strdup("oopsbt_scenario"), 3, 0x20},
		.registers = g_array_new(FALSE, FALSE, sizeof(struct named_register)),
		.explanation = g_strdup("address 0x0 = RDI (0x0), which this instruction writes"),
		.code = {gva(0xffffffffc0401021), g_byte_array_new()},
		.guest_code = {gva(0xffffffffc0401023), g_byte_array_new()},
		.code_difference = g_strdup("at 0xffffffffc0401026 memory has e8, the guest "
					    "printed 90"),
		.instructions = instructions_new(),
	};
	g_array_append_vals(fault->registers, registers, G_N_ELEMENTS(registers));
	g_array_append_vals(fault->instructions, instructions, G_N_ELEMENTS(instructions));
	g_byte_array_append(fault->code.bytes, code, sizeof(code));
	g_byte_array_append(fault->guest_code.bytes, (const uint8_t[]){0x48, 0x89, 0x07, 0x90}, 4);
}

static void add_left_out(struct report *report)
{
	struct report_left_out left_out[] = {
		{2, 9123456789, number(3), number(140), g_strdup("sh"),
		 g_strdup("kernel BUG at fs/inode.c:1 in iput")},
		{3, 10123456789, {0}, {0}, NULL, g_strdup("oops")},
	};

	g_array_append_vals(report->left_out, left_out, G_N_ELEMENTS(left_out));
	report->num_more_left_out = 7;
	report->missed = 2;
}

static struct report *make_report(void)
{
	struct report *report = report_new();
	struct report_module modules[] = {
		{g_strdup("oopsbt_scenario"), 0xffffffffc0401000, 0x1000, g_strdup("OE"),
		 g_strdup("0123abcd")},
		{g_strdup("virtio_net"), 0xffffffffc0300000, 0x8000, g_strdup(""), NULL},
	};

	report->collection = (struct report_collection){
		.id = g_strdup("20261122T214501Z-1"),
		.domain_name = g_strdup("web1"),
		.domain_uuid = g_strdup("4dea22b3-1d52-d8f3-2516-782e98ab3fa0"),
		.signal = g_strdup("crashloaded"),
		.incident = g_strdup("oops"),
		.signalled = g_strdup("2026-11-22T23:59:59.999100Z"),
		.frozen = g_strdup("2026-11-23T00:00:00.001000Z"),
		.thawed = g_strdup("2026-11-23T00:00:00.003193Z"),
		.stored = g_strdup("2026-11-23T00:00:00.041000Z"),
		.freeze_us = number(2193),
		.nmi = g_strdup("not-sent"),
		.nmi_reason = g_strdup("the guest has no handler for it"),
		.host = g_strdup("host7"),
		.hypervisor = g_strdup("QEMU 7.2.22, libvirt 9.0.0"),
		.tool_version = g_strdup("0.1.0"),
		.memory_source = g_strdup("proc"),
		.errors = report->collection.errors,
	};
	report->title = g_strdup("BUG: kernel NULL pointer dereference in scenario_null_deref "
				 "[oopsbt_scenario]");
	report->guest = (struct report_guest){
		.release = g_strdup("6.1.0-56-amd64"),
		.version = g_strdup("#1 SMP PREEMPT_DYNAMIC Debian 6.1.174-1"),
		.build_id = g_strdup("d5a3c1f0"),
		.kaslr_offset = address(0x2d000000),
		.taint = address(0x3080),
		.taint_letters = g_strdup("DOE"),
		.uptime_s = number(93784),
		.wall_us = number(1795391999988877), /* 2026-11-22T23:59:59.988877Z */
		.command_line = g_strdup("console=ttyS0 quiet"),
		.livepatches = g_ptr_array_new_with_free_func(g_free),
		.panic_on_oops = number(0),
		.oops_all_cpu_backtrace = number(1),
		.die_counter = number(1),
		.panic_cpu = number(-1),
		.cpus_online = number(8),
		.oops_signal = g_strdup("module"),
	};
	report->fingerprint = g_strdup("0123456789abcdef");
	report->culprit = (struct blame){
		.functions = {g_strdup("scenario_null_deref"), g_strdup("run_store")},
		.module = g_strdup("oopsbt_scenario"),
	};
	report->collection.previous = g_strdup("20261122T214101Z-1");
	report->collection.suppressed = (struct suppressed_signals){.rate_limit = 2, .failed = 1};
	add_left_out(report);
	report->verdict = (struct report_verdict){
		g_strdup("Seen by the host: CPU 2 used 10 s of processor time without a timer "
			 "interrupt. CPU 2 runs\x1b sh (pid 143). The guest is to blame: the host "
			 "let this CPU run."),
		"guest"};
	report->oops = (struct report_oops){
		.known = true,
		.kind = g_strdup("BUG: kernel NULL pointer dereference"),
		.address = address(0),
		.cpu = number(2),
		.pid = number(143),
		.comm = g_strdup("sh"),
		.function = g_strdup("scenario_null_deref"),
		.module = g_strdup("oopsbt_scenario"),
		.log_start = number(2),
	};
	g_ptr_array_add(report->guest.livepatches, g_strdup("kpatch_1"));
	add_fault(report);
	add_vcpus(report);
	g_array_append_vals(report->modules, modules, G_N_ELEMENTS(modules));
	report->log_source = g_strdup("printk ring (5.10 and later)");
	add_log(report, 1, "Linux version 6.1.0-56-amd64");
	add_log(report, 2, "BUG: kernel NULL pointer dereference, address: 0000000000000000");
	add_log(report, 3, "two lines\nin one record\n");
	add_log(report, 4, "---[ end trace 0000000000000000 ]---");
	report_add_error(report, "vcpus[7].regs", "no register text for vCPU %u", 7);
	g_ptr_array_add(report->collection.errors, report_error_new("nmi", "not asked for"));
	return report;
}

static void compare_with_file(const char *name, const GString *text)
{
	g_autofree char *path = g_build_filename("tests/unit/data", name, NULL);
	g_autofree char *expected = NULL;

	if (g_getenv("UPDATE_EXPECTED"))
		g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
	g_assert_true(g_file_get_contents(path, &expected, NULL, NULL));
	if (strcmp(expected, text->str) != 0)
		g_error("%s is expected to be:\n%s\nand is:\n%s", name, expected, text->str);
}

static void test_text(void)
{
	g_autoptr(Report) report = make_report();
	GString *text = report_to_text(report);

	g_assert_true(text_is_clean(text->str, text->len));
	compare_with_file("report.txt", text);
	g_string_free(text, TRUE);
}

static void test_json(void)
{
	g_autoptr(Report) report = make_report();
	GString *text = report_to_json(report);
	g_autoptr(GError) error = NULL;
	JsonObject *root = untrusted_json_parse(text->str, text->len, 8, &error);
	JsonObject *vcpu;

	g_assert_no_error(error);
	compare_with_file("report.json", text);
	g_assert_cmpint(json_object_get_int_member(root, "schema"), ==, REPORT_SCHEMA);
	vcpu = json_array_get_object_element(json_object_get_array_member(root, "vcpus"), 2);
	g_assert_cmpstr(
		json_object_get_string_member(json_object_get_object_member(vcpu, "regs"), "rip"),
		==, "0xffffffff81a00010");
	g_assert_cmpuint(json_array_get_length(json_object_get_array_member(vcpu, "frames")), ==,
			 G_N_ELEMENTS(oops_frames));
	json_object_unref(root);
	g_string_free(text, TRUE);
}

static void test_dmesg(void)
{
	g_autoptr(Report) report = make_report();
	GString *text = report_to_dmesg(report);

	g_assert_cmpstr(text->str, ==,
			"[   12.346678] Linux version 6.1.0-56-amd64\n"
			"[   12.347678] BUG: kernel NULL pointer dereference, address: "
			"0000000000000000\n"
			"[   12.348678] two lines\n"
			"[   12.348678] in one record\n"
			"[   12.349678] ---[ end trace 0000000000000000 ]---\n");
	g_string_free(text, TRUE);
}

/* A recursion is printed as one line with a count; two equal frames are both printed. */
static void test_recursion(void)
{
	g_autoptr(Report) report = make_report();
	struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, 2);
	struct frame_spec frames[6];
	GString *text;

	for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
		frames[i] = spin_frames[1];
	add_frames(vcpu, idle_frames, 1);
	add_frames(vcpu, frames, G_N_ELEMENTS(frames));
	add_frames(vcpu, &spin_frames[0], 1);
	add_frames(vcpu, &spin_frames[0], 1);
	text = report_to_text(report);
	g_assert_nonnull(strstr(text->str, "   default_idle+0xb/0x10\n"
					   "   scenario_take_lock+0x13/0x30 [oopsbt_scenario]\n"
					   "   ... and 5 times more\n"
					   "   native_queued_spin_lock_slowpath+0x60/0x2a0\n"
					   "   native_queued_spin_lock_slowpath+0x60/0x2a0\n"));
	g_string_free(text, TRUE);
}

/* The freeze came late: the CPU that oopsed runs its idle task again. */
static void test_idle_by_now(void)
{
	struct report *report = make_report();
	GString *text;

	for (guint i = 0; i < report->vcpus->len; i++) {
		struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, i);

		if (vcpu->cpu.known && vcpu->cpu.value == report->oops.cpu.value)
			vcpu->context = REPORT_CONTEXT_IDLE;
	}
	text = report_to_text(report);
	g_assert_nonnull(strstr(text->str, "\nCPU 2: oopsed, idle by now"));
	g_assert_null(strstr(text->str, "oopsing"));
	g_string_free(text, TRUE);
	report_free(report);
}

static void add_task(struct report *report, const char *comm, char letter)
{
	struct report_sleeper sleeper = {
		.task = {true, number(77), number(77), g_strdup(comm), NULL},
		.letter = letter,
		.for_ns = number(INT64_C(130200000000)),
		.waits_for = "page writeback",
		.waits_in = g_strdup("blkdev_fsync"),
		.frames = frames_new(),
	};

	g_array_append_val(report->tasks.shown, sleeper);
	report->tasks.num_blocked += letter == 'D';
}

static struct report *make_report_with_task(const char *incident)
{
	struct report *report = make_report();

	report->tasks.known = true;
	report->tasks.num = 62;
	report->oops.known = false;
	g_free(report->collection.incident);
	report->collection.incident = g_strdup(incident);
	add_task(report, "dd", 'D');
	return report;
}

/* True if the report has these words in this order. */
static bool in_order(const struct report *report, const char *const *words)
{
	g_autofree char *text = g_string_free(report_to_text(report), FALSE);
	const char *at = text;

	for (; *words && at; words++)
		at = strstr(at, *words);
	return at;
}

/* Stalled CPUs are first, then busy CPUs, then idle ones. */
static void test_order(void)
{
	static const char line[] = "62 tasks, 1 of them blocked.\n"
				   "dd (pid 77) waits for a page writeback in blkdev_fsync for "
				   "130 s.\n";
	static const char task[] = "\nTasks\n\ndd (pid 77): D";
	static const char *const hung[] = {
		line, task, "\nBacktraces\n", "\nCPUs 3,5: kernel", "\nCPUs 0-1,4: idle", NULL};
	static const char *const others[] = {line, "\nBacktraces\n", "\nCPUs 3,5: kernel",
					     task, "\nIdle CPUs\n",  "\nCPUs 0-1,4: idle",
					     NULL};
	static const char *const idle[] = {line, task, "\nIdle CPUs\n", NULL};
	static const char *const none[] = {"\nBacktraces\n", "\nCPUs 0-1,4: idle",
					   "\nTasks\n\nNo task is blocked.\n", NULL};
	struct report *report = make_report_with_task("hung-task");

	g_assert_true(in_order(report, hung));
	report_free(report);
	report = make_report_with_task("collect");
	g_assert_true(in_order(report, others));
	for (guint i = 0; i < report->vcpus->len; i++)
		g_array_index(report->vcpus, struct report_vcpu, i).context = REPORT_CONTEXT_IDLE;
	g_assert_true(in_order(report, idle));
	g_assert_false(in_order(report, (const char *const[]){"\nBacktraces\n", NULL}));
	report_free(report);
	report = make_report_with_task("collect");
	report->tasks.num_blocked = 0;
	g_array_set_size(report->tasks.shown, 0);
	g_assert_true(in_order(report, none));
	report_free(report);
}

/* A task of a chain or of the verdict is printed once. */
static void test_told_once(void)
{
	static const char *const line[] = {"dd (pid 77) waits for a page", NULL};
	struct report *report = make_report_with_task("hung-task");
	struct report_chain chain = {.tasks = g_array_new(FALSE, FALSE, sizeof(guint)),
				     .text = g_strdup("dd waits for another one")};

	g_assert_true(in_order(report, line));
	g_free(report->verdict.text);
	report->verdict.text = g_strdup("dd (pid 77) waits");
	g_assert_false(in_order(report, line));
	g_array_set_size(chain.tasks, 1); /* task 0 */
	g_array_index(chain.tasks, guint, 0) = 0;
	g_array_append_val(report->tasks.chains, chain);
	g_free(report->verdict.text);
	report->verdict.text = NULL;
	g_assert_false(in_order(report, line));
	report_free(report);
}

/* A property of all frames is printed once. */
static void test_late(void)
{
	g_autoptr(Report) report = make_report_with_task("hung-task");
	struct report_sleeper *sleeper =
		&g_array_index(report->tasks.shown, struct report_sleeper, 0);
	struct frame frames[] = {
		{.stack = STACK_TASK, .reliable = true, .late = true, .pc = gva(1)},
		{.stack = STACK_TASK, .reliable = true, .late = true, .pc = gva(2)},
	};
	g_autofree char *text = NULL;

	g_array_append_vals(sleeper->frames, frames, G_N_ELEMENTS(frames));
	text = g_string_free(report_to_text(report), FALSE);
	g_assert_nonnull(strstr(text, "  Call Trace (read after the thaw):\n   <TASK>\n"
				      "   0x0000000000000001\n   0x0000000000000002\n"));
	g_array_index(sleeper->frames, struct frame, 0).late = false;
	g_free(text);
	text = g_string_free(report_to_text(report), FALSE);
	g_assert_nonnull(strstr(text, "  Call Trace:\n   <TASK>\n   0x0000000000000001\n"
				      "   0x0000000000000002  (read after the thaw)\n"));
}

/* A report without any data: every renderer must produce a text. */
static void test_empty(void)
{
	g_autoptr(Report) report = report_new();
	GString *text = report_to_text(report);
	GString *json = report_to_json(report);
	GString *dmesg = report_to_dmesg(report);
	JsonObject *root = untrusted_json_parse(json->str, json->len, 8, NULL);

	g_assert_nonnull(root);
	g_assert_true(json_object_get_null_member(root, "title"));
	g_assert_nonnull(strstr(text->str, "What happened is not known\n"));
	g_assert_nonnull(strstr(text->str, "No guest log.\n"));
	g_assert_cmpstr(dmesg->str, ==, "");
	json_object_unref(root);
	g_string_free(text, TRUE);
	g_string_free(json, TRUE);
	g_string_free(dmesg, TRUE);
}

/* For code at an unknown address only the bytes are printed, without an invented address. */
static void test_fault_without_address(void)
{
	g_autoptr(Report) report = make_report();
	GString *text, *json;

	report->fault.pc.known = false;
	g_clear_pointer(&report->fault.code.bytes, g_byte_array_unref);
	text = report_to_text(report);
	json = report_to_json(report);
	g_assert_nonnull(strstr(text->str, "\n  => 48 89 07  "));
	g_assert_nonnull(strstr(text->str, "  Code (as the guest printed it"));
	g_assert_nonnull(strstr(json->str, "\"pc\": null"));
	g_assert_null(strstr(json->str, "\"start\": \"0x"));
	g_string_free(text, TRUE);
	g_string_free(json, TRUE);
}

static bool says(const struct report *report, const char *part)
{
	g_autofree char *json = g_string_free(report_to_json(report), FALSE);

	return strstr(json, part) != NULL;
}

/* The rate limit is named only if it took effect; a complete collection has no reasons. */
static void test_reasons(void)
{
	g_autoptr(Report) report = make_report();
	g_autofree char *text = NULL;
	g_autofree char *json = NULL;

	report->collection.suppressed =
		(struct suppressed_signals){.failed = 2, .queue_full = 1, .not_analysed = 1};
	text = g_string_free(report_to_text(report), FALSE);
	g_assert_nonnull(strstr(text, "\nNot collected since dump 20261122T214101Z-1\n"
				      "  1 signal: too many other signals were waiting\n"
				      "  2 signals: the collection failed\n"
				      "  1 signal: the dump was not analysed\n"));
	g_assert_null(strstr(text, "rate limit"));
	report->collection.suppressed.oopses = 2;
	g_assert_true(says(report, "\"left_out_alike\": false,"));
	add_left_out(report);
	g_assert_true(says(report, "\"left_out_alike\": false,"));
	for (guint i = 0; i < report->left_out->len; i++) {
		struct report_left_out *oops =
			&g_array_index(report->left_out, struct report_left_out, i);

		g_free(oops->title);
		oops->title = g_strdup(report->title);
	}
	/* Seven incidents outside the list are of unknown kind. */
	g_assert_true(says(report, "\"left_out_alike\": false,"));
	report->num_more_left_out = 0;
	report->missed = report->left_out->len;
	g_assert_true(says(report, "\"left_out_alike\": false,"));
	report->missed = 0;
	g_assert_true(says(report, "\"left_out_alike\": true,"));
	report->collection.suppressed = (struct suppressed_signals){0};
	g_assert_true(says(report, "\"left_out_alike\": null,"));
	g_free(text);
	text = g_string_free(report_to_text(report), FALSE);
	json = g_string_free(report_to_json(report), FALSE);
	g_assert_null(strstr(text, "Not collected"));
	g_assert_nonnull(strstr(json, "\"suppressed\": null,"));
}

#define HOSTILE "\033[2J\n\r\"\\ \302\233\377 \342\200\256%s%n"

static void make_hostile(char **string)
{
	g_free(*string);
	*string = g_strdup(HOSTILE);
}

static void test_hostile(void)
{
	g_autoptr(Report) report = make_report();
	struct report_vcpu *vcpu = &g_array_index(report->vcpus, struct report_vcpu, 2);
	struct report_error *error = report->errors->pdata[0];
	char **strings[] = {
		&report->title,
		&report->collection.domain_name,
		&report->collection.signalled,
		&report->collection.nmi_reason,
		&report->guest.release,
		&report->guest.version,
		&report->guest.build_id,
		&report->guest.taint_letters,
		&report->guest.command_line,
		(char **)&report->guest.livepatches->pdata[0],
		&report->collection.previous,
		&g_array_index(report->left_out, struct report_left_out, 0).comm,
		&g_array_index(report->left_out, struct report_left_out, 0).title,
		&report->oops.kind,
		&report->oops.comm,
		&report->oops.function,
		&report->oops.module,
		&report->oops.where,
		&report->culprit.functions[1],
		&report->fault.symbol.name,
		&report->fault.symbol.module,
		&report->fault.explanation,
		&report->fault.code_difference,
		&g_array_index(report->fault.instructions, struct instruction, 2).text,
		&g_array_index(report->fault.instructions, struct instruction, 2).target_name,
		&vcpu->task.comm,
		&vcpu->stack_task.comm,
		&vcpu->stopped,
		&vcpu->guest_frames,
		&vcpu->disagreement,
		&error->field,
		&error->message,
		&g_array_index(vcpu->frames, struct frame, 0).symbol.name,
		&g_array_index(vcpu->frames, struct frame, 0).symbol.module,
		&g_array_index(report->modules, struct report_module, 0).name,
		&g_array_index(report->modules, struct report_module, 0).taint,
		&g_array_index(report->modules, struct report_module, 0).build_id,
		&g_array_index(report->log, struct report_log_record, 2).text,
		&report->log_source,
	};
	GString *texts[3];

	for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
		make_hostile(strings[i]);
	texts[0] = report_to_text(report);
	texts[1] = report_to_json(report);
	texts[2] = report_to_dmesg(report);
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_true(text_is_clean(texts[i]->str, texts[i]->len));
		g_assert_nonnull(strstr(texts[i]->str, "x1b[2J"));
		if (i == 1) {
			JsonObject *root =
				untrusted_json_parse(texts[i]->str, texts[i]->len, 8, NULL);

			g_assert_nonnull(root);
			g_assert_cmpstr(json_object_get_string_member(root, "title"), ==,
					"\\x1b[2J\n\\x0d\"\\ \\xc2\\x9b\\xff \\xe2\\x80\\xae%s%n");
			json_object_unref(root);
		}
		g_string_free(texts[i], TRUE);
	}
}

static void test_long_log(void)
{
	g_autoptr(Report) report = make_report();
	GString *text;

	for (unsigned int i = 0; i < 1000; i++) {
		g_autofree char *line = g_strdup_printf("line %u", i);

		add_log(report, 5 + i, line);
	}
	text = report_to_text(report);
	/* 1004 lines from the oops on: the report has the first 300 and the last 100. */
	g_assert_nonnull(strstr(text->str, "] line 295\n... 604 lines left out ...\n"));
	g_assert_nonnull(strstr(text->str, "left out ...\n[   13.250678] line 900\n"));
	g_assert_nonnull(strstr(text->str, "line 999\n"));
	g_string_free(text, TRUE);

	report->oops.log_start.known = false;
	text = report_to_text(report);
	g_assert_null(strstr(text->str, "line 939\n"));
	g_assert_nonnull(strstr(text->str, "End of the guest log (all of it is in dmesg.txt)\n"
					   "[   13.290678] line 940\n"));
	g_string_free(text, TRUE);

	report->oops.known = false;
	report->complaint.known = true;
	report->complaint.log_start = number(5 + 990);
	text = report_to_text(report);
	g_assert_nonnull(strstr(text->str, "Guest log from the complaint on (all of it is in "
					   "dmesg.txt)\n[   13.340678] line 990\n"));
	g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report/text", test_text);
	g_test_add_func("/report/json", test_json);
	g_test_add_func("/report/dmesg", test_dmesg);
	g_test_add_func("/report/empty", test_empty);
	g_test_add_func("/report/what-was-not-collected", test_reasons);
	g_test_add_func("/report/tasks and CPUs are in the order of their importance", test_order);
	g_test_add_func("/report/one line marks frames that are all late", test_late);
	g_test_add_func("/report/a task is described once at the top", test_told_once);
	g_test_add_func("/report/recursion", test_recursion);
	g_test_add_func("/report/fault-without-address", test_fault_without_address);
	g_test_add_func("/report/hostile", test_hostile);
	g_test_add_func("/report/long-log", test_long_log);
	g_test_add_func("/report/the CPU that oopsed is idle by now", test_idle_by_now);
	return g_test_run();
}
