/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/disk_watch.h"

#include <string.h>

#include "common/protocol.h"

/* Requests per tick: takes a millisecond or two. */
#define MAX_LOOKS 1024u

struct disk_watch {
	GBytes *bytes;
	const struct protocol_disks *places;
	struct disk_requests requests;
	bool told; /* the caller knows that disks have come or gone */
};

/* The state of one look. */
struct look {
	const struct disk_watch *watch;
	const struct layout *layout;
	gint64 now_us;
	unsigned int num_looks;
	struct disk_requests found;
};

static uint64_t u64_at(const uint8_t *bytes, uint32_t offset)
{
	uint64_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

static uint32_t u32_at(const uint8_t *bytes, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, bytes + offset, sizeof(value));
	return value;
}

/* --- one request --- */

/* Does its disk still have the request? *@start: its start time in the guest's memory. */
static bool read_request(const struct disk_requests *requests, const struct layout *layout,
			 uint64_t address, uint32_t number, uint64_t *start)
{
	uint8_t bytes[PROTOCOL_DISKS_MAX_REQUEST];
	uint32_t end = MAX(MAX(requests->number, requests->state) + 4, requests->start + 8);

	if (!layout_peek(layout, address, bytes, end) ||
	    u32_at(bytes, requests->number) != number ||
	    u32_at(bytes, requests->state) != requests->in_flight)
		return false;
	*start = u64_at(bytes, requests->start);
	/* Requests without a start time cannot be told apart. */
	return *start != 0;
}

gint64 disk_requests_wait_us(const struct disk_requests *requests, const struct layout *layout,
			     gint64 least_us, gint64 now_us)
{
	gint64 longest_us = 0;

	for (unsigned int i = 0; i < requests->num; i++) {
		const struct disk_request *request = &requests->list[i];
		gint64 wait_us = now_us - request->seen_us;
		uint64_t start;

		if (wait_us >= least_us && wait_us > longest_us &&
		    read_request(requests, layout, request->address, request->number, &start) &&
		    start == request->start)
			longest_us = wait_us;
	}
	return longest_us;
}

/* --- a tick --- */

static gint64 first_seen_us(const struct look *look, const struct disk_request *request)
{
	const struct disk_requests *before = &look->watch->requests;

	for (unsigned int i = 0; i < before->num; i++) {
		if (before->list[i].address == request->address &&
		    before->list[i].start == request->start)
			return before->list[i].seen_us;
	}
	return look->now_us;
}

/* Keeps the oldest requests. */
static void note(struct look *look, struct disk_request request)
{
	struct disk_requests *found = &look->found;
	unsigned int youngest = 0;

	request.seen_us = first_seen_us(look, &request);
	if (found->num < DISK_REQUESTS_MAX) {
		found->list[found->num++] = request;
		return;
	}
	for (unsigned int i = 1; i < found->num; i++) {
		if (found->list[i].start > found->list[youngest].start)
			youngest = i;
	}
	if (request.start < found->list[youngest].start)
		found->list[youngest] = request;
}

static void look_at_request(struct look *look, const struct protocol_disk_queue *queue,
			    uint32_t number)
{
	struct disk_request request = {.number = number};
	uint64_t pointer;

	if (!layout_peek(look->layout, queue->requests + 8ull * number, &pointer, sizeof(pointer)))
		return;
	request.address = pointer - look->watch->places->base;
	if (read_request(&look->found, look->layout, request.address, number, &request.start))
		note(look, request);
}

/* The used bits of a word, without those beyond the last request. */
static uint64_t used_bits(const struct protocol_disk_queue *queue, const uint8_t *word,
			  uint32_t before)
{
	uint32_t num = MIN(1u << queue->shift, queue->num_requests - before);
	uint64_t bits = u64_at(word, queue->set);

	if (queue->cleared != queue->set)
		bits &= ~u64_at(word, queue->cleared);
	return num < 64 ? bits & ((UINT64_C(1) << num) - 1) : bits;
}

static void look_at_queue(struct look *look, const struct protocol_disk_queue *queue)
{
	uint8_t words[PROTOCOL_DISKS_MAX_WORDS];

	if (!layout_peek(look->layout, queue->words, words,
			 (size_t)queue->num_words * queue->word_size))
		return;
	for (uint32_t i = 0; i < queue->num_words; i++) {
		uint32_t before = i << queue->shift;
		uint64_t bits;

		if (before >= queue->num_requests)
			return;
		for (bits = used_bits(queue, words + (size_t)i * queue->word_size, before);
		     bits && look->num_looks < MAX_LOOKS; bits &= bits - 1) {
			look->num_looks++;
			look_at_request(look, queue,
					queue->first + before + (uint32_t)__builtin_ctzll(bits));
		}
	}
}

static bool disks_changed(struct disk_watch *watch, const struct layout *layout)
{
	const struct protocol_disks *places = watch->places;
	uint64_t now[G_N_ELEMENTS(places->devices_seen)];

	if (watch->told || !places->devices ||
	    !layout_peek(layout, places->devices, now, sizeof(now)) ||
	    !memcmp(now, places->devices_seen, sizeof(now)))
		return false;
	watch->told = true;
	return true;
}

bool disk_watch_look(struct disk_watch *watch, const struct layout *layout, gint64 now_us)
{
	struct look look = {
		.watch = watch, .layout = layout, .now_us = now_us, .found = watch->requests};

	look.found.num = 0;
	for (uint32_t i = 0; i < watch->places->num_queues; i++)
		look_at_queue(&look, &watch->places->queues[i]);
	watch->requests = look.found;
	return disks_changed(watch, layout);
}

unsigned int disk_watch_num_queues(const struct disk_watch *watch)
{
	return watch->places->num_queues;
}

const struct disk_requests *disk_watch_requests(const struct disk_watch *watch)
{
	return &watch->requests;
}

/* --- --- */

static bool queue_is_valid(const struct protocol_disk_queue *queue)
{
	return queue->word_size >= 8 && queue->word_size <= PROTOCOL_DISKS_MAX_WORDS &&
	       queue->num_words <= PROTOCOL_DISKS_MAX_WORDS / queue->word_size &&
	       queue->set <= queue->word_size - 8 && queue->cleared <= queue->word_size - 8 &&
	       queue->shift <= 6 && queue->num_requests <= UINT16_MAX && queue->first <= UINT16_MAX;
}

static bool is_valid(GBytes *bytes)
{
	gsize size = 0;
	const struct protocol_disks *places = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (size < sizeof(*places) || places->num_queues > PROTOCOL_DISKS_MAX_QUEUES ||
	    size != sizeof(*places) + places->num_queues * sizeof(places->queues[0]))
		return false;
	if (places->num_queues && (places->number > PROTOCOL_DISKS_MAX_REQUEST - 8 ||
				   places->state > PROTOCOL_DISKS_MAX_REQUEST - 8 ||
				   places->start > PROTOCOL_DISKS_MAX_REQUEST - 8))
		return false;
	for (uint32_t i = 0; i < places->num_queues; i++) {
		if (!queue_is_valid(&places->queues[i]))
			return false;
	}
	return true;
}

struct disk_watch *disk_watch_new(GBytes *places)
{
	struct disk_watch *watch;

	if (!is_valid(places))
		return NULL;
	watch = g_new0(struct disk_watch, 1);
	watch->bytes = g_bytes_ref(places);
	watch->places = g_bytes_get_data(places, NULL);
	watch->requests = (struct disk_requests){
		.number = watch->places->number,
		.state = watch->places->state,
		.start = watch->places->start,
		.in_flight = watch->places->state_in_flight,
	};
	return watch;
}

void disk_watch_free(struct disk_watch *watch)
{
	if (watch == NULL)
		return;
	g_bytes_unref(watch->bytes);
	g_free(watch);
}
