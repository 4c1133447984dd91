// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ways DUMP: finds the kernel in an ELF dump of a Linux guest several times, each time with fewer
 * hints. Prints one line per way: its name, "found" or the error, and the time in milliseconds.
 * Each way must find the same kernel with the same page tables; the exit status tells this. The
 * last way removes the names of all variables, as in a kernel without CONFIG_KALLSYMS_ALL. It
 * prints the variables that are not found; the others must have the addresses of the symbol table.
 * Then it infers the layouts of a task, of pcpu_hot and of a module without BTF, and reads the log
 * without VMCOREINFO.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../hostile/hide.h"
#include "guest/dump_file.h"
#include "kernel/build-id.h"
#include "kernel/find.h"
#include "kernel/hot_layout.h"
#include "kernel/module_layout.h"
#include "kernel/printk.h"
#include "kernel/task_layout.h"
#include "kernel/vmcoreinfo.h"

#define MAX_PAGES 65536
#define LOW_MEMORY (1u << 20)
#define CR0_PAGING (1ull << 31)
#define CR3_USER_BIT (1ull << 12)

struct dump {
	struct dump_file *file;
	bool hide_low_memory;
	GHashTable *changed; /* pages by address; NULL: none */
};

/* Replaces bytes of the read memory by changed pages. */
static void overlay(const struct dump *dump, gpa_t address, uint8_t *buffer, size_t length)
{
	while (length > 0) {
		uint64_t page = address.value & GUEST_PAGE_MASK;
		size_t offset = address.value - page;
		size_t part = MIN(length, GUEST_PAGE_SIZE - offset);
		const uint8_t *bytes = g_hash_table_lookup(dump->changed, GSIZE_TO_POINTER(page));

		if (bytes)
			memcpy(buffer, bytes + offset, part);
		address = gpa_add(address, part);
		buffer += part;
		length -= part;
	}
}

static bool read_dump(void *user_data, gpa_t address, void *buffer, size_t length, GError **error)
{
	struct dump *dump = user_data;

	if (!guest_memory_read(dump_file_memory(dump->file), address, buffer, length, error))
		return false;
	if (dump->hide_low_memory && address.value < LOW_MEMORY)
		memset(buffer, 0, MIN(length, LOW_MEMORY - address.value));
	if (dump->changed)
		overlay(dump, address, buffer, length);
	return true;
}

static void no_idt(struct vcpu_registers *vcpu)
{
	vcpu->idt.base = 0;
	vcpu->idt.limit = 0;
}

/*
 * A vCPU in user mode with page-table isolation. Without isolation this bit leads to an arbitrary
 * page.
 */
static void in_user_mode(struct vcpu_registers *vcpu)
{
	no_idt(vcpu);
	vcpu->cpl = 3;
	vcpu->rip = 0x401000;
	vcpu->cr3 |= CR3_USER_BIT;
}

/* A vCPU that runs a nested guest or firmware. */
static void foreign(struct vcpu_registers *vcpu)
{
	in_user_mode(vcpu);
	vcpu->cr3 = 0x5000;
}

static void not_paging(struct vcpu_registers *vcpu)
{
	foreign(vcpu);
	vcpu->cr0 &= ~CR0_PAGING;
}

static const struct way {
	const char *name;
	void (*change)(struct vcpu_registers *vcpu);
	bool hide_low_memory;
} ways[] = {
	{"as-it-is", NULL, false},	    {"no-idt", no_idt, false},
	{"user-mode", in_user_mode, false}, {"foreign", foreign, false},
	{"not-paging", not_paging, false},  {"scan", not_paging, true},
};

static struct kernel_map *find(struct dump *dump, const struct way *way)
{
	g_autoptr(GArray) vcpus = g_array_copy(dump_file_registers(dump->file));
	size_t count;
	const struct guest_extent *extents =
		guest_memory_extents(dump_file_memory(dump->file), &count);
	g_autoptr(GuestMemory) memory =
		guest_memory_new_function(read_dump, dump, extents, count, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, MAX_PAGES);
	gint64 before = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;
	struct kernel_map *map;

	dump->hide_low_memory = way->hide_low_memory;
	for (guint i = 0; way->change && i < vcpus->len; i++)
		way->change(&g_array_index(vcpus, struct vcpu_registers, i));
	map = kernel_find(snapshot, vcpus, &error);
	printf("%s: %s (%d ms)\n", way->name, map ? "found" : error->message,
	       (int)((g_get_monotonic_time() - before) / 1000));
	return map;
}

static void die(const char *what)
{
	fprintf(stderr, "ways: %s\n", what);
	exit(2);
}

struct change {
	struct dump *dump;
	const struct address_space *space;
};

/* Replaces the bytes of [@start, @start + @length). */
static void change_names(void *user_data, gva_t start, const uint8_t *bytes, size_t length)
{
	struct dump *dump = ((struct change *)user_data)->dump;
	const struct address_space *space = ((struct change *)user_data)->space;

	while (length > 0) {
		size_t offset = start.value % GUEST_PAGE_SIZE;
		size_t part = MIN(length, GUEST_PAGE_SIZE - offset);
		struct mapping mapping;
		uint64_t page;
		uint8_t *copy;

		if (!address_space_translate(space, start, &mapping, NULL))
			die("cannot translate");
		page = mapping.address.value & GUEST_PAGE_MASK;
		copy = g_hash_table_lookup(dump->changed, GSIZE_TO_POINTER(page));
		if (!copy) {
			copy = g_malloc(GUEST_PAGE_SIZE);
			if (!guest_memory_read(dump_file_memory(dump->file), gpa(page), copy,
					       GUEST_PAGE_SIZE, NULL))
				die("cannot read");
			g_hash_table_insert(dump->changed, GSIZE_TO_POINTER(page), copy);
		}
		memcpy(copy + offset, bytes, part);
		start = gva_add(start, part);
		bytes += part;
		length -= part;
	}
}

static bool compare(const struct kernel_map *truth, const struct kernel_map *found)
{
	bool same = true;

	printf("functions-only: lost:");
	for (size_t i = 0; i < NUM_KERNEL_SYMBOLS; i++) {
		if (truth->symbols[i] && !found->symbols[i])
			printf(" %s", kernel_symbol_names()[i]);
	}
	printf("\n");
	for (size_t i = 0; i < NUM_KERNEL_SYMBOLS; i++) {
		/*
		 * A different symbol is correct for the end of the last page, and the banner exists
		 * more than once.
		 */
		if (!found->symbols[i] || found->symbols[i] == truth->symbols[i] ||
		    i == SYMBOL__end || i == SYMBOL_linux_banner)
			continue;
		printf("functions-only: %s is 0x%" G_GINT64_MODIFIER "x, not 0x%" G_GINT64_MODIFIER
		       "x\n",
		       kernel_symbol_names()[i], found->symbols[i], truth->symbols[i]);
		same = false;
	}
	return same && g_str_equal(found->banner, truth->banner) &&
	       found->root.value == truth->root.value && found->num_orcs == truth->num_orcs &&
	       found->orc_layout == truth->orc_layout && found->stack_size == truth->stack_size &&
	       !memcmp(found->fields, truth->fields, sizeof(found->fields));
}

static bool functions_only(struct dump *dump)
{
	static const struct way plain = {"with-variables", NULL, false};
	static const struct way way = {"functions-only", NULL, false};
	g_autoptr(Snapshot) snapshot = snapshot_new(dump_file_memory(dump->file), MAX_PAGES);
	g_autoptr(KernelMap) truth = find(dump, &plain);
	g_autoptr(KernelMap) map = NULL;
	struct address_space space;
	bool same;

	if (!truth)
		return false;
	dump->changed = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	space = kernel_map_space(truth, snapshot);
	hide_variables(truth, &space, change_names, &(struct change){dump, &space});
	map = find(dump, &way);
	same = map && map->functions_only && compare(truth, map);
	g_hash_table_unref(dump->changed);
	dump->changed = NULL;
	return same;
}

/* Without VMCOREINFO, BTF and the notes of the image give the same log and build ID. */
static bool no_vmcoreinfo(struct dump *dump)
{
	static const struct way plain = {"with-vmcoreinfo", NULL, false};
	g_autoptr(Snapshot) snapshot = snapshot_new(dump_file_memory(dump->file), MAX_PAGES);
	g_autoptr(KernelMap) map = find(dump, &plain);
	g_autoptr(GArray) with = NULL;
	g_autoptr(GArray) without = NULL;
	g_autofree char *vmcoreinfo = NULL;
	g_autofree char *build_id = NULL;
	g_autofree char *noted = NULL;
	g_autoptr(GError) error = NULL;
	struct kernel kernel;

	if (!map)
		return false;
	kernel_init(&kernel, map, snapshot);
	vmcoreinfo = vmcoreinfo_read(&kernel, NULL);
	build_id = vmcoreinfo ? vmcoreinfo_value(vmcoreinfo, "BUILD-ID") : NULL;
	noted = build_id_read(&kernel, NULL);
	with = printk_read(&kernel, vmcoreinfo, NULL, NULL);
	without = printk_read(&kernel, NULL, NULL, &error);
	kernel_clear(&kernel);
	printf("no-vmcoreinfo: %u of %u records, build ID %s%s%s\n", without->len, with->len,
	       noted ? noted : "unknown", error ? ": " : "", error ? error->message : "");
	if (without->len != with->len || g_strcmp0(build_id, noted) != 0)
		return false;
	for (guint i = 0; i < with->len; i++) {
		const struct printk_record *a = &g_array_index(with, struct printk_record, i);
		const struct printk_record *b = &g_array_index(without, struct printk_record, i);

		if (strcmp(a->text, b->text) != 0 || a->sequence != b->sequence ||
		    a->time_ns != b->time_ns || a->caller != b->caller)
			return false;
	}
	return true;
}

/* Without BTF, two tasks and the first CPU give the same layouts as BTF. */
static bool no_btf(struct dump *dump)
{
	static const struct way plain = {"with-btf", NULL, false};
	static const enum kernel_field fields[] = {FIELD_task_stack,
						   FIELD_task_comm,
						   FIELD_task_pid,
						   FIELD_task_tgid,
						   FIELD_pcpu_hot_current_task,
						   FIELD_pcpu_hot_preempt_count,
						   FIELD_pcpu_hot_hardirq_stack_ptr};
	g_autoptr(Snapshot) snapshot = snapshot_new(dump_file_memory(dump->file), MAX_PAGES);
	g_autoptr(KernelMap) map = find(dump, &plain);
	int32_t truth[G_N_ELEMENTS(fields)];
	struct address_space space;
	bool same = true;

	if (!map)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		truth[i] = map->fields[fields[i]];
		map->fields[fields[i]] = FIELD_UNKNOWN;
	}
	space = kernel_map_space(map, snapshot);
	task_layout_infer(map, &space);
	hot_layout_infer(map, &space);
	printf("no-btf:");
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		printf(" %s %d", kernel_field_names()[fields[i]].member, map->fields[fields[i]]);
		same = same && map->fields[fields[i]] == truth[i];
	}
	printf("\n");
	return same;
}

/*
 * Compares offsets relative to the list entry, because they have another base; and members with
 * only one possible offset.
 */
static bool no_btf_modules(struct dump *dump)
{
	static const enum kernel_field fields[] = {
		FIELD_module_name,
		FIELD_module_kallsyms,
		FIELD_module_core_layout,
		FIELD_module_mem,
		FIELD_module_arch,
		FIELD_module_layout_base,
		FIELD_module_layout_size,
		FIELD_module_layout_text_size,
		FIELD_module_memory_base,
		FIELD_module_memory_size,
		SIZE_module_memory,
		FIELD_module_arch_num_orcs,
		FIELD_module_arch_orc_ip,
		FIELD_module_arch_orc,
		FIELD_mod_kallsyms_symtab,
		FIELD_mod_kallsyms_strtab,
		FIELD_mod_kallsyms_num_symtab,
	};
	static const size_t num_moved = 5;
	static const struct way plain = {"with-modules", NULL, false};
	g_autoptr(Snapshot) snapshot = snapshot_new(dump_file_memory(dump->file), MAX_PAGES);
	g_autoptr(KernelMap) map = find(dump, &plain);
	struct address_space space;
	int32_t truth[NUM_KERNEL_FIELDS];
	bool same = true;

	if (!map)
		return false;
	memcpy(truth, map->fields, sizeof(truth));
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i++)
		map->fields[i] = FIELD_UNKNOWN;
	space = kernel_map_space(map, snapshot);
	if (!module_layout_infer(map, &space)) {
		printf("no-btf: the first module tells nothing\n");
		return false;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		int32_t moved = i < num_moved
					? map->fields[FIELD_module_list] - truth[FIELD_module_list]
					: 0;
		int32_t wanted = truth[fields[i]] == FIELD_UNKNOWN ? FIELD_UNKNOWN
								   : truth[fields[i]] + moved;

		if (map->fields[fields[i]] != wanted &&
		    (map->fields[fields[i]] != FIELD_UNKNOWN || i < num_moved)) {
			printf("no-btf: %s.%s is %d, not %d\n",
			       kernel_field_names()[fields[i]].structure,
			       kernel_field_names()[fields[i]].member, map->fields[fields[i]],
			       wanted);
			same = false;
		}
	}
	return same;
}

int main(int argc, char **argv)
{
	g_autoptr(GBytes) truth = NULL;
	g_autoptr(GError) error = NULL;
	struct dump dump = {0};
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int status = 0;

	dump.file = fd < 0 ? NULL : dump_file_open(fd, &error);
	if (!dump.file) {
		fprintf(stderr, "ways: cannot read the dump\n");
		return 2;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autoptr(KernelMap) map = find(&dump, &ways[i]);
		g_autoptr(GBytes) bytes = map ? kernel_map_to_bytes(map) : NULL;

		if (!truth)
			truth = bytes ? g_bytes_ref(bytes) : NULL;
		if (!bytes || !g_bytes_equal(bytes, truth)) {
			printf("%s: not what was found first\n", ways[i].name);
			status = 1;
		}
	}
	if (!functions_only(&dump)) {
		printf("functions-only: not what the names say\n");
		status = 1;
	}
	if (!no_btf_modules(&dump)) {
		printf("no-btf: modules are not what BTF says\n");
		status = 1;
	}
	if (!no_btf(&dump)) {
		printf("no-btf: not what BTF says\n");
		status = 1;
	}
	if (!no_vmcoreinfo(&dump)) {
		printf("no-vmcoreinfo: not what VMCOREINFO gives\n");
		status = 1;
	}
	dump_file_free(dump.file);
	close(fd);
	return status;
}
