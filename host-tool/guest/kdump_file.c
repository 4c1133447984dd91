/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed kdump files (zlib, lzo, snappy, zstd as libkdumpfile can). The library reads memory;
 * the notes are read here, because it has no control registers to give.
 */
#include "guest/dump_backend.h"

#include <errno.h>
#include <inttypes.h>
#include <libkdumpfile/kdumpfile.h>
#include <sys/stat.h>

/* Offsets in struct disk_dump_header and, a block later, struct kdump_sub_header (makedumpfile). */
#define HEADER_VERSION 0x8
#define HEADER_BLOCK_SIZE 0x1ac
#define HEADER_SUB_HEADER_BLOCKS 0x1b0
#define HEADER_BITMAP_BLOCKS 0x1b4
#define SUB_HEADER_VMCOREINFO 0x20 /* of this and the next two: offset, then size */
#define SUB_HEADER_NOTES 0x30
#define SUB_HEADER_ERASEINFO 0x40
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

struct span {
	uint64_t offset, size; /* bytes */
};

/* What the headers say must be in the file: the library reads all of it, however much that is. */
static bool check_span(struct span span, uint64_t file_size, const char *what, GError **error)
{
	if (span.size <= file_size && span.offset <= file_size - span.size)
		return true;
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
		    "the kdump file has %" PRIu64 " bytes, but its %s would be %" PRIu64
		    " bytes at offset %" PRIu64,
		    file_size, what, span.size, span.offset);
	return false;
}

static bool check_spans(int fd, uint64_t block_size, uint64_t file_size, GError **error)
{
	static const struct {
		uint64_t at;
		const char *what;
	} named[] = {
		{SUB_HEADER_VMCOREINFO, "VMCOREINFO"},
		{SUB_HEADER_NOTES, "notes"},
		{SUB_HEADER_ERASEINFO, "list of what was erased"},
	};
	uint32_t sub_header_blocks, bitmap_blocks;
	struct span span;

	if (!dump_read(fd, HEADER_SUB_HEADER_BLOCKS, &sub_header_blocks, sizeof(sub_header_blocks),
		       error) ||
	    !dump_read(fd, HEADER_BITMAP_BLOCKS, &bitmap_blocks, sizeof(bitmap_blocks), error))
		return false;
	span.offset = (1 + (uint64_t)sub_header_blocks) * block_size;
	span.size = bitmap_blocks * block_size;
	if (!check_span(span, file_size, "bitmaps", error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
		if (!dump_read(fd, block_size + named[i].at, &span, sizeof(span), error) ||
		    !check_span(span, file_size, named[i].what, error))
			return false;
	return true;
}

static bool check_headers(int fd, GError **error)
{
	uint32_t version, block_size;
	struct stat stat;

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
	if (fstat(fd, &stat) < 0) {
		g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO,
			    "asking for the dump's size: %s", g_strerror(errno));
		return false;
	}
	return check_spans(fd, block_size, (uint64_t)stat.st_size, error);
}

static bool read_notes(struct dump_file *file, int fd, GError **error)
{
	struct span notes;

	if (!dump_read(fd, GUEST_PAGE_SIZE + SUB_HEADER_NOTES, &notes, sizeof(notes), error))
		return false;
	if (notes.size > DUMP_MAX_NOTES) {
		g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
				    "the kdump file has more notes than any guest could need");
		return false;
	}
	g_byte_array_set_size(file->notes, (guint)notes.size);
	return dump_read(fd, notes.offset, file->notes->data, notes.size, error);
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
	kdump_ctx_t *context;

	if (!check_headers(fd, error) || !read_notes(file, fd, error))
		return false;
	context = kdump_new();
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
	if (!find_extents(context, extents, error))
		return false;
	file->memory = guest_memory_new_function(
		read_memory, context, (struct guest_extent *)extents->data, extents->len, error);
	return file->memory != NULL;
}
