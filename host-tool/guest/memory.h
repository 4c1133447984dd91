/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest-physical memory as a list of extents over one source of bytes.
 *
 * The source is a file descriptor (/proc/<qemu pid>/mem, an ELF core) or a function (the daemon's
 * relay to virDomainMemoryPeek, libkdumpfile). This layer neither caches nor interprets: see
 * snapshot.h.
 */
#ifndef OOPSBT_GUEST_MEMORY_H
#define OOPSBT_GUEST_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "guest/address.h"

#define GUEST_MEMORY_ERROR (guest_memory_error_quark())
GQuark guest_memory_error_quark(void);

enum guest_memory_error {
	GUEST_MEMORY_ERROR_NO_MEMORY, /* no extent covers the range */
	GUEST_MEMORY_ERROR_IO,	      /* the source failed or came up short */
	GUEST_MEMORY_ERROR_LIMIT,     /* exceeds the page limit of a snapshot */
	GUEST_MEMORY_ERROR_UNMAPPED,  /* a guest-virtual address has no translation */
};

/* A run of guest-physical memory: @length bytes from @start are at @file_offset. */
struct guest_extent {
	gpa_t start;
	uint64_t length;      /* bytes */
	uint64_t file_offset; /* bytes; for a read function: passed through */
};

struct guest_memory;

/*
 * Reads all @length bytes of guest-physical memory at @address into @buffer, or fails. Never called
 * for a range outside the extents.
 */
typedef bool (*guest_memory_read_fn)(void *user_data, gpa_t address, void *buffer, size_t length,
				     GError **error);

/*
 * @fd is borrowed and must outlive the memory. @extents are copied and sorted; overlapping or
 * overflowing extents are an error.
 */
struct guest_memory *guest_memory_new_fd(int fd, const struct guest_extent *extents,
					 size_t num_extents, GError **error);

struct guest_memory *guest_memory_new_function(guest_memory_read_fn read, void *user_data,
					       const struct guest_extent *extents,
					       size_t num_extents, GError **error);

/* The maximum size of one read from a descriptor after guest_memory_read_pages(). */
#define GUEST_MEMORY_MAX_READ ((size_t)64 << 10)

/*
 * From now on reads from the descriptor begin at multiples of a page and have at most
 * GUEST_MEMORY_MAX_READ bytes; a read of more than one page is used only if GUEST_MEMORY_MAX_READ
 * bytes are left in the extent. A system call filter can then check that reads stay within the
 * extents.
 */
void guest_memory_read_pages(struct guest_memory *memory);

void guest_memory_free(struct guest_memory *memory);
typedef struct guest_memory GuestMemory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuestMemory, guest_memory_free)

/* Reads all @length bytes, also across adjacent extents, or fails. */
bool guest_memory_read(struct guest_memory *memory, gpa_t address, void *buffer, size_t length,
		       GError **error);

/* The size of all extents together, in bytes. */
uint64_t guest_memory_size(const struct guest_memory *memory);

const struct guest_extent *guest_memory_extents(const struct guest_memory *memory,
						size_t *num_extents);

#endif
