/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of disks: their number and age; inconsistent data gives none. */
#include "fake_tasks.h"
#include "kernel/disks.h"

#define ADDRESS(offset) FAKE_TASKS_ADDRESS(offset)

/* Offsets in the image: two devices (vda and a partition of it), and one more disk. */
#define SUPER_POINTER 0x1000u
#define SUPER 0x2000u
#define DEVICES 0x3000u
#define DEVICE_SIZE 0x100u
#define DISKS 0x4000u
#define DISK_SIZE 0x100u
#define QUEUES 0x5000u
#define QUEUE_SIZE 0x100u
#define TAG_SET 0x6000u
#define ALL_TAGS 0x6100u
#define TAGS 0x6200u
#define REQUEST_POINTERS 0x7000u
#define REQUESTS 0x8000u
#define REQUEST_SIZE 0x80u
#define NUM_TAGS 8u
#define WORDS 0xa000u
#define BITMAP 0xb000u
#define MANY_TAGS 0x100000u

#define UPTIME_S 1000
#define NS_PER_S 1000000000ull

/* Members. */
#define INODES 0x40u
#define INODE 0x80u /* in a device */
#define SB_LIST 0x10u
#define DISK 0x18u
#define NAME 0x8u
#define QUEUE 0x40u
#define SET 0x20u
#define SET_NUM 0x8u
#define SET_TAGS 0x10u
#define TAGS_NUM 0x0u
#define TAGS_RQS 0x8u
#define TAGS_RESERVED 0x4u
#define TAGS_BITMAP 0x10u
#define MAP_DEPTH 0x0u
#define MAP_SHIFT 0x4u
#define MAP_NUM 0x8u
#define MAP_WORDS 0x10u
#define RQ_QUEUE 0x0u
#define RQ_TAG 0x8u
#define RQ_STATE 0xcu
#define RQ_START 0x10u

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	struct disks disks;
};

static void set_fields(struct kernel_map *map)
{
	static const struct {
		enum kernel_field field;
		int32_t offset;
	} all[] = {
		{FIELD_super_block_inodes, INODES},
		{FIELD_inode_sb_list, SB_LIST},
		{FIELD_bdev_inode_bdev, 0},
		{FIELD_bdev_inode_inode, INODE},
		{FIELD_block_device_disk, DISK},
		{FIELD_disk_name, NAME},
		{FIELD_disk_queue, QUEUE},
		{FIELD_queue_tag_set, SET},
		{FIELD_tag_set_num_queues, SET_NUM},
		{FIELD_tag_set_tags, SET_TAGS},
		{FIELD_tags_num, TAGS_NUM},
		{FIELD_tags_requests, TAGS_RQS},
		{FIELD_tags_reserved, TAGS_RESERVED},
		{FIELD_tags_bitmap, TAGS_BITMAP},
		{FIELD_sbitmap_queue_sb, 0},
		{FIELD_sbitmap_depth, MAP_DEPTH},
		{FIELD_sbitmap_shift, MAP_SHIFT},
		{FIELD_sbitmap_num_words, MAP_NUM},
		{FIELD_sbitmap_words, MAP_WORDS},
		{FIELD_sbitmap_word_set, 0},
		{SIZE_sbitmap_word, 128},
		{FIELD_request_queue, RQ_QUEUE},
		{FIELD_request_tag, RQ_TAG},
		{FIELD_request_state, RQ_STATE},
		{FIELD_request_start, RQ_START},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		map->fields[all[i].field] = all[i].offset;
	map->symbols[SYMBOL_blockdev_superblock] = ADDRESS(SUPER_POINTER);
}

static void put_disk(struct fixture *f, unsigned int number, const char *name)
{
	uint64_t disk = DISKS + number * DISK_SIZE, queue = QUEUES + number * QUEUE_SIZE;

	g_strlcpy((char *)fake_guest_at(&f->guest, disk + NAME), name, DISK_NAME_SIZE);
	fake_put_u64(&f->guest, disk + QUEUE, ADDRESS(queue));
	fake_put_u64(&f->guest, queue + SET, ADDRESS(TAG_SET));
}

static void put_request(struct fixture *f, uint32_t tag, uint64_t queue, uint32_t state,
			uint64_t start_ns)
{
	uint64_t request = REQUESTS + tag * REQUEST_SIZE;

	fake_put_u64(&f->guest, REQUEST_POINTERS + 8 * tag, ADDRESS(request));
	fake_put_u64(&f->guest, request + RQ_QUEUE, queue);
	fake_put_u32(&f->guest, request + RQ_TAG, tag);
	fake_put_u32(&f->guest, request + RQ_STATE, state);
	fake_put_u64(&f->guest, request + RQ_START, start_ns);
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const uint64_t inodes[] = {SUPER + INODES, DEVICES + INODE + SB_LIST,
				   DEVICES + DEVICE_SIZE + INODE + SB_LIST,
				   DEVICES + 2 * DEVICE_SIZE + INODE + SB_LIST};

	fake_guest_init(&f->guest, 2 << 20);
	f->map = fake_tasks_map(&f->guest);
	set_fields(f->map);
	fake_put_u64(&f->guest, SUPER_POINTER, ADDRESS(SUPER));
	fake_link(&f->guest, inodes, G_N_ELEMENTS(inodes));
	fake_put_u64(&f->guest, DEVICES + DISK, ADDRESS(DISKS));
	fake_put_u64(&f->guest, DEVICES + DEVICE_SIZE + DISK, ADDRESS(DISKS));
	fake_put_u64(&f->guest, DEVICES + 2 * DEVICE_SIZE + DISK, ADDRESS(DISKS + DISK_SIZE));
	put_disk(f, 0, "vda");
	put_disk(f, 1, "sda");
	fake_put_u32(&f->guest, TAG_SET + SET_NUM, 1);
	fake_put_u64(&f->guest, TAG_SET + SET_TAGS, ADDRESS(ALL_TAGS));
	fake_put_u64(&f->guest, ALL_TAGS, ADDRESS(TAGS));
	fake_put_u32(&f->guest, TAGS + TAGS_NUM, NUM_TAGS);
	fake_put_u64(&f->guest, TAGS + TAGS_RQS, ADDRESS(REQUEST_POINTERS));
	/* Two requests of vda in flight, one completed; one of sda; one that is reused. */
	put_request(f, 0, ADDRESS(QUEUES), 1, (UPTIME_S - 41) * NS_PER_S);
	put_request(f, 1, ADDRESS(QUEUES), 1, (UPTIME_S - 7) * NS_PER_S);
	put_request(f, 2, ADDRESS(QUEUES), 2, 1);
	put_request(f, 3, ADDRESS(QUEUES + QUEUE_SIZE), 1, 0);
	put_request(f, 4, ADDRESS(0x9000), 1, 1);
	put_request(f, 5, ADDRESS(QUEUES), 1, 1);
	fake_put_u32(&f->guest, REQUESTS + 5 * REQUEST_SIZE + RQ_TAG, 77);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	disks_clear(&f->disks);
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void look_at(struct fixture *f, int64_t uptime_s)
{
	disks_clear(&f->disks);
	fake_guest_forget(&f->guest);
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	disks_read(&f->kernel, (struct maybe_int){true, uptime_s}, &f->disks);
}

static void look(struct fixture *f)
{
	look_at(f, UPTIME_S);
}

static const struct disk *disk_at(const struct fixture *f, guint index)
{
	g_assert_cmpuint(index, <, f->disks.entries->len);
	return &g_array_index(f->disks.entries, struct disk, index);
}

static void test_in_flight(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	look(f);
	g_assert_null(f->disks.stopped);
	g_assert_cmpuint(f->disks.entries->len, ==, 2);
	g_assert_cmpstr(disk_at(f, 0)->name, ==, "vda");
	g_assert_cmpint(disk_at(f, 0)->in_flight, ==, 2);
	g_assert_true(disk_at(f, 0)->oldest_ns.known);
	g_assert_cmpint(disk_at(f, 0)->oldest_ns.value, ==, 41 * (int64_t)NS_PER_S);
	g_assert_cmpstr(disk_at(f, 1)->name, ==, "sda");
	g_assert_cmpint(disk_at(f, 1)->in_flight, ==, 1);
	g_assert_false(disk_at(f, 1)->oldest_ns.known);
	g_assert_false(disk_at(f, 0)->late);
}

/* A request that was made in the future has no age. */
static void test_future(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_request(f, 0, ADDRESS(QUEUES), 1, (UPTIME_S + 2) * NS_PER_S);
	put_request(f, 1, ADDRESS(QUEUES), 1, UINT64_MAX);
	look(f);
	g_assert_cmpint(disk_at(f, 0)->in_flight, ==, 2);
	g_assert_false(disk_at(f, 0)->oldest_ns.known);
	/* A guest that has run for 300 billion years. */
	put_request(f, 0, ADDRESS(QUEUES), 1, 1);
	look_at(f, INT64_MAX - 100000);
	g_assert_false(disk_at(f, 0)->oldest_ns.known);
}

static void test_lists(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t first = DEVICES + INODE + SB_LIST;

	/* A ring without the head. */
	fake_put_u64(&f->guest, first, ADDRESS(first));
	look(f);
	g_assert_nonnull(f->disks.stopped);
	g_assert_cmpuint(f->disks.entries->len, ==, 1);
	fake_put_u64(&f->guest, first, 0x7f0000000000);
	look(f);
	g_assert_nonnull(f->disks.stopped);
	g_assert_cmpuint(f->disks.entries->len, ==, 1);
	fake_put_u64(&f->guest, SUPER_POINTER, 0);
	look(f);
	g_assert_nonnull(f->disks.stopped);
	g_assert_cmpuint(f->disks.entries->len, ==, 0);
}

/* The maximal numbers of queues and tags. */
static void test_limits(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_put_u32(&f->guest, TAGS + TAGS_NUM, UINT32_MAX);
	look(f);
	g_assert_nonnull(f->disks.stopped);
	fake_put_u32(&f->guest, TAGS + TAGS_NUM, NUM_TAGS);
	fake_put_u32(&f->guest, TAG_SET + SET_NUM, UINT32_MAX);
	look(f);
	g_assert_cmpint(disk_at(f, 0)->in_flight, ==, 2);
	g_strlcpy((char *)fake_guest_at(&f->guest, DISKS + NAME), "v\033[31m", DISK_NAME_SIZE);
	look(f);
	g_assert_cmpstr(disk_at(f, 0)->name, ==, "sda");
}

/* More queues than are looked at, and more with their own tags than the watch has room for. */
static void test_many_queues(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) tags = NULL;
	gva_t devices;

	fake_put_u64(&f->guest, TAG_SET + SET_TAGS, ADDRESS(MANY_TAGS));
	fake_put_u32(&f->guest, TAG_SET + SET_NUM, UINT32_MAX);
	look(f);
	g_assert_nonnull(f->disks.stopped);
	fake_put_u32(&f->guest, TAG_SET + SET_NUM, DISKS_MAX_QUEUES + 9);
	for (uint64_t i = 0; i < DISKS_MAX_QUEUES + 9; i++)
		fake_put_u64(&f->guest, MANY_TAGS + 8 * i, ADDRESS(8 * i));
	look(f);
	tags = disks_tags(&f->kernel, &devices);
	g_assert_cmpuint(tags->len, ==, DISKS_MAX_QUEUES);
}

static void put_bitmap(struct fixture *f, uint64_t bitmap)
{
	fake_put_u32(&f->guest, TAGS + TAGS_RESERVED, 1);
	fake_put_u32(&f->guest, bitmap + MAP_DEPTH, NUM_TAGS - 1);
	fake_put_u32(&f->guest, bitmap + MAP_SHIFT, 2);
	fake_put_u32(&f->guest, bitmap + MAP_NUM, 2);
	fake_put_u64(&f->guest, bitmap + MAP_WORDS, ADDRESS(WORDS));
}

static void check_bitmap(struct fixture *f)
{
	gva_t devices;
	g_autoptr(GArray) tags = NULL;
	struct disk_bitmap bitmap;

	look(f);
	tags = disks_tags(&f->kernel, &devices);
	g_assert_cmphex(devices.value, ==, ADDRESS(SUPER + INODES));
	/* Both disks share the tags. */
	g_assert_cmpuint(tags->len, ==, 1);
	g_assert_cmphex(g_array_index(tags, gva_t, 0).value, ==, ADDRESS(TAGS));
	g_assert_true(disks_read_bitmap(&f->kernel, gva(ADDRESS(TAGS)), &bitmap));
	g_assert_cmphex(bitmap.words.value, ==, ADDRESS(WORDS));
	g_assert_cmphex(bitmap.requests.value, ==, ADDRESS(REQUEST_POINTERS));
	g_assert_cmpuint(bitmap.num_words, ==, 2);
	g_assert_cmpuint(bitmap.shift, ==, 2);
	g_assert_cmpuint(bitmap.num_requests, ==, NUM_TAGS - 1);
	g_assert_cmpuint(bitmap.first, ==, 1);
}

static void test_bitmap(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_bitmap(f, TAGS + TAGS_BITMAP);
	check_bitmap(f);
	/* Another place of the bitmap, as in 5.10 to 5.15. */
	f->map->fields[FIELD_tags_bitmap_own] = 0x40;
	put_bitmap(f, BITMAP);
	fake_put_u64(&f->guest, TAGS + TAGS_BITMAP, ADDRESS(BITMAP));
	check_bitmap(f);
}

static void test_no_bitmap(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct disk_bitmap bitmap;

	put_bitmap(f, TAGS + TAGS_BITMAP);
	fake_put_u64(&f->guest, TAGS + TAGS_BITMAP + MAP_WORDS, 0x7f0000000000);
	look(f);
	g_assert_false(disks_read_bitmap(&f->kernel, gva(ADDRESS(TAGS)), &bitmap));
	put_bitmap(f, TAGS + TAGS_BITMAP);
	f->map->fields[SIZE_sbitmap_word] = FIELD_UNKNOWN;
	look(f);
	g_assert_false(disks_read_bitmap(&f->kernel, gva(ADDRESS(TAGS)), &bitmap));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/disks/requests in flight are counted", struct fixture, NULL, set_up,
		   test_in_flight, tear_down);
	g_test_add("/disks/a request with a time in the future has no age", struct fixture, NULL,
		   set_up, test_future, tear_down);
	g_test_add("/disks/malformed lists end the search", struct fixture, NULL, set_up,
		   test_lists, tear_down);
	g_test_add("/disks/the number of examined tags is limited", struct fixture, NULL, set_up,
		   test_limits, tear_down);
	g_test_add("/disks/the number of queues is limited", struct fixture, NULL, set_up,
		   test_many_queues, tear_down);
	g_test_add("/disks/the bitmap of requests in use is found", struct fixture, NULL, set_up,
		   test_bitmap, tear_down);
	g_test_add("/disks/a bitmap with an invalid address is ignored", struct fixture, NULL,
		   set_up, test_no_bitmap, tear_down);
	return g_test_run();
}
