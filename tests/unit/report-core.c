/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A core of a guest with a few pages: the test writes it, reads it back, opens it with gdb, and
 * damages it.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/dump_file.h"
#include "report/core.h"

#define PAGE GUEST_PAGE_SIZE
#define RAM_SIZE (64 * PAGE)

/*
 * Guest-physical addresses: tables, a stack of two pages, text that is also in the direct map, a
 * log.
 */
#define ROOT (1 * PAGE)
#define STACK (16 * PAGE)
#define TEXT (32 * PAGE)
#define LOG (40 * PAGE)
#define LOG_ONLY (48 * PAGE)

#define STACK_ADDRESS 0xffffc90000004000u
#define TEXT_ADDRESS 0xffffffff81000000u
#define DIRECT_MAP_ADDRESS 0xffff888000000000u

struct fixture {
	uint8_t *ram;
	uint64_t next_table;
	struct guest_memory *memory;
	struct snapshot *frozen, *log;
	struct report *report;
	int fd;
};

static bool read_ram(void *user_data, gpa_t address, void *buffer, size_t length,
		     GError **error G_GNUC_UNUSED)
{
	memcpy(buffer, (uint8_t *)user_data + address.value, length);
	return true;
}

static void map_page(struct fixture *f, uint64_t address, uint64_t physical)
{
	uint64_t table = ROOT;

	for (unsigned int level = 4; level > 0; level--) {
		uint64_t *entry =
			(uint64_t *)(f->ram + table) + (address >> (12 + 9 * (level - 1)) & 511);

		if (level == 1) {
			*entry = physical | 3;
		} else if (*entry == 0) {
			*entry = f->next_table | 3;
			f->next_table += PAGE;
		}
		table = *entry & ~(PAGE - 1);
	}
}

static void add_vcpu(struct fixture *f, unsigned int number)
{
	struct report_vcpu vcpu = {
		.vcpu = number,
		.have_registers = true,
		.frames = frames_new(),
		.registers =
			{
				.vcpu = number,
				.rax = 0x1111 + number,
				.r15 = 0xfffffffffffffff1,
				.rsp = STACK_ADDRESS + 0x100 + number * 8,
				.rip = TEXT_ADDRESS + 0x10 + number,
				.rflags = 0x246,
				.cs = {0x10, 0, 0xffffffff, 0x00af9b00},
				.gs = {0, 0xffff888000010000, 0, 0},
				.idt = {0xfffffe0000000000, 0xfff},
				.cr0 = 0x80050033,
				.cr2 = 0x1234,
				.cr3 = ROOT,
				.cr4 = 0x6f0,
				.efer = 0xd01,
			},
	};

	g_array_append_val(f->report->vcpus, vcpu);
}

static struct address_space space_of(struct snapshot *snapshot)
{
	return (struct address_space){snapshot, gpa(ROOT), 4};
}

static void read_through(struct snapshot *snapshot, uint64_t address, size_t length)
{
	struct address_space space = space_of(snapshot);
	g_autofree uint8_t *bytes = g_malloc(length);
	g_autoptr(GError) error = NULL;

	g_assert_true(address_space_read(&space, gva(address), bytes, length, NULL, &error));
	g_assert_no_error(error);
}

static void write_core(struct fixture *f)
{
	struct address_space space = space_of(f->frozen);
	g_autoptr(GArray) mappings = core_find_mappings(&space, f->frozen, f->log);
	g_autoptr(GBytes) map = g_bytes_new("map\0map", 7);
	g_autoptr(GBytes) vmcoreinfo = g_bytes_new("OSRELEASE=6.1.0\n", 16);
	const struct core_writer_input input = {
		.report = f->report,
		.frozen = f->frozen,
		.log = f->log,
		.context_json = "{\"collection\":{}}",
		.map = map,
		.registers_text = "CPU#0\r\nRAX=",
		.vmcoreinfo = vmcoreinfo,
		.mappings = mappings,
	};
	g_autoptr(GError) error = NULL;

	g_assert_true(core_write(f->fd, &input, &error));
	g_assert_no_error(error);
}

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	static const struct guest_extent all = {{0}, RAM_SIZE, 0};

	f->ram = g_malloc0(RAM_SIZE);
	f->next_table = ROOT + PAGE;
	for (unsigned int i = 0; i < 64; i++)
		memset(f->ram + i * PAGE, i < 16 ? 0 : (int)i, PAGE);
	map_page(f, STACK_ADDRESS, STACK);
	map_page(f, STACK_ADDRESS + PAGE, STACK + PAGE);
	map_page(f, TEXT_ADDRESS, TEXT);
	map_page(f, DIRECT_MAP_ADDRESS + TEXT, TEXT);
	map_page(f, DIRECT_MAP_ADDRESS + LOG, LOG);
	map_page(f, DIRECT_MAP_ADDRESS + LOG_ONLY, LOG_ONLY);
	f->memory = guest_memory_new_function(read_ram, f->ram, &all, 1, NULL);
	f->frozen = snapshot_new(f->memory, 100);
	f->log = snapshot_new(f->memory, 100);
	f->report = report_new();
	f->fd = memfd_create("core", 0);
	add_vcpu(f, 0);
	add_vcpu(f, 1);

	read_through(f->frozen, STACK_ADDRESS, 2 * PAGE);
	read_through(f->frozen, DIRECT_MAP_ADDRESS + LOG, 8);
	snapshot_thaw(f->frozen);
	read_through(f->frozen, TEXT_ADDRESS, 8);
	read_through(f->frozen, DIRECT_MAP_ADDRESS + TEXT, 8);
	/* A page in no page table. */
	g_assert_nonnull(snapshot_page(f->frozen, gpa(60 * PAGE), NULL, NULL));
	memcpy(f->ram + LOG, "new", 4);
	read_through(f->log, DIRECT_MAP_ADDRESS + LOG, 8);
	read_through(f->log, DIRECT_MAP_ADDRESS + LOG_ONLY, 8);
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	close(f->fd);
	report_free(f->report);
	snapshot_free(f->log);
	snapshot_free(f->frozen);
	guest_memory_free(f->memory);
	g_free(f->ram);
}

static void assert_note(struct dump_file *file, enum oopsbt_note type, const void *bytes,
			size_t length)
{
	g_autoptr(GBytes) note = dump_file_note(file, type);

	g_assert_nonnull(note);
	g_assert_cmpmem(g_bytes_get_data(note, NULL), g_bytes_get_size(note), bytes, length);
}

static void test_read_back(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DumpFile) file = NULL;
	g_autoptr(Snapshot) frozen = NULL;
	g_autoptr(Snapshot) log = NULL;
	g_autofree struct snapshot_page *pages = NULL;
	size_t num_pages;

	write_core(f);
	file = dump_file_open(f->fd, &error);
	g_assert_no_error(error);
	g_assert_null(dump_file_problem(file));
	assert_note(file, NOTE_OOPSBT_CONTEXT, "{\"collection\":{}}", 17);
	assert_note(file, NOTE_OOPSBT_MAP, "map\0map", 7);
	assert_note(file, NOTE_OOPSBT_REGISTERS, "CPU#0\r\nRAX=", 11);

	frozen = snapshot_new(dump_file_memory(file), 100);
	log = snapshot_new(dump_file_memory(file), 100);
	g_assert_true(dump_file_prepare(file, frozen, log, &error));
	g_assert_no_error(error);
	/* Compares each page, and the time of its capture, with the first analysis. */
	pages = snapshot_pages(f->frozen, &num_pages);
	for (size_t i = 0; i < num_pages; i++) {
		bool late;
		const uint8_t *page = snapshot_page(frozen, pages[i].address, &late, &error);

		g_assert_no_error(error);
		g_assert_cmpmem(page, PAGE, pages[i].bytes, PAGE);
		g_assert_true(late == pages[i].late);
	}
	g_assert_cmpstr((const char *)snapshot_page(log, gpa(LOG), NULL, NULL), ==, "new");
	g_assert_cmpuint(snapshot_page(frozen, gpa(LOG), NULL, NULL)[0], ==, 40);
	g_assert_cmpuint(snapshot_page(log, gpa(LOG_ONLY), NULL, NULL)[0], ==, 48);
	g_assert_null(snapshot_page(frozen, gpa(50 * PAGE), NULL, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY);
}

static void test_registers(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(DumpFile) file = NULL;
	GArray *registers;

	write_core(f);
	file = dump_file_open(f->fd, NULL);
	registers = dump_file_registers(file);
	g_assert_cmpuint(registers->len, ==, 2);
	for (guint i = 0; i < 2; i++) {
		const struct vcpu_registers *read =
			&g_array_index(registers, struct vcpu_registers, i);

		g_assert_cmpuint(read->vcpu, ==, i);
		g_assert_cmphex(read->rax, ==, 0x1111 + i);
		g_assert_cmphex(read->r15, ==, 0xfffffffffffffff1);
		g_assert_cmphex(read->rip, ==, TEXT_ADDRESS + 0x10 + i);
		g_assert_cmphex(read->cs.selector, ==, 0x10);
		g_assert_cmphex(read->cs.flags, ==, 0x00af9b00);
		g_assert_cmphex(read->gs.base, ==, 0xffff888000010000);
		g_assert_cmphex(read->idt.base, ==, 0xfffffe0000000000);
		g_assert_cmphex(read->cr3, ==, ROOT);
		g_assert_true(vcpu_in_long_mode(read));
	}
}

static void test_same_input_same_bytes(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *once = NULL;
	off_t length;

	write_core(f);
	length = lseek(f->fd, 0, SEEK_END);
	write_core(f);
	once = g_malloc(2 * (size_t)length);
	g_assert_cmpint(pread(f->fd, once, 2 * (size_t)length, 0), ==, 2 * length);
	g_assert_cmpmem(once, (size_t)length, once + length, (size_t)length);
}

static void test_gdb(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", getpid(), f->fd);
	g_autofree char *gdb = g_find_program_in_path("gdb");
	char *argv[] = {"gdb",
			"-nx",
			"-batch",
			"-ex",
			"info threads",
			"-ex",
			"thread 2",
			"-ex",
			"info registers rip rax",
			"-ex",
			"x/gx $rsp",
			"-ex",
			"x/bx 0xffffffff81000010",
			"-ex",
			"x/bx 0xffff888000020010",
			"-ex",
			"x/bx 0x800000000003c000",
			"-ex",
			"x/bx 0xffffc90000007000",
			"-c",
			path,
			NULL};
	static const char *const expected[] = {
		"0xffffffff81000011",	     /* rip of the second vCPU */
		"0x1112",		     /* rax */
		"0x1010101010101010",	     /* its stack */
		"0xffffffff81000010:\t0x20", /* text */
		"0xffff888000020010:\t0x20", /* the same page in the direct map */
		"0x800000000003c000:\t0x3c", /* a page without a virtual address */
		"Cannot access memory at address 0xffffc90000007000",
	};
	g_autoptr(GError) error = NULL;
	g_autofree char *out = NULL;
	g_autofree char *err = NULL;
	g_autofree char *all = NULL;

	if (gdb == NULL) {
		g_test_skip("gdb is not installed");
		return;
	}
	write_core(f);
	g_assert_true(g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
				   NULL, &error));
	g_assert_no_error(error);
	all = g_strconcat(out, err, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
		if (strstr(all, expected[i]) == NULL)
			g_error("gdb did not say \"%s\" but:\n%s", expected[i], all);
}

static void test_cut_short(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(DumpFile) file = NULL;
	g_autoptr(Snapshot) frozen = NULL;
	g_autoptr(Snapshot) log = NULL;
	g_autoptr(GError) error = NULL;
	off_t length;

	write_core(f);
	length = lseek(f->fd, 0, SEEK_END);
	g_assert_cmpint(ftruncate(f->fd, length - 3 * (off_t)PAGE), ==, 0);
	file = dump_file_open(f->fd, &error);
	g_assert_no_error(error);
	g_assert_nonnull(strstr(dump_file_problem(file), "cut short"));
	frozen = snapshot_new(dump_file_memory(file), 100);
	log = snapshot_new(dump_file_memory(file), 100);
	g_assert_true(dump_file_prepare(file, frozen, log, &error));
	g_assert_nonnull(snapshot_page(frozen, gpa(STACK), NULL, NULL));
	g_assert_null(snapshot_page(frozen, gpa(60 * PAGE), NULL, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO);
	g_clear_error(&error);

	for (off_t left = 0; left < 1000; left += 50) {
		g_assert_cmpint(ftruncate(f->fd, left), ==, 0);
		g_assert_null(dump_file_open(f->fd, &error));
		g_assert_nonnull(error);
		g_clear_error(&error);
	}
}

/* Lying page tables must not make the core large or the writer slow. */
static void test_lying_tables(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct address_space space;
	g_autoptr(GArray) mappings = NULL;
	g_autoptr(Snapshot) frozen = snapshot_new(f->memory, 100);

	for (unsigned int i = 0; i < 512; i++)
		((uint64_t *)(f->ram + ROOT))[i] = ROOT | 3;
	g_assert_nonnull(snapshot_page(frozen, gpa(ROOT), NULL, NULL));
	space = space_of(frozen);
	mappings = core_find_mappings(&space, frozen, NULL);
	g_assert_cmpuint(mappings->len, <=, 32768);
}

static void exercise(int fd)
{
	g_autoptr(DumpFile) file = dump_file_open(fd, NULL);
	g_autoptr(Snapshot) frozen = NULL;
	g_autoptr(Snapshot) log = NULL;

	if (file == NULL)
		return;
	frozen = snapshot_new(dump_file_memory(file), 100);
	log = snapshot_new(dump_file_memory(file), 100);
	dump_file_prepare(file, frozen, log, NULL);
	for (uint64_t page = 0; page < 64; page++)
		snapshot_page(frozen, gpa(page * PAGE), NULL, NULL);
}

static void test_mutated(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(6);
	g_autofree uint8_t *good = NULL;
	g_autofree uint8_t *bad = NULL;
	off_t length;

	write_core(f);
	length = lseek(f->fd, 0, SEEK_END);
	good = g_malloc((size_t)length);
	bad = g_malloc((size_t)length);
	g_assert_cmpint(pread(f->fd, good, (size_t)length, 0), ==, length);
	for (unsigned int round = 0; round < 3000; round++) {
		/* Damages the headers and the notes. */
		memcpy(bad, good, (size_t)length);
		for (int i = g_rand_int_range(random, 1, 6); i > 0; i--) {
			size_t at = (size_t)g_rand_int_range(random, 0,
							     g_rand_boolean(random) ? 700 : 3500);

			bad[at] = g_rand_boolean(random) ? (uint8_t)g_rand_int(random) : 0xff;
		}
		g_assert_cmpint(pwrite(f->fd, bad, (size_t)length, 0), ==, length);
		exercise(f->fd);
	}
}

static void test_not_a_core(void)
{
	static const struct {
		const char *path, *message;
	} cases[] = {
		{"/proc/self/exe", "not a core"},
		{"Makefile", "neither an ELF core nor a kdump file"},
		{"/dev/null", "the file ends before that"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		int fd = open(cases[i].path, O_RDONLY);

		g_assert_null(dump_file_open(fd, &error));
		if (strstr(error->message, cases[i].message) == NULL)
			g_error("%s gave \"%s\"", cases[i].path, error->message);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *, gconstpointer);
	} tests[] = {
		{"/core/read-back", test_read_back},
		{"/core/registers", test_registers},
		{"/core/same-input-same-bytes", test_same_input_same_bytes},
		{"/core/gdb", test_gdb},
		{"/core/cut-short", test_cut_short},
		{"/core/lying-tables", test_lying_tables},
		{"/core/mutated", test_mutated},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	g_test_add_func("/core/not-a-core", test_not_a_core);
	return g_test_run();
}
