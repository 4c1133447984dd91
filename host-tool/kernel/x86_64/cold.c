// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cold.h"

#include <string.h>

#include "guest/x86_64/cr3.h"
#include "kernel/map.h"
#include "kernel/x86_64/pt_regs.h"
#include "kernel/x86_64/tss.h"

/* The minimum size of a stack without a guard page; with KASAN twice this or more. */
#define STACK_SIZE DEFAULT_STACK_SIZE
#define STACK_SIZE_KASAN (2 * DEFAULT_STACK_SIZE)
/*
 * A CPU's GDT is one of the page-aligned per-CPU variables, which come first. All variables that
 * the kernel image declares, the hot ones included, lie within this distance of it.
 */
#define PERCPU_BEFORE_GDT (64u << 10)
#define PERCPU_AFTER_GDT (192u << 10)
#define PERCPU_SIZE (PERCPU_BEFORE_GDT + PERCPU_AFTER_GDT)
/* All shown fields of a task are in its first two pages, even if the task is not page-aligned. */
#define TASK_SIZE (2 * GUEST_PAGE_SIZE)
#define IDT_SIZE 4096
/* Each CPU's mappings of its GDT, TSS and exception stacks (arch/x86/mm/cpu_entry_area.c). */
#define ENTRY_AREA_START 0xfffffe0000000000ull
#define ENTRY_AREA_END 0xfffffe8000000000ull
#define MAX_STACKS 4

static bool in_entry_area(uint64_t address)
{
	return address >= ENTRY_AREA_START && address < ENTRY_AREA_END;
}

/*
 * The end of the stack that @sp is on: its guard page. Stacks without a guard page (no
 * CONFIG_VMAP_STACK) end at a multiple of their size; only task stacks are always aligned to it.
 */
static uint64_t stack_top(const struct address_space *space, uint64_t sp)
{
	uint64_t page = sp & GUEST_PAGE_MASK;
	uint64_t most = page + (in_entry_area(sp) ? STACK_SIZE : STACK_SIZE_KASAN);
	struct mapping mapping;

	for (uint64_t top = page + GUEST_PAGE_SIZE; top <= most; top += GUEST_PAGE_SIZE) {
		if (!address_space_translate(space, gva(top), &mapping, NULL))
			return top;
	}
	return (sp & ~(uint64_t)(STACK_SIZE - 1)) + STACK_SIZE;
}

/* Follows the stacks: the top of a stack holds the stack pointer of the interrupted one. */
static void capture_stacks(const struct address_space *space, uint64_t sp)
{
	for (int i = 0; i < MAX_STACKS && sp >> 63; i++) {
		uint64_t low = sp & GUEST_PAGE_MASK;
		uint64_t high = stack_top(space, sp);
		uint64_t next_at = in_entry_area(sp) ? high - PT_REGS_SIZE + PT_REGS_SP : high - 8;

		address_space_prefetch(space, gva(low), high - low);
		if (!address_space_read_u64(space, gva(next_at), &sp, NULL))
			return;
		if (sp >= low && sp < high)
			return;
	}
}

/*
 * The kernel's own page tables. In user mode with page-table isolation CR3 has the user's page
 * tables, which differ by one bit and do not map the kernel. If CR3 has that bit for another
 * reason, the page tables without it translate the GDT's address differently.
 */
static gpa_t kernel_root(const struct address_space *space, const struct vcpu_registers *vcpu)
{
	struct address_space other = *space;
	struct mapping user, kernel;

	other.root = cr3_root(vcpu->cr3 & ~CR3_USER_BIT);
	if (vcpu->cpl == 3 && (vcpu->cr3 & CR3_USER_BIT) &&
	    address_space_translate(space, gva(vcpu->gdt.base), &user, NULL) &&
	    address_space_translate(&other, gva(vcpu->gdt.base), &kernel, NULL) &&
	    kernel.address.value == user.address.value)
		return other.root;
	return space->root;
}

/* A vCPU, and the guest memory that must belong to it. */
struct cpu_place {
	const struct vcpu_registers *vcpu;
	struct address_space space;
	gpa_t percpu; /* approximate start of its per-CPU variables; 0: unknown */
};

static bool find_place(struct snapshot *snapshot, const struct vcpu_registers *vcpu,
		       struct cpu_place *place)
{
	struct mapping gdt;

	*place = (struct cpu_place){
		.vcpu = vcpu,
		.space = {.snapshot = snapshot,
			  .root = cr3_root(vcpu->cr3),
			  .levels = vcpu_five_level_paging(vcpu) ? 5 : 4},
	};
	if (!vcpu_in_long_mode(vcpu))
		return false;
	place->space.root = kernel_root(&place->space, vcpu);
	if (address_space_translate(&place->space, gva(vcpu->gdt.base), &gdt, NULL) &&
	    gdt.address.value >= PERCPU_BEFORE_GDT)
		place->percpu = gpa((gdt.address.value & GUEST_PAGE_MASK) - PERCPU_BEFORE_GDT);
	return true;
}

/*
 * The places of two words in the per-CPU area, and the size of task stacks: the same for (nearly)
 * all CPUs.
 */
struct current_place {
	uint64_t task_at, top_at, stack_size;
};

/* Pages reserved for finding the kernel, its symbols and the modules. */
#define RESERVED_PAGES 8192u
/* Pages that a vCPU needs at least: page tables, stacks, TSS, task and two pages of variables. */
#define LEAST_PAGES 12u
/* The first vCPUs, for which the current task may be searched for in all variables. */
#define WHOLE_AREAS 64u

/* @index: of this vCPU among @num_vcpus. */
static bool has_room_for_area(struct snapshot *snapshot, const struct current_place *known,
			      guint index, guint num_vcpus)
{
	size_t room = snapshot_room(snapshot);
	size_t needed = RESERVED_PAGES + PERCPU_SIZE / GUEST_PAGE_SIZE;

	if (!known->top_at && index < WHOLE_AREAS)
		return room >= needed;
	return room >= needed + (size_t)(num_vcpus - index) * LEAST_PAGES;
}

/* Captures all variables, or the pages where the last CPU had its current task. */
static void capture_percpu(const struct cpu_place *place, const struct current_place *known,
			   bool whole)
{
	struct snapshot *snapshot = place->space.snapshot;
	const uint64_t pages[] = {known->task_at & GUEST_PAGE_MASK,
				  known->top_at & GUEST_PAGE_MASK};

	if (whole) {
		snapshot_prefetch(snapshot, place->percpu, PERCPU_SIZE);
		return;
	}
	for (size_t i = 0; known->top_at && i < G_N_ELEMENTS(pages); i++)
		snapshot_prefetch(snapshot, gpa_add(place->percpu, pages[i]), GUEST_PAGE_SIZE);
}

/* One of the vCPU's registers may point to the spinlock that it waits for. */
static void capture_lock(const struct cpu_place *place)
{
	const struct vcpu_registers *vcpu = place->vcpu;
	const uint64_t values[] = {vcpu->rdi, vcpu->rbx, vcpu->rbp, vcpu->r12,
				   vcpu->r13, vcpu->r14, vcpu->r15};

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
		if (values[i] >> 63)
			address_space_prefetch(&place->space, gva(values[i]), sizeof(uint32_t));
}

static void capture_place(const struct cpu_place *place, const struct current_place *known,
			  bool whole)
{
	const struct vcpu_registers *vcpu = place->vcpu;

	address_space_prefetch(&place->space, gva(vcpu->idt.base), IDT_SIZE);
	address_space_prefetch(&place->space, gva(vcpu->tr.base), TSS_SIZE);
	if (place->percpu.value)
		capture_percpu(place, known, whole);
	if (vcpu->cpl == 3)
		return;
	capture_stacks(&place->space, vcpu->rsp);
	capture_lock(place);
}

/*
 * `current` is found by properties that hold in every release: its struct task_struct is aligned to
 * a cache line and has the address of its stack after struct thread_info and the state. One of the
 * CPU's variables has the address of the top of that stack, where entries from user mode begin.
 */
#define TASK_ALIGNMENT 64
#define TASK_STACK 24 /* or 8 bytes more */
#define MAX_TOPS 256
/* The limit for hostile guests. A genuine guest has two pointers for each CPU after the first. */
#define MAX_CANDIDATES 4096
#define MAX_CANDIDATES_PER_CPU 4

struct search {
	const struct cpu_place *place;
	struct {
		uint64_t address, at;
	} tops[MAX_TOPS];
	unsigned int num_tops, candidates_left;
	struct current_place found;
};

static bool read_percpu(const struct cpu_place *place, uint64_t at, uint64_t *word)
{
	uint64_t offset = at & ~GUEST_PAGE_MASK;
	const uint8_t *page =
		snapshot_held(place->space.snapshot, gpa_add(place->percpu, at), NULL);

	if (!page || offset + sizeof(*word) > GUEST_PAGE_SIZE)
		return false;
	memcpy(word, page + offset, sizeof(*word));
	return *word >> 63;
}

/* The stack top that is at @address or directly above it, else 0. Also true for larger stacks. */
static uint64_t stack_end(uint64_t address)
{
	uint64_t offset = address & (STACK_SIZE - 1);

	if (offset == STACK_SIZE - FRED_PADDING)
		return address + FRED_PADDING;
	return offset ? 0 : address;
}

static void note_top(struct search *search, uint64_t at)
{
	uint64_t word;

	if (search->num_tops < MAX_TOPS && read_percpu(search->place, at, &word) &&
	    stack_end(word)) {
		search->tops[search->num_tops].address = stack_end(word);
		search->tops[search->num_tops++].at = at;
	}
}

/*
 * Before 5.13 the top is in the TSS, not aligned (x86_hw_tss.sp1). Other variables are searched
 * from the end: the first half holds exception stacks with stale copies.
 */
static void find_tops(struct search *search)
{
	const struct cpu_place *place = search->place;
	struct mapping tss;

	search->num_tops = 0;
	if (address_space_translate(&place->space, gva(place->vcpu->tr.base), &tss, NULL) &&
	    tss.address.value - place->percpu.value < PERCPU_SIZE)
		note_top(search, tss.address.value - place->percpu.value + TSS_RSP1);
	for (uint64_t at = PERCPU_SIZE; at > 0; at -= 8)
		note_top(search, at - 8);
}

/*
 * Reads the two words of @task of which one is the address of its stack. False: there can be no
 * task at @task.
 */
static bool read_stacks(struct search *search, uint64_t task, uint64_t stacks[2])
{
	return task % TASK_ALIGNMENT == 0 && !in_entry_area(task) && search->candidates_left &&
	       search->candidates_left-- &&
	       address_space_peek(&search->place->space, gva(task + TASK_STACK), stacks, 16, NULL);
}

static bool is_stack_with_top(uint64_t stack, uint64_t top, uint64_t size)
{
	return top && stack == top - size && stack % size == 0;
}

/*
 * True if the stack of @task, of @size bytes, ends at a known top; *@top_at gets the place of this
 * top.
 */
static bool has_top(const struct search *search, const uint64_t stacks[2], uint64_t size,
		    uint64_t *top_at)
{
	for (unsigned int i = 0; i < search->num_tops; i++) {
		uint64_t top = search->tops[i].address;

		if (is_stack_with_top(stacks[0], top, size) ||
		    is_stack_with_top(stacks[1], top, size)) {
			*top_at = search->tops[i].at;
			return true;
		}
	}
	return false;
}

static bool is_current(struct search *search, uint64_t task, struct current_place *place)
{
	uint64_t stacks[2];

	if (!read_stacks(search, task, stacks))
		return false;
	place->stack_size = STACK_SIZE;
	if (has_top(search, stacks, place->stack_size, &place->top_at))
		return true;
	place->stack_size = STACK_SIZE_KASAN;
	return has_top(search, stacks, place->stack_size, &place->top_at);
}

/* Is the current task where the last CPU had it? */
static bool is_at_same_place(struct search *search, uint64_t *task)
{
	uint64_t stacks[2], top;

	return search->found.top_at && read_percpu(search->place, search->found.task_at, task) &&
	       read_percpu(search->place, search->found.top_at, &top) &&
	       read_stacks(search, *task, stacks) &&
	       (is_stack_with_top(stacks[0], stack_end(top), search->found.stack_size) ||
		is_stack_with_top(stacks[1], stack_end(top), search->found.stack_size));
}

/*
 * Two adjacent stacks may look like one of twice the size. A large stack counts only if no task
 * with a usual stack is current, on this CPU or an earlier one.
 */
static bool find_current(struct search *search, uint64_t *task)
{
	struct current_place large = {0};
	uint64_t large_task = 0;

	if (is_at_same_place(search, task))
		return true;
	find_tops(search);
	for (uint64_t at = PERCPU_SIZE; at > 0; at -= 8) {
		struct current_place place = {.task_at = at - 8};

		if (!read_percpu(search->place, at - 8, task) || !is_current(search, *task, &place))
			continue;
		if (place.stack_size == STACK_SIZE) {
			search->found = place;
			return true;
		}
		if (!large.top_at) {
			large = place;
			large_task = *task;
		}
	}
	if (!large.top_at || search->found.stack_size == STACK_SIZE)
		return false;
	search->found = large;
	*task = large_task;
	return true;
}

/*
 * Captures the other CPUs' tasks at the place where the last CPU had its current task. The search
 * may have chosen a wrong task for an earlier CPU, and a CPU in a task switch has the stack of one
 * task and another task as `current`.
 */
static void capture_at_same_place(const struct current_place *found, struct snapshot *snapshot,
				  const GArray *vcpus, guint num_done)
{
	for (guint i = 0; found->top_at && i < num_done; i++) {
		struct cpu_place place;
		uint64_t task;

		if (find_place(snapshot, &g_array_index(vcpus, struct vcpu_registers, i), &place) &&
		    place.percpu.value && read_percpu(&place, found->task_at, &task) &&
		    task % TASK_ALIGNMENT == 0)
			address_space_prefetch(&place.space, gva(task), TASK_SIZE);
	}
}

guint capture_cold(struct snapshot *snapshot, const GArray *vcpus)
{
	struct search search = {
		.candidates_left = MAX_CANDIDATES + MAX_CANDIDATES_PER_CPU * vcpus->len,
	};

	guint i;

	for (i = 0; i < vcpus->len && snapshot_room(snapshot) >= RESERVED_PAGES; i++) {
		const struct vcpu_registers *vcpu = &g_array_index(vcpus, struct vcpu_registers, i);
		struct cpu_place place;
		uint64_t task;

		if (!find_place(snapshot, vcpu, &place))
			continue;
		capture_place(&place, &search.found,
			      has_room_for_area(snapshot, &search.found, i, vcpus->len));
		search.place = &place;
		if (place.percpu.value && find_current(&search, &task))
			address_space_prefetch(&place.space, gva(task), TASK_SIZE);
	}
	capture_at_same_place(&search.found, snapshot, vcpus, i);
	return i;
}
