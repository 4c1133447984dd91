/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk requests without an answer, in guest memory, which is a file here. */
#include "daemon/disk_watch.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/protocol.h"

#define MEMORY_SIZE 0x20000u
#define BASE 0xffff888000000000ull
#define DEVICES 0x100u
#define WORDS 0x1000u
#define WORD_SIZE 128u
#define CLEARED 64u
#define POINTERS 0x2000u
#define REQUESTS 0x4000u
#define REQUEST_SIZE 0x200u
#define NUMBER 0x20u
#define STATE 0x98u
#define START 0x88u
#define IN_FLIGHT 1u
#define MANY_POINTERS 0x18000u
#define NUM_REQUESTS 100u
#define FIRST 2u
#define SECOND G_TIME_SPAN_SECOND

struct fixture {
	struct layout layout;
	struct disk_watch *watch;
};

static void put(const struct fixture *f, uint64_t address, uint64_t value, size_t size)
{
	g_assert_cmpint(pwrite(f->layout.memory_fd, &value, size, (off_t)address), ==,
			(ssize_t)size);
}

/* Sets or clears bit @bit of the words. */
static void use(const struct fixture *f, uint32_t bit, bool used)
{
	uint64_t address = WORDS + bit / 64 * WORD_SIZE, word;

	g_assert_cmpint(pread(f->layout.memory_fd, &word, sizeof(word), (off_t)address), ==,
			sizeof(word));
	word = used ? word | UINT64_C(1) << bit % 64 : word & ~(UINT64_C(1) << bit % 64);
	put(f, address, word, sizeof(word));
}

static void put_request(const struct fixture *f, uint32_t bit, uint32_t state, uint64_t start)
{
	uint64_t request = REQUESTS + bit * REQUEST_SIZE;

	put(f, POINTERS + 8ull * (FIRST + bit), BASE + request, 8);
	put(f, request + NUMBER, FIRST + bit, 4);
	put(f, request + STATE, state, 4);
	put(f, request + START, start, 8);
	use(f, bit, true);
}

struct places {
	struct protocol_disks head;
	struct protocol_disk_queue queue;
};

static struct places make_places(void)
{
	return (struct places){
		.head = {.devices = DEVICES,
			 .base = BASE,
			 .number = NUMBER,
			 .state = STATE,
			 .start = START,
			 .state_in_flight = IN_FLIGHT,
			 .num_queues = 1},
		.queue = {.words = WORDS,
			  .requests = POINTERS,
			  .num_words = 2,
			  .word_size = WORD_SIZE,
			  .set = 0,
			  .cleared = CLEARED,
			  .shift = 6,
			  .num_requests = NUM_REQUESTS,
			  .first = FIRST},
	};
}

static struct disk_watch *make_watch(const void *bytes, size_t size)
{
	g_autoptr(GBytes) places = g_bytes_new(bytes, size);

	return disk_watch_new(places);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const struct guest_extent extent = {.length = MEMORY_SIZE};
	const struct places places = make_places();

	f->layout = (struct layout){
		.memory_fd = memfd_create("guest", MFD_CLOEXEC),
		.extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent)),
	};
	g_assert_cmpint(ftruncate(f->layout.memory_fd, MEMORY_SIZE), ==, 0);
	g_array_append_val(f->layout.extents, extent);
	f->watch = make_watch(&places, sizeof(places));
	g_assert_nonnull(f->watch);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	disk_watch_free(f->watch);
	close(f->layout.memory_fd);
	g_array_unref(f->layout.extents);
}

static gint64 wait_us(const struct fixture *f, gint64 now_us)
{
	return disk_requests_wait_us(disk_watch_requests(f->watch), &f->layout, SECOND, now_us);
}

static void test_not_answered(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_request(f, 70, IN_FLIGHT, 1000);
	g_assert_cmpint(wait_us(f, 100 * SECOND), ==, 0);
	g_assert_false(disk_watch_look(f->watch, &f->layout, 100 * SECOND));
	g_assert_cmpint(wait_us(f, 101 * SECOND - 1), ==, 0);
	g_assert_cmpint(wait_us(f, 101 * SECOND), ==, SECOND);
	disk_watch_look(f->watch, &f->layout, 101 * SECOND);
	disk_watch_look(f->watch, &f->layout, 102 * SECOND);
	g_assert_cmpint(wait_us(f, 103 * SECOND), ==, 3 * SECOND);
	/* The answer comes after the last tick. */
	put_request(f, 70, 2, 1000);
	g_assert_cmpint(wait_us(f, 103 * SECOND), ==, 0);
	/* Another request reuses the memory. */
	put_request(f, 70, IN_FLIGHT, 2000);
	g_assert_cmpint(wait_us(f, 103 * SECOND), ==, 0);
	disk_watch_look(f->watch, &f->layout, 103 * SECOND);
	g_assert_cmpint(wait_us(f, 104 * SECOND), ==, SECOND);
}

/* Entries that are not waiting requests. */
static void test_others(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_request(f, 1, IN_FLIGHT, 1000); /* its bit is no longer set */
	use(f, 1, false);
	put_request(f, 2, IN_FLIGHT, 1000); /* it was returned, which another word records */
	put(f, WORDS + CLEARED, UINT64_C(1) << 2, 8);
	put_request(f, 3, IN_FLIGHT, 0); /* has no start time */
	put_request(f, 4, IN_FLIGHT, 1000);
	put(f, REQUESTS + 4 * REQUEST_SIZE + NUMBER, 77, 4); /* belongs to another request now */
	put(f, POINTERS + 8ull * (FIRST + 5), 0x1234, 8);    /* leads to nowhere */
	use(f, 5, true);
	put_request(f, NUM_REQUESTS, IN_FLIGHT, 1000); /* beyond the last */
	disk_watch_look(f->watch, &f->layout, SECOND);
	g_assert_cmpuint(disk_watch_requests(f->watch)->num, ==, 0);
	put_request(f, NUM_REQUESTS - 1, IN_FLIGHT, 1000);
	disk_watch_look(f->watch, &f->layout, SECOND);
	g_assert_cmpuint(disk_watch_requests(f->watch)->num, ==, 1);
}

/* A busy disk does not hide a dead one. */
static void test_oldest(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	for (unsigned int second = 1; second < 4; second++) {
		for (uint32_t i = 0; i < 50; i++)
			put_request(f, i, IN_FLIGHT, 1000 * second + i);
		put_request(f, 90, IN_FLIGHT, 500);
		disk_watch_look(f->watch, &f->layout, second * SECOND);
		g_assert_cmpuint(disk_watch_requests(f->watch)->num, ==, DISK_REQUESTS_MAX);
	}
	g_assert_cmpint(wait_us(f, 4 * SECOND), ==, 3 * SECOND);
}

/* More requests than one tick looks at. */
static void test_many(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint32_t seen = 1000, not_seen = 1500;
	struct places places = make_places();
	struct disk_watch *watch;

	places.queue.num_words = 32;
	places.queue.word_size = 8;
	places.queue.cleared = 0;
	places.queue.num_requests = 32 * 64;
	places.queue.first = 0;
	places.queue.requests = MANY_POINTERS;
	for (uint32_t i = 0; i < places.queue.num_words; i++)
		put(f, WORDS + 8 * i, UINT64_MAX, 8);
	put(f, REQUESTS + START, 1000, 8);
	put(f, REQUESTS + STATE, IN_FLIGHT, 4);
	watch = make_watch(&places, sizeof(places));
	g_assert_nonnull(watch);
	put(f, REQUESTS + NUMBER, not_seen, 4);
	put(f, MANY_POINTERS + 8 * not_seen, BASE + REQUESTS, 8);
	disk_watch_look(watch, &f->layout, SECOND);
	g_assert_cmpuint(disk_watch_requests(watch)->num, ==, 0);
	put(f, REQUESTS + NUMBER, seen, 4);
	put(f, MANY_POINTERS + 8 * seen, BASE + REQUESTS, 8);
	disk_watch_look(watch, &f->layout, SECOND);
	g_assert_cmpuint(disk_watch_requests(watch)->num, ==, 1);
	disk_watch_free(watch);
}

static void test_devices(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_assert_false(disk_watch_look(f->watch, &f->layout, SECOND));
	put(f, DEVICES + 8, 1, 8);
	g_assert_true(disk_watch_look(f->watch, &f->layout, 2 * SECOND));
	g_assert_false(disk_watch_look(f->watch, &f->layout, 3 * SECOND));
}

static void refuse(const struct places *places, size_t size)
{
	g_assert_null(make_watch(places, size));
}

/* The analyser may send anything. */
static void test_lies(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct places places = make_places();
	struct disk_watch *watch;

	g_assert_null(disk_watch_new(NULL));
	refuse(&places, 0);
	refuse(&places, sizeof(places.head));
	refuse(&places, sizeof(places) - 1);
	places.head.num_queues = UINT32_MAX;
	refuse(&places, sizeof(places));
	places = make_places();
	places.head.start = PROTOCOL_DISKS_MAX_REQUEST - 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.head.number = PROTOCOL_DISKS_MAX_REQUEST - 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.head.state = PROTOCOL_DISKS_MAX_REQUEST - 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.word_size = 0;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.num_words = UINT32_MAX;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.set = WORD_SIZE - 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.cleared = WORD_SIZE - 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.shift = 7;
	refuse(&places, sizeof(places));
	places = make_places();
	places.queue.num_requests = UINT32_MAX;
	refuse(&places, sizeof(places));
	/* Without memory there are no requests. */
	places = make_places();
	places.queue.words = UINT64_MAX;
	places.head.devices = UINT64_MAX - 3;
	watch = make_watch(&places, sizeof(places));
	g_assert_nonnull(watch);
	g_assert_false(disk_watch_look(watch, &f->layout, SECOND));
	g_assert_cmpuint(disk_watch_requests(watch)->num, ==, 0);
	disk_watch_free(watch);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/disk-watch/an unanswered request becomes old", struct fixture, NULL, set_up,
		   test_not_answered, tear_down);
	g_test_add("/disk-watch/only waiting requests count", struct fixture, NULL, set_up,
		   test_others, tear_down);
	g_test_add("/disk-watch/the oldest requests are watched", struct fixture, NULL, set_up,
		   test_oldest, tear_down);
	g_test_add("/disk-watch/the number of requests per tick is limited", struct fixture, NULL,
		   set_up, test_many, tear_down);
	g_test_add("/disk-watch/new disks are reported once", struct fixture, NULL, set_up,
		   test_devices, tear_down);
	g_test_add("/disk-watch/invalid addresses of requests are rejected", struct fixture, NULL,
		   set_up, test_lies, tear_down);
	return g_test_run();
}
