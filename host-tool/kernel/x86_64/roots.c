// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/roots.h"

#include <string.h>

#include "kernel/x86_64/cpu.h"

/* The area of the kernel image: Documentation/arch/x86/x86_64/mm.rst. */
#define IMAGE_AREA_START 0xffffffff80000000ull
#define IMAGE_AREA_END 0xffffffffc0000000ull
/* Without KASLR modules are in the area, too, in several pieces each. */
#define MAX_RUNS 4096
#define MIN_IMAGE (2u << 20)
/* More than the init sections and the freed memory around them. */
#define MAX_HOLE (64u << 20)

#define PAGE_FAULT_VECTOR 14
#define CR3_ADDRESS_MASK 0x000ffffffffff000ull

#define ENTRIES (GUEST_PAGE_SIZE / 8)
#define ENTRY_PRESENT 1ull
#define ENTRY_ADDRESS 0x000ffffffffff000ull
/*
 * The entry of a level 3 table for the second-to-last GiB of the address space: the image is there.
 */
#define IMAGE_ENTRY 510

#define LOW_MEMORY (1u << 20)

#define LOAD_ALIGNMENT (2u << 20)     /* the minimum of CONFIG_PHYSICAL_ALIGN */
#define STACK_END_MAGIC 0x57ac6e9dull /* include/uapi/linux/magic.h */
#define MAX_TABLES 64
#define MAX_SCAN_US (2 * G_USEC_PER_SEC)
/* Stacks of other tasks may be at a boundary, too. */
#define MAX_STACKS 64
/* The maximum number of image pages that may be page tables. */
#define MAX_OWN_TABLES 1024
/* Bytes from the first task's stack to the end of the page tables. */
#define MAX_DATA_BYTES (8u << 20)

static uint64_t run_end(const struct mapped_run *run)
{
	return run->start.value + run->length;
}

/*
 * The image has several runs of mappings: with page-table isolation Linux unmaps the memory that it
 * frees between the sections and in the init sections (free_kernel_image_pages() in
 * arch/x86/mm/init.c). Mappings further away are something else: modules, without KASLR.
 */
GArray *kernel_image_runs(const struct address_space *space)
{
	g_autoptr(GArray) runs = address_space_mapped_runs(space, gva(IMAGE_AREA_START),
							   gva(IMAGE_AREA_END), MAX_RUNS);
	GArray *joined = g_array_new(FALSE, FALSE, sizeof(struct mapped_run));
	struct mapped_run *last = NULL;

	for (guint i = 0; i < runs->len; i++) {
		const struct mapped_run *run = &g_array_index(runs, struct mapped_run, i);

		if (last && run->start.value - run_end(last) <= MAX_HOLE) {
			last->length = run_end(run) - last->start.value;
			continue;
		}
		g_array_append_val(joined, *run);
		last = &g_array_index(joined, struct mapped_run, joined->len - 1);
	}
	for (guint i = joined->len; i > 0; i--) {
		if (g_array_index(joined, struct mapped_run, i - 1).length < MIN_IMAGE)
			g_array_remove_index(joined, i - 1);
	}
	return joined;
}

struct ladder {
	struct snapshot *snapshot;
	const GArray *vcpus;
	kernel_root_fn found;
	void *user_data;
	gint64 deadline;	  /* for the scan */
	unsigned int tables_left; /* page tables that may still be offered because of their form */
};

/* The handler's address in a 64-bit gate (Intel SDM vol. 3A, 6.14.1); 0: there is none. */
static gva_t page_fault_handler(const struct address_space *space,
				const struct vcpu_registers *vcpu)
{
	uint8_t gate[16];
	uint16_t low, middle;
	uint32_t high;

	if (vcpu->idt.limit < 16 * (PAGE_FAULT_VECTOR + 1) - 1 ||
	    !address_space_read(space, gva(vcpu->idt.base + 16 * PAGE_FAULT_VECTOR), gate,
				sizeof(gate), NULL, NULL))
		return gva(0);
	memcpy(&low, gate, 2);
	memcpy(&middle, gate + 6, 2);
	memcpy(&high, gate + 8, 4);
	return gva((uint64_t)high << 32 | (uint64_t)middle << 16 | low);
}

static bool try_cr3(struct ladder *ladder, const struct vcpu_registers *vcpu, gpa_t table)
{
	g_autofree char *origin = g_strdup_printf("vCPU %u", vcpu->vcpu);
	struct kernel_root root = {
		.space = {ladder->snapshot, table, vcpu_five_level_paging(vcpu) ? 5 : 4},
		.origin = origin,
	};

	root.hints[0] = page_fault_handler(&root.space, vcpu);
	root.hints[1] = gva(vcpu->cpl == 0 ? vcpu->rip : 0);
	return ladder->found(ladder->user_data, &root);
}

static bool try_vcpu(struct ladder *ladder, const struct vcpu_registers *vcpu, GHashTable *tried)
{
	const uint64_t cr3s[] = {vcpu->cr3, vcpu->cr3 & ~CR3_USER_BIT};

	for (size_t i = 0; i < G_N_ELEMENTS(cr3s); i++) {
		gpa_t table = cr3_root(cr3s[i]);

		if (g_hash_table_size(tried) >= MAX_CR3_ROOTS)
			return false;
		if (g_hash_table_add(tried, g_memdup2(&table.value, sizeof(table.value))) &&
		    try_cr3(ladder, vcpu, table))
			return true;
	}
	return false;
}

/* A stopped CPU may belong to the kernel that panicked, while the crash kernel runs. */
static bool try_vcpus(struct ladder *ladder)
{
	g_autoptr(GHashTable) tried =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	for (int stopped = 0; stopped < 2; stopped++) {
		for (guint i = 0; i < ladder->vcpus->len; i++) {
			const struct vcpu_registers *vcpu =
				&g_array_index(ladder->vcpus, struct vcpu_registers, i);

			if (vcpu_in_long_mode(vcpu) && x86_64_is_stopped(vcpu) == stopped &&
			    try_vcpu(ladder, vcpu, tried))
				return true;
		}
	}
	return false;
}

/* No vCPU uses this table, so this finds out how many levels it has. */
static bool try_table(struct ladder *ladder, gpa_t table, char *origin)
{
	if (!ladder->tables_left)
		return false;
	ladder->tables_left--;
	for (unsigned int levels = 4; levels <= 5; levels++) {
		struct kernel_root root = {
			.space = {ladder->snapshot, table, levels},
			.origin = origin,
		};

		if (ladder->found(ladder->user_data, &root))
			return true;
	}
	return false;
}

/* The table that an entry points to; 0: none. */
static uint64_t entry_target(const uint8_t *table, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, table + 8 * index, sizeof(entry));
	return entry & ENTRY_PRESENT ? entry & ENTRY_ADDRESS : 0;
}

static bool peek_page(struct snapshot *snapshot, uint64_t address, uint8_t page[GUEST_PAGE_SIZE])
{
	return guest_memory_read(snapshot_memory(snapshot), gpa(address), page, GUEST_PAGE_SIZE,
				 NULL);
}

/* Does the last entry of a table lead to the entry for the image, with 4 or 5 levels? */
static bool leads_to_image(struct snapshot *snapshot, const uint8_t *table, uint64_t low,
			   uint64_t high)
{
	uint8_t page[GUEST_PAGE_SIZE];
	uint64_t next = entry_target(table, ENTRIES - 1);

	for (int i = 0; i < 2 && next >= low && next < high && peek_page(snapshot, next, page);
	     i++) {
		uint64_t image = entry_target(page, IMAGE_ENTRY);

		if (image >= low && image < high)
			return true;
		next = entry_target(page, ENTRIES - 1);
	}
	return false;
}

static bool try_low_memory(struct ladder *ladder)
{
	for (uint64_t at = 0; at < LOW_MEMORY; at += GUEST_PAGE_SIZE) {
		uint8_t page[GUEST_PAGE_SIZE];
		char origin[] = "the page tables for starting CPUs";

		if (peek_page(ladder->snapshot, at, page) &&
		    leads_to_image(ladder->snapshot, page, 1, UINT64_MAX) &&
		    try_table(ladder, gpa(at), origin))
			return true;
	}
	return false;
}

struct top_table {
	uint64_t address;
	unsigned int num_entries; /* in the kernel's half */
};

static gint fuller_first(gconstpointer a, gconstpointer b)
{
	const struct top_table *x = a, *y = b;

	return (x->num_entries < y->num_entries) - (x->num_entries > y->num_entries);
}

static unsigned int count_kernel_entries(const uint8_t *table)
{
	unsigned int count = 0;

	for (unsigned int i = ENTRIES / 2; i < ENTRIES; i++)
		count += entry_target(table, i) != 0;
	return count;
}

/*
 * Adds the tables in @bytes, from guest-physical @at on, that map an image through tables in
 * [@start, @end).
 */
static void find_tables(struct ladder *ladder, const uint8_t *bytes, size_t length, uint64_t at,
			uint64_t start, uint64_t end, GArray *tables)
{
	for (size_t i = 0; i < length && tables->len < MAX_IMAGE_ROOTS &&
			   g_get_monotonic_time() <= ladder->deadline;
	     i += GUEST_PAGE_SIZE) {
		struct top_table table = {.address = at + i};

		if (!leads_to_image(ladder->snapshot, bytes + i, start, end))
			continue;
		table.num_entries = count_kernel_entries(bytes + i);
		g_array_append_val(tables, table);
	}
}

/*
 * Tries the page tables in the data of the kernel that begins at @start. early_top_pgt, which the
 * kernel uses only briefly, is one of them; the kernel's own page tables also map all of memory.
 */
static bool try_data(struct ladder *ladder, uint64_t start, uint64_t end)
{
	g_autoptr(GArray) tables = g_array_new(FALSE, FALSE, sizeof(struct top_table));
	g_autofree uint8_t *bytes = g_malloc(LOAD_ALIGNMENT);
	g_autofree char *origin = g_strdup_printf(
		"the data at 0x%" G_GINT64_MODIFIER "x of guest-physical memory", start);

	for (uint64_t at = start; at < end; at += LOAD_ALIGNMENT) {
		size_t length = MIN(LOAD_ALIGNMENT, end - at);

		if (guest_memory_read(snapshot_memory(ladder->snapshot), gpa(at), bytes, length,
				      NULL))
			find_tables(ladder, bytes, length, at, start, end, tables);
	}
	g_array_sort(tables, fuller_first);
	for (guint i = 0; i < tables->len; i++) {
		if (try_table(ladder, gpa(g_array_index(tables, struct top_table, i).address),
			      origin))
			return true;
	}
	return false;
}

struct scan {
	unsigned int num_stacks;
	uint64_t unscanned;
};

static bool scan_extent(struct ladder *ladder, const struct guest_extent *extent, struct scan *scan)
{
	struct guest_memory *memory = snapshot_memory(ladder->snapshot);
	uint64_t end = extent->start.value + extent->length;
	uint64_t at = (extent->start.value + LOAD_ALIGNMENT - 1) & ~(uint64_t)(LOAD_ALIGNMENT - 1);

	for (; at < end && end - at >= LOAD_ALIGNMENT; at += LOAD_ALIGNMENT) {
		uint64_t word;

		if (scan->num_stacks >= MAX_STACKS || g_get_monotonic_time() > ladder->deadline) {
			scan->unscanned += end - at;
			return false;
		}
		if (!guest_memory_read(memory, gpa(at), &word, sizeof(word), NULL) ||
		    word != STACK_END_MAGIC)
			continue;
		scan->num_stacks++;
		if (try_data(ladder, at, MIN(end, at + MAX_DATA_BYTES)))
			return true;
	}
	return false;
}

static bool scan_memory(struct ladder *ladder, uint64_t *unscanned)
{
	struct scan scan = {0};
	size_t count;
	const struct guest_extent *extents =
		guest_memory_extents(snapshot_memory(ladder->snapshot), &count);
	bool done = false;

	ladder->deadline = g_get_monotonic_time() + MAX_SCAN_US;
	for (size_t i = 0; i < count && !done; i++)
		done = scan_extent(ladder, &extents[i], &scan);
	*unscanned = scan.unscanned;
	return done;
}

void kernel_roots(struct snapshot *snapshot, const GArray *vcpus, enum kernel_place place,
		  kernel_root_fn found, void *user_data, uint64_t *unscanned)
{
	struct ladder ladder = {
		.snapshot = snapshot,
		.vcpus = vcpus,
		.found = found,
		.user_data = user_data,
		.tables_left = MAX_TABLES,
	};

	*unscanned = 0;
	if (!try_vcpus(&ladder) && place == KERNEL_ANYWHERE && !try_low_memory(&ladder))
		scan_memory(&ladder, unscanned);
}

/* Do these tables map the image to the same memory as @space? */
static bool maps_the_same(const struct address_space *space, const struct image *image, gpa_t table)
{
	struct address_space own = *space;
	struct mapping theirs, ours;

	own.root = table;
	return address_space_translate(space, image->start, &theirs, NULL) &&
	       address_space_translate(&own, image->start, &ours, NULL) &&
	       theirs.address.value == ours.address.value;
}

bool kernel_own_tables(const struct address_space *space, const struct image *image, gva_t *tables)
{
	unsigned int most = 0, tries = 0;
	struct mapping first;
	uint64_t low, high;

	if (!address_space_translate(space, image->start, &first, NULL))
		return false;
	/* The image is contiguous in guest-physical memory. */
	low = first.address.value;
	high = low + image->length;
	for (size_t at = 0; at + GUEST_PAGE_SIZE <= image->length && tries < MAX_OWN_TABLES;
	     at += GUEST_PAGE_SIZE) {
		const uint8_t *page = image->bytes + at;
		unsigned int num_entries;
		struct mapping mapping;

		if (entry_target(page, ENTRIES - 1) - low >= high - low)
			continue;
		tries++;
		if (!leads_to_image(space->snapshot, page, low, high))
			continue;
		num_entries = count_kernel_entries(page);
		if (num_entries <= most ||
		    !address_space_translate(space, gva_add(image->start, at), &mapping, NULL) ||
		    !maps_the_same(space, image, mapping.address))
			continue;
		most = num_entries;
		*tables = gva_add(image->start, at);
	}
	return most > 0;
}
