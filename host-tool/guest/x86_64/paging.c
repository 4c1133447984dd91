/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/paging.h"
#include "guest/x86_64/cr3.h"

#include <inttypes.h>
#include <string.h>

#define ENTRIES 512
#define ENTRY_PRESENT ((uint64_t)1 << 0)
#define ENTRY_WRITABLE ((uint64_t)1 << 1)
#define ENTRY_USER ((uint64_t)1 << 2)
#define ENTRY_LARGE ((uint64_t)1 << 7) /* level 2: 2 MiB page, level 3: 1 GiB page */
#define ENTRY_NO_EXECUTE ((uint64_t)1 << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000u

/* The root of 5-level tables. */
#define MAX_LEVELS 5

/*
 * Tables may point at themselves, so a search for mapped runs visits a limited number of entries.
 */
#define MAX_VISITED_ENTRIES (1u << 20)

/* Bytes of address space that one entry at @level covers (1: page table). */
static uint64_t entry_span(unsigned int level)
{
	g_assert(level >= 1 && level <= MAX_LEVELS);
	return GUEST_PAGE_SIZE << 9 * (level - 1);
}

static unsigned int entry_index(gva_t address, unsigned int level)
{
	return address.value >> (GUEST_PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

static bool is_canonical(const struct address_space *space, gva_t address)
{
	unsigned int unused_bits = 64 - (GUEST_PAGE_SHIFT + 9 * space->levels);

	return (uint64_t)((int64_t)(address.value << unused_bits) >> unused_bits) == address.value;
}

static bool is_leaf(uint64_t entry, unsigned int level)
{
	return level == 1 || (level <= 3 && (entry & ENTRY_LARGE));
}

static uint64_t table_entry(const uint8_t *table, unsigned int index)
{
	uint64_t entry;

	memcpy(&entry, table + 8 * index, sizeof(entry));
	return entry;
}

bool address_space_translate(const struct address_space *space, gva_t address,
			     struct mapping *mapping, GError **error)
{
	gpa_t table = space->root;

	*mapping = (struct mapping){.writable = true, .executable = true, .user = true};
	if (!is_canonical(space, address)) {
		g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_UNMAPPED,
			    "guest address %#" PRIx64 " is not canonical", address.value);
		return false;
	}
	for (unsigned int level = space->levels; level > 0; level--) {
		const uint8_t *bytes = snapshot_page(space->snapshot, table, NULL, error);
		uint64_t entry;

		if (bytes == NULL) {
			g_prefix_error(error, "guest address %#" PRIx64 ", page table level %u: ",
				       address.value, level);
			return false;
		}
		entry = table_entry(bytes, entry_index(address, level));
		if (!(entry & ENTRY_PRESENT)) {
			g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_UNMAPPED,
				    "guest address %#" PRIx64
				    " is not mapped (page table level %u)",
				    address.value, level);
			return false;
		}
		mapping->writable &= !!(entry & ENTRY_WRITABLE);
		mapping->user &= !!(entry & ENTRY_USER);
		mapping->executable &= !(entry & ENTRY_NO_EXECUTE);
		table = gpa(entry & ENTRY_ADDRESS);
		if (is_leaf(entry, level)) {
			uint64_t offset_mask = entry_span(level) - 1;

			mapping->page_size = entry_span(level);
			mapping->address =
				gpa((table.value & ~offset_mask) | (address.value & offset_mask));
			return true;
		}
	}
	g_assert_not_reached();
}

struct walk {
	const struct page_table_visitor *visitor;
	gva_t start, last;
	unsigned int num_visited;
};

/* @base: the first address that the table translates. False: stop. */
static bool walk_table(struct walk *walk, gpa_t table, unsigned int level, uint64_t base)
{
	const struct page_table_visitor *visitor = walk->visitor;
	const uint8_t *bytes = visitor->table(visitor->user_data, table);
	uint64_t span = entry_span(level);
	unsigned int first = walk->start.value > base ? (walk->start.value - base) / span : 0;

	if (bytes == NULL)
		return true;
	for (unsigned int i = first; i < ENTRIES; i++) {
		uint64_t address = base + i * span;
		uint64_t entry = table_entry(bytes, i);
		gpa_t target = gpa(entry & ENTRY_ADDRESS);

		if (address > walk->last.value)
			break;
		if (++walk->num_visited > MAX_VISITED_ENTRIES)
			return false;
		if (!(entry & ENTRY_PRESENT))
			continue;
		if (is_leaf(entry, level)) {
			target.value &= ~(span - 1);
			if (!visitor->found(visitor->user_data, gva(address), target, span))
				return false;
		} else if (!walk_table(walk, target, level - 1, address)) {
			return false;
		}
	}
	return true;
}

void page_tables_walk(gpa_t root, unsigned int levels, gva_t start, gva_t last,
		      const struct page_table_visitor *visitor)
{
	uint64_t half = entry_span(levels) * (ENTRIES / 2);
	uint64_t upper_half = ~(half - 1);
	struct walk walk = {.visitor = visitor, .start = start};

	/* A root table translates two halves, at the two ends of the address space. */
	if (start.value < half) {
		walk.last = gva(MIN(last.value, half - 1));
		if (!walk_table(&walk, root, levels, 0))
			return;
	}
	if (last.value >= upper_half) {
		walk.start = gva(MAX(start.value, upper_half));
		walk.last = last;
		/* The second half of the entries is the upper half. */
		walk_table(&walk, root, levels, upper_half - half);
	}
}

struct run_search {
	struct snapshot *snapshot;
	uint64_t start, last;
	size_t max_runs;
	GArray *runs;
};

static const uint8_t *read_table(void *user_data, gpa_t address)
{
	struct run_search *search = user_data;

	return snapshot_page(search->snapshot, address, NULL, NULL);
}

static bool add_run(void *user_data, gva_t start, gpa_t physical G_GNUC_UNUSED, uint64_t length)
{
	struct run_search *search = user_data;
	uint64_t first = MAX(start.value, search->start);
	uint64_t last = MIN(start.value + length - 1, search->last);
	struct mapped_run run = {gva(first), last - first + 1};

	if (search->runs->len > 0) {
		struct mapped_run *previous =
			&g_array_index(search->runs, struct mapped_run, search->runs->len - 1);

		if (previous->start.value + previous->length == first) {
			previous->length += run.length;
			return true;
		}
	}
	if (search->runs->len >= search->max_runs)
		return false;
	g_array_append_val(search->runs, run);
	return true;
}

GArray *address_space_mapped_runs(const struct address_space *space, gva_t start, gva_t end,
				  size_t max_runs)
{
	struct run_search search = {
		.snapshot = space->snapshot,
		.start = start.value,
		.last = end.value - 1,
		.max_runs = max_runs,
		.runs = g_array_new(FALSE, FALSE, sizeof(struct mapped_run)),
	};
	const struct page_table_visitor visitor = {read_table, add_run, &search};

	if (start.value < end.value)
		page_tables_walk(space->root, space->levels, start, gva(end.value - 1), &visitor);
	return search.runs;
}

gpa_t cr3_root(uint64_t cr3)
{
	return gpa(cr3 & ENTRY_ADDRESS);
}

bool vcpu_address_space(const struct vcpu_registers *vcpu, struct snapshot *snapshot,
			struct address_space *space)
{
	*space = (struct address_space){
		.snapshot = snapshot,
		.root = cr3_root(vcpu->cr3),
		.levels = vcpu_five_level_paging(vcpu) ? 5 : 4,
	};
	return vcpu_in_long_mode(vcpu);
}
