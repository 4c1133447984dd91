/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's memory is a part of this process's, or a file. */
#include "daemon/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096u
#define NUM (2 * PEEK_MAX + 3)
#define START 0x10000u

struct fixture {
	struct layout layout;
	uint8_t *memory;
};

/* The last page can't be read. */
static void set_up(struct fixture *f, gconstpointer path)
{
	struct guest_extent extent = {.start = gpa(START), .length = 3 * PAGE};

	f->memory =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g_assert_true(f->memory != MAP_FAILED);
	for (unsigned int i = 0; i < 2 * PAGE; i++)
		f->memory[i] = (uint8_t)(i * 7);
	g_assert_cmpint(munmap(f->memory + 2 * PAGE, PAGE), ==, 0);
	extent.file_offset = (uint64_t)(uintptr_t)f->memory;
	f->layout = (struct layout){
		.pid = getpid(),
		.memory_fd = open(path, O_RDONLY | O_CLOEXEC),
		.extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent)),
	};
	g_assert_cmpint(f->layout.memory_fd, >=, 0);
	g_array_append_val(f->layout.extents, extent);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	close(f->layout.memory_fd);
	g_array_unref(f->layout.extents);
	munmap(f->memory, 2 * PAGE);
}

static void check_many(struct fixture *f)
{
	uint32_t values[NUM] = {0};
	bool there[NUM];
	struct peek peek;

	peek_begin(&peek, &f->layout);
	for (unsigned int i = 0; i < NUM; i++)
		peek_add(&peek, START + i * 5, &values[i], sizeof(values[i]), &there[i]);
	peek_read(&peek);
	for (unsigned int i = 0; i < NUM; i++) {
		g_assert_true(there[i]);
		g_assert_cmpmem(&values[i], 4, f->memory + i * 5, 4);
	}
}

static void test_many(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	check_many(f);
}

/* As where the call is forbidden: the process can't be found. */
static void test_one_by_one(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->layout.pid = 0;
	check_many(f);
}

static void test_absent(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		uint64_t address;
		bool there;
	} cases[] = {
		{START, true},
		{0, false},
		{START - 1, false},
		{START + 2 * PAGE, false}, /* guest memory that can't be read */
		{START + 2 * PAGE - 4, false},
		{START + 3 * PAGE - 7, false},
		{UINT64_MAX - 3, false},
		{START + 2 * PAGE - 8, true},
	};
	uint64_t values[G_N_ELEMENTS(cases)];
	bool there[G_N_ELEMENTS(cases)];
	struct peek peek;

	peek_begin(&peek, &f->layout);
	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++)
		peek_add(&peek, cases[i].address, &values[i], sizeof(values[i]), &there[i]);
	peek_read(&peek);
	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_assert_cmpint(there[i], ==, cases[i].there);
		if (there[i])
			g_assert_cmpmem(&values[i], 8, f->memory + (cases[i].address - START), 8);
	}
	/* Nothing is left over for the next tick. */
	there[0] = false;
	peek_read(&peek);
	g_assert_false(there[0]);
}

/* As after a post-copy migration has switched hosts: the last page has not come yet. */
static int take_last_page(struct fixture *f)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	void *page = f->memory + 2 * PAGE;
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register region = {
		.range = {(uintptr_t)page, PAGE},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (fd < 0)
		return -1;
	g_assert_true(mmap(page, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == page);
	g_assert_cmpint(ioctl(fd, UFFDIO_API, &api), ==, 0);
	g_assert_cmpint(ioctl(fd, UFFDIO_REGISTER, &region), ==, 0);
	return fd;
}

static void test_awaited(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const uint64_t addresses[] = {START, START + 2 * PAGE, START + PAGE};
	uint64_t values[G_N_ELEMENTS(addresses)];
	bool there[G_N_ELEMENTS(addresses)];
	int fd = take_last_page(f);
	struct peek peek;

	if (fd < 0) {
		g_autofree char *reason = g_strdup_printf("userfaultfd(): %s", g_strerror(errno));

		g_test_skip(reason);
		return;
	}
	f->layout.awaits_pages = true;
	alarm(60); /* a call that waits, waits for ever */
	peek_begin(&peek, &f->layout);
	for (unsigned int i = 0; i < G_N_ELEMENTS(addresses); i++)
		peek_add(&peek, addresses[i], &values[i], sizeof(values[i]), &there[i]);
	peek_read(&peek);
	alarm(0);
	g_assert_true(there[0]);
	g_assert_false(there[1]);
	g_assert_true(there[2]);
	g_assert_cmpmem(&values[2], 8, f->memory + PAGE, 8);
	close(fd);
	munmap(f->memory + 2 * PAGE, PAGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/peek/more integers than one call reads are all read", struct fixture,
		   "/proc/self/mem", set_up, test_many, tear_down);
	g_test_add("/peek/where the call is refused the descriptor is used", struct fixture,
		   "/proc/self/mem", set_up, test_one_by_one, tear_down);
	g_test_add("/peek/what cannot be read does not keep the others from being read",
		   struct fixture, "/proc/self/mem", set_up, test_absent, tear_down);
	g_test_add("/peek/a page that a migration has not brought yet is not waited for",
		   struct fixture, "/proc/self/mem", set_up, test_awaited, tear_down);
	return g_test_run();
}
