// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/find.h"

#include <string.h>

#include "kernel/btf.h"

/* Where the kernel image may be mapped: Documentation/arch/x86/x86_64/mm.rst. */
#define IMAGE_AREA_START 0xffffffff80000000ull
#define IMAGE_AREA_END 0xffffffffc0000000ull
#define MAX_RUNS 64
#define MIN_IMAGE (2u << 20)
/* More than the init sections and what is freed around them. */
#define MAX_HOLE (64u << 20)

#define PAGE_FAULT_VECTOR 14
#define CR3_ADDRESS_MASK 0x000ffffffffff000ull
/* Page-table isolation: the user's tables are the second page of a pair (arch/x86/entry/calling.h).
 */
#define CR3_USER_BIT (1ull << 12)

gpa_t cr3_root(uint64_t cr3)
{
	return gpa(cr3 & CR3_ADDRESS_MASK);
}

/* The handler's address from a 64-bit gate (Intel SDM vol. 3A, 6.14.1). */
static bool gate_handler(const struct address_space *space, const struct vcpu_registers *vcpu,
			 gva_t *handler, GError **error)
{
	uint8_t gate[16];
	uint16_t low, middle;
	uint32_t high;

	if (!address_space_read(space, gva(vcpu->idt.base + 16 * PAGE_FAULT_VECTOR), gate,
				sizeof(gate), NULL, error))
		return false;
	memcpy(&low, gate, 2);
	memcpy(&middle, gate + 6, 2);
	memcpy(&high, gate + 8, 4);
	*handler = gva((uint64_t)high << 32 | (uint64_t)middle << 16 | low);
	return true;
}

static bool find_symbols(struct kernel_map *map, const struct address_space *space,
			 struct mapped_run run, GError **error)
{
	map->image_start = run.start;
	map->image_length = run.length;
	return kallsyms_find(space, run.start, run.length, &map->kallsyms, error) &&
	       kallsyms_resolve(&map->kallsyms, space, kernel_symbol_names(), NUM_KERNEL_SYMBOLS,
				map->symbols, error);
}

static bool check_banner(struct kernel_map *map, const struct address_space *space, GError **error)
{
	if (!map->symbols[SYMBOL_linux_banner]) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "kallsyms does not name linux_banner "
				    "(a kernel without CONFIG_KALLSYMS_ALL)");
		return false;
	}
	map->banner = address_space_read_string(space, gva(map->symbols[SYMBOL_linux_banner]), 511,
						error);
	if (!map->banner)
		return false;
	if (g_str_has_prefix(map->banner, "Linux version "))
		return true;
	g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "linux_banner does not hold a Linux banner");
	return false;
}

/*
 * The kernel's own tables serve for every vCPU, whatever process or user half it runs on. Tables
 * that lack the kernel's data are the user half of page-table isolation: without PCID they have
 * the kernel's text and rodata (pti_clone_kernel_text() in arch/x86/mm/pti.c), and so its symbols.
 */
static bool find_root(struct kernel_map *map, const struct address_space *space, GError **error)
{
	struct mapping mapping, check;
	struct address_space kernel = *space;

	map->levels = space->levels;
	map->root = space->root;
	if (!map->symbols[SYMBOL_init_top_pgt])
		return true;
	if (!address_space_translate(space, gva(map->symbols[SYMBOL_init_top_pgt]), &mapping,
				     error)) {
		g_prefix_error(error, "these page tables do not map init_top_pgt: ");
		return false;
	}
	kernel.root = mapping.address;
	if (!address_space_translate(space, gva(map->symbols[SYMBOL_linux_banner]), &check, error))
		return false;
	if (address_space_translate(&kernel, gva(map->symbols[SYMBOL_linux_banner]), &mapping,
				    NULL) &&
	    mapping.address.value == check.address.value)
		map->root = kernel.root;
	return true;
}

static bool find_orc(struct kernel_map *map, const struct address_space *space, GError **error)
{
	uint64_t start = map->symbols[SYMBOL___start_orc_unwind];
	uint64_t stop = map->symbols[SYMBOL___stop_orc_unwind];
	struct orc_table table = {
		.ips = gva(map->symbols[SYMBOL___start_orc_unwind_ip]),
		.entries = gva(start),
		.num_entries = (stop - start) / ORC_ENTRY_SIZE,
	};

	if (!start || stop <= start || !table.ips.value) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "the kernel has no ORC tables (CONFIG_UNWINDER_ORC)");
		return false;
	}
	if (!orc_detect_layout(space, &table, &map->orc_layout, error))
		return false;
	map->num_orcs = table.num_entries;
	return true;
}

static struct kernel_map *build(struct address_space *space, struct mapped_run run, GError **error)
{
	g_autoptr(KernelMap) map = kernel_map_new();
	g_autoptr(GError) btf_error = NULL;
	g_autoptr(GError) orc_error = NULL;

	if (!find_symbols(map, space, run, error) || !check_banner(map, space, error) ||
	    !find_root(map, space, error))
		return NULL;
	if (!find_orc(map, space, &orc_error))
		map->no_orc = g_strdup(orc_error->message);
	if (!btf_resolve_fields(map, space, &btf_error))
		map->no_btf = g_strdup(btf_error->message);
	return g_steal_pointer(&map);
}

static uint64_t run_end(const struct mapped_run *run)
{
	return run->start.value + run->length;
}

/*
 * The image around @handler. It is not one run of mappings: with page-table isolation Linux unmaps
 * what it frees between the sections and of the init sections (free_kernel_image_pages() in
 * arch/x86/mm/init.c). What lies further away is something else: modules, without KASLR.
 */
static bool find_image(const struct address_space *space, gva_t handler, struct mapped_run *image)
{
	g_autoptr(GArray) runs = address_space_mapped_runs(space, gva(IMAGE_AREA_START),
							   gva(IMAGE_AREA_END), MAX_RUNS);

	*image = (struct mapped_run){{0}, 0};
	for (guint i = 0; i < runs->len; i++) {
		const struct mapped_run *run = &g_array_index(runs, struct mapped_run, i);

		if (!image->length || run->start.value - run_end(image) > MAX_HOLE) {
			if (image->length && handler.value < run->start.value)
				break;
			*image = *run;
		} else {
			image->length = run_end(run) - image->start.value;
		}
	}
	return handler.value - image->start.value < image->length && image->length >= MIN_IMAGE;
}

static struct kernel_map *find_by_root(struct snapshot *snapshot, const struct vcpu_registers *vcpu,
				       gpa_t root, GError **error)
{
	struct address_space space = {
		.snapshot = snapshot,
		.root = root,
		.levels = vcpu_five_level_paging(vcpu) ? 5 : 4,
	};
	struct mapped_run image;
	gva_t handler;

	if (!gate_handler(&space, vcpu, &handler, error))
		return NULL;
	if (find_image(&space, handler, &image))
		return build(&space, image, error);
	g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
		    "vCPU %u: the page fault handler at 0x%" G_GINT64_MODIFIER
		    "x is not in a Linux kernel image",
		    vcpu->vcpu, handler.value);
	return NULL;
}

struct kernel_map *kernel_find(struct snapshot *snapshot, const GArray *vcpus, GError **error)
{
	g_autoptr(GError) first_error = NULL;

	for (guint i = 0; i < vcpus->len; i++) {
		const struct vcpu_registers *vcpu = &g_array_index(vcpus, struct vcpu_registers, i);
		const gpa_t roots[] = {cr3_root(vcpu->cr3), cr3_root(vcpu->cr3 & ~CR3_USER_BIT)};

		if (!vcpu_in_long_mode(vcpu))
			continue;
		for (size_t j = 0; j < G_N_ELEMENTS(roots); j++) {
			struct kernel_map *map;

			if (j && roots[j].value == roots[0].value)
				continue;
			map = find_by_root(snapshot, vcpu, roots[j],
					   first_error ? NULL : &first_error);
			if (map)
				return map;
		}
	}
	if (first_error)
		g_propagate_error(error, g_steal_pointer(&first_error));
	else
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "no vCPU is in 64-bit mode with paging "
				    "(firmware, a boot loader, or not started)");
	return NULL;
}
