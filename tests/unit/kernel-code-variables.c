/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variables without a symbol: found by the functions that use them and by their sysctls; never a
 * wrong one.
 */
#include <string.h>

#include "fake_kernel.h"
#include "kernel/sysctl_table.h"
#include "kernel/x86_64/code_variables.h"

#define TEXT 0x100000u /* behind the functions of the fake kernel */
#define TEXT_END 0x110000u

/* Offsets in the image. */
#define GET_TAINT TEXT
#define TEST_TAINT (TEXT + 0x100u)
#define DIE_HEADER (TEXT + 0x200u)
#define NMI_PANIC (TEXT + 0x300u)
#define KTIME (TEXT + 0x400u)
#define NEXT (TEXT + 0x500u)
#define TAINT (FAKE_KERNEL_DATA + 0x20000u)
#define COUNTER (FAKE_KERNEL_DATA + 0x20010u)
#define OTHER (FAKE_KERNEL_DATA + 0x20018u)
#define PANIC_CPU (FAKE_KERNEL_DATA + 0x20020u)
#define TIMEKEEPER (FAKE_KERNEL_DATA + 0x20108u)
#define TABLE (FAKE_KERNEL_DATA + 0x21000u)
#define NAMES (FAKE_KERNEL_RODATA + 0x100000u)

#define KTIME_SEC 112

#define ADDRESS(offset) (FAKE_GUEST_IMAGE + (offset))

static const struct fake_symbol symbols[] = {
	{"Tget_taint", ADDRESS(GET_TAINT)},	{"Ttest_taint", ADDRESS(TEST_TAINT)},
	{"t__die_header", ADDRESS(DIE_HEADER)}, {"Tnmi_panic", ADDRESS(NMI_PANIC)},
	{"Tktime_get_seconds", ADDRESS(KTIME)}, {"tnext", ADDRESS(NEXT)},
};

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct image image;
	uint64_t at; /* the place of the next instruction */
};

static void put_u32(struct fixture *f, uint64_t offset, uint32_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

/* Adds @code; its operand is the distance of @target from the end of the instruction. */
static void add(struct fixture *f, const char *code, size_t length, uint64_t target)
{
	memcpy(fake_guest_at(&f->guest, f->at), code, length);
	f->at += length + 4;
	put_u32(f, f->at - 4, (uint32_t)(target - f->at));
}
#define ADD(f, code, target) add(f, code, sizeof(code) - 1, target)

static void put_byte(struct fixture *f, uint8_t byte)
{
	*fake_guest_at(&f->guest, f->at++) = byte;
}

#define MOV_TO_RAX "\x48\x8b\x05"
#define MOV_TO_EAX "\x8b\x05"
#define MOV_FROM_ECX "\x89\x0d"
#define BT_RDI "\x48\x0f\xa3\x3d"
#define LOCK_CMPXCHG_EDX "\xf0\x0f\xb1\x15"
#define RET 0xc3

static void put_taint(struct fixture *f)
{
	f->at = GET_TAINT;
	ADD(f, MOV_TO_RAX, TAINT);
	put_byte(f, RET);
	f->at = TEST_TAINT;
	ADD(f, BT_RDI, TAINT);
	put_byte(f, RET);
}

static void put_die_header(struct fixture *f)
{
	f->at = DIE_HEADER;
	ADD(f, MOV_TO_EAX, COUNTER);
	ADD(f, MOV_TO_EAX, OTHER);
	ADD(f, MOV_FROM_ECX, COUNTER);
	put_byte(f, RET);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, FAKE_KERNEL_LENGTH);
	fake_kernel_put(&f->guest, symbols, G_N_ELEMENTS(symbols));
	/* The padding between functions. */
	memset(fake_guest_at(&f->guest, TEXT), 0xcc, NEXT - TEXT);
	f->map = kernel_map_new();
	put_taint(f);
	put_die_header(f);
	f->at = NMI_PANIC;
	ADD(f, LOCK_CMPXCHG_EDX, PANIC_CPU);
	put_byte(f, RET);
	f->at = KTIME;
	ADD(f, MOV_TO_EAX, OTHER);
	ADD(f, MOV_TO_RAX, TIMEKEEPER + KTIME_SEC);
	put_byte(f, RET);
	put_u32(f, PANIC_CPU, UINT32_MAX);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	image_clear(&f->image);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void copy(struct fixture *f)
{
	struct mapped_run run = {gva(FAKE_GUEST_IMAGE), FAKE_KERNEL_LENGTH};
	g_autoptr(GError) error = NULL;

	image_clear(&f->image);
	fake_guest_forget(&f->guest);
	memset(f->map->symbols, 0, sizeof(f->map->symbols));
	f->map->symbols[SYMBOL__stext] = ADDRESS(0);
	f->map->symbols[SYMBOL__etext] = ADDRESS(TEXT_END);
	g_assert_true(image_copy(&f->guest.space, run, 1u << 28, &f->image, &error));
	g_assert_no_error(error);
}

static void find(struct fixture *f)
{
	g_autoptr(GError) error = NULL;

	copy(f);
	g_assert_true(kallsyms_find(&f->image, &f->map->kallsyms, &error));
	code_variables(&f->image, &f->guest.space, f->map);
}

/* @offset in the image; 0: unknown. */
static void assert_symbol(struct fixture *f, enum kernel_symbol symbol, uint64_t offset)
{
	g_assert_cmphex(f->map->symbols[symbol], ==, offset ? ADDRESS(offset) : 0);
}

static void test_found(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	find(f);
	assert_symbol(f, SYMBOL_tainted_mask, TAINT);
	assert_symbol(f, SYMBOL_die_counter, COUNTER);
	assert_symbol(f, SYMBOL_panic_cpu, PANIC_CPU);
	assert_symbol(f, SYMBOL_tk_core, 0); /* ktime_sec may be anywhere in it */
}

static void test_clock(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->fields[FIELD_timekeeper_ktime_sec] = KTIME_SEC;
	find(f);
	assert_symbol(f, SYMBOL_tk_core, TIMEKEEPER - 8);
	f->map->fields[FIELD_tk_data_timekeeper] = 24;
	find(f);
	assert_symbol(f, SYMBOL_tk_core, TIMEKEEPER - 24);
}

/* A compiler may address the variable directly and change it in one instruction. */
static void test_other_code(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	memset(fake_guest_at(&f->guest, DIE_HEADER), 0xcc, 0x100);
	f->at = DIE_HEADER;
	/* incl COUNTER */
	memcpy(fake_guest_at(&f->guest, f->at), "\xff\x04\x25", 3);
	put_u32(f, f->at + 3, (uint32_t)ADDRESS(COUNTER));
	find(f);
	assert_symbol(f, SYMBOL_die_counter, COUNTER);
}

static void test_unlike(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	/* The two functions disagree. */
	f->at = TEST_TAINT;
	ADD(f, BT_RDI, OTHER);
	find(f);
	assert_symbol(f, SYMBOL_tainted_mask, 0);
	put_taint(f);
	/* The code counts two variables. */
	f->at = DIE_HEADER + 0x20;
	ADD(f, MOV_FROM_ECX, OTHER);
	find(f);
	assert_symbol(f, SYMBOL_tainted_mask, TAINT);
	assert_symbol(f, SYMBOL_die_counter, 0);
}

static void test_not_data(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->at = NMI_PANIC;
	ADD(f, LOCK_CMPXCHG_EDX, TEXT + 0x1000); /* text */
	find(f);
	assert_symbol(f, SYMBOL_panic_cpu, 0);
	f->at = NMI_PANIC;
	ADD(f, LOCK_CMPXCHG_EDX, PANIC_CPU + 1); /* not the address of an int */
	find(f);
	assert_symbol(f, SYMBOL_panic_cpu, 0);
	f->at = NMI_PANIC;
	ADD(f, LOCK_CMPXCHG_EDX, FAKE_KERNEL_LENGTH - 2); /* past the end */
	find(f);
	assert_symbol(f, SYMBOL_panic_cpu, 0);
}

static void test_impossible(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, TAINT, 1ull << 40);
	put_u32(f, COUNTER, 0xffffff80);
	put_u32(f, PANIC_CPU, 0xcccccccc);
	find(f);
	assert_symbol(f, SYMBOL_tainted_mask, 0);
	assert_symbol(f, SYMBOL_die_counter, 0);
	assert_symbol(f, SYMBOL_panic_cpu, 0);
	/* After two oopses the first one has tainted the kernel. */
	put_u64(f, TAINT, 0);
	put_u32(f, COUNTER, 2);
	find(f);
	assert_symbol(f, SYMBOL_tainted_mask, TAINT);
	assert_symbol(f, SYMBOL_die_counter, 0);
	put_u64(f, TAINT, 1 << 7);
	find(f);
	assert_symbol(f, SYMBOL_die_counter, COUNTER);
}

/* Symbols of the symbol table are not changed. */
static void test_known(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	find(f);
	f->map->symbols[SYMBOL_die_counter] = ADDRESS(OTHER);
	code_variables(&f->image, &f->guest.space, f->map);
	assert_symbol(f, SYMBOL_die_counter, OTHER);
}

static void put_sysctl(struct fixture *f, unsigned int index, const char *name, uint64_t variable)
{
	uint64_t entry = TABLE + 64 * (uint64_t)index, text = NAMES + 64 * (uint64_t)index;

	strcpy((char *)fake_guest_at(&f->guest, text), name);
	put_u64(f, entry, ADDRESS(text));
	put_u64(f, entry + 8, ADDRESS(variable));
	put_u32(f, entry + 16, 4);
	put_u32(f, entry + 20, 0644);
}

static void test_sysctl(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_sysctl(f, 0, "panic_on_oops", OTHER);
	put_sysctl(f, 1, "panic_on_oops_or_so", COUNTER);
	put_sysctl(f, 2, "unknown_nmi_panic", PANIC_CPU);
	put_u32(f, TABLE + 64 * 2 + 16, 8); /* not an int */
	copy(f);
	sysctl_table(&f->image, f->map);
	assert_symbol(f, SYMBOL_panic_on_oops, OTHER);
	assert_symbol(f, SYMBOL_unknown_nmi_panic, 0);
	put_sysctl(f, 4, "unknown_nmi_sys_info", TAINT);
	put_u32(f, TABLE + 64 * 4 + 16, 8);
	put_sysctl(f, 3, "panic_on_oops", COUNTER);
	copy(f);
	sysctl_table(&f->image, f->map);
	assert_symbol(f, SYMBOL_panic_on_oops, 0);
	assert_symbol(f, SYMBOL_unknown_nmi_si_mask, TAINT);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *f, gconstpointer unused);
	} tests[] = {
		{"/code-variables/each variable is found by its functions", test_found},
		{"/code-variables/the clock is found if its layout is known", test_clock},
		{"/code-variables/other code with the same effect is understood", test_other_code},
		{"/code-variables/unexpected code gives no variable", test_unlike},
		{"/code-variables/an address that cannot hold the variable is rejected",
		 test_not_data},
		{"/code-variables/an impossible value of the variable is rejected",
		 test_impossible},
		{"/code-variables/a known variable is not changed", test_known},
		{"/sysctl-table/a sysctl gives its variable, unless two sysctls differ",
		 test_sysctl},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
