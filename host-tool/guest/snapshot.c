/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

/*
 * Pages are stored in slabs: one call reads a run of pages, and pointers stay valid. Slabs do not
 * use huge pages: the host may need tens of milliseconds of compaction to make one.
 */
#define SLAB_PAGES 512
#define SLAB_SIZE (SLAB_PAGES * GUEST_PAGE_SIZE)

struct slot {
	uint64_t page_number;
	uint32_t index; /* into pages, plus one; 0: free */
};

struct snapshot {
	struct guest_memory *memory;
	size_t max_pages;
	bool thawed;

	struct snapshot_page *pages; /* in reading order */
	size_t num_pages, allocated_pages;

	/* Open addressing by page number; a power of two of slots, at most half of them used. */
	struct slot *slots;
	size_t num_slots;

	GPtrArray *slabs;
	size_t slab_used; /* used pages of the newest slab */
	size_t num_spare; /* slabs after the newest one, made by snapshot_reserve() */
};

struct snapshot *snapshot_new(struct guest_memory *memory, size_t max_pages)
{
	struct snapshot *snapshot = g_new0(struct snapshot, 1);

	snapshot->memory = memory;
	snapshot->max_pages = MIN(max_pages, UINT32_MAX - 1);
	snapshot->num_slots = 1024;
	snapshot->slots = g_new0(struct slot, snapshot->num_slots);
	snapshot->slabs = g_ptr_array_new();
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	for (guint i = 0; i < snapshot->slabs->len; i++)
		munmap(snapshot->slabs->pdata[i], SLAB_SIZE);
	g_ptr_array_unref(snapshot->slabs);
	g_free(snapshot->slots);
	g_free(snapshot->pages);
	g_free(snapshot);
}

void snapshot_attach(struct snapshot *snapshot, struct guest_memory *memory)
{
	snapshot->memory = memory;
}

struct guest_memory *snapshot_memory(struct snapshot *snapshot)
{
	return snapshot->memory;
}

void snapshot_thaw(struct snapshot *snapshot)
{
	snapshot->thawed = true;
}

/* --- finding pages --- */

static size_t first_slot(const struct snapshot *snapshot, uint64_t page_number)
{
	return (page_number * 0x9e3779b97f4a7c15u >> 32) & (snapshot->num_slots - 1);
}

/* The slot of the page, or the free slot for it. */
static struct slot *find_slot(const struct snapshot *snapshot, uint64_t page_number)
{
	size_t i = first_slot(snapshot, page_number);

	while (snapshot->slots[i].index != 0 && snapshot->slots[i].page_number != page_number)
		i = (i + 1) & (snapshot->num_slots - 1);
	return &snapshot->slots[i];
}

static struct snapshot_page *find_page(const struct snapshot *snapshot, gpa_t address)
{
	const struct slot *slot = find_slot(snapshot, address.value >> GUEST_PAGE_SHIFT);

	return slot->index ? &snapshot->pages[slot->index - 1] : NULL;
}

static void grow_slots(struct snapshot *snapshot, size_t num_slots)
{
	g_free(snapshot->slots);
	snapshot->num_slots = num_slots;
	snapshot->slots = g_new0(struct slot, num_slots);
	for (size_t i = 0; i < snapshot->num_pages; i++) {
		uint64_t page_number = snapshot->pages[i].address.value >> GUEST_PAGE_SHIFT;
		struct slot *slot = find_slot(snapshot, page_number);

		*slot = (struct slot){page_number, (uint32_t)i + 1};
	}
}

static void add_page(struct snapshot *snapshot, gpa_t address, const uint8_t *bytes, bool late)
{
	uint64_t page_number = address.value >> GUEST_PAGE_SHIFT;

	if (snapshot->pages == NULL || snapshot->num_pages == snapshot->allocated_pages) {
		snapshot->allocated_pages = MAX(256, 2 * snapshot->allocated_pages);
		snapshot->pages =
			g_renew(struct snapshot_page, snapshot->pages, snapshot->allocated_pages);
	}
	snapshot->pages[snapshot->num_pages++] =
		(struct snapshot_page){gpa(page_number << GUEST_PAGE_SHIFT), bytes, late};
	if (2 * snapshot->num_pages > snapshot->num_slots)
		grow_slots(snapshot, 2 * snapshot->num_slots);
	else
		*find_slot(snapshot, page_number) =
			(struct slot){page_number, (uint32_t)snapshot->num_pages};
}

/* --- storage --- */

static bool add_slab(struct snapshot *snapshot)
{
	void *slab = mmap(NULL, SLAB_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (slab == MAP_FAILED)
		return false;
	g_ptr_array_add(snapshot->slabs, slab);
	return true;
}

/* Storage for the next page, and @room: pages that fit in one run; NULL: out of memory. */
static uint8_t *next_storage(struct snapshot *snapshot, size_t *room)
{
	guint current;

	if (snapshot->slabs->len == snapshot->num_spare || snapshot->slab_used == SLAB_PAGES) {
		if (snapshot->num_spare > 0)
			snapshot->num_spare--;
		else if (!add_slab(snapshot))
			return NULL;
		snapshot->slab_used = 0;
	}
	current = snapshot->slabs->len - 1 - (guint)snapshot->num_spare;
	*room = MIN(SLAB_PAGES - snapshot->slab_used, snapshot->max_pages - snapshot->num_pages);
	return (uint8_t *)snapshot->slabs->pdata[current] + snapshot->slab_used * GUEST_PAGE_SIZE;
}

static uint8_t *next_storage_or_error(struct snapshot *snapshot, gpa_t address, GError **error)
{
	uint8_t *storage = NULL;
	size_t room;

	if (snapshot->num_pages < snapshot->max_pages)
		storage = next_storage(snapshot, &room);
	if (storage == NULL)
		g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_LIMIT,
			    "guest page at %#" PRIx64
			    " not read: the limit of %zu pages is reached",
			    address.value & GUEST_PAGE_MASK, snapshot->max_pages);
	return storage;
}

/* Kernels from 5.14 on populate the slab in one call; older ones take a fault for each page. */
static void touch_slab(volatile uint8_t *slab)
{
	if (!madvise((void *)slab, SLAB_SIZE, MADV_POPULATE_WRITE))
		return;
	for (size_t i = 0; i < SLAB_PAGES; i++)
		slab[i * GUEST_PAGE_SIZE] = 0;
}

void snapshot_reserve(struct snapshot *snapshot, size_t num_pages)
{
	size_t num_slots = snapshot->num_slots;
	size_t wanted;

	num_pages = MIN(num_pages, snapshot->max_pages);
	wanted = (num_pages + SLAB_PAGES - 1) / SLAB_PAGES;
	while (snapshot->num_spare < wanted && add_slab(snapshot))
		snapshot->num_spare++;
	for (size_t i = 0; i < snapshot->num_spare; i++)
		touch_slab(snapshot->slabs->pdata[snapshot->slabs->len - 1 - i]);
	while (num_slots < 2 * (snapshot->num_pages + num_pages))
		num_slots *= 2;
	if (num_slots > snapshot->num_slots)
		grow_slots(snapshot, num_slots);
}

/* --- reading --- */

const uint8_t *snapshot_page(struct snapshot *snapshot, gpa_t address, bool *late, GError **error)
{
	struct snapshot_page *page = find_page(snapshot, address);

	if (page == NULL) {
		gpa_t start = gpa(address.value & GUEST_PAGE_MASK);
		uint8_t *storage = next_storage_or_error(snapshot, address, error);

		if (storage == NULL ||
		    !guest_memory_read(snapshot->memory, start, storage, GUEST_PAGE_SIZE, error))
			return NULL;
		snapshot->slab_used++;
		add_page(snapshot, start, storage, snapshot->thawed);
		page = &snapshot->pages[snapshot->num_pages - 1];
	}
	if (late)
		*late = page->late;
	return page->bytes;
}

const uint8_t *snapshot_held(const struct snapshot *snapshot, gpa_t address, bool *late)
{
	const struct snapshot_page *page = find_page(snapshot, address);

	if (page && late)
		*late = page->late;
	return page ? page->bytes : NULL;
}

bool snapshot_read(struct snapshot *snapshot, gpa_t address, void *buffer, size_t length,
		   bool *late, GError **error)
{
	while (length > 0) {
		size_t offset = address.value & ~GUEST_PAGE_MASK;
		size_t part = MIN(length, GUEST_PAGE_SIZE - offset);
		bool page_late;
		const uint8_t *page = snapshot_page(snapshot, address, &page_late, error);

		if (page == NULL)
			return false;
		if (late && page_late)
			*late = true;
		memcpy(buffer, page + offset, part);
		buffer = (char *)buffer + part;
		address = gpa_add(address, part);
		length -= part;
	}
	return true;
}

/* One call for all pages if the source has all, else page by page. */
static void read_run(struct snapshot *snapshot, gpa_t start, size_t num_pages)
{
	while (num_pages > 0 && snapshot->num_pages < snapshot->max_pages) {
		size_t room, part;
		uint8_t *storage = next_storage(snapshot, &room);

		if (storage == NULL)
			return;
		part = MIN(room, num_pages);
		if (guest_memory_read(snapshot->memory, start, storage, part * GUEST_PAGE_SIZE,
				      NULL)) {
			for (size_t i = 0; i < part; i++)
				add_page(snapshot, gpa_add(start, i * GUEST_PAGE_SIZE),
					 storage + i * GUEST_PAGE_SIZE, snapshot->thawed);
			snapshot->slab_used += part;
		} else {
			for (size_t i = 0; i < part; i++)
				snapshot_page(snapshot, gpa_add(start, i * GUEST_PAGE_SIZE), NULL,
					      NULL);
		}
		start = gpa_add(start, part * GUEST_PAGE_SIZE);
		num_pages -= part;
	}
}

void snapshot_prefetch(struct snapshot *snapshot, gpa_t address, size_t length)
{
	uint64_t page = address.value & GUEST_PAGE_MASK;
	uint64_t end = address.value + MIN(length, snapshot->max_pages * GUEST_PAGE_SIZE);
	size_t run = 0;

	if (end <= address.value)
		return;
	for (; page < end; page += GUEST_PAGE_SIZE) {
		if (find_page(snapshot, gpa(page)) == NULL) {
			run++;
			continue;
		}
		read_run(snapshot, gpa(page - run * GUEST_PAGE_SIZE), run);
		run = 0;
	}
	read_run(snapshot, gpa(page - run * GUEST_PAGE_SIZE), run);
}

bool snapshot_put(struct snapshot *snapshot, gpa_t address, const uint8_t *page, bool late,
		  GError **error)
{
	struct snapshot_page *held = find_page(snapshot, address);
	uint8_t *storage;

	if (held) {
		g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_LIMIT,
			    "guest page at %#" PRIx64 " is already in the snapshot",
			    address.value & GUEST_PAGE_MASK);
		return false;
	}
	storage = next_storage_or_error(snapshot, address, error);
	if (storage == NULL)
		return false;
	memcpy(storage, page, GUEST_PAGE_SIZE);
	snapshot->slab_used++;
	add_page(snapshot, address, storage, late);
	return true;
}

size_t snapshot_room(const struct snapshot *snapshot)
{
	return snapshot->max_pages - snapshot->num_pages;
}

size_t snapshot_num_pages(const struct snapshot *snapshot)
{
	return snapshot->num_pages;
}

static int compare_pages(const void *a, const void *b)
{
	const struct snapshot_page *left = a, *right = b;

	return (left->address.value > right->address.value) -
	       (left->address.value < right->address.value);
}

struct snapshot_page *snapshot_pages(const struct snapshot *snapshot, size_t *num_pages)
{
	struct snapshot_page *pages =
		g_memdup2(snapshot->pages, snapshot->num_pages * sizeof(*pages));

	*num_pages = snapshot->num_pages;
	if (pages)
		qsort(pages, snapshot->num_pages, sizeof(*pages), compare_pages);
	return pages;
}
