/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads through page tables of any architecture. */
#include "guest/paging.h"

#include <inttypes.h>
#include <string.h>

#define MAX_PREFETCH ((size_t)64 << 20)

/* Bytes from @address to the end of its page, at most @length. */
static size_t bytes_in_page(gva_t address, uint64_t page_size, size_t length)
{
	return MIN(length, page_size - (address.value & (page_size - 1)));
}

bool address_space_read(const struct address_space *space, gva_t address, void *buffer,
			size_t length, bool *late, GError **error)
{
	while (length > 0) {
		struct mapping mapping;
		size_t part;

		if (!address_space_translate(space, address, &mapping, error))
			return false;
		part = bytes_in_page(address, mapping.page_size, length);
		if (!snapshot_read(space->snapshot, mapping.address, buffer, part, late, error)) {
			g_prefix_error(error, "guest address %#" PRIx64 ": ", address.value);
			return false;
		}
		buffer = (char *)buffer + part;
		address = gva_add(address, part);
		length -= part;
	}
	return true;
}

bool address_space_read_u64(const struct address_space *space, gva_t address, uint64_t *value,
			    GError **error)
{
	return address_space_read(space, address, value, sizeof(*value), NULL, error);
}

bool address_space_read_u32(const struct address_space *space, gva_t address, uint32_t *value,
			    GError **error)
{
	return address_space_read(space, address, value, sizeof(*value), NULL, error);
}

/*
 * The length of the run from @address that is contiguous in guest-physical memory, at most @length
 * bytes; 0: the first byte is not mapped.
 */
static size_t physical_run(const struct address_space *space, gva_t address, size_t length,
			   gpa_t *start, GError **error)
{
	size_t done = 0;

	while (done < length) {
		struct mapping mapping;
		gva_t next = gva_add(address, done);

		if (!address_space_translate(space, next, &mapping, done == 0 ? error : NULL))
			break;
		if (done == 0)
			*start = mapping.address;
		else if (mapping.address.value != start->value + done)
			break;
		done += bytes_in_page(next, mapping.page_size, length - done);
	}
	return done;
}

bool address_space_peek(const struct address_space *space, gva_t address, void *buffer,
			size_t length, GError **error)
{
	while (length > 0) {
		gpa_t start;
		size_t run = physical_run(space, address, length, &start, error);

		if (run == 0)
			return false;
		if (!guest_memory_read(snapshot_memory(space->snapshot), start, buffer, run,
				       error)) {
			g_prefix_error(error, "guest address %#" PRIx64 ": ", address.value);
			return false;
		}
		buffer = (char *)buffer + run;
		address = gva_add(address, run);
		length -= run;
	}
	return true;
}

bool address_space_peek_mapped(const struct address_space *space, gva_t address, void *buffer,
			       size_t length, GError **error)
{
	while (length > 0) {
		gpa_t start;
		size_t run = physical_run(space, address, length, &start, NULL);

		if (run == 0) {
			run = bytes_in_page(address, GUEST_PAGE_SIZE, length);
			memset(buffer, 0, run);
		} else if (!guest_memory_read(snapshot_memory(space->snapshot), start, buffer, run,
					      error)) {
			g_prefix_error(error, "guest address %#" PRIx64 ": ", address.value);
			return false;
		}
		buffer = (char *)buffer + run;
		address = gva_add(address, run);
		length -= run;
	}
	return true;
}

void address_space_prefetch(const struct address_space *space, gva_t address, size_t length)
{
	length = MIN(length, MAX_PREFETCH);
	while (length > 0) {
		gpa_t start;
		size_t run = physical_run(space, address, length, &start, NULL);

		if (run > 0)
			snapshot_prefetch(space->snapshot, start, run);
		else
			run = bytes_in_page(address, GUEST_PAGE_SIZE, length);
		address = gva_add(address, run);
		length -= run;
	}
}

char *address_space_read_string(const struct address_space *space, gva_t address, size_t max_length,
				GError **error)
{
	GString *string = g_string_new(NULL);

	while (string->len < max_length) {
		size_t part = bytes_in_page(address, GUEST_PAGE_SIZE, max_length - string->len);
		char bytes[256];
		const char *end;

		part = MIN(part, sizeof(bytes));
		if (!address_space_read(space, address, bytes, part, NULL, error)) {
			g_string_free(string, TRUE);
			return NULL;
		}
		end = memchr(bytes, '\0', part);
		g_string_append_len(string, bytes, end ? end - bytes : (gssize)part);
		if (end)
			break;
		address = gva_add(address, part);
	}
	return g_string_free(string, FALSE);
}
