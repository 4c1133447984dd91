/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/snapshot.h"

#define PAGE GUEST_PAGE_SIZE

/* A file of @num_pages; the bytes of a page are its number. */
static int numbered_pages(unsigned int num_pages)
{
	int fd = memfd_create("guest", 0);

	g_assert_cmpint(fd, >=, 0);
	for (unsigned int i = 0; i < num_pages; i++) {
		uint8_t page[PAGE];

		memset(page, (int)i + 1, sizeof(page));
		g_assert_cmpint(pwrite(fd, page, sizeof(page), i * PAGE), ==, sizeof(page));
	}
	return fd;
}

/* Two adjacent extents, out of order in the file, and a separate one. */
static const struct guest_extent extents[] = {
	{{8 * PAGE}, PAGE, 4 * PAGE},
	{{2 * PAGE}, 2 * PAGE, 0},
	{{0}, 2 * PAGE, 2 * PAGE},
};

static struct guest_memory *open_memory(int fd)
{
	g_autoptr(GError) error = NULL;
	struct guest_memory *memory =
		guest_memory_new_fd(fd, extents, G_N_ELEMENTS(extents), &error);

	g_assert_no_error(error);
	return memory;
}

static void test_extents(void)
{
	int fd = numbered_pages(5);
	g_autoptr(GuestMemory) memory = open_memory(fd);
	g_autoptr(GError) error = NULL;
	uint8_t bytes[3 * PAGE];
	const struct guest_extent *sorted;
	size_t num_extents;

	g_assert_cmpuint(guest_memory_size(memory), ==, 5 * PAGE);
	sorted = guest_memory_extents(memory, &num_extents);
	g_assert_cmpuint(num_extents, ==, 3);
	g_assert_cmpuint(sorted[0].start.value, ==, 0);
	g_assert_cmpuint(sorted[2].start.value, ==, 8 * PAGE);

	/* Across the boundary of two extents: file pages 3 and 0. */
	g_assert_true(guest_memory_read(memory, gpa(2 * PAGE - 1), bytes, 2, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(bytes[0], ==, 4);
	g_assert_cmpuint(bytes[1], ==, 1);

	g_assert_false(guest_memory_read(memory, gpa(3 * PAGE), bytes, 2 * PAGE, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_NO_MEMORY);
	g_assert_cmpstr(error->message, ==, "no guest memory at 0x4000");
	close(fd);
}

static void test_bad_extents(void)
{
	static const struct guest_extent bad[][2] = {
		{{{0}, 2 * PAGE, 0}, {{PAGE}, PAGE, 0}},
		{{{0}, 0, 0}, {{PAGE}, PAGE, 0}},
		{{{UINT64_MAX - PAGE}, 2 * PAGE, 0}, {{0}, PAGE, 0}},
		{{{0}, PAGE, UINT64_MAX}, {{PAGE}, PAGE, 0}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(guest_memory_new_fd(0, bad[i], 2, &error));
		g_assert_nonnull(error);
	}
}

static void test_short_source(void)
{
	static const struct guest_extent too_long = {{0}, 4 * PAGE, 0};
	int fd = numbered_pages(2);
	g_autoptr(GuestMemory) memory = guest_memory_new_fd(fd, &too_long, 1, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 10);
	g_autoptr(GError) error = NULL;

	/* Existing pages are read, even if missing ones follow. */
	snapshot_prefetch(snapshot, gpa(0), 4 * PAGE);
	g_assert_cmpuint(snapshot_num_pages(snapshot), ==, 2);
	g_assert_null(snapshot_page(snapshot, gpa(2 * PAGE), NULL, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO);
	close(fd);
}

/* 40 pages in one extent: more than one read transfers; any start, any length. */
static void test_read_pages(void)
{
	static const struct guest_extent all = {{0}, 40 * PAGE, 0};
	int fd = numbered_pages(40);
	g_autoptr(GuestMemory) plain = guest_memory_new_fd(fd, &all, 1, NULL);
	g_autoptr(GuestMemory) pages = guest_memory_new_fd(fd, &all, 1, NULL);
	static const size_t places[][2] = {
		{0, 40 * PAGE},	       {1, 40 * PAGE - 1},  {PAGE - 1, 2},
		{3 * PAGE, PAGE},      {39 * PAGE + 7, 10}, {20 * PAGE + 5, 20 * PAGE - 5},
		{38 * PAGE, 2 * PAGE}, {PAGE, 17 * PAGE},
	};

	guest_memory_read_pages(pages);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree uint8_t *one = g_malloc0(40 * PAGE), *other = g_malloc0(40 * PAGE);

		g_assert_true(guest_memory_read(plain, gpa(places[i][0]), one, places[i][1], NULL));
		g_assert_true(
			guest_memory_read(pages, gpa(places[i][0]), other, places[i][1], NULL));
		g_assert_cmpmem(one, 40 * PAGE, other, 40 * PAGE);
	}
	close(fd);
}

static void test_pages_stay_as_first_seen(void)
{
	int fd = numbered_pages(5);
	g_autoptr(GuestMemory) memory = open_memory(fd);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 10);
	g_autoptr(Snapshot) second = snapshot_new(memory, 10);
	const uint8_t *page = snapshot_page(snapshot, gpa(8 * PAGE + 5), NULL, NULL);
	bool late = true;

	g_assert_cmpuint(page[0], ==, 5);
	g_assert_cmpint(pwrite(fd, "x", 1, 4 * PAGE), ==, 1);
	snapshot_thaw(snapshot);
	g_assert_true(snapshot_page(snapshot, gpa(8 * PAGE), &late, NULL) == page);
	g_assert_cmpuint(page[0], ==, 5);
	g_assert_false(late);
	g_assert_nonnull(snapshot_page(snapshot, gpa(0), &late, NULL));
	g_assert_true(late);
	g_assert_cmpuint(snapshot_page(second, gpa(8 * PAGE), NULL, NULL)[0], ==, 'x');
	close(fd);
}

static void test_late_is_for_any_page(void)
{
	int fd = numbered_pages(5);
	g_autoptr(GuestMemory) memory = open_memory(fd);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 10);
	uint8_t bytes[2 * PAGE];
	bool late = false;

	snapshot_prefetch(snapshot, gpa(PAGE), PAGE);
	snapshot_thaw(snapshot);
	g_assert_true(snapshot_read(snapshot, gpa(PAGE), bytes, PAGE, &late, NULL));
	g_assert_false(late);
	g_assert_true(snapshot_read(snapshot, gpa(PAGE), bytes, PAGE + 1, &late, NULL));
	g_assert_true(late);
	close(fd);
}

static void test_limit(void)
{
	int fd = numbered_pages(5);
	g_autoptr(GuestMemory) memory = open_memory(fd);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 2);
	g_autoptr(GError) error = NULL;
	uint8_t page[PAGE] = {0};

	snapshot_prefetch(snapshot, gpa(0), SIZE_MAX);
	g_assert_cmpuint(snapshot_num_pages(snapshot), ==, 2);
	g_assert_nonnull(snapshot_page(snapshot, gpa(PAGE), NULL, NULL));
	g_assert_null(snapshot_page(snapshot, gpa(2 * PAGE), NULL, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_LIMIT);
	g_clear_error(&error);
	g_assert_false(snapshot_put(snapshot, gpa(3 * PAGE), page, false, &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_LIMIT);
	close(fd);
}

struct counted_source {
	unsigned int num_calls;
};

/* The bytes of a page are its number; every seventh page is unreadable. */
static bool counted_read(void *user_data, gpa_t address, void *buffer, size_t length,
			 GError **error)
{
	struct counted_source *source = user_data;

	source->num_calls++;
	for (uint64_t i = 0; i < length; i++) {
		uint64_t page_number = (address.value + i) >> GUEST_PAGE_SHIFT;

		if (page_number % 7 == 6) {
			g_set_error_literal(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO, "no");
			return false;
		}
		((uint8_t *)buffer)[i] = (uint8_t)page_number;
	}
	return true;
}

static void test_prefetch_joins_runs(void)
{
	static const struct guest_extent all = {{0}, 1 << 30, 0};
	struct counted_source source = {0};
	g_autoptr(GuestMemory) memory =
		guest_memory_new_function(counted_read, &source, &all, 1, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 1000);

	snapshot_reserve(snapshot, 100);
	snapshot_prefetch(snapshot, gpa(0), 6 * PAGE);
	g_assert_cmpuint(source.num_calls, ==, 1);
	g_assert_nonnull(snapshot_page(snapshot, gpa(9 * PAGE), NULL, NULL));
	snapshot_prefetch(snapshot, gpa(7 * PAGE + 1), 6 * PAGE - 1);
	g_assert_cmpuint(source.num_calls, ==, 4);
	snapshot_prefetch(snapshot, gpa(0), 6 * PAGE);
	g_assert_cmpuint(source.num_calls, ==, 4);
	g_assert_cmpuint(snapshot_num_pages(snapshot), ==, 12);
}

static void test_many_pages(void)
{
	static const struct guest_extent all = {{0}, (uint64_t)1 << 45, 0};
	struct counted_source source = {0};
	g_autoptr(GuestMemory) memory =
		guest_memory_new_function(counted_read, &source, &all, 1, NULL);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 100000);
	g_autoptr(GRand) random = g_rand_new_with_seed(2);
	g_autoptr(GHashTable) expected = g_hash_table_new(NULL, NULL);
	g_autofree struct snapshot_page *pages = NULL;
	size_t num_pages;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t page_number = (uint64_t)g_rand_int_range(random, 0, 1 << 14)
				       << g_rand_int_range(random, 0, 16);
		const uint8_t *page = snapshot_page(snapshot, gpa(page_number * PAGE), NULL, NULL);

		g_assert_true((page == NULL) == (page_number % 7 == 6));
		if (page) {
			g_assert_cmpuint(page[PAGE - 1], ==, (uint8_t)page_number);
			g_hash_table_add(expected, GSIZE_TO_POINTER(page_number));
		}
	}
	pages = snapshot_pages(snapshot, &num_pages);
	g_assert_cmpuint(num_pages, ==, g_hash_table_size(expected));
	for (size_t i = 0; i < num_pages; i++) {
		g_assert_true(i == 0 || pages[i].address.value > pages[i - 1].address.value);
		g_assert_cmpuint(pages[i].bytes[0], ==,
				 (uint8_t)(pages[i].address.value >> GUEST_PAGE_SHIFT));
	}
}

static void test_put(void)
{
	int fd = numbered_pages(5);
	g_autoptr(GuestMemory) memory = open_memory(fd);
	g_autoptr(Snapshot) snapshot = snapshot_new(memory, 10);
	uint8_t page[PAGE] = "put";
	bool late;

	g_assert_true(snapshot_put(snapshot, gpa(0), page, true, NULL));
	page[0] = 'c';
	g_assert_cmpstr((const char *)snapshot_page(snapshot, gpa(0), &late, NULL), ==, "put");
	g_assert_true(late);
	g_assert_false(snapshot_put(snapshot, gpa(0), page, true, NULL));
	close(fd);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/memory/extents", test_extents);
	g_test_add_func("/memory/bad-extents", test_bad_extents);
	g_test_add_func("/memory/short-source", test_short_source);
	g_test_add_func("/memory/a read of whole pages gives the same bytes", test_read_pages);
	g_test_add_func("/snapshot/pages-stay-as-first-seen", test_pages_stay_as_first_seen);
	g_test_add_func("/snapshot/late-is-for-any-page", test_late_is_for_any_page);
	g_test_add_func("/snapshot/limit", test_limit);
	g_test_add_func("/snapshot/prefetch-joins-runs", test_prefetch_joins_runs);
	g_test_add_func("/snapshot/many-pages", test_many_pages);
	g_test_add_func("/snapshot/put", test_put);
	return g_test_run();
}
