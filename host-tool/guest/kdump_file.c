/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed kdump files (zlib, lzo, snappy, zstd as libkdumpfile can). The library reads memory;
 * the notes are read here, because it has no control registers to give.
 */
#include "guest/dump_backend.h"

#include <inttypes.h>
#include <libkdumpfile/kdumpfile.h>

/* Offsets in struct disk_dump_header and, a block later, struct kdump_sub_header (makedumpfile). */
#define HEADER_VERSION 0x8
#define HEADER_BLOCK_SIZE 0x1ac
#define SUB_HEADER_OFFSET_NOTE 0x30
#define SUB_HEADER_SIZE_NOTE 0x38
#define FIRST_VERSION_WITH_NOTES 4

#define MAX_EXTENTS (1u << 20)

static bool fail(GError **error, kdump_ctx_t *context, const char *what)
{
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT, "%s: %s", what,
		    kdump_get_err(context));
	return false;
}

static bool read_memory(void *user_data, gpa_t address, void *buffer, size_t length, GError **error)
{
	kdump_ctx_t *context = user_data;
	size_t done = length;

	if (kdump_read(context, KDUMP_MACHPHYSADDR, address.value, buffer, &done) != KDUMP_OK ||
	    done != length) {
		g_set_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO,
			    "reading guest memory at %#" PRIx64 ": %s", address.value,
			    kdump_get_err(context));
		return false;
	}
	return true;
}

static bool read_notes(struct dump_file *file, int fd, GError **error)
{
	uint32_t version, block_size;
	uint64_t offset, size;

	if (!dump_read(fd, HEADER_VERSION, &version, sizeof(version), error) ||
	    !dump_read(fd, HEADER_BLOCK_SIZE, &block_size, sizeof(block_size), error))
		return false;
	if (block_size != GUEST_PAGE_SIZE || version < FIRST_VERSION_WITH_NOTES) {
		g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
			    "the kdump file is of version %u with pages of %u bytes, which no "
			    "x86-64 guest's is",
			    version, block_size);
		return false;
	}
	if (!dump_read(fd, block_size + SUB_HEADER_OFFSET_NOTE, &offset, sizeof(offset), error) ||
	    !dump_read(fd, block_size + SUB_HEADER_SIZE_NOTE, &size, sizeof(size), error))
		return false;
	if (size > DUMP_MAX_NOTES) {
		g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
				    "the kdump file has more notes than any guest could need");
		return false;
	}
	g_byte_array_set_size(file->notes, (guint)size);
	return dump_read(fd, offset, file->notes->data, size, error);
}

/* The runs of pages that the file has. */
static bool find_extents(kdump_ctx_t *context, GArray *extents, GError **error)
{
	kdump_attr_t attribute = {.type = KDUMP_BITMAP};
	kdump_addr_t start = 0;

	if (kdump_get_typed_attr(context, KDUMP_ATTR_FILE_PAGEMAP, &attribute) != KDUMP_OK)
		return fail(error, context, "which pages are in the kdump file");
	while (extents->len < MAX_EXTENTS &&
	       kdump_bmp_find_set(attribute.val.bitmap, &start) == KDUMP_OK) {
		kdump_addr_t end = start;
		struct guest_extent extent;

		if (kdump_bmp_find_clear(attribute.val.bitmap, &end) != KDUMP_OK || end <= start ||
		    end >= UINT64_MAX >> GUEST_PAGE_SHIFT)
			break;
		extent = (struct guest_extent){
			.start = gpa(start << GUEST_PAGE_SHIFT),
			.length = (end - start) << GUEST_PAGE_SHIFT,
		};
		g_array_append_val(extents, extent);
		start = end;
	}
	return true;
}

static void free_context(void *context)
{
	kdump_free(context);
}

bool kdump_file_load(struct dump_file *file, int fd, GError **error)
{
	g_autoptr(GArray) extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));
	kdump_ctx_t *context = kdump_new();

	if (context == NULL) {
		g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO, "out of memory");
		return false;
	}
	file->format = "kdump";
	file->backend = context;
	file->free_backend = free_context;
	/* A mapped file that is cut short would end the process. */
	if (kdump_set_number_attr(context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER) !=
		    KDUMP_OK ||
	    kdump_open_fd(context, fd) != KDUMP_OK)
		return fail(error, context, "opening the kdump file");
	if (!read_notes(file, fd, error) || !find_extents(context, extents, error))
		return false;
	file->memory = guest_memory_new_function(
		read_memory, context, (struct guest_extent *)extents->data, extents->len, error);
	return file->memory != NULL;
}
