/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks a CPU's stacks in a kernel of a few functions: by ORC, by frame pointers, and from each
 * place with a special rule.
 */
#include <string.h>

#include "fake_kernel.h"
#include "kernel/image.h"
#include "kernel/unwind.h"
#include "kernel/x86_64/orc.h"

/* Offsets in the image. */
#define TEXT 0x100000u
#define TEXT_END 0x102000u
#define ORC_IPS (FAKE_KERNEL_DATA + 0x20000u)
#define ORC_ENTRIES (FAKE_KERNEL_DATA + 0x28000u)
#define STACK_SIZE 0x4000u
#define TASK_STACK (FAKE_KERNEL_DATA + 0x40000u)
#define IRQ_STACK (FAKE_KERNEL_DATA + 0x48000u)
#define NMI_STACK (FAKE_KERNEL_DATA + 0x50000u)
#define LOW_STACK (FAKE_KERNEL_DATA + 0x30000u) /* below the task's */
/* Not in the image. */
#define GENERATED (FAKE_KERNEL_DATA + 0x60000u)
#define BPF ADDRESS(GENERATED)
#define ITS_THUNK ADDRESS(GENERATED + 0x1000u)
#define BPF_SYMBOL ADDRESS(GENERATED + 0x2000u)
#define BPF_LIST ADDRESS(GENERATED + 0x3000u)

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))
#define OUTER ADDRESS(TEXT)
#define INNER ADDRESS(TEXT + 0x100)
#define EXCEPTION_ENTRY ADDRESS(TEXT + 0x200)
#define SYSCALL_ENTRY ADDRESS(TEXT + 0x300)
#define RET_FROM_FORK ADDRESS(TEXT + 0x400)
#define THUNK ADDRESS(TEXT + 0x500)
#define NMI_ENTRY ADDRESS(TEXT + 0x600)
#define SYNC_REGS ADDRESS(TEXT + 0x700)
#define SWITCH ADDRESS(TEXT + 0x800)
#define TRAP_ENTRY ADDRESS(TEXT + 0x900)
#define NO_ORC ADDRESS(TEXT + 0xa00)
#define RETURN_THUNK ADDRESS(TEXT + 0xb00)
#define BY_RBP ADDRESS(TEXT + 0xc00)
#define UNMAPPED 0xffffffffc0ff0020ull

/* The order of struct pt_regs, in words. */
enum { R15, RBP = 4, RBX, RAX = 10, ORIG_RAX = 15, RIP, CS, RFLAGS, RSP, SS, NUM_PT_REGS };

static const struct fake_symbol symbols[] = {
	{"Touter", OUTER},
	{"Tinner", INNER},
	{"Tasm_exc_page_fault", EXCEPTION_ENTRY},
	{"Tentry_SYSCALL_64_after_hwframe", SYSCALL_ENTRY},
	{"Tret_from_fork_asm", RET_FROM_FORK},
	{"T__x86_indirect_thunk_rax", THUNK},
	{"Tasm_exc_nmi", NMI_ENTRY},
	{"Tsync_regs", SYNC_REGS},
	{"T__switch_to_asm", SWITCH},
	{"Tasm_exc_int3", TRAP_ENTRY},
	{"T__crash_kexec", NO_ORC},
	{"T__x86_return_thunk", RETURN_THUNK},
	{"Tpanic", BY_RBP},
	{"Tend", ADDRESS(TEXT_END)},
};

/* In the layout of 6.4: SP is 5, BP 4, the previous SP 1; CALL 2, REGS 3, REGS_PARTIAL 4, END 1. */
static const struct {
	uint64_t address;
	int16_t sp, bp;
	uint16_t bits;
} orc[] = {
	{OUTER, 8, 0, 0x205},
	{OUTER + 1, 16, -16, 0x215},
	{INNER, 8, 0, 0x205},
	{EXCEPTION_ENTRY, 0, 0, 0xc05},
	{EXCEPTION_ENTRY + 8, 0, 0, 0xb05},
	{SYSCALL_ENTRY, 0, 0, 0xb05},
	{RET_FROM_FORK, 0, 0, 0x100},
	{THUNK, 0, 0, 0x100},
	{NMI_ENTRY, 0, 0, 0xb05},
	{SYNC_REGS, 8, 0, 0x205},
	{SWITCH, 8, 0, 0x205},
	{TRAP_ENTRY, 0, 0, 0xb05},
	{NO_ORC, 0, 0, 0},
	{RETURN_THUNK, 8, 0, 0x205},
	{BY_RBP, 16, -16, 0x214},
	{ADDRESS(TEXT_END), 0, 0, 0},
};

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct vcpu_registers registers;
	struct cpu cpu;
	struct unwind_result result;
};

static void put_u64(struct fixture *f, uint64_t address, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, address - FAKE_GUEST_IMAGE), &value, sizeof(value));
}

static void put_code(struct fixture *f, uint64_t address, const char *code, size_t length)
{
	memcpy(fake_guest_at(&f->guest, address - FAKE_GUEST_IMAGE), code, length);
}

static void put_orc(struct fixture *f)
{
	for (size_t i = 0; i < G_N_ELEMENTS(orc); i++) {
		uint8_t *entry = fake_guest_at(&f->guest, ORC_ENTRIES + ORC_ENTRY_SIZE * i);
		uint64_t ip = ADDRESS(ORC_IPS + 4 * i);
		int32_t offset = (int32_t)(orc[i].address - ip);

		memcpy(fake_guest_at(&f->guest, ORC_IPS + 4 * i), &offset, 4);
		memcpy(entry, &orc[i].sp, 2);
		memcpy(entry + 2, &orc[i].bp, 2);
		memcpy(entry + 4, &orc[i].bits, 2);
	}
}

static void find_names(struct fixture *f)
{
	g_auto(Image) image = {0};
	g_autoptr(GError) error = NULL;

	fake_kernel_put(&f->guest, symbols, G_N_ELEMENTS(symbols));
	g_assert_true(image_copy(&f->guest.space,
				 (struct mapped_run){gva(FAKE_GUEST_IMAGE), FAKE_KERNEL_LENGTH},
				 1u << 28, &image, &error));
	g_assert_true(kallsyms_find(&image, &f->map->kallsyms, &error));
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, FAKE_KERNEL_LENGTH);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->image_start = gva(FAKE_GUEST_IMAGE);
	f->map->image_length = FAKE_KERNEL_LENGTH;
	find_names(f);
	put_orc(f);
	f->map->symbols[SYMBOL__text] = f->map->symbols[SYMBOL__stext] = FAKE_GUEST_IMAGE;
	f->map->symbols[SYMBOL__etext] = ADDRESS(TEXT_END);
	f->map->symbols[SYMBOL__end] = ADDRESS(FAKE_KERNEL_LENGTH);
	f->map->symbols[SYMBOL___start_orc_unwind_ip] = ADDRESS(ORC_IPS);
	f->map->symbols[SYMBOL___start_orc_unwind] = ADDRESS(ORC_ENTRIES);
	f->map->num_orcs = G_N_ELEMENTS(orc);
	f->map->orc_layout = ORC_LAYOUT_6_4;
	f->cpu = (struct cpu){.registers = &f->registers, .known = true};
	cpu_add_stack(&f->cpu, STACK_TASK, ADDRESS(TASK_STACK), ADDRESS(TASK_STACK + STACK_SIZE));
	cpu_add_stack(&f->cpu, STACK_IRQ, ADDRESS(IRQ_STACK), ADDRESS(IRQ_STACK + STACK_SIZE));
	cpu_add_stack(&f->cpu, STACK_NMI, ADDRESS(NMI_STACK), ADDRESS(NMI_STACK + STACK_SIZE));
	f->registers.cs.selector = 0x10;
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	unwind_result_clear(&f->result);
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static const struct frame *frame_at(struct fixture *f, guint i)
{
	g_assert_cmpuint(i, <, f->result.frames->len);
	return &g_array_index(f->result.frames, struct frame, i);
}

/* Walks from @pc and @sp; @expected are the PCs of the frames, with 0 at the end. */
static void assert_walk(struct fixture *f, uint64_t pc, uint64_t sp, const uint64_t *expected)
{
	f->registers.rip = pc;
	f->registers.rsp = sp;
	fake_guest_forget(&f->guest);
	unwind_result_clear(&f->result);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	unwind_cpu(&f->kernel, &f->cpu, &f->result);
	g_assert_cmpstr(f->result.stopped, ==, NULL);
	for (guint i = 0; i < f->result.frames->len; i++) {
		g_test_message("frame %u: 0x%" G_GINT64_MODIFIER "x", i, frame_at(f, i)->pc.value);
		g_assert_cmphex(frame_at(f, i)->pc.value, ==, expected[i]);
	}
	g_assert_cmphex(expected[f->result.frames->len], ==, 0);
}

/* Writes struct pt_regs at @at: the value of each register is its number. */
static void put_pt_regs(struct fixture *f, uint64_t at, uint64_t rip, uint64_t cs, uint64_t rsp)
{
	for (unsigned int i = 0; i < NUM_PT_REGS; i++)
		put_u64(f, at + 8 * i, 0x1000 + i);
	put_u64(f, at + 8 * RIP, rip);
	put_u64(f, at + 8 * CS, cs);
	put_u64(f, at + 8 * RSP, rsp);
}

static const uint64_t task_top = ADDRESS(TASK_STACK + STACK_SIZE);
static const uint64_t user_regs = ADDRESS(TASK_STACK + STACK_SIZE) - 8 * NUM_PT_REGS;

/* A system call at the bottom of the task's stack: its entry code has called inner(). */
static uint64_t put_system_call(struct fixture *f)
{
	put_pt_regs(f, user_regs, 0x401234, 0x33, 0x7ffd1000);
	put_u64(f, user_regs - 8, SYSCALL_ENTRY + 5);
	return user_regs - 8;
}

static void test_calls(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	/* outer() has pushed RBP, then has called inner(). */
	put_u64(f, sp - 8, 0xb0b);
	put_u64(f, sp - 16, OUTER + 0x20);
	assert_walk(f, INNER + 4, sp - 16,
		    (uint64_t[]){INNER + 4, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 0)->interrupted);
	g_assert_false(frame_at(f, 1)->interrupted);
	g_assert_cmpint(frame_at(f, 2)->stack, ==, STACK_TASK);
	g_assert_cmpint(frame_at(f, 3)->stack, ==, STACK_USER);
	g_assert_cmphex(frame_at(f, 3)->sp.value, ==, 0x7ffd1000);
}

static void test_kernel_thread(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, user_regs - 8, RET_FROM_FORK + 5);
	assert_walk(f, INNER, user_regs - 8, (uint64_t[]){INNER, RET_FROM_FORK + 5, 0});
}

/* The registers there would belong to user mode: the walk returns none. */
static void test_end_at_registers(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_pt_regs(f, user_regs, 0, 0, 0);
	put_u64(f, user_regs - 8, SYSCALL_ENTRY + 5);
	assert_walk(f, INNER, user_regs - 8, (uint64_t[]){INNER, SYSCALL_ENTRY + 5, 0});
}

static void test_exception(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = sp - 0x400;

	put_pt_regs(f, regs, INNER + 7, 0x10, sp);
	put_u64(f, regs - 8, EXCEPTION_ENTRY + 0x20);
	assert_walk(f, INNER, regs - 8,
		    (uint64_t[]){INNER, EXCEPTION_ENTRY + 0x20, INNER + 7, SYSCALL_ENTRY + 5,
				 0x401234, 0});
	g_assert_true(frame_at(f, 2)->interrupted);
}

static void assert_register(struct fixture *f, guint frame, const char *name, uint64_t value)
{
	uint64_t found;

	g_assert_nonnull(frame_at(f, frame)->registers);
	g_assert_true(named_register_find(frame_at(f, frame)->registers, name, &found));
	g_assert_cmphex(found, ==, value);
}

/* The frames with an interruption have the state at the fault and the state of user mode. */
static void test_registers(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = sp - 0x400;

	put_pt_regs(f, regs, INNER + 7, 0x10, sp);
	put_u64(f, regs - 8, EXCEPTION_ENTRY + 0x20);
	assert_walk(f, INNER, regs - 8,
		    (uint64_t[]){INNER, EXCEPTION_ENTRY + 0x20, INNER + 7, SYSCALL_ENTRY + 5,
				 0x401234, 0});
	g_assert_null(frame_at(f, 0)->registers);
	g_assert_null(frame_at(f, 1)->registers);
	assert_register(f, 2, "rsp", sp);
	assert_register(f, 2, "rbp", 0x1000 + RBP);
	assert_register(f, 2, "rax", 0x1000 + RAX);
	assert_register(f, 2, "r15", 0x1000 + R15);
	assert_register(f, 2, "rflags", 0x1000 + RFLAGS);
	assert_register(f, 2, "orig_rax", 0x1000 + ORIG_RAX);
	assert_register(f, 2, "cs", 0x10);
	g_assert_null(frame_at(f, 3)->registers);
	assert_register(f, 4, "rbp", 0x1000 + RBP);
}

/* The entry code has pushed nothing yet. */
static void test_exception_begins(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t hardware = sp - 0x100, value;

	put_u64(f, hardware, INNER + 7);
	put_u64(f, hardware + 8, 0x10);
	put_u64(f, hardware + 16, 0x246);
	put_u64(f, hardware + 24, sp);
	put_u64(f, hardware + 32, 0x18);
	assert_walk(f, EXCEPTION_ENTRY, hardware,
		    (uint64_t[]){EXCEPTION_ENTRY, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	assert_register(f, 1, "rsp", sp);
	assert_register(f, 1, "rflags", 0x246);
	/* The entry code may have changed the other registers. */
	g_assert_false(named_register_find(frame_at(f, 1)->registers, "rax", &value));
}

static void test_stacks(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = ADDRESS(NMI_STACK + STACK_SIZE) - 8 * NUM_PT_REGS;

	put_pt_regs(f, regs, INNER + 7, 0x10, sp);
	put_u64(f, regs - 8, NMI_ENTRY + 0x20);
	assert_walk(
		f, INNER, regs - 8,
		(uint64_t[]){INNER, NMI_ENTRY + 0x20, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_cmpint(frame_at(f, 1)->stack, ==, STACK_NMI);
	g_assert_cmpint(frame_at(f, 2)->stack, ==, STACK_TASK);
}

/* After an INT3 that is still in the code, the instruction before it counts. */
static void test_trap(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = sp - 0x400;

	put_code(f, INNER, "\xcc", 1);
	put_pt_regs(f, regs, INNER + 1, 0x10, sp);
	put_u64(f, regs - 8, TRAP_ENTRY + 0x20);
	assert_walk(
		f, OUTER, regs - 8,
		(uint64_t[]){OUTER, TRAP_ENTRY + 0x20, INNER + 1, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_false(frame_at(f, 2)->interrupted);
}

static void put_chain(struct fixture *f)
{
	f->map->orc_layout = ORC_LAYOUT_NONE;
	put_pt_regs(f, user_regs, 0x401234, 0x33, 0x7ffd1000);
	put_u64(f, task_top - 0x300, user_regs + 1); /* entry code marks its frame */
	put_u64(f, task_top - 0x2f8, SYSCALL_ENTRY + 5);
	put_u64(f, task_top - 0x400, task_top - 0x300);
	put_u64(f, task_top - 0x3f8, OUTER + 0x20);
	f->registers.rbp = task_top - 0x400;
}

static void test_wild_call(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_u64(f, sp - 8, INNER + 7);
	assert_walk(f, 0, sp - 8, (uint64_t[]){0, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	/* Without a call before it, that word may be no return address. */
	g_assert_false(frame_at(f, 1)->reliable);
	put_code(f, INNER + 5, "\xff\xd0", 2); /* call *%rax */
	assert_walk(f, 0, sp - 8, (uint64_t[]){0, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 3)->reliable);
}

/* A call through a pointer into memory of the kernel that is no code. */
static void assert_wild_call(struct fixture *f, uint64_t pc, uint64_t sp)
{
	f->registers.rbp = sp + 0x20; /* a general register, with ORC */
	assert_walk(f, pc, sp, (uint64_t[]){pc, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_true(frame_at(f, i)->reliable);
}

static void test_call_of_kernel_data(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_u64(f, sp - 8, INNER + 7);
	put_code(f, INNER + 2, "\xe8", 1);
	assert_wild_call(f, UNMAPPED, sp - 8);
	fake_guest_forbid_execution(&f->guest, FAKE_KERNEL_DATA);
	assert_wild_call(f, ADDRESS(FAKE_KERNEL_DATA), sp - 8);
	f->map->symbols[SYMBOL__end] = ADDRESS(FAKE_KERNEL_DATA); /* the same page is the heap's */
	assert_wild_call(f, ADDRESS(FAKE_KERNEL_DATA), sp - 8);
}

/* With frame pointers the function that made the call is the innermost in the chain. */
static void test_call_of_kernel_data_without_orc(struct fixture *f,
						 gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, INNER, "\x55\x48\x89\xe5", 4);
	put_code(f, INNER + 5, "\xff\xd0", 2);
	put_code(f, OUTER, "\x55\x48\x89\xe5", 4);
	put_u64(f, task_top - 0x440, INNER + 7);
	assert_walk(
		f, UNMAPPED, task_top - 0x440,
		(uint64_t[]){UNMAPPED, INNER + 7, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_true(frame_at(f, i)->reliable);
}

/* Init text is outside of _stext.._etext, and is code until the end of the boot. */
static void test_init_text(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_u64(f, sp - 8, FAKE_GUEST_IMAGE + 0x100); /* RBP of the caller */
	f->map->symbols[SYMBOL__etext] = OUTER;
	assert_walk(f, OUTER + 4, sp - 8, (uint64_t[]){OUTER + 4, SYSCALL_ENTRY + 5, 0x401234, 0});
}

static void test_retpoline(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	/* call 1f: the return address is on top of the stack. */
	put_code(f, THUNK, "\xe8\x07\x00\x00\x00", 5);
	put_u64(f, sp - 8, INNER + 7);
	assert_walk(f, THUNK, sp - 8,
		    (uint64_t[]){THUNK, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
	/* mov %rax, (%rsp): below the pushed values. */
	put_code(f, THUNK + 0xc, "\x48\x89\x04\x24", 4);
	put_u64(f, sp - 16, THUNK + 5);
	assert_walk(f, THUNK + 0xc, sp - 16,
		    (uint64_t[]){THUNK + 0xc, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
}

/* An error ends the walk and names the place. */
static void assert_stops(struct fixture *f, uint64_t pc, uint64_t sp, const char *why)
{
	f->registers.rip = pc;
	f->registers.rsp = sp;
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	unwind_cpu(&f->kernel, &f->cpu, &f->result);
	g_assert_nonnull(f->result.stopped);
	if (!strstr(f->result.stopped, why))
		g_error("\"%s\" is not in \"%s\"", why, f->result.stopped);
	unwind_result_clear(&f->result);
}

/* Writes a direct call of @function that returns to @after. */
static void put_call(struct fixture *f, uint64_t after, uint64_t function)
{
	int32_t distance = (int32_t)(function - after);

	put_code(f, after - 5, "\xe8", 1);
	put_code(f, after - 4, (const char *)&distance, sizeof(distance));
}

/* __crash_kexec() has no ORC: the return address follows a call of it. */
static void test_no_orc(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	/* outer() has called __crash_kexec(), which has called inner(). */
	put_call(f, OUTER + 0x20, NO_ORC);
	put_u64(f, sp - 16, OUTER + 0x20);
	put_u64(f, sp - 24, OUTER + 0x40); /* text, but no return address */
	put_u64(f, sp - 0x200, NO_ORC + 0x30);
	assert_walk(
		f, INNER, sp - 0x200,
		(uint64_t[]){INNER, NO_ORC + 0x30, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 4)->reliable);
	/* One that follows another call may be from an earlier one, or __crash_kexec()'s own. */
	put_code(f, OUTER + 0x3e, "\xff\xd0", 2); /* call *%rax */
	assert_walk(
		f, INNER, sp - 0x200,
		(uint64_t[]){INNER, NO_ORC + 0x30, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 1)->reliable);
	g_assert_false(frame_at(f, 2)->reliable);
}

/* The caller of a function without ORC may need RBP: the start of the function tells. */
static void test_no_orc_keeps_frame_pointer(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_call(f, BY_RBP + 0x20, NO_ORC);
	put_u64(f, sp - 8, 0xb0b);
	put_u64(f, sp - 0x40, BY_RBP + 0x20);
	put_u64(f, sp - 0x48, 0x15); /* pushed */
	put_u64(f, sp - 0x50, sp - 8);
	put_u64(f, sp - 0x100, NO_ORC + 0x60);
	/* nopl; push %r15; push %rbp; mov $1, %edx; sub $0xa8, %rsp */
	put_code(f, NO_ORC,
		 "\x0f\x1f\x44\x00\x00\x41\x57\x55\xba\x01\x00\x00\x00\x48\x81\xec\xa8\x00\x00\x00",
		 20);
	f->registers.rbp = 0x1234;
	assert_walk(
		f, INNER, sp - 0x100,
		(uint64_t[]){INNER, NO_ORC + 0x60, BY_RBP + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 4)->reliable);
	/* push %rbx, push %r15; sub $0xa8, %rsp: RBP is unchanged. */
	put_code(f, NO_ORC + 5, "\x53\x41\x57\xba\x01\x00\x00\x00", 8);
	f->registers.rbp = sp - 8;
	assert_walk(
		f, INNER, sp - 0x100,
		(uint64_t[]){INNER, NO_ORC + 0x60, BY_RBP + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	/* mov %rbp, 8(%rsp): maybe on another path. */
	put_code(f, NO_ORC + 0x30, "\x48\x89\x6c\x24\x08", 5);
	assert_stops(f, INNER, sp - 0x100, "cannot be found");
	put_code(f, NO_ORC + 0x30, "\x90", 1);
	/* Another size than that of the frame: this is no way to make it. */
	put_code(f, NO_ORC + 16, "\xb8", 1);
	assert_stops(f, INNER, sp - 0x100, "cannot be found");
}

/* clear_bhb_loop() has none, either, and calls parts of itself. */
static void test_no_orc_calls_itself(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_call(f, SYSCALL_ENTRY + 5, NO_ORC);
	put_call(f, NO_ORC + 0x10, NO_ORC + 0x40);
	put_u64(f, sp - 8, 0x7ffd2000); /* the user's RBP */
	put_u64(f, sp - 16, NO_ORC + 0x10);
	assert_walk(f, NO_ORC + 0x44, sp - 16,
		    (uint64_t[]){NO_ORC + 0x44, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 2)->reliable);
}

/* outer() has called code that the kernel has generated. */
static uint64_t put_caller_of_generated_code(struct fixture *f)
{
	uint64_t sp = put_system_call(f);

	f->map->symbols[SYMBOL__end] = ADDRESS(FAKE_KERNEL_DATA);
	put_u64(f, sp - 8, 0xb0b);
	put_u64(f, sp - 16, OUTER + 0x20);
	put_code(f, OUTER + 0x1b, "\xe8", 1);
	return sp - 16;
}

/* A program in the kernel's list: nop5; nop2; push %rbp; mov %rsp, %rbp; ... leave; ret. */
static uint64_t put_bpf(struct fixture *f)
{
	f->map->symbols[SYMBOL_bpf_kallsyms] = BPF_LIST;
	f->map->fields[FIELD_bpf_ksym_start] = 0;
	f->map->fields[FIELD_bpf_ksym_end] = 8;
	f->map->fields[FIELD_bpf_ksym_lnode] = 16;
	put_u64(f, BPF_LIST, BPF_SYMBOL + 16);
	put_u64(f, BPF_SYMBOL, BPF);
	put_u64(f, BPF_SYMBOL + 8, BPF + 0x100);
	put_u64(f, BPF_SYMBOL + 16, BPF_LIST);
	put_code(f, BPF, "\x0f\x1f\x44\x00\x00\x66\x90\x55\x48\x89\xe5", 11);
	put_code(f, BPF + 0x40, "\xc9\xc3", 2);
	return put_caller_of_generated_code(f);
}

static void assert_generated(struct fixture *f, uint64_t pc, uint64_t sp, uint64_t fp)
{
	f->registers.rbp = fp;
	assert_walk(f, pc, sp, (uint64_t[]){pc, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 3)->reliable);
}

static void test_bpf(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_bpf(f);

	put_u64(f, sp - 8, 0x1234);
	assert_generated(f, BPF, sp, 0x1234);
	assert_generated(f, BPF + 7, sp, 0x1234);
	assert_generated(f, BPF + 8, sp - 8, 0x1234);
	assert_generated(f, BPF + 0x20, sp - 0x80, sp - 8);
	assert_generated(f, BPF + 0x40, sp - 8, sp - 8);
	assert_generated(f, BPF + 0x41, sp, 0x1234);
	/* The end of a trampoline that skips the traced program: leave; add $8, %rsp. */
	put_code(f, BPF + 0x41, "\x48\x83\xc4\x08", 4);
	assert_generated(f, BPF + 0x41, sp, 0x1234);
}

/* leave, and a jump to where the kernel puts mitigations */
static void test_bpf_return_thunk(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const int32_t distance = (int32_t)(RETURN_THUNK - (BPF + 0x46));
	uint64_t sp = put_bpf(f);

	put_code(f, BPF + 0x41, "\xe9", 1);
	put_code(f, BPF + 0x42, (const char *)&distance, sizeof(distance));
	assert_generated(f, BPF + 0x41, sp, 0x1234);
}

/* The start of a traced program has called a trampoline. */
static void test_bpf_traced(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_bpf(f);

	put_u64(f, sp - 8, BPF + 5);
	f->registers.rbp = 0x1234;
	assert_walk(f, INNER, sp - 8,
		    (uint64_t[]){INNER, BPF + 5, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 4)->reliable);
}

static void test_bpf_without_prologue(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_bpf(f);

	put_u64(f, sp - 8, 0x1234);
	put_code(f, BPF + 7, "\x90", 1);
	f->registers.rbp = sp - 8;
	assert_walk(f, BPF + 0x20, sp - 8,
		    (uint64_t[]){BPF + 0x20, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_false(frame_at(f, 1)->reliable);
}

/* jmp *%r11, jmp *%rax: a fault there has the caller on top. */
static void test_its_thunk(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_caller_of_generated_code(f);

	put_code(f, ITS_THUNK, "\x41\xff\xe3\xcc", 4);
	assert_generated(f, ITS_THUNK, sp, 0x1234);
	put_code(f, ITS_THUNK, "\xff\xe0\xcc", 3);
	assert_generated(f, ITS_THUNK, sp, 0x1234);
}

/* call 1f; int3; 1: within calls that fill the return stack, ORC ignores the pushed address. */
static void test_return_stack(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);

	put_u64(f, sp - 8, INNER + 7);
	put_code(f, SWITCH + 0x10, "\xe8\x01\x00\x00\x00\xcc\xe8\x01\x00\x00\x00\xcc", 12);
	put_u64(f, sp - 16, SWITCH + 0x15);
	assert_walk(f, SWITCH + 0x16, sp - 16,
		    (uint64_t[]){SWITCH + 0x16, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
}

/* On return from error_entry(): RAX points to the registers. */
static void test_error_entry(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = sp - 0x400;

	put_pt_regs(f, regs, INNER + 7, 0x10, sp);
	put_code(f, EXCEPTION_ENTRY + 0x30, "\x48\x89\xc4", 3);
	f->registers.rax = regs;
	assert_walk(
		f, EXCEPTION_ENTRY + 0x30, regs - 0x40,
		(uint64_t[]){EXCEPTION_ENTRY + 0x30, INNER + 7, SYSCALL_ENTRY + 5, 0x401234, 0});
}

static void test_user_mode(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->registers.cpl = 3;
	assert_walk(f, 0x401234, 0x7ffd1000, (uint64_t[]){0x401234, 0});
	g_assert_cmpint(frame_at(f, 0)->stack, ==, STACK_USER);
}

/* A kernel with FRED reserves 16 bytes above the registers (TOP_OF_KERNEL_STACK_PADDING). */
static void test_end_at_registers_fred(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_pt_regs(f, user_regs - 16, 0, 0, 0);
	put_u64(f, user_regs - 24, SYSCALL_ENTRY + 5);
	assert_walk(f, INNER, user_regs - 24, (uint64_t[]){INNER, SYSCALL_ENTRY + 5, 0});
}

static void assert_chain(struct fixture *f, guint num_reliable)
{
	assert_walk(f, INNER + 0x10, task_top - 0x440,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_cmpint(frame_at(f, i)->reliable, ==, i < num_reliable);
}

/* Functions that set up a frame pointer: their frames are certain. */
static void test_clean_chain(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	/* push %rbp; mov $1, %edi; mov %rsp, %rbp */
	put_code(f, INNER, "\x55\xbf\x01\x00\x00\x00\x48\x89\xe5", 9);
	/* endbr64, and the place of a call to the tracer */
	put_code(f, OUTER, "\xf3\x0f\x1e\xfa\x0f\x1f\x44\x00\x00\x55\x48\x89\xe5", 13);
	assert_chain(f, 4);
}

/* A function without a frame pointer: its caller may be missing. */
static void test_chain_through_frameless(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, INNER, "\x55\x48\x89\xe5", 4);
	put_code(f, OUTER, "\x90\x90\x90\x90", 4);
	assert_chain(f, 2);
}

/* Interrupted in a function that may be a leaf: its caller may be missing. */
static void test_chain_from_leaf(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, OUTER, "\x55\x48\x89\xe5", 4);
	assert_chain(f, 1);
}

/*
 * In a leaf without a frame the return address is on top: certain if a call of the leaf is before
 * it.
 */
static void test_leaf(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, OUTER, "\x55\x48\x89\xe5", 4);
	put_u64(f, task_top - 0x408, OUTER + 0x20);
	f->registers.rbp = task_top - 0x300;
	assert_walk(f, INNER + 0x10, task_top - 0x408,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_false(frame_at(f, 1)->reliable);
	put_call(f, OUTER + 0x20, INNER);
	assert_walk(f, INNER + 0x10, task_top - 0x408,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	g_assert_true(frame_at(f, 1)->reliable);
}

/* At a RET the return address is on top, in every kernel. */
static void test_return(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, INNER + 0x10, "\xc3", 1);
	put_code(f, OUTER, "\x55\x48\x89\xe5", 4);
	put_u64(f, task_top - 0x408, OUTER + 0x20);
	f->registers.rbp = task_top - 0x300;
	assert_walk(f, INNER + 0x10, task_top - 0x408,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, SYSCALL_ENTRY + 5, 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_true(frame_at(f, i)->reliable);
}

/* A part that the compiler moved out of a function has no prologue of its own. */
static void test_chain_through_cold_part(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_chain(f);
	put_code(f, INNER, "\x55\x48\x89\xe5", 4);
	put_u64(f, task_top - 0x300, task_top - 0x280); /* the caller of outer() is inner() */
	put_u64(f, task_top - 0x2f8, INNER + 0x30);
	put_u64(f, task_top - 0x280, user_regs + 1);
	put_u64(f, task_top - 0x278, SYSCALL_ENTRY + 5);
	assert_walk(f, INNER + 0x10, task_top - 0x440,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, INNER + 0x30, SYSCALL_ENTRY + 5,
				 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_true(frame_at(f, i)->reliable);
}

/* From the IRQ stack to the task's, wherever these are. */
static void assert_chain_of_stacks(struct fixture *f, uint64_t irq_stack)
{
	uint64_t high = irq_stack + STACK_SIZE;

	f->cpu.stacks[1].low = gva(irq_stack);
	f->cpu.stacks[1].high = gva(high);
	put_chain(f);
	put_code(f, INNER, "\x55\x48\x89\xe5", 4);
	put_code(f, OUTER, "\x55\x48\x89\xe5", 4);
	put_u64(f, high - 0x100, task_top - 0x400);
	put_u64(f, high - 0xf8, INNER + 0x30);
	f->registers.rbp = high - 0x100;
	assert_walk(f, INNER + 0x10, high - 0x140,
		    (uint64_t[]){INNER + 0x10, INNER + 0x30, OUTER + 0x20, SYSCALL_ENTRY + 5,
				 0x401234, 0});
	for (guint i = 0; i < f->result.frames->len; i++)
		g_assert_true(frame_at(f, i)->reliable);
}

static void test_chain_of_stacks(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	assert_chain_of_stacks(f, ADDRESS(LOW_STACK));
	assert_chain_of_stacks(f, ADDRESS(IRQ_STACK));
}

static void test_scan(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->orc_layout = ORC_LAYOUT_NONE;
	put_pt_regs(f, user_regs, 0x401234, 0x33, 0x7ffd1000);
	put_u64(f, task_top - 0x300, 0x1234);
	put_u64(f, task_top - 0x2f0, OUTER + 0x20);
	assert_walk(f, INNER + 0x10, task_top - 0x300,
		    (uint64_t[]){INNER + 0x10, OUTER + 0x20, 0x401234, 0});
	g_assert_false(frame_at(f, 1)->reliable);
}

static void test_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t sp = put_system_call(f);
	uint64_t regs = sp - 0x400;

	put_u64(f, sp - 8, 0x1234);
	assert_stops(f, INNER, sp - 8, "is no return address of the kernel");
	assert_stops(f, ADDRESS(TEXT_END) + 8, sp - 8, "ORC knows no way up");
	assert_stops(f, NO_ORC + 8, sp - 8, "ORC knows no way up");
	put_u64(f, regs - 8, EXCEPTION_ENTRY + 0x20);
	put_pt_regs(f, regs, INNER, 0x10, 0x1000);
	assert_stops(f, INNER, regs - 8, "is on none of this CPU's stacks");
	put_pt_regs(f, regs, INNER, 0x10, regs);
	assert_stops(f, INNER, regs - 8, "does not lie above");
}

#define TEST(name, function)                                                                       \
	g_test_add("/unwind/" name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("calls", test_calls);
	TEST("kernel-thread", test_kernel_thread);
	TEST("end-at-registers", test_end_at_registers);
	TEST("exception", test_exception);
	TEST("registers", test_registers);
	TEST("exception-begins", test_exception_begins);
	TEST("stacks", test_stacks);
	TEST("trap", test_trap);
	TEST("wild-call", test_wild_call);
	TEST("call-of-kernel-data", test_call_of_kernel_data);
	TEST("call-of-kernel-data-without-orc", test_call_of_kernel_data_without_orc);
	TEST("init-text", test_init_text);
	TEST("retpoline", test_retpoline);
	TEST("no-orc", test_no_orc);
	TEST("no-orc-keeps-frame-pointer", test_no_orc_keeps_frame_pointer);
	TEST("no-orc-calls-itself", test_no_orc_calls_itself);
	TEST("bpf", test_bpf);
	TEST("bpf-return-thunk", test_bpf_return_thunk);
	TEST("bpf-traced", test_bpf_traced);
	TEST("bpf-without-prologue", test_bpf_without_prologue);
	TEST("its-thunk", test_its_thunk);
	TEST("return-stack", test_return_stack);
	TEST("error-entry", test_error_entry);
	TEST("user-mode", test_user_mode);
	TEST("end-at-registers-fred", test_end_at_registers_fred);
	TEST("clean-chain", test_clean_chain);
	TEST("chain-through-frameless", test_chain_through_frameless);
	TEST("leaf", test_leaf);
	TEST("chain-from-leaf", test_chain_from_leaf);
	TEST("return", test_return);
	TEST("chain-through-cold-part", test_chain_through_cold_part);
	TEST("chain-of-stacks", test_chain_of_stacks);
	TEST("scan", test_scan);
	TEST("lies", test_lies);
	return g_test_run();
}
