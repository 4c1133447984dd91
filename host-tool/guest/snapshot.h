/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages that an analysis has read, each with its content at the first read.
 *
 * While the guest is frozen these pages are the snapshot: a page that was read once does not
 * change. Pages first read after snapshot_thaw() are marked late. The same pages later make the
 * core file. A snapshot over another one reads again the pages that must be current (the log after
 * an NMI) and does not change the lower one.
 */
#ifndef OOPSBT_GUEST_SNAPSHOT_H
#define OOPSBT_GUEST_SNAPSHOT_H

#include "guest/memory.h"

struct snapshot;

/*
 * @memory is borrowed. Keeps at most @max_pages pages; more is an error. If @memory is NULL, call
 * snapshot_attach() before any function except snapshot_reserve().
 */
struct snapshot *snapshot_new(struct guest_memory *memory, size_t max_pages);
void snapshot_attach(struct snapshot *snapshot, struct guest_memory *memory);
void snapshot_free(struct snapshot *snapshot);
typedef struct snapshot Snapshot;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Snapshot, snapshot_free)

struct guest_memory *snapshot_memory(struct snapshot *snapshot);

/*
 * Allocates storage for @num_pages more pages, so that reading them while frozen costs no page
 * fault.
 */
void snapshot_reserve(struct snapshot *snapshot, size_t num_pages);

/* From now on, newly read pages are late. */
void snapshot_thaw(struct snapshot *snapshot);

/*
 * The GUEST_PAGE_SIZE bytes of the page that contains @address. The pointer stays valid and the
 * bytes unchanged until the snapshot is freed. *@late (optional): the page was read after the thaw.
 * NULL on error.
 */
const uint8_t *snapshot_page(struct snapshot *snapshot, gpa_t address, bool *late, GError **error);

/* The same for a page that is held already, else NULL. Reads nothing. */
const uint8_t *snapshot_held(const struct snapshot *snapshot, gpa_t address, bool *late);

/*
 * Copies from pages; reads them if needed. Sets *@late (optional) if any page is late, else leaves
 * it unchanged.
 */
bool snapshot_read(struct snapshot *snapshot, gpa_t address, void *buffer, size_t length,
		   bool *late, GError **error);

/*
 * Reads the pages of [@address, @address + @length) that are not held yet, with as few system calls
 * as possible. Skips unreadable pages silently: this is a hint, and snapshot_page() returns the
 * error to code that needs the page.
 */
void snapshot_prefetch(struct snapshot *snapshot, gpa_t address, size_t length);

/*
 * Adds a page without reading memory (for core files with overriding pages). An error if the page
 * is held already or the limit is reached.
 */
bool snapshot_put(struct snapshot *snapshot, gpa_t address, const uint8_t *page, bool late,
		  GError **error);

size_t snapshot_num_pages(const struct snapshot *snapshot);

/* The number of pages that it can still hold. */
size_t snapshot_room(const struct snapshot *snapshot);

struct snapshot_page {
	gpa_t address;
	const uint8_t *bytes;
	bool late;
};

/* All pages, sorted by address; free the array with g_free(). */
struct snapshot_page *snapshot_pages(const struct snapshot *snapshot, size_t *num_pages);

#endif
