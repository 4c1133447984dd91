// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A guest that lies: changes one thing in the ELF dump of a Linux guest, in place.
 *
 *	lie list		prints the lies, one per line
 *	lie tell DUMP NAME	applies a lie; DUMP.undo gets the overwritten bytes
 *	lie undo DUMP		restores the dump
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/dump_file.h"
#include "hide.h"
#include "kernel/find.h"
#include "kernel/kernel.h"

struct liar {
	int fd;
	FILE *undo;
	struct dump_file *file;
	struct snapshot *snapshot;
	struct kernel_map *map;
	struct kernel kernel;
	GRand *random;
};

static void die(const char *what, const GError *error)
{
	fprintf(stderr, "lie: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
	exit(1);
}

static off_t file_offset(struct liar *liar, gpa_t address)
{
	size_t count;
	const struct guest_extent *extents =
		guest_memory_extents(dump_file_memory(liar->file), &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t offset = address.value - extents[i].start.value;

		if (offset < extents[i].length)
			return (off_t)(extents[i].file_offset + offset);
	}
	die("an address is not in the dump", NULL);
	return -1;
}

/* Overwrites bytes within one page and saves the old bytes. */
static void poke_page(struct liar *liar, gpa_t address, const void *bytes, size_t length)
{
	off_t offset = file_offset(liar, address);
	g_autofree uint8_t *old = g_malloc(length);

	if (pread(liar->fd, old, length, offset) != (ssize_t)length ||
	    fprintf(liar->undo, "%lld %zu\n", (long long)offset, length) < 0 ||
	    fwrite(old, 1, length, liar->undo) != length ||
	    pwrite(liar->fd, bytes, length, offset) != (ssize_t)length)
		die("cannot change the dump", NULL);
}

static void poke(struct liar *liar, uint64_t address, const void *bytes, size_t length)
{
	const uint8_t *from = bytes;

	while (length) {
		size_t part = MIN(length, GUEST_PAGE_SIZE - address % GUEST_PAGE_SIZE);
		struct mapping mapping;
		g_autoptr(GError) error = NULL;

		if (!address_space_translate(&liar->kernel.space, gva(address), &mapping, &error))
			die("translate", error);
		poke_page(liar, mapping.address, from, part);
		address += part;
		from += part;
		length -= part;
	}
}

static void poke_u64(struct liar *liar, uint64_t address, uint64_t value)
{
	poke(liar, address, &value, sizeof(value));
}

static void poke_u32(struct liar *liar, uint64_t address, uint32_t value)
{
	poke(liar, address, &value, sizeof(value));
}

static uint64_t peek_u64(struct liar *liar, uint64_t address)
{
	g_autoptr(GError) error = NULL;
	uint64_t value;

	if (!address_space_read_u64(&liar->kernel.space, gva(address), &value, &error))
		die("read", error);
	return value;
}

static uint64_t symbol(struct liar *liar, enum kernel_symbol which)
{
	uint64_t value = liar->map->symbols[which];

	if (!value)
		die(kernel_symbol_names()[which], NULL);
	return value;
}

static uint64_t field(struct liar *liar, enum kernel_field which)
{
	if (liar->map->fields[which] == FIELD_UNKNOWN)
		die(kernel_field_names()[which].structure, NULL);
	return (uint64_t)liar->map->fields[which];
}

static void fill(struct liar *liar, uint64_t start, uint64_t stop, int byte)
{
	size_t length = stop - start;
	g_autofree uint8_t *bytes = g_malloc(length);

	memset(bytes, byte, length);
	poke(liar, start, bytes, length);
}

static void noise(struct liar *liar, uint64_t start, uint64_t stop)
{
	size_t length = stop - start;
	g_autofree uint8_t *bytes = g_malloc(length);

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)g_rand_int(liar->random);
	poke(liar, start, bytes, length);
}

/* Overwrites some random bytes of an area. */
static void sprinkle(struct liar *liar, uint64_t start, uint64_t stop, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t at = start + g_rand_int(liar->random) % (stop - start);

		noise(liar, at, at + 1);
	}
}

/* --- the symbol table --- */

static void no_kallsyms(struct liar *liar)
{
	fill(liar, liar->map->kallsyms.token_index.value,
	     liar->map->kallsyms.token_index.value + 512, 0);
}

static void kallsyms_markers(struct liar *liar)
{
	uint64_t markers = liar->map->kallsyms.markers.value;

	noise(liar, markers, markers + 4 * (liar->map->kallsyms.num_symbols / 256));
}

static void kallsyms_names(struct liar *liar)
{
	uint64_t names = liar->map->kallsyms.names.value;

	fill(liar, names + 4096, names + 8192, 0xff);
}

static void kallsyms_offsets(struct liar *liar)
{
	uint64_t offsets = liar->map->kallsyms.offsets.value;

	sprinkle(liar, offsets, offsets + 4ull * liar->map->kallsyms.num_symbols, 500);
}

static void kallsyms_tokens(struct liar *liar)
{
	uint64_t tokens = liar->map->kallsyms.token_table.value;

	for (uint64_t at = tokens; at < tokens + 800; at++) {
		uint8_t byte;

		if (!address_space_read(&liar->kernel.space, gva(at), &byte, 1, NULL, NULL))
			die("read", NULL);
		if (byte)
			noise(liar, at, at + 1);
	}
}

static void write_names(void *user_data, gva_t start, const uint8_t *bytes, size_t length)
{
	poke(user_data, start.value, bytes, length);
}

/*
 * Like a kernel without CONFIG_KALLSYMS_ALL: the analyser finds variables by their content or not
 * at all.
 */
static void no_variables(struct liar *liar)
{
	hide_variables(liar->map, &liar->kernel.space, write_names, liar);
}

/* Overwrites all banners. */
static void no_variables_banner(struct liar *liar)
{
	uint64_t start = liar->map->image_start.value;
	g_autofree uint8_t *image = g_malloc(liar->map->image_length);
	uint8_t *at = image;

	no_variables(liar);
	if (!address_space_peek_mapped(&liar->kernel.space, liar->map->image_start, image,
				       liar->map->image_length, NULL))
		die("read", NULL);
	while ((at = memmem(at, liar->map->image_length - (size_t)(at - image), "Linux version ",
			    14))) {
		poke(liar, start + (uint64_t)(at - image), "\033[31mNetBSD", 11);
		at++;
	}
}

/* The ORC addresses are unchanged, but the ORC entries are wrong. */
static void no_variables_orc(struct liar *liar)
{
	no_variables(liar);
	noise(liar, symbol(liar, SYMBOL_orc_lookup), symbol(liar, SYMBOL_orc_lookup_end));
}

static void no_variables_btf(struct liar *liar)
{
	no_variables(liar);
	fill(liar, symbol(liar, SYMBOL___start_BTF), symbol(liar, SYMBOL___start_BTF) + 8, 0xff);
}

/* The list of modules is empty. */
static void no_variables_modules(struct liar *liar)
{
	uint64_t head = symbol(liar, SYMBOL_modules);

	no_variables(liar);
	poke_u64(liar, head, head);
	poke_u64(liar, head + 8, head);
}

/* The functions from whose code the analyser gets addresses of variables have other code. */
static void no_variables_code(struct liar *liar)
{
	static const char *const names[] = {"get_taint", "__die_header", "nmi_panic",
					    "ktime_get_seconds"};
	uint64_t functions[G_N_ELEMENTS(names)];
	g_autoptr(GError) error = NULL;

	if (!kallsyms_resolve(&liar->map->kallsyms, &liar->kernel.space, names, G_N_ELEMENTS(names),
			      functions, &error))
		die("kallsyms", error);
	no_variables(liar);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		noise(liar, functions[i], functions[i] + 16);
}

/* Two sysctls have the same name and different variables. */
static void no_variables_sysctl(struct liar *liar)
{
	uint64_t start = liar->map->image_start.value;
	g_autofree uint8_t *image = g_malloc(liar->map->image_length);
	uint8_t *at = image;

	no_variables(liar);
	if (!address_space_peek_mapped(&liar->kernel.space, liar->map->image_start, image,
				       liar->map->image_length, NULL))
		die("read", NULL);
	while ((at = memmem(at, liar->map->image_length - (size_t)(at - image), "panic_on_warn",
			    14))) {
		poke(liar, start + (uint64_t)(at - image), "panic_on_oops", 14);
		at++;
	}
}

static void no_variables_tables(struct liar *liar)
{
	uint64_t top = symbol(liar, SYMBOL_init_top_pgt);

	no_variables(liar);
	poke_u64(liar, top + 8 * 511, 0);
}

static void banner(struct liar *liar)
{
	poke(liar, symbol(liar, SYMBOL_linux_banner), "\033[31mNetBSD", 11);
}

/* --- ORC --- */

static void orc_noise(struct liar *liar)
{
	noise(liar, symbol(liar, SYMBOL___start_orc_unwind),
	      symbol(liar, SYMBOL___stop_orc_unwind));
}

static void orc_places(struct liar *liar)
{
	uint64_t ips = symbol(liar, SYMBOL___start_orc_unwind_ip);

	noise(liar, ips, ips + 4 * liar->map->num_orcs);
}

/* Every frame leads to itself. */
static void orc_loop(struct liar *liar)
{
	uint64_t entries = symbol(liar, SYMBOL___start_orc_unwind);
	g_autofree uint8_t *bytes = g_malloc(6 * liar->map->num_orcs);

	if (!address_space_peek(&liar->kernel.space, gva(entries), bytes, 6 * liar->map->num_orcs,
				NULL))
		die("read", NULL);
	for (uint64_t i = 0; i < liar->map->num_orcs; i++)
		bytes[6 * i] = bytes[6 * i + 1] = 0;
	poke(liar, entries, bytes, 6 * liar->map->num_orcs);
}

static void orc_lookup(struct liar *liar)
{
	noise(liar, symbol(liar, SYMBOL_orc_lookup), symbol(liar, SYMBOL_orc_lookup_end));
}

/* --- modules --- */

static uint64_t first_module(struct liar *liar)
{
	return peek_u64(liar, symbol(liar, SYMBOL_modules)) - field(liar, FIELD_module_list);
}

static void modules_loop(struct liar *liar)
{
	uint64_t list = first_module(liar) + field(liar, FIELD_module_list);

	poke_u64(liar, list, list);
}

static void modules_wild(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_modules), 0x4141414141414141);
}

static void modules_symbols(struct liar *liar)
{
	uint64_t kallsyms = peek_u64(liar, first_module(liar) + field(liar, FIELD_module_kallsyms));

	poke_u32(liar, kallsyms + field(liar, FIELD_mod_kallsyms_num_symtab), 0xffffffff);
}

static void modules_everywhere(struct liar *liar)
{
	uint64_t core = first_module(liar) + field(liar, FIELD_module_core_layout);

	poke_u64(liar, core + field(liar, FIELD_module_layout_base), 0xffffffff00000000);
	poke_u32(liar, core + field(liar, FIELD_module_layout_text_size), 0xffffffff);
}

static void modules_escapes(struct liar *liar)
{
	poke(liar, first_module(liar) + field(liar, FIELD_module_name), "\033]0;owned\a\n\377", 12);
}

static void modules_orc(struct liar *liar)
{
	uint64_t arch = first_module(liar) + field(liar, FIELD_module_arch);

	poke_u32(liar, arch + field(liar, FIELD_module_arch_num_orcs), 0xffffffff);
}

/* --- CPUs and tasks --- */

static void percpu_offsets(struct liar *liar)
{
	uint64_t table = symbol(liar, SYMBOL___per_cpu_offset);

	noise(liar, table, table + 64);
}

static void cpu_count(struct liar *liar)
{
	poke_u32(liar, symbol(liar, SYMBOL_nr_cpu_ids), 0xffffffff);
}

static uint64_t current_task(struct liar *liar)
{
	uint64_t percpu = peek_u64(liar, symbol(liar, SYMBOL___per_cpu_offset));

	return peek_u64(liar, percpu + symbol(liar, SYMBOL_current_task));
}

static void current_wild(struct liar *liar)
{
	uint64_t percpu = peek_u64(liar, symbol(liar, SYMBOL___per_cpu_offset));

	poke_u64(liar, percpu + symbol(liar, SYMBOL_current_task), 0xffff888041414141);
}

static void task_stack(struct liar *liar)
{
	poke_u64(liar, current_task(liar) + field(liar, FIELD_task_stack), 0xffffffffffffc000);
}

static void task_escapes(struct liar *liar)
{
	poke(liar, current_task(liar) + field(liar, FIELD_task_comm),
	     "\033[2J\r\n\xe2\x80\xae\377abc", 14);
}

/* A stack full of return addresses: the longest possible chain. */
static void full_stack(struct liar *liar)
{
	uint64_t low = peek_u64(liar, current_task(liar) + field(liar, FIELD_task_stack));

	for (uint64_t at = low; at < low + 0x4000; at += 8)
		poke_u64(liar, at, symbol(liar, SYMBOL_ret_from_fork) + 8);
}

static void stack_noise(struct liar *liar)
{
	uint64_t low = peek_u64(liar, current_task(liar) + field(liar, FIELD_task_stack));

	noise(liar, low, low + 0x4000);
}

/* The descriptor table has a wrong TSS: its stacks are anywhere. */
static void gdt_noise(struct liar *liar)
{
	const struct vcpu_registers *vcpu =
		&g_array_index(dump_file_registers(liar->file), struct vcpu_registers, 0);

	noise(liar, vcpu->gdt.base + 64, vcpu->gdt.base + 80);
}

/* --- the scheduler, clocks, locks --- */

static uint64_t percpu(struct liar *liar, unsigned int cpu, enum kernel_symbol which)
{
	return peek_u64(liar, symbol(liar, SYMBOL___per_cpu_offset) + 8 * cpu) +
	       symbol(liar, which);
}

/* Times in the future, and too many tasks. */
static void schedule_future(struct liar *liar)
{
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		uint64_t rq = percpu(liar, cpu, SYMBOL_runqueues);

		poke_u64(liar, rq + field(liar, FIELD_rq_clock), INT64_MAX);
		poke_u32(liar, rq + field(liar, FIELD_rq_nr_running), UINT32_MAX);
		poke_u64(liar,
			 percpu(liar, cpu, SYMBOL_tick_cpu_sched) +
				 field(liar, FIELD_tick_sched_last_tick_jiffies),
			 UINT64_MAX);
		poke_u64(liar, percpu(liar, cpu, SYMBOL_watchdog_touch_ts), UINT64_MAX);
	}
	poke_u64(liar, symbol(liar, SYMBOL_jiffies_64), UINT64_MAX / 2);
}

static void timekeeper_noise(struct liar *liar)
{
	uint64_t core = symbol(liar, SYMBOL_tk_core);

	noise(liar, core, core + 512);
}

/* All nodes are in use, and each has a node of another CPU as its next node. */
static void lock_nodes(struct liar *liar)
{
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		uint64_t nodes = percpu(liar, cpu, SYMBOL_qnodes);

		for (unsigned int i = 0; i < 4; i++)
			poke_u64(liar, nodes + 32 * i, percpu(liar, !cpu, SYMBOL_qnodes));
		poke_u32(liar, nodes + 12, UINT32_MAX);
	}
}

/* --- strings of the kernel --- */

static void command_line_wild(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_saved_command_line), 0x4141414141414141);
}

/* The command line is machine code, which has control characters. */
static void command_line_code(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_saved_command_line), symbol(liar, SYMBOL__stext));
}

static void notes_sizes(struct liar *liar)
{
	uint64_t notes = symbol(liar, SYMBOL___start_notes);

	poke_u32(liar, notes, UINT32_MAX - 2);
	poke_u32(liar, notes + 4, UINT32_MAX - 2);
}

static void livepatch_wild(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_klp_patches), 0x4141414141414141);
}

/* A patch whose next patch is itself, in an otherwise unused page. */
static void livepatch_loop(struct liar *liar)
{
	uint64_t patch = peek_u64(liar, symbol(liar, SYMBOL_vmcoreinfo_data)) + 2048;
	uint64_t list = patch + field(liar, FIELD_klp_patch_list);

	poke_u64(liar, patch + field(liar, FIELD_klp_patch_mod), first_module(liar));
	poke_u64(liar, list, list);
	poke_u64(liar, symbol(liar, SYMBOL_klp_patches), list);
}

/* --- the log --- */

static uint64_t ring(struct liar *liar)
{
	return peek_u64(liar, symbol(liar, SYMBOL_prb));
}

static void log_pointer(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_prb), 0x8);
}

static void log_counts(struct liar *liar)
{
	poke_u32(liar, ring(liar), 0x7fffffff);
}

static void log_ids(struct liar *liar)
{
	noise(liar, ring(liar) + 24, ring(liar) + 40);
}

static void log_noise(struct liar *liar)
{
	uint64_t descs = peek_u64(liar, ring(liar) + 8);
	uint64_t infos = peek_u64(liar, ring(liar) + 16);

	sprinkle(liar, descs, descs + 24 * 1024, 4000);
	sprinkle(liar, infos, infos + 88 * 1024, 4000);
}

static void vmcoreinfo_noise(struct liar *liar)
{
	uint64_t text = peek_u64(liar, symbol(liar, SYMBOL_vmcoreinfo_data));

	noise(liar, text, text + 4096);
}

static void vmcoreinfo_size(struct liar *liar)
{
	poke_u64(liar, symbol(liar, SYMBOL_vmcoreinfo_size), UINT64_MAX - 7);
}

static void vmcoreinfo_values(struct liar *liar)
{
	uint64_t text = peek_u64(liar, symbol(liar, SYMBOL_vmcoreinfo_data));
	char line[4097] = "";

	if (!address_space_read(&liar->kernel.space, gva(text), line, 4096, NULL, NULL))
		die("read", NULL);
	for (char *at = line; (at = strstr(at, "printk_info.")); at++) {
		char *value = strchr(at, '=');

		if (!value)
			return;
		poke(liar, text + (uint64_t)(value + 1 - line), "9", 1);
	}
}

/* --- BTF --- */

static void no_btf(struct liar *liar)
{
	fill(liar, symbol(liar, SYMBOL___start_BTF), symbol(liar, SYMBOL___stop_BTF), 0);
}

static void btf_header(struct liar *liar)
{
	uint64_t start = symbol(liar, SYMBOL___start_BTF);

	noise(liar, start + 4, start + 24);
}

static void btf_types(struct liar *liar)
{
	uint64_t start = symbol(liar, SYMBOL___start_BTF);

	sprinkle(liar, start + 24, start + (2u << 20), 300);
}

static void btf_strings(struct liar *liar)
{
	uint64_t stop = symbol(liar, SYMBOL___stop_BTF);

	fill(liar, stop - (1u << 20), stop, 'x');
}

/* --- tracing --- */

static void ftrace_loop(struct liar *liar)
{
	uint64_t ops = peek_u64(liar, symbol(liar, SYMBOL_ftrace_ops_list));

	poke_u64(liar, ops + field(liar, FIELD_ftrace_ops_next), ops);
	poke_u64(liar, ops + field(liar, FIELD_ftrace_ops_trampoline), 0xffffffff00000000);
	poke_u64(liar, ops + field(liar, FIELD_ftrace_ops_trampoline_size), UINT32_MAX);
}

/* --- page tables --- */

static uint64_t table_entry(struct liar *liar, unsigned int i)
{
	uint64_t entry;

	if (!snapshot_read(liar->snapshot, gpa_add(liar->map->root, 8 * i), &entry, 8, NULL, NULL))
		die("read", NULL);
	return entry;
}

static void poke_root(struct liar *liar, unsigned int i, uint64_t entry)
{
	poke_page(liar, gpa_add(liar->map->root, 8 * i), &entry, sizeof(entry));
}

/* The root page table maps itself for the kernel half, except for the kernel image. */
static void paging_loop(struct liar *liar)
{
	for (unsigned int i = 256; i < 511; i++) {
		if (!(table_entry(liar, i) & 1))
			poke_root(liar, i, liar->map->root.value | 0x63);
	}
}

/* The last table of the image maps one page repeatedly: an image of 1 GiB. */
static void endless_image(struct liar *liar)
{
	uint64_t third = table_entry(liar, 511) & 0xffffffffff000ull, second;
	uint64_t entry = liar->map->root.value | 0x63;

	if (!snapshot_read(liar->snapshot, gpa(third + 8 * 510), &second, 8, NULL, NULL))
		die("read", NULL);
	second &= 0xffffffffff000ull;
	for (unsigned int i = 0; i < 512; i++) {
		uint64_t old;

		if (!snapshot_read(liar->snapshot, gpa(second + 8 * i), &old, 8, NULL, NULL))
			die("read", NULL);
		if (!(old & 1))
			poke_page(liar, gpa(second + 8 * i), &entry, sizeof(entry));
	}
}

/* --- everything --- */

static void image_noise(struct liar *liar)
{
	uint64_t end = symbol(liar, SYMBOL__end);
	uint64_t start = symbol(liar, SYMBOL__etext);

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t at = start + g_rand_int(liar->random) % (end - start);
		struct mapping mapping;

		if (address_space_translate(&liar->kernel.space, gva(at), &mapping, NULL))
			noise(liar, at, at + 1);
	}
}

static const struct lie {
	const char *name;
	void (*tell)(struct liar *liar);
} lies[] = {
	{"no-kallsyms", no_kallsyms},
	{"kallsyms-markers", kallsyms_markers},
	{"kallsyms-names", kallsyms_names},
	{"kallsyms-offsets", kallsyms_offsets},
	{"kallsyms-tokens", kallsyms_tokens},
	{"banner", banner},
	{"no-variables", no_variables},
	{"no-variables-banner", no_variables_banner},
	{"no-variables-orc", no_variables_orc},
	{"no-variables-btf", no_variables_btf},
	{"no-variables-modules", no_variables_modules},
	{"no-variables-code", no_variables_code},
	{"no-variables-sysctl", no_variables_sysctl},
	{"no-variables-tables", no_variables_tables},
	{"orc-noise", orc_noise},
	{"orc-places", orc_places},
	{"orc-loop", orc_loop},
	{"orc-lookup", orc_lookup},
	{"modules-loop", modules_loop},
	{"modules-wild", modules_wild},
	{"modules-symbols", modules_symbols},
	{"modules-everywhere", modules_everywhere},
	{"modules-escapes", modules_escapes},
	{"modules-orc", modules_orc},
	{"percpu-offsets", percpu_offsets},
	{"cpu-count", cpu_count},
	{"current-wild", current_wild},
	{"task-stack", task_stack},
	{"task-escapes", task_escapes},
	{"full-stack", full_stack},
	{"stack-noise", stack_noise},
	{"gdt-noise", gdt_noise},
	{"schedule-future", schedule_future},
	{"timekeeper-noise", timekeeper_noise},
	{"lock-nodes", lock_nodes},
	{"command-line-wild", command_line_wild},
	{"command-line-code", command_line_code},
	{"notes-sizes", notes_sizes},
	{"livepatch-wild", livepatch_wild},
	{"livepatch-loop", livepatch_loop},
	{"log-pointer", log_pointer},
	{"log-counts", log_counts},
	{"log-ids", log_ids},
	{"log-noise", log_noise},
	{"vmcoreinfo-noise", vmcoreinfo_noise},
	{"vmcoreinfo-size", vmcoreinfo_size},
	{"vmcoreinfo-values", vmcoreinfo_values},
	{"no-btf", no_btf},
	{"btf-header", btf_header},
	{"btf-types", btf_types},
	{"btf-strings", btf_strings},
	{"ftrace-loop", ftrace_loop},
	{"paging-loop", paging_loop},
	{"endless-image", endless_image},
	{"image-noise", image_noise},
};

static void liar_init(struct liar *liar, const char *path, const char *undo)
{
	g_autoptr(GError) error = NULL;

	*liar = (struct liar){
		.fd = open(path, O_RDWR | O_CLOEXEC),
		.undo = fopen(undo, "we"),
		.random = g_rand_new_with_seed(3),
	};
	if (liar->fd < 0 || !liar->undo)
		die(path, NULL);
	liar->file = dump_file_open(liar->fd, &error);
	if (!liar->file)
		die(path, error);
	liar->snapshot = snapshot_new(dump_file_memory(liar->file), 1 << 16);
	liar->map = kernel_find(liar->snapshot, dump_file_registers(liar->file), &error);
	if (!liar->map)
		die(path, error);
	kernel_init(&liar->kernel, liar->map, liar->snapshot);
}

static void liar_clear(struct liar *liar)
{
	if (fclose(liar->undo))
		die("cannot write what to undo", NULL);
	g_rand_free(liar->random);
	kernel_clear(&liar->kernel);
	kernel_map_free(liar->map);
	snapshot_free(liar->snapshot);
	dump_file_free(liar->file);
	close(liar->fd);
}

static int tell(const char *path, const char *undo, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		struct liar liar;

		if (strcmp(lies[i].name, name))
			continue;
		liar_init(&liar, path, undo);
		lies[i].tell(&liar);
		liar_clear(&liar);
		return 0;
	}
	fprintf(stderr, "lie: no lie is called %s\n", name);
	return 2;
}

/* Undoes the last change first, because later changes may overlap earlier ones. */
static int take_back(const char *path, const char *undo)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	g_autofree char *text = NULL;
	g_autoptr(GPtrArray) changes = g_ptr_array_new();
	gsize length;

	if (fd < 0 || !g_file_get_contents(undo, &text, &length, NULL))
		die(undo, NULL);
	for (char *at = text; at < text + length;) {
		char *next;

		g_ptr_array_add(changes, at);
		strtoll(at, &next, 10);
		at = next;
		size_t count = strtoul(at, &next, 10);
		at = next + 1 + count;
	}
	for (guint i = changes->len; i-- > 0;) {
		char *at = g_ptr_array_index(changes, i);
		off_t offset = strtoll(at, &at, 10);
		size_t count = strtoul(at, &at, 10);

		if (pwrite(fd, at + 1, count, offset) != (ssize_t)count)
			die("cannot undo", NULL);
	}
	close(fd);
	unlink(undo);
	return 0;
}

int main(int argc, char **argv)
{
	g_autofree char *undo = argc > 2 ? g_strconcat(argv[2], ".undo", NULL) : NULL;

	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (size_t i = 0; i < G_N_ELEMENTS(lies); i++)
			puts(lies[i].name);
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "tell"))
		return tell(argv[2], undo, argv[3]);
	if (argc == 3 && !strcmp(argv[1], "undo"))
		return take_back(argv[2], undo);
	fprintf(stderr, "lie: see the head of tests/hostile/lie.c\n");
	return 2;
}
