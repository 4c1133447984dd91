/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF cores whose segments have physical addresses: those of oopsbt, QEMU and /proc/vmcore. */
#include "guest/dump_backend.h"

#include <gelf.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "guest/notes.h"

struct segments {
	GArray *extents; /* of struct guest_extent, in file order */
	uint64_t end;	 /* end of the last extent in the file */
	bool have_physical_addresses;
};

static bool refuse_core(GError **error, const char *what)
{
	g_set_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT, "%s", what);
	return false;
}

static bool check_header(Elf *elf, GError **error)
{
	GElf_Ehdr header;

	if (elf == NULL || elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL)
		return refuse_core(error, "the ELF header is damaged");
	if (header.e_type != ET_CORE)
		return refuse_core(error, "the file is an ELF file, but not a core");
	if (header.e_machine != EM_X86_64 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse_core(error,
				   "the core is not of an x86-64 guest (was it in 32-bit mode?)");
	return true;
}

static bool read_notes(struct dump_file *file, int fd, const GElf_Phdr *header, GError **error)
{
	guint had = file->notes->len;

	if (header->p_filesz > DUMP_MAX_NOTES - had)
		return refuse_core(error, "the core has more notes than any guest could need");
	if (header->p_filesz == 0)
		return true;
	g_byte_array_set_size(file->notes, had + (guint)header->p_filesz);
	if (!dump_read(fd, header->p_offset, file->notes->data + had, header->p_filesz, error)) {
		g_prefix_error(error, "the core's notes: ");
		return false;
	}
	return true;
}

static void add_segment(struct segments *segments, const GElf_Phdr *header)
{
	struct guest_extent extent = {
		.start = gpa(header->p_paddr),
		.length = header->p_filesz,
		.file_offset = header->p_offset,
	};

	if (extent.length == 0 || extent.start.value + extent.length < extent.length ||
	    extent.file_offset + extent.length < extent.length)
		return;
	segments->end = MAX(segments->end, extent.file_offset + extent.length);
	segments->have_physical_addresses |= header->p_paddr != 0;
	g_array_append_val(segments->extents, extent);
}

static bool is_ours(const struct dump_file *file)
{
	struct note note;

	return find_note(file->notes->data, file->notes->len, NOTE_OOPSBT, NOTE_OOPSBT_CONTEXT,
			 &note);
}

static bool read_segments(struct dump_file *file, int fd, Elf *elf, struct segments *segments,
			  GError **error)
{
	size_t num_headers;

	if (elf_getphdrnum(elf, &num_headers) != 0 || num_headers > G_MAXINT)
		return refuse_core(error, "the core's program headers are damaged");
	for (size_t i = 0; i < num_headers; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) == NULL)
			return refuse_core(error, "the core's program headers are cut short");
		if (header.p_type == PT_NOTE && !read_notes(file, fd, &header, error))
			return false;
		if (header.p_type == PT_LOAD)
			add_segment(segments, &header);
	}
	/* An oopsbt core may have no memory: no page of a guest in firmware is read. */
	if (segments->extents->len == 0 && !is_ours(file))
		return refuse_core(error, "the core has no memory in it");
	if (segments->extents->len > 1 && !segments->have_physical_addresses)
		return refuse_core(error, "the core has no physical addresses: it is a program's, "
					  "not a guest's");
	return true;
}

static int compare_extents(const void *a, const void *b)
{
	const struct guest_extent *left = a, *right = b;

	if (left->start.value != right->start.value)
		return left->start.value < right->start.value ? -1 : 1;
	return (left->file_offset > right->file_offset) - (left->file_offset < right->file_offset);
}

/*
 * A page with several virtual addresses is in several segments. Keeps the first of overlapping
 * extents, and joins extents that are adjacent in memory and in the file.
 */
static GArray *without_overlaps(GArray *extents)
{
	GArray *result = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));

	g_array_sort(extents, compare_extents);
	for (guint i = 0; i < extents->len; i++) {
		struct guest_extent extent = g_array_index(extents, struct guest_extent, i);
		struct guest_extent *last =
			result->len ? &g_array_index(result, struct guest_extent, result->len - 1)
				    : NULL;
		uint64_t last_end = last ? last->start.value + last->length : 0;

		if (last && extent.start.value < last_end) {
			uint64_t overlap = last_end - extent.start.value;

			if (overlap >= extent.length)
				continue;
			extent.start = gpa(last_end);
			extent.length -= overlap;
			extent.file_offset += overlap;
		}
		if (last && extent.start.value == last_end &&
		    extent.file_offset == last->file_offset + last->length)
			last->length += extent.length;
		else
			g_array_append_val(result, extent);
	}
	return result;
}

static void check_size(struct dump_file *file, int fd, uint64_t expected)
{
	struct stat stat;

	if (fstat(fd, &stat) == 0 && (uint64_t)stat.st_size < expected)
		file->problem = g_strdup_printf("the core is cut short: it has %" PRIu64
						" bytes and should have %" PRIu64,
						(uint64_t)stat.st_size, expected);
}

static bool load(struct dump_file *file, int fd, Elf *elf, struct segments *segments,
		 GError **error)
{
	g_autoptr(GArray) extents = NULL;

	if (!check_header(elf, error) || !read_segments(file, fd, elf, segments, error))
		return false;
	check_size(file, fd, segments->end);
	extents = without_overlaps(segments->extents);
	file->format = "core";
	file->memory =
		guest_memory_new_fd(fd, (struct guest_extent *)extents->data, extents->len, error);
	return file->memory != NULL;
}

bool core_file_load(struct dump_file *file, int fd, GError **error)
{
	struct segments segments = {
		.extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent)),
	};
	Elf *elf;
	bool ok;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ok = load(file, fd, elf, &segments, error);
	elf_end(elf);
	g_array_unref(segments.extents);
	return ok;
}
