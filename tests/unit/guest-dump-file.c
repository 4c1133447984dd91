/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kdump files in the formats of makedumpfile and QEMU (uncompressed pages), plain and flattened,
 * intact and damaged; and ELF cores that other tools may write. report-core.c tests the cores that
 * this project writes.
 */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/dump_file.h"

#define PAGE GUEST_PAGE_SIZE
#define NUM_PAGES 16 /* of the guest; odd pages are not in the file */

static void put32(GByteArray *file, size_t offset, uint32_t value)
{
	memcpy(file->data + offset, &value, sizeof(value));
}

static void put64(GByteArray *file, size_t offset, uint64_t value)
{
	memcpy(file->data + offset, &value, sizeof(value));
}

/*
 * Blocks: header, sub header, notes, bitmap of RAM, bitmap of the dumped pages, descriptors, pages.
 */
static GByteArray *make_kdump(void)
{
	enum { HEADER, SUB_HEADER, BITMAPS, DESCRIPTORS = 4, PAGES };
	const size_t notes_offset = SUB_HEADER * PAGE + 0x68;
	GByteArray *file = g_byte_array_new();
	GByteArray *notes = g_byte_array_new();
	struct vcpu_registers registers = {
		.rip = 0xffffffff81000000,
		.cr0 = 0x80050033,
		.cr3 = 0x1000,
		.cr4 = 0x6f0,
	};
	struct prstatus_note prstatus = registers_to_prstatus(&registers);
	struct qemu_cpu_note qemu = registers_to_qemu(&registers);
	unsigned int in_file = 0;

	append_note(notes, NOTE_CORE, NOTE_CORE_PRSTATUS, &prstatus, sizeof(prstatus));
	append_note(notes, NOTE_QEMU, NOTE_QEMU_CPU, &qemu, sizeof(qemu));
	g_byte_array_set_size(file, (PAGES + NUM_PAGES / 2) * PAGE);
	memset(file->data, 0, file->len);

	memcpy(file->data, "KDUMP   ", 8);
	put32(file, 8, 6);			       /* header version */
	memcpy(file->data + 12 + 4 * 65, "x86_64", 6); /* utsname.machine */
	put32(file, 0x1a8, 1);			       /* status */
	put32(file, 0x1ac, PAGE);		       /* block size */
	put32(file, 0x1b0, 1);			       /* blocks of the sub header */
	put32(file, 0x1b4, 2);			       /* blocks of the bitmaps */
	put32(file, 0x1b8, NUM_PAGES);		       /* max_mapnr */
	put32(file, 0x1c8, 1);			       /* CPUs */
	put32(file, SUB_HEADER * PAGE + 8, 1);	       /* dump level */
	put64(file, SUB_HEADER * PAGE + 0x30, notes_offset);
	put64(file, SUB_HEADER * PAGE + 0x38, notes->len);
	put64(file, SUB_HEADER * PAGE + 0x60, NUM_PAGES); /* max_mapnr_64 */
	memcpy(file->data + notes_offset, notes->data, notes->len);
	for (unsigned int i = 0; i < NUM_PAGES; i++) {
		size_t descriptor = DESCRIPTORS * PAGE + in_file * 24;
		size_t page = (PAGES + in_file) * PAGE;

		file->data[BITMAPS * PAGE + i / 8] |= 1u << i % 8;
		if (i % 2 == 1)
			continue;
		file->data[(BITMAPS + 1) * PAGE + i / 8] |= 1u << i % 8;
		put64(file, descriptor, page);
		put32(file, descriptor + 8, PAGE);
		memset(file->data + page, (int)i + 1, PAGE);
		in_file++;
	}
	g_byte_array_unref(notes);
	return file;
}

static int file_of(const void *bytes, size_t length)
{
	int fd = memfd_create("dump", 0);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(pwrite(fd, bytes, length, 0), ==, length);
	return fd;
}

static void check_dump(int fd)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DumpFile) file = dump_file_open(fd, &error);
	const struct vcpu_registers *registers;
	uint8_t page[PAGE];

	g_assert_no_error(error);
	g_assert_cmpstr(dump_file_format(file), ==, "kdump");
	for (unsigned int i = 0; i < NUM_PAGES; i += 2) {
		g_assert_true(guest_memory_read(dump_file_memory(file), gpa(i * PAGE), page, PAGE,
						&error));
		g_assert_no_error(error);
		g_assert_cmpuint(page[0], ==, i + 1);
		g_assert_cmpuint(page[PAGE - 1], ==, i + 1);
	}
	g_assert_false(guest_memory_read(dump_file_memory(file), gpa(PAGE), page, 1, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY);

	g_assert_cmpuint(dump_file_registers(file)->len, ==, 1);
	registers = &g_array_index(dump_file_registers(file), struct vcpu_registers, 0);
	g_assert_cmphex(registers->rip, ==, 0xffffffff81000000);
	g_assert_cmphex(registers->cr3, ==, 0x1000);
	g_assert_true(vcpu_in_long_mode(registers));
	g_assert_null(dump_file_note(file, NOTE_OOPSBT_CONTEXT));
}

static void test_kdump(void)
{
	g_autoptr(GByteArray) bytes = make_kdump();
	int fd = file_of(bytes->data, bytes->len);

	check_dump(fd);
	close(fd);
}

static void append_piece(GByteArray *file, int64_t offset, int64_t length, const uint8_t *bytes)
{
	int64_t piece[2] = {GINT64_TO_BE(offset), GINT64_TO_BE(length)};

	g_byte_array_append(file, (const guint8 *)piece, sizeof(piece));
	if (bytes)
		g_byte_array_append(file, bytes, (guint)length);
}

static GByteArray *begin_flattened(void)
{
	GByteArray *flattened = g_byte_array_new();

	g_byte_array_set_size(flattened, 4096);
	memset(flattened->data, 0, 4096);
	memcpy(flattened->data, "makedumpfile", 12);
	return flattened;
}

static void test_flattened(void)
{
	g_autoptr(GByteArray) bytes = make_kdump();
	g_autoptr(GByteArray) flattened = begin_flattened();
	g_autoptr(GError) error = NULL;
	int fd, whole;

	/* The end is before the beginning, as in the bitmaps of QEMU. */
	append_piece(flattened, 3 * PAGE, bytes->len - 3 * PAGE, bytes->data + 3 * PAGE);
	append_piece(flattened, 0, 3 * PAGE, bytes->data);
	append_piece(flattened, -1, -1, NULL);
	fd = file_of(flattened->data, flattened->len);
	g_assert_true(dump_file_is_flattened(fd));
	g_assert_null(dump_file_open(fd, &error));
	g_assert_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FLATTENED);
	g_clear_error(&error);
	whole = dump_file_unflatten(fd, &error);
	g_assert_no_error(error);
	g_assert_false(dump_file_is_flattened(whole));
	check_dump(whole);
	close(whole);
	close(fd);
}

static void test_bad_flattened(void)
{
	static const int64_t pieces[][2] = {
		{-2, 16}, {0, 0}, {0, -16}, {(int64_t)1 << 60, 16}, {0, INT64_MAX},
	};

	for (size_t i = 0; i <= G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GByteArray) flattened = begin_flattened();
		static const uint8_t zeros[16];
		g_autoptr(GError) error = NULL;
		int fd;

		/* The last piece has no end mark. */
		if (i < G_N_ELEMENTS(pieces))
			append_piece(flattened, pieces[i][0], pieces[i][1], NULL);
		g_byte_array_append(flattened, zeros, i < G_N_ELEMENTS(pieces) ? 16 : 0);
		fd = file_of(flattened->data, flattened->len);
		g_assert_cmpint(dump_file_unflatten(fd, &error), ==, -1);
		g_assert_nonnull(error);
		close(fd);
	}
}

struct segment_spec {
	uint64_t physical, num_pages;
};

/* An ELF core; the byte i + 1 fills segment i. */
static int elf_of(const struct segment_spec *specs, unsigned int num_segments)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)num_segments,
	};
	int fd = file_of(&header, sizeof(header));
	uint64_t offset = PAGE;

	for (unsigned int i = 0; i < num_segments; i++) {
		Elf64_Phdr segment = {
			.p_type = PT_LOAD,
			.p_offset = offset,
			.p_paddr = specs[i].physical,
			.p_filesz = specs[i].num_pages * PAGE,
			.p_memsz = specs[i].num_pages * PAGE,
		};
		g_autofree uint8_t *bytes = g_malloc(segment.p_filesz);

		memset(bytes, (int)i + 1, segment.p_filesz);
		g_assert_cmpint(pwrite(fd, &segment, sizeof(segment),
				       (off_t)(sizeof(header) + i * sizeof(segment))),
				==, sizeof(segment));
		g_assert_cmpint(pwrite(fd, bytes, segment.p_filesz, (off_t)offset), ==,
				segment.p_filesz);
		offset += segment.p_filesz;
	}
	return fd;
}

static void test_overlapping_segments(void)
{
	/* A segment within another one, a segment that exceeds it, and a separate segment. */
	static const struct segment_spec specs[] = {
		{4 * PAGE, 4},
		{5 * PAGE, 1},
		{7 * PAGE, 2},
		{32 * PAGE, 1},
	};
	static const struct {
		uint64_t page;
		uint8_t byte;
	} expected[] = {{4, 1}, {5, 1}, {7, 1}, {8, 3}, {32, 4}};
	int fd = elf_of(specs, G_N_ELEMENTS(specs));
	g_autoptr(GError) error = NULL;
	g_autoptr(DumpFile) file = dump_file_open(fd, &error);
	uint8_t byte;

	g_assert_no_error(error);
	g_assert_cmpuint(guest_memory_size(dump_file_memory(file)), ==, 6 * PAGE);
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
		g_assert_true(guest_memory_read(dump_file_memory(file),
						gpa(expected[i].page * PAGE), &byte, 1, NULL));
		g_assert_cmpuint(byte, ==, expected[i].byte);
	}
	close(fd);
}

static void test_core_of_a_program(void)
{
	static const struct segment_spec specs[] = {{0, 1}, {0, 2}};
	int fd = elf_of(specs, G_N_ELEMENTS(specs));
	g_autoptr(GError) error = NULL;

	g_assert_null(dump_file_open(fd, &error));
	g_assert_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, "it is a program's"));
	close(fd);
}

/* The library would read as many bytes as the headers say. */
static void test_beyond_the_end(void)
{
	static const struct {
		size_t offset;
		uint64_t value;
		const char *what;
	} lies[] = {
		{0x1b4, 0xfffffff0, "bitmaps"},
		{PAGE + 0x28, 0xff000000, "VMCOREINFO"},
		{PAGE + 0x38, 0xff000000, "notes"},
		{PAGE + 0x40, UINT64_MAX, "erased"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		g_autoptr(GByteArray) bytes = make_kdump();
		g_autoptr(GError) error = NULL;
		int fd;

		if (lies[i].offset < PAGE)
			put32(bytes, lies[i].offset, (uint32_t)lies[i].value);
		else
			put64(bytes, lies[i].offset, lies[i].value);
		fd = file_of(bytes->data, bytes->len);
		g_assert_null(dump_file_open(fd, &error));
		g_assert_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT);
		g_assert_nonnull(strstr(error->message, lies[i].what));
		close(fd);
	}
}

/* A compressed page that is larger than a page: libkdumpfile 0.5.1 would write beyond its buffer.
 */
static void test_kdump_large_page(void)
{
	const size_t descriptors = 4 * PAGE;
	g_autoptr(GByteArray) bytes = make_kdump();
	g_autoptr(GError) error = NULL;
	g_autoptr(DumpFile) file = NULL;
	uint8_t page[PAGE];
	int fd;

	put32(bytes, descriptors + 24 + 8, 2 * PAGE);
	put32(bytes, descriptors + 24 + 12, 1); /* zlib */
	fd = file_of(bytes->data, bytes->len);
	file = dump_file_open(fd, &error);
	g_assert_no_error(error);
	g_assert_true(guest_memory_read(dump_file_memory(file), gpa(0), page, PAGE, NULL));
	g_assert_false(guest_memory_read(dump_file_memory(file), gpa(2 * PAGE), page, 1, &error));
	g_assert_error(error, DUMP_FILE_ERROR, DUMP_FILE_ERROR_FORMAT);
	g_assert_cmpstr(error->message, ==,
			"the kdump file says that the page at 0x2000 takes 8192 bytes in it");
	g_assert_true(guest_memory_read(dump_file_memory(file), gpa(4 * PAGE), page, PAGE, NULL));
	close(fd);
}

static void test_mutated(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	g_autoptr(GByteArray) good = make_kdump();

	for (unsigned int round = 0; round < 300; round++) {
		g_autofree uint8_t *bad = g_memdup2(good->data, good->len);
		g_autoptr(DumpFile) file = NULL;
		int fd;

		/* Changes sizes and offsets; the library allocates what they say. */
		for (int i = g_rand_int_range(random, 1, 4); i > 0; i--)
			bad[g_rand_boolean(random)
				    ? PAGE + (size_t)g_rand_int_range(random, 0x20, 0x400)
				    : 4 * PAGE + (size_t)g_rand_int_range(random, 0, 200)] =
				(uint8_t)g_rand_int(random);
		fd = file_of(bad, good->len);
		file = dump_file_open(fd, NULL);
		for (uint64_t i = 0; file && i < NUM_PAGES; i++) {
			uint8_t page[PAGE];

			guest_memory_read(dump_file_memory(file), gpa(i * PAGE), page, PAGE, NULL);
		}
		close(fd);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dump-file/kdump", test_kdump);
	g_test_add_func("/dump-file/kdump-large-page", test_kdump_large_page);
	g_test_add_func("/dump-file/flattened", test_flattened);
	g_test_add_func("/dump-file/bad-flattened", test_bad_flattened);
	g_test_add_func("/dump-file/overlapping-segments", test_overlapping_segments);
	g_test_add_func("/dump-file/core-of-a-program", test_core_of_a_program);
	g_test_add_func("/dump-file/beyond-the-end", test_beyond_the_end);
	g_test_add_func("/dump-file/mutated", test_mutated);
	return g_test_run();
}
