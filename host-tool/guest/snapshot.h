/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that an analysis has read, each remembered as it was first seen.
 *
 * While the guest is frozen this makes the snapshot: what is read once stays
 * as it was. Pages first read after snapshot_thaw() are marked late. Later the
 * same pages make the core file. A snapshot laid over another one reads anew
 * what must be current (the log after an NMI) and leaves the lower one alone.
 */
#ifndef OOPSBT_GUEST_SNAPSHOT_H
#define OOPSBT_GUEST_SNAPSHOT_H

#include "guest/memory.h"

struct snapshot;

/*
 * @memory is borrowed. At most @max_pages pages are kept; more is an error, not a surprise. Where
 * NULL is given snapshot_attach() must come before all else but snapshot_reserve().
 */
struct snapshot *snapshot_new(struct guest_memory *memory, size_t max_pages);
void snapshot_attach(struct snapshot *snapshot, struct guest_memory *memory);
void snapshot_free(struct snapshot *snapshot);
typedef struct snapshot Snapshot;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_free)

struct guest_memory *snapshot_memory(struct snapshot *snapshot);

/* Makes storage for that many more pages ahead, so that reading them while frozen costs no page
 * fault. */
void snapshot_reserve(struct snapshot *snapshot, size_t num_pages);

/* From now on, pages not yet held are late ones. */
void snapshot_thaw(struct snapshot *snapshot);

/*
 * The GUEST_PAGE_SIZE bytes of the page that holds @address. The pointer stays
 * valid and the bytes unchanged until the snapshot is freed. *@late (optional)
 * tells whether the page was read after the thaw. NULL on error.
 */
const uint8_t *snapshot_page(struct snapshot *snapshot, gpa_t address, bool *late, GError **error);

/* The same for a page that is held already; NULL if it is not. Nothing is read. */
const uint8_t *snapshot_held(const struct snapshot *snapshot, gpa_t address, bool *late);

/* Copies from pages; reads them as needed. *@late (optional) is set if any page is late, else
 * untouched. */
bool snapshot_read(struct snapshot *snapshot, gpa_t address, void *buffer, size_t length,
		   bool *late, GError **error);

/*
 * Reads pages [@address, @address + @length) that are not yet held, in as few
 * system calls as possible. Pages that cannot be read are left out silently:
 * this is a hint, and whoever needs the page gets the error from snapshot_page().
 */
void snapshot_prefetch(struct snapshot *snapshot, gpa_t address, size_t length);

/* Puts in a page without reading memory (core files with overriding pages). Error if held already
 * or over the limit. */
bool snapshot_put(struct snapshot *snapshot, gpa_t address, const uint8_t *page, bool late,
		  GError **error);

size_t snapshot_num_pages(const struct snapshot *snapshot);

/* How many more pages it may hold. */
size_t snapshot_room(const struct snapshot *snapshot);

struct snapshot_page {
	gpa_t address;
	const uint8_t *bytes;
	bool late;
};

/* All pages sorted by address; the caller frees the array with g_free(). */
struct snapshot_page *snapshot_pages(const struct snapshot *snapshot, size_t *num_pages);

#endif
