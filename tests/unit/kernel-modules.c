/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of modules, their addresses and their symbols; also malformed lists and tables. */
#include "kernel/modules.h"

#include <elf.h>
#include <string.h>

#include "fake_tables.h"

/* Offsets in the image. */
#define HEAD 0x1000u
#define MODULE(i) (0x2000u + 0x400u * (i))
#define KALLSYMS 0x8000u
#define SYMTAB 0x9000u
#define STRTAB 0xa000u
#define TEXT(i) (0x100000u + 0x10000u * (i))
#define INIT_TEXT 0x180000u
#define RODATA 0x190000u

/* Offsets in struct module and in its parts. */
#define STATE 0
#define LIST 8
#define NAME 24
#define TAINTS 96
#define ADDRESS_OF_KALLSYMS 104
#define MEM 128
#define MEM_SIZE 48
#define CORE_LAYOUT 128
#define INIT_LAYOUT 192
#define ARCH 512

static void set_up(struct fake_tables *f, gconstpointer unused)
{
	int32_t *fields;

	fake_tables_set_up(f, unused);
	fields = f->map->fields;
	f->map->symbols[SYMBOL_modules] = ADDRESS(HEAD);
	fields[FIELD_module_list] = LIST;
	fields[FIELD_module_state] = STATE;
	fields[FIELD_module_name] = NAME;
	fields[FIELD_module_taints] = TAINTS;
	fields[FIELD_module_kallsyms] = ADDRESS_OF_KALLSYMS;
	fields[FIELD_module_mem] = MEM;
	fields[SIZE_module_memory] = MEM_SIZE;
	fields[FIELD_module_memory_base] = 0;
	fields[FIELD_module_memory_size] = 8;
	fields[FIELD_module_arch] = ARCH;
	fields[FIELD_module_arch_num_orcs] = 0;
	fields[FIELD_module_arch_orc_ip] = 8;
	fields[FIELD_module_arch_orc] = 16;
	fields[FIELD_mod_kallsyms_symtab] = 0;
	fields[FIELD_mod_kallsyms_num_symtab] = 8;
	fields[FIELD_mod_kallsyms_strtab] = 16;
	put_u64(f, HEAD, ADDRESS(HEAD));
}

/* Up to 6.3. */
static void set_up_layouts(struct fake_tables *f, gconstpointer unused)
{
	int32_t *fields;

	set_up(f, unused);
	fields = f->map->fields;
	fields[FIELD_module_mem] = FIELD_UNKNOWN;
	fields[FIELD_module_core_layout] = CORE_LAYOUT;
	fields[FIELD_module_init_layout] = INIT_LAYOUT;
	fields[FIELD_module_layout_base] = 0;
	fields[FIELD_module_layout_size] = 8;
	fields[FIELD_module_layout_text_size] = 12;
}

static void put_memory(struct fake_tables *f, unsigned int i, unsigned int type, uint64_t base,
		       uint32_t size)
{
	put_u64(f, MODULE(i) + MEM + type * MEM_SIZE, base);
	put_u32(f, MODULE(i) + MEM + type * MEM_SIZE + 8, size);
}

static void put_module(struct fake_tables *f, unsigned int i, const char *name)
{
	put_u64(f, i ? MODULE(i - 1) + LIST : HEAD, ADDRESS(MODULE(i) + LIST));
	put_u64(f, MODULE(i) + LIST, ADDRESS(HEAD));
	put_text(f, MODULE(i) + NAME, name);
	put_memory(f, i, 0, ADDRESS(TEXT(i)), 0x2000);
	put_u64(f, MODULE(i) + ADDRESS_OF_KALLSYMS, ADDRESS(KALLSYMS));
}

static const struct kernel_module *load(struct fake_tables *f, guint expected)
{
	g_autoptr(GError) error = NULL;

	fake_tables_read_afresh(f);
	g_assert_true(modules_load(&f->kernel, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(f->kernel.modules->len, ==, expected);
	return (const struct kernel_module *)(void *)f->kernel.modules->data;
}

static void assert_fails(struct fake_tables *f, const char *message, guint kept)
{
	g_autoptr(GError) error = NULL;

	fake_tables_read_afresh(f);
	g_assert_false(modules_load(&f->kernel, &error));
	g_assert_nonnull(strstr(error->message, message));
	g_assert_cmpuint(f->kernel.modules ? f->kernel.modules->len : 0, ==, kept);
}

static void test_list(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct kernel_module *modules;

	load(f, 0);
	put_module(f, 0, "one");
	put_module(f, 1, "two");
	put_u64(f, MODULE(1) + TAINTS, 0x1000);
	put_u32(f, MODULE(1) + ARCH, 77);
	put_u64(f, MODULE(1) + ARCH + 8, ADDRESS(RODATA));
	put_u64(f, MODULE(1) + ARCH + 16, ADDRESS(RODATA + 0x200));
	modules = load(f, 2);
	g_assert_cmpstr(modules[0].name, ==, "one");
	g_assert_cmphex(modules[0].taints.value, ==, 0);
	g_assert_cmpstr(modules[1].name, ==, "two");
	g_assert_cmphex(modules[1].taints.value, ==, 0x1000);
	g_assert_cmpuint(modules[1].orc.num_entries, ==, 77);
	g_assert_cmphex(modules[1].orc.ips.value, ==, ADDRESS(RODATA));
	g_assert_cmphex(modules[1].orc.entries.value, ==, ADDRESS(RODATA + 0x200));
	g_assert_true(modules_find_name(f->kernel.modules, "two") == &modules[1]);
	g_assert_null(modules_find_name(f->kernel.modules, "three"));
}

/* A module that is still loading has no readable content. */
static void test_unformed(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_module(f, 0, "one");
	put_module(f, 1, "two");
	put_u32(f, MODULE(0) + STATE, 3);
	g_assert_cmpstr(load(f, 1)->name, ==, "two");
}

static void test_memory(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct kernel_module *modules;

	put_module(f, 0, "one");
	put_memory(f, 0, 2, ADDRESS(RODATA), 0x300);
	put_memory(f, 0, 4, ADDRESS(INIT_TEXT), 0x400);
	modules = load(f, 1);
	g_assert_cmpuint(modules->total_size, ==, 0x2700);
	g_assert_true(modules_find(f->kernel.modules, gva(ADDRESS(TEXT(0) + 0x1fff))) == modules);
	g_assert_true(modules_find(f->kernel.modules, gva(ADDRESS(INIT_TEXT))) == modules);
	/* Its end, the byte before it, and data. */
	g_assert_null(modules_find(f->kernel.modules, gva(ADDRESS(TEXT(0) + 0x2000))));
	g_assert_null(modules_find(f->kernel.modules, gva(ADDRESS(TEXT(0) - 1))));
	g_assert_null(modules_find(f->kernel.modules, gva(ADDRESS(RODATA))));
	/* Init memory is freed: its base becomes 0, its size stays. */
	put_memory(f, 0, 4, 0, 0x400);
	load(f, 1);
	g_assert_null(modules_find(f->kernel.modules, gva(ADDRESS(INIT_TEXT))));
	g_assert_null(modules_find(f->kernel.modules, gva(0x10)));
}

static void test_layouts(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct kernel_module *modules;

	put_module(f, 0, "one");
	put_u64(f, MODULE(0) + CORE_LAYOUT, ADDRESS(TEXT(0)));
	put_u32(f, MODULE(0) + CORE_LAYOUT + 8, 0x5000);
	put_u32(f, MODULE(0) + CORE_LAYOUT + 12, 0x3000);
	put_u64(f, MODULE(0) + INIT_LAYOUT, ADDRESS(INIT_TEXT));
	put_u32(f, MODULE(0) + INIT_LAYOUT + 12, 0x800);
	modules = load(f, 1);
	g_assert_cmpuint(modules->total_size, ==, 0x5000);
	g_assert_true(modules_find(f->kernel.modules, gva(ADDRESS(TEXT(0) + 0x2fff))) == modules);
	g_assert_null(modules_find(f->kernel.modules, gva(ADDRESS(TEXT(0) + 0x3000))));
	g_assert_true(modules_find(f->kernel.modules, gva(ADDRESS(INIT_TEXT + 0x7ff))) == modules);
}

static void put_symbol(struct fake_tables *f, unsigned int i, uint32_t name, uint64_t value,
		       uint16_t section)
{
	const Elf64_Sym symbol = {.st_name = name, .st_value = value, .st_shndx = section};

	memcpy(fake_guest_at(&f->guest, SYMTAB + i * sizeof(symbol)), &symbol, sizeof(symbol));
	put_u32(f, KALLSYMS + 8, i + 1);
}

static void put_symbols(struct fake_tables *f)
{
	put_u64(f, KALLSYMS, ADDRESS(SYMTAB));
	put_u64(f, KALLSYMS + 16, ADDRESS(STRTAB));
	put_text(f, STRTAB + 1, "first");
	put_text(f, STRTAB + 16, "second");
	put_text(f, STRTAB + 32, "$x");
	put_text(f, STRTAB + 48, "printk");
	put_symbol(f, 1, 16, ADDRESS(TEXT(0) + 0x100), 1);
	put_symbol(f, 2, 1, ADDRESS(TEXT(0) + 0x40), 1);
	put_symbol(f, 3, 32, ADDRESS(TEXT(0) + 0x120), 1);
	put_symbol(f, 4, 48, ADDRESS(TEXT(0) + 0x130), SHN_UNDEF);
}

static void assert_resolves(struct fake_tables *f, uint64_t offset, const char *expected)
{
	struct resolved_symbol symbol = {0};
	g_autofree char *text = NULL;

	modules_resolve(&f->kernel, gva(ADDRESS(offset)), &symbol);
	text = symbol.module ? resolved_symbol_text(&symbol, 0) : NULL;
	g_assert_cmpstr(text, ==, expected);
	resolved_symbol_clear(&symbol);
}

/* Undefined symbols and the assembler's marks are not names. */
static void test_symbols(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct kernel_module *module;
	gva_t address;

	put_module(f, 0, "one");
	put_symbols(f);
	module = load(f, 1);
	assert_resolves(f, TEXT(0) + 0x44, "first+0x4/0xc0 [one]");
	assert_resolves(f, TEXT(0) + 0x140, "second+0x40/0x1f00 [one]");
	assert_resolves(f, TEXT(1), NULL);
	g_assert_true(module_find_symbol(&f->kernel, module, "second", &address, NULL));
	g_assert_cmphex(address.value, ==, ADDRESS(TEXT(0) + 0x100));
	g_assert_false(module_find_symbol(&f->kernel, module, "printk", &address, NULL));
	g_assert_false(module_find_symbol(&f->kernel, module, "third", &address, NULL));
}

/* The module is known, but none of its symbols is valid. */
static void test_symbols_that_lie(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct resolved_symbol symbol = {0};
	g_autoptr(GError) error = NULL;
	gva_t address;

	put_module(f, 0, "one");
	put_symbols(f);
	put_u32(f, KALLSYMS + 8, 0xffffffff);
	load(f, 1);
	modules_resolve(&f->kernel, gva(ADDRESS(TEXT(0) + 0x44)), &symbol);
	g_assert_cmpstr(symbol.module, ==, "one");
	g_assert_null(symbol.name);
	resolved_symbol_clear(&symbol);
	g_assert_false(module_find_symbol(&f->kernel, modules_find_name(f->kernel.modules, "one"),
					  "first", &address, &error));
	g_assert_nonnull(strstr(error->message, "claims to have 4294967295 symbols"));
}

static void test_lies(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_module(f, 0, "one");
	put_u64(f, MODULE(0) + LIST, 0x4141414141414141);
	assert_fails(f, "0x4141", 1);
	put_u64(f, MODULE(0) + LIST, ADDRESS(MODULE(0) + LIST));
	assert_fails(f, "does not end", 4096);
	f->map->fields[FIELD_module_list] = FIELD_UNKNOWN;
	assert_fails(f, "layout of struct module is not known", 0);
}

/* No list and no user of a list: the kernel has no modules. */
static void test_without_modules(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_modules] = 0;
	load(f, 0);
	f->map->symbols[SYMBOL___module_address] = ADDRESS(0x10);
	assert_fails(f, "no symbol modules", 0);
}

#define TEST(name, setting, function)                                                              \
	g_test_add("/modules/" name, struct fake_tables, NULL, setting, function,                  \
		   fake_tables_tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("list", set_up, test_list);
	TEST("unformed", set_up, test_unformed);
	TEST("memory", set_up, test_memory);
	TEST("layouts", set_up_layouts, test_layouts);
	TEST("symbols", set_up, test_symbols);
	TEST("symbols-that-lie", set_up, test_symbols_that_lie);
	TEST("lies", set_up, test_lies);
	TEST("without-modules", set_up, test_without_modules);
	return g_test_run();
}
