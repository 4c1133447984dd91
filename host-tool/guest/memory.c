/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/read.h"

G_DEFINE_QUARK(oopsbt_guest_memory_error, guest_memory_error)

struct guest_memory {
	int fd; /* -1: use @read */
	guest_memory_read_fn read;
	void *user_data;
	struct guest_extent *extents; /* sorted by start */
	size_t num_extents;
	bool pages; /* see guest_memory_read_pages() */
};

static int compare_extents(const void *a, const void *b)
{
	const struct guest_extent *left = a, *right = b;

	return (left->start.value > right->start.value) - (left->start.value < right->start.value);
}

static bool check_extents(const struct guest_extent *extents, size_t num_extents, GError **error)
{
	for (size_t i = 0; i < num_extents; i++) {
		const struct guest_extent *extent = &extents[i];

		if (extent->length == 0 || extent->start.value + extent->length < extent->length ||
		    extent->file_offset + extent->length < extent->length) {
			g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY,
				    "guest memory extent at %#" PRIx64
				    " has the impossible length %#" PRIx64,
				    extent->start.value, extent->length);
			return false;
		}
		if (i > 0 &&
		    extents[i - 1].start.value + extents[i - 1].length > extent->start.value) {
			g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY,
				    "guest memory extents at %#" PRIx64 " and %#" PRIx64 " overlap",
				    extents[i - 1].start.value, extent->start.value);
			return false;
		}
	}
	return true;
}

static struct guest_memory *memory_new(const struct guest_extent *extents, size_t num_extents,
				       GError **error)
{
	g_autofree struct guest_extent *sorted = NULL;
	struct guest_memory *memory;

	sorted = g_memdup2(extents, num_extents * sizeof(*extents));
	if (num_extents > 0)
		qsort(sorted, num_extents, sizeof(*sorted), compare_extents);
	if (!check_extents(sorted, num_extents, error))
		return NULL;
	memory = g_new0(struct guest_memory, 1);
	memory->fd = -1;
	memory->extents = g_steal_pointer(&sorted);
	memory->num_extents = num_extents;
	return memory;
}

struct guest_memory *guest_memory_new_fd(int fd, const struct guest_extent *extents,
					 size_t num_extents, GError **error)
{
	struct guest_memory *memory = memory_new(extents, num_extents, error);

	if (memory)
		memory->fd = fd;
	return memory;
}

struct guest_memory *guest_memory_new_function(guest_memory_read_fn read, void *user_data,
					       const struct guest_extent *extents,
					       size_t num_extents, GError **error)
{
	struct guest_memory *memory = memory_new(extents, num_extents, error);

	if (memory) {
		memory->read = read;
		memory->user_data = user_data;
	}
	return memory;
}

void guest_memory_read_pages(struct guest_memory *memory)
{
	memory->pages = true;
}

void guest_memory_free(struct guest_memory *memory)
{
	if (memory == NULL)
		return;
	g_free(memory->extents);
	g_free(memory);
}

/* The extent that contains @address, or NULL. */
static const struct guest_extent *find_extent(const struct guest_memory *memory, gpa_t address)
{
	size_t low = 0, high = memory->num_extents;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct guest_extent *extent = &memory->extents[middle];

		if (address.value < extent->start.value)
			high = middle;
		else if (address.value - extent->start.value >= extent->length)
			low = middle + 1;
		else
			return extent;
	}
	return NULL;
}

static bool read_fd(int fd, uint64_t offset, gpa_t address, void *buffer, size_t length,
		    GError **error)
{
	size_t done = read_at(fd, offset, buffer, length);

	if (done == length)
		return true;
	g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO,
		    "reading guest memory at %#" PRIx64 ": %s", address.value + done,
		    errno ? g_strerror(errno) : "the source ends there");
	return false;
}

/* Reads once, as much as there is; false: nothing. */
static bool read_some(int fd, uint64_t offset, gpa_t address, void *buffer, size_t length,
		      size_t *done, GError **error)
{
	ssize_t got;

	do {
		got = pread(fd, buffer, length, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*done = (size_t)got;
		return true;
	}
	g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO,
		    "reading guest memory at %#" PRIx64 ": %s", address.value,
		    got < 0 ? g_strerror(errno) : "the source ends there");
	return false;
}

/* The same with whole pages of the source. @end: of the extent, in the source. */
static bool read_some_pages(int fd, uint64_t offset, uint64_t end, gpa_t address, void *buffer,
			    size_t length, size_t *done, GError **error)
{
	size_t skip = offset & ~GUEST_PAGE_MASK;
	size_t most =
		end - offset < GUEST_MEMORY_MAX_READ ? GUEST_PAGE_SIZE : GUEST_MEMORY_MAX_READ;
	uint8_t page[GUEST_PAGE_SIZE];

	if (skip == 0 && length >= GUEST_PAGE_SIZE) {
		if (!read_some(fd, offset, address, buffer, MIN(length & GUEST_PAGE_MASK, most),
			       done, error))
			return false;
		*done &= GUEST_PAGE_MASK;
	} else {
		if (!read_some(fd, offset - skip, address, page, sizeof(page), done, error))
			return false;
		*done = *done == sizeof(page) ? MIN(length, sizeof(page) - skip) : 0;
		memcpy(buffer, page + skip, *done);
	}
	if (*done > 0)
		return true;
	g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO,
		    "reading guest memory at %#" PRIx64 ": half a page", address.value);
	return false;
}

static bool read_pages(int fd, uint64_t offset, uint64_t end, gpa_t address, uint8_t *buffer,
		       size_t length, GError **error)
{
	while (length > 0) {
		size_t done;

		if (!read_some_pages(fd, offset, end, address, buffer, length, &done, error))
			return false;
		buffer += done;
		offset += done;
		address = gpa_add(address, done);
		length -= done;
	}
	return true;
}

static bool read_extent(const struct guest_memory *memory, const struct guest_extent *extent,
			gpa_t address, void *buffer, size_t length, GError **error)
{
	uint64_t offset = extent->file_offset + (address.value - extent->start.value);

	if (memory->pages)
		return read_pages(memory->fd, offset, extent->file_offset + extent->length, address,
				  buffer, length, error);
	return read_fd(memory->fd, offset, address, buffer, length, error);
}

bool guest_memory_read(struct guest_memory *memory, gpa_t address, void *buffer, size_t length,
		       GError **error)
{
	while (length > 0) {
		const struct guest_extent *extent = find_extent(memory, address);
		uint64_t skip;
		size_t part;
		bool ok;

		if (extent == NULL) {
			g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY,
				    "no guest memory at %#" PRIx64, address.value);
			return false;
		}
		skip = address.value - extent->start.value;
		part = MIN(length, extent->length - skip);
		if (memory->fd >= 0)
			ok = read_extent(memory, extent, address, buffer, part, error);
		else
			ok = memory->read(memory->user_data, address, buffer, part, error);
		if (!ok)
			return false;
		buffer = (char *)buffer + part;
		address = gpa_add(address, part);
		length -= part;
	}
	return true;
}

uint64_t guest_memory_size(const struct guest_memory *memory)
{
	uint64_t size = 0;

	for (size_t i = 0; i < memory->num_extents; i++)
		size += memory->extents[i].length;
	return size;
}

const struct guest_extent *guest_memory_extents(const struct guest_memory *memory,
						size_t *num_extents)
{
	*num_extents = memory->num_extents;
	return memory->extents;
}
