/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compressed kdump files (zlib, lzo, snappy, zstd, as supported by libkdumpfile). The library reads
 * memory. The notes are read here, because the library provides no control registers.
 */
#include "guest/dump_backend.h"

#include <errno.h>
#include <inttypes.h>
#include <libkdumpfile/kdumpfile.h>
#include <sys/stat.h>

/*
 * Offsets in struct disk_dump_header and, one block later, struct kdump_sub_header (makedumpfile).
 */
#define HEADER_VERSION 0x8
#define HEADER_BLOCK_SIZE 0x1ac
#define HEADER_SUB_HEADER_BLOCKS 0x1b0
#define HEADER_BITMAP_BLOCKS 0x1b4
#define SUB_HEADER_VMCOREINFO 0x20 /* and the next two: offset, then size */
#define SUB_HEADER_NOTES 0x30
#define SUB_HEADER_ERASEINFO 0x40
#define FIRST_VERSION_WITH_NOTES 4

#define MAX_RUNS (1u << 20)

static bool fail_kdump(GError **error, kdump_ctx_t *context, const char *what)
{
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT, "%s: %s", what,
		    kdump_get_err(context));
	return false;
}

/* struct page_desc of makedumpfile: one for each page in the file, in page order. */
struct page_descriptor {
	uint64_t offset;
	uint32_t size; /* bytes in the file */
	uint32_t flags;
	uint64_t page_flags;
};

struct kdump {
	kdump_ctx_t *context;
	int fd;			 /* borrowed */
	uint64_t descriptors_at; /* offset in the file */
	GArray *runs;		 /* of struct run, by address */
};

/* Consecutive pages of memory. */
struct run {
	struct guest_extent extent;
	uint64_t first; /* number of earlier pages in the file */
};

/* NULL: no run contains it. */
static const struct run *find_run(const struct kdump *kdump, gpa_t address)
{
	guint low = 0, high = kdump->runs->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const struct run *run = &g_array_index(kdump->runs, struct run, middle);

		if (address.value < run->extent.start.value)
			high = middle;
		else if (address.value - run->extent.start.value < run->extent.length)
			return run;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * libkdumpfile up to 0.5.1 reads a compressed page of up to 64 KiB into a buffer of one page. Pages
 * that do not shrink are stored uncompressed.
 */
static bool check_page(const struct kdump *kdump, gpa_t address, GError **error)
{
	const struct run *run = find_run(kdump, address);
	struct page_descriptor descriptor;
	uint64_t number;

	if (run == NULL)
		return true; /* the library has no such page either */
	number = run->first + ((address.value - run->extent.start.value) >> GUEST_PAGE_SHIFT);
	if (!dump_read(kdump->fd, kdump->descriptors_at + number * sizeof(descriptor), &descriptor,
		       sizeof(descriptor), error))
		return false;
	if (descriptor.size <= GUEST_PAGE_SIZE)
		return true;
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
		    "the kdump file says that the page at %#" PRIx64 " takes %u bytes in it",
		    address.value, descriptor.size);
	return false;
}

static bool read_memory(void *user_data, gpa_t address, void *buffer, size_t length, GError **error)
{
	const struct kdump *kdump = user_data;
	kdump_ctx_t *context = kdump->context;
	size_t done = length;

	for (uint64_t at = address.value & GUEST_PAGE_MASK; at < address.value + length;
	     at += GUEST_PAGE_SIZE)
		if (!check_page(kdump, gpa(at), error))
			return false;
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

/*
 * Checks that a part named by the headers is in the file: the library reads all of it, whatever its
 * size.
 */
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

/* Finds the runs of pages in the file. */
static bool find_runs(struct kdump *kdump, GError **error)
{
	kdump_attr_t attribute = {.type = KDUMP_BITMAP};
	kdump_addr_t start = 0;
	uint64_t num_pages = 0;

	if (kdump_get_typed_attr(kdump->context, KDUMP_ATTR_FILE_PAGEMAP, &attribute) != KDUMP_OK)
		return fail_kdump(error, kdump->context, "which pages are in the kdump file");
	while (kdump->runs->len < MAX_RUNS &&
	       kdump_bmp_find_set(attribute.val.bitmap, &start) == KDUMP_OK) {
		kdump_addr_t end = start;
		struct run run;

		if (kdump_bmp_find_clear(attribute.val.bitmap, &end) != KDUMP_OK || end <= start ||
		    end >= UINT64_MAX >> GUEST_PAGE_SHIFT)
			break;
		run = (struct run){
			.extent.start = gpa(start << GUEST_PAGE_SHIFT),
			.extent.length = (end - start) << GUEST_PAGE_SHIFT,
			.first = num_pages,
		};
		g_array_append_val(kdump->runs, run);
		num_pages += end - start;
		start = end;
	}
	return true;
}

/* The library also accepts files of other machines, whose headers were not checked. */
static bool check_machine(const struct kdump *kdump, GError **error)
{
	kdump_num_t byte_order, pointer_size;

	if (kdump_get_number_attr(kdump->context, KDUMP_ATTR_BYTE_ORDER, &byte_order) == KDUMP_OK &&
	    kdump_get_number_attr(kdump->context, KDUMP_ATTR_PTR_SIZE, &pointer_size) == KDUMP_OK &&
	    byte_order == KDUMP_LITTLE_ENDIAN && pointer_size == 8)
		return true;
	g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT,
			    "the kdump file's header is not that of an x86-64 machine");
	return false;
}

static bool find_descriptors(struct kdump *kdump, GError **error)
{
	uint32_t sub_header_blocks, bitmap_blocks;

	if (!dump_read(kdump->fd, HEADER_SUB_HEADER_BLOCKS, &sub_header_blocks,
		       sizeof(sub_header_blocks), error) ||
	    !dump_read(kdump->fd, HEADER_BITMAP_BLOCKS, &bitmap_blocks, sizeof(bitmap_blocks),
		       error))
		return false;
	kdump->descriptors_at = (1 + (uint64_t)sub_header_blocks + bitmap_blocks) * GUEST_PAGE_SIZE;
	return true;
}

static void kdump_clear(void *backend)
{
	struct kdump *kdump = backend;

	kdump_free(kdump->context);
	g_array_unref(kdump->runs);
	g_free(kdump);
}

static struct guest_memory *make_memory(struct kdump *kdump, GError **error)
{
	g_autoptr(GArray) extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));

	for (guint i = 0; i < kdump->runs->len; i++)
		g_array_append_val(extents, g_array_index(kdump->runs, struct run, i).extent);
	return guest_memory_new_function(read_memory, kdump, (struct guest_extent *)extents->data,
					 extents->len, error);
}

bool kdump_file_load(struct dump_file *file, int fd, GError **error)
{
	struct kdump *kdump;

	if (!check_headers(fd, error) || !read_notes(file, fd, error))
		return false;
	kdump = g_new0(struct kdump, 1);
	kdump->fd = fd;
	kdump->runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	file->format = "kdump";
	file->backend = kdump;
	file->free_backend = kdump_clear;
	kdump->context = kdump_new();
	if (kdump->context == NULL) {
		g_set_error_literal(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_IO, "out of memory");
		return false;
	}
	/* Truncation of a mapped file would kill the process. */
	if (kdump_set_number_attr(kdump->context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER) !=
		    KDUMP_OK ||
	    kdump_open_fd(kdump->context, fd) != KDUMP_OK)
		return fail_kdump(error, kdump->context, "opening the kdump file");
	if (!check_machine(kdump, error) || !find_descriptors(kdump, error) ||
	    !find_runs(kdump, error))
		return false;
	file->memory = make_memory(kdump, error);
	return file->memory != NULL;
}
