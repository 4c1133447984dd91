// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/disks.h"

#include <string.h>

#define NS_PER_S 1000000000u

/* The fields that disks_read() needs; a kernel has all or none. */
static const enum kernel_field needed[] = {
	FIELD_super_block_inodes, FIELD_inode_sb_list,	   FIELD_bdev_inode_bdev,
	FIELD_bdev_inode_inode,	  FIELD_block_device_disk, FIELD_disk_name,
	FIELD_disk_queue,	  FIELD_queue_tag_set,	   FIELD_tag_set_tags,
	FIELD_tag_set_num_queues, FIELD_tags_num,	   FIELD_tags_requests,
	FIELD_request_queue,	  FIELD_request_tag,	   FIELD_request_state,
	FIELD_request_start,
};

struct walk {
	const struct kernel *kernel;
	/* Called for the tags of each hardware queue, for shared tags more than once. */
	void (*visit)(struct walk *walk, gva_t tags, struct disk *disk);
	struct maybe_int uptime_s;
	GArray *entries, *tags; /* the visits fill these; NULL: not wanted */
	const char *stopped;
	uint64_t seen[DISKS_MAX]; /* all disks, idle ones included */
	size_t num_seen;
	unsigned int num_tags;
};

static bool read_pointer(const struct walk *walk, gva_t structure, enum kernel_field field,
			 gva_t *pointer, bool *late)
{
	return kernel_read_state(walk->kernel, structure, field, &pointer->value, 8, late, NULL) &&
	       pointer->value % 8 == 0 && kernel_is_kernel_address(walk->kernel, *pointer);
}

static bool read_u32(const struct walk *walk, gva_t structure, enum kernel_field field,
		     uint32_t *value, bool *late)
{
	return kernel_read_state(walk->kernel, structure, field, value, 4, late, NULL);
}

/* The request's memory may have been reused: it must name this disk and its own tag. */
static bool is_in_flight(const struct walk *walk, const struct disk *disk, gva_t request,
			 uint32_t tag, bool *late)
{
	uint32_t its_tag, state;
	gva_t queue;

	return read_pointer(walk, request, FIELD_request_queue, &queue, late) &&
	       queue.value == disk->queue.value &&
	       read_u32(walk, request, FIELD_request_tag, &its_tag, late) && its_tag == tag &&
	       read_u32(walk, request, FIELD_request_state, &state, late) &&
	       state == DISKS_IN_FLIGHT;
}

/* @uptime_s has whole seconds: a start within the last second counts as now. */
static struct maybe_int age(const struct walk *walk, gva_t request, bool *late)
{
	uint64_t start = 0, now;

	if (!walk->uptime_s.known || walk->uptime_s.value < 0 ||
	    walk->uptime_s.value > INT64_MAX / NS_PER_S - 1 ||
	    !kernel_read_state(walk->kernel, request, FIELD_request_start, &start, 8, late, NULL))
		return (struct maybe_int){0};
	now = (uint64_t)walk->uptime_s.value * NS_PER_S;
	if (!start || start > now + NS_PER_S)
		return (struct maybe_int){0};
	return (struct maybe_int){true, start < now ? (int64_t)(now - start) : 0};
}

/* False: the walk ends, because tags and queues of all disks are more than the limit. */
static bool count_tag(struct walk *walk)
{
	if (walk->num_tags++ >= DISKS_MAX_TAGS)
		walk->stopped = "there are more requests than are looked at";
	return !walk->stopped;
}

static void read_tags(struct walk *walk, gva_t tags, struct disk *disk)
{
	uint32_t num;
	gva_t requests;

	if (!read_u32(walk, tags, FIELD_tags_num, &num, &disk->late) ||
	    !read_pointer(walk, tags, FIELD_tags_requests, &requests, &disk->late))
		return;
	for (uint32_t tag = 0; tag < num && !walk->stopped; tag++) {
		struct maybe_int since;
		gva_t request = gva(0);

		if (!count_tag(walk) ||
		    !address_space_read(&walk->kernel->space, gva_add(requests, 8ull * tag),
					&request.value, 8, &disk->late, NULL))
			return;
		if (request.value % 8 != 0 || !kernel_is_kernel_address(walk->kernel, request) ||
		    !is_in_flight(walk, disk, request, tag, &disk->late))
			continue;
		disk->in_flight++;
		since = age(walk, request, &disk->late);
		if (since.known && (!disk->oldest_ns.known || since.value > disk->oldest_ns.value))
			disk->oldest_ns = since;
	}
}

/* Hardware queues have their own tags or share them. */
static void read_queues(struct walk *walk, struct disk *disk)
{
	gva_t tag_set, tags, all, previous = gva(0);
	uint32_t num;

	if (!read_pointer(walk, disk->queue, FIELD_queue_tag_set, &tag_set, &disk->late) ||
	    !read_u32(walk, tag_set, FIELD_tag_set_num_queues, &num, &disk->late) ||
	    !read_pointer(walk, tag_set, FIELD_tag_set_tags, &all, &disk->late))
		return;
	for (uint32_t i = 0; i < num && !walk->stopped; i++) {
		if (!count_tag(walk) ||
		    !address_space_read(&walk->kernel->space, gva_add(all, 8ull * i), &tags.value,
					8, &disk->late, NULL))
			return;
		if (tags.value % 8 == 0 && kernel_is_kernel_address(walk->kernel, tags) &&
		    tags.value != previous.value)
			walk->visit(walk, tags, disk);
		previous = tags;
	}
}

static bool name_is_clean(const char *name)
{
	for (; *name; name++)
		if (!g_ascii_isgraph(*name))
			return false;
	return true;
}

static bool is_seen(const struct walk *walk, gva_t disk)
{
	for (size_t i = 0; i < walk->num_seen; i++)
		if (walk->seen[i] == disk.value)
			return true;
	return false;
}

static void read_disk(struct walk *walk, gva_t address)
{
	struct disk disk = {.disk = address};

	if (is_seen(walk, address))
		return;
	if (walk->num_seen >= DISKS_MAX) {
		walk->stopped = "there are more disks than are looked at";
		return;
	}
	walk->seen[walk->num_seen++] = address.value;
	if (!kernel_read_state(walk->kernel, address, FIELD_disk_name, disk.name,
			       DISK_NAME_SIZE - 1, &disk.late, NULL) ||
	    !disk.name[0] || !name_is_clean(disk.name) ||
	    !read_pointer(walk, address, FIELD_disk_queue, &disk.queue, &disk.late))
		return;
	read_queues(walk, &disk);
	if (disk.in_flight > 0 && walk->entries)
		g_array_append_val(walk->entries, disk);
}

static const char *lacks(const struct kernel *kernel)
{
	if (!kernel->map->symbols[SYMBOL_blockdev_superblock])
		return "this kernel has no symbol blockdev_superblock";
	for (size_t i = 0; i < G_N_ELEMENTS(needed); i++)
		if (!kernel_has(kernel, needed[i]))
			return "no offsets of block devices are known";
	return NULL;
}

/* Each node belongs to an inode. A device that is not open may have no disk. */
static void walk_inodes(struct walk *walk, gva_t head)
{
	const int32_t *fields = walk->kernel->map->fields;
	gva_t node = head;

	for (unsigned int i = 0; i <= DISKS_MAX_DEVICES && !walk->stopped; i++) {
		gva_t inode, disk;

		if (!address_space_read_u64(&walk->kernel->space, node, &node.value, NULL) ||
		    node.value % 8 != 0 || !kernel_is_kernel_address(walk->kernel, node)) {
			walk->stopped = "the list of block devices leads to where none is";
			return;
		}
		if (node.value == head.value)
			return;
		inode = gva(node.value - (uint64_t)fields[FIELD_inode_sb_list] -
			    (uint64_t)fields[FIELD_bdev_inode_inode] +
			    (uint64_t)fields[FIELD_bdev_inode_bdev]);
		if (read_pointer(walk, inode, FIELD_block_device_disk, &disk, NULL))
			read_disk(walk, disk);
	}
	if (!walk->stopped)
		walk->stopped = "there are more block devices than are looked at";
}

/* The head of the list of block devices' inodes. */
static bool find_devices(const struct kernel *kernel, gva_t *head)
{
	gva_t super_block;

	if (!kernel->map->symbols[SYMBOL_blockdev_superblock] ||
	    !kernel_has(kernel, FIELD_super_block_inodes) ||
	    !address_space_read_u64(&kernel->space,
				    gva(kernel->map->symbols[SYMBOL_blockdev_superblock]),
				    &super_block.value, NULL) ||
	    !kernel_is_kernel_address(kernel, super_block))
		return false;
	*head = gva_add(super_block, (uint64_t)kernel->map->fields[FIELD_super_block_inodes]);
	return true;
}

static void walk_disks(struct walk *walk)
{
	gva_t head;

	walk->stopped = lacks(walk->kernel);
	if (walk->stopped)
		return;
	if (find_devices(walk->kernel, &head))
		walk_inodes(walk, head);
	else
		walk->stopped = "blockdev_superblock does not lead to the block devices";
}

void disks_read(const struct kernel *kernel, struct maybe_int uptime_s, struct disks *disks)
{
	struct walk walk = {
		.kernel = kernel,
		.visit = read_tags,
		.uptime_s = uptime_s,
		.entries = g_array_new(FALSE, TRUE, sizeof(struct disk)),
	};

	walk_disks(&walk);
	*disks = (struct disks){.entries = walk.entries, .stopped = walk.stopped};
}

void disks_clear(struct disks *disks)
{
	g_clear_pointer(&disks->entries, g_array_unref);
}

static void note_tags(struct walk *walk, gva_t tags, struct disk *disk G_GNUC_UNUSED)
{
	for (guint i = 0; i < walk->tags->len; i++) {
		if (g_array_index(walk->tags, gva_t, i).value == tags.value)
			return;
	}
	if (walk->tags->len < DISKS_MAX_QUEUES)
		g_array_append_val(walk->tags, tags);
}

GArray *disks_tags(const struct kernel *kernel, gva_t *devices)
{
	struct walk walk = {
		.kernel = kernel,
		.visit = note_tags,
		.tags = g_array_new(FALSE, FALSE, sizeof(gva_t)),
	};

	if (!find_devices(kernel, devices))
		*devices = gva(0);
	walk_disks(&walk);
	return walk.tags;
}

/* The bitmap is a member of the tags; from 5.10 to 5.15 the member may be a pointer to it. */
static bool find_bitmap(const struct kernel *kernel, gva_t tags, gva_t *bitmap)
{
	*bitmap = gva_add(tags, (uint64_t)kernel->map->fields[FIELD_tags_bitmap]);
	return !kernel_has(kernel, FIELD_tags_bitmap_own) ||
	       (kernel_read_field(kernel, tags, FIELD_tags_bitmap, &bitmap->value, 8, NULL) &&
		kernel_is_kernel_address(kernel, *bitmap));
}

bool disks_read_bitmap(const struct kernel *kernel, gva_t tags, struct disk_bitmap *bitmap)
{
	static const enum kernel_field all[] = {
		FIELD_tags_bitmap,   FIELD_tags_reserved,    FIELD_sbitmap_queue_sb,
		FIELD_sbitmap_depth, FIELD_sbitmap_shift,    FIELD_sbitmap_num_words,
		FIELD_sbitmap_words, FIELD_sbitmap_word_set, SIZE_sbitmap_word,
	};
	gva_t map;

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		if (!kernel_has(kernel, all[i]))
			return false;
	}
	if (!find_bitmap(kernel, tags, &map))
		return false;
	map = gva_add(map, (uint64_t)kernel->map->fields[FIELD_sbitmap_queue_sb]);
	return kernel_read_field(kernel, tags, FIELD_tags_reserved, &bitmap->first, 4, NULL) &&
	       kernel_read_field(kernel, tags, FIELD_tags_requests, &bitmap->requests.value, 8,
				 NULL) &&
	       kernel_read_field(kernel, map, FIELD_sbitmap_depth, &bitmap->num_requests, 4,
				 NULL) &&
	       kernel_read_field(kernel, map, FIELD_sbitmap_shift, &bitmap->shift, 4, NULL) &&
	       kernel_read_field(kernel, map, FIELD_sbitmap_num_words, &bitmap->num_words, 4,
				 NULL) &&
	       kernel_read_field(kernel, map, FIELD_sbitmap_words, &bitmap->words.value, 8, NULL) &&
	       kernel_is_kernel_address(kernel, bitmap->words) &&
	       kernel_is_kernel_address(kernel, bitmap->requests);
}
