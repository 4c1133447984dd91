/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/disk_watch.h"

#include <string.h>

#include "common/protocol.h"

/* Requests per tick: takes a millisecond or less. */
#define MAX_LOOKS 1024u
/* Requests that are read with one call. */
#define MAX_BATCH 32u

struct disk_watch {
	GBytes *bytes;
	const struct protocol_disks *places;
	uint8_t *words;	   /* of all queues, as last read */
	bool *words_there; /* one for each queue */
	uint64_t devices[2];
	bool devices_there;
	bool asked; /* for this tick, and disk_watch_look() was not called yet */
	struct disk_requests requests;
	bool told; /* the caller knows that disks have come or gone */
};

/* A request whose bit is set. */
struct candidate {
	uint32_t number;
	bool there;
	uint64_t pointer;
	uint8_t bytes[PROTOCOL_DISKS_MAX_REQUEST];
};

/* The state of one look. */
struct look {
	const struct disk_watch *watch;
	const struct layout *layout;
	gint64 now_us;
	unsigned int num_looks;
	struct disk_requests found;
	struct peek *pointers; /* of the candidates */
	unsigned int num_candidates;
	struct candidate candidates[MAX_BATCH];
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

/* The number of its bytes that are read. */
static uint32_t request_size(const struct disk_requests *requests)
{
	return MAX(MAX(requests->number, requests->state) + 4, requests->start + 8);
}

/* Does its disk still have the request? *@start: its start time in the guest's memory. */
static bool is_in_flight(const struct disk_requests *requests, const uint8_t *bytes,
			 uint32_t number, uint64_t *start)
{
	if (u32_at(bytes, requests->number) != number ||
	    u32_at(bytes, requests->state) != requests->in_flight)
		return false;
	*start = u64_at(bytes, requests->start);
	/* Requests without a start time cannot be told apart. */
	return *start != 0;
}

static bool read_request(const struct disk_requests *requests, const struct layout *layout,
			 uint64_t address, uint32_t number, uint64_t *start)
{
	uint8_t bytes[PROTOCOL_DISKS_MAX_REQUEST];

	return layout_peek(layout, address, bytes, request_size(requests)) &&
	       is_in_flight(requests, bytes, number, start);
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

/* Reads the candidates, and notes those that their disks still have. */
static void look_at_candidates(struct look *look)
{
	struct peek peek;

	peek_begin(&peek, look->layout);
	peek_read(look->pointers);
	for (unsigned int i = 0; i < look->num_candidates; i++) {
		struct candidate *candidate = &look->candidates[i];

		peek_add(&peek,
			 candidate->there ? candidate->pointer - look->watch->places->base : 0,
			 candidate->bytes, request_size(&look->found), &candidate->there);
	}
	peek_read(&peek);
	for (unsigned int i = 0; i < look->num_candidates; i++) {
		const struct candidate *candidate = &look->candidates[i];
		struct disk_request request = {.number = candidate->number};

		if (!candidate->there || !is_in_flight(&look->found, candidate->bytes,
						       candidate->number, &request.start))
			continue;
		request.address = candidate->pointer - look->watch->places->base;
		note(look, request);
	}
	look->num_candidates = 0;
}

static void add_candidate(struct look *look, const struct protocol_disk_queue *queue,
			  uint32_t number)
{
	struct candidate *candidate = &look->candidates[look->num_candidates++];

	candidate->number = number;
	peek_add(look->pointers, queue->requests + 8ull * number, &candidate->pointer,
		 sizeof(candidate->pointer), &candidate->there);
	if (look->num_candidates == MAX_BATCH)
		look_at_candidates(look);
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

static void look_at_queue(struct look *look, const struct protocol_disk_queue *queue,
			  const uint8_t *words)
{
	for (uint32_t i = 0; i < queue->num_words; i++) {
		uint32_t before = i << queue->shift;
		uint64_t bits;

		if (before >= queue->num_requests)
			return;
		for (bits = used_bits(queue, words + (size_t)i * queue->word_size, before);
		     bits && look->num_looks < MAX_LOOKS; bits &= bits - 1) {
			look->num_looks++;
			add_candidate(look, queue,
				      queue->first + before + (uint32_t)__builtin_ctzll(bits));
		}
	}
}

static size_t words_size(const struct protocol_disk_queue *queue)
{
	return (size_t)queue->num_words * queue->word_size;
}

void disk_watch_ask(struct disk_watch *watch, struct peek *peek)
{
	uint8_t *words = watch->words;

	for (uint32_t i = 0; i < watch->places->num_queues; i++) {
		const struct protocol_disk_queue *queue = &watch->places->queues[i];

		peek_add(peek, queue->words, words, words_size(queue), &watch->words_there[i]);
		words += words_size(queue);
	}
	peek_add(peek, watch->told ? 0 : watch->places->devices, watch->devices,
		 sizeof(watch->devices), &watch->devices_there);
	watch->asked = true;
}

static void look_at_queues(struct look *look)
{
	const struct disk_watch *watch = look->watch;
	const uint8_t *words = watch->words;

	for (uint32_t i = 0; i < watch->places->num_queues; i++) {
		const struct protocol_disk_queue *queue = &watch->places->queues[i];

		if (watch->words_there[i])
			look_at_queue(look, queue, words);
		words += words_size(queue);
	}
	look_at_candidates(look);
}

static bool disks_changed(struct disk_watch *watch)
{
	if (!watch->devices_there ||
	    !memcmp(watch->devices, watch->places->devices_seen, sizeof(watch->devices)))
		return false;
	watch->told = true;
	return true;
}

bool disk_watch_look(struct disk_watch *watch, const struct layout *layout, gint64 now_us)
{
	struct look look;
	struct peek peek;

	peek_begin(&peek, layout);
	if (!watch->asked)
		disk_watch_ask(watch, &peek);
	peek_read(&peek);
	watch->asked = false;
	look.watch = watch;
	look.layout = layout;
	look.now_us = now_us;
	look.found = watch->requests;
	look.found.num = look.num_looks = look.num_candidates = 0;
	look.pointers = &peek;
	look_at_queues(&look);
	watch->requests = look.found;
	return disks_changed(watch);
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
	       queue->num_words >= 1 &&
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
	size_t size = 0;

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
	for (uint32_t i = 0; i < watch->places->num_queues; i++)
		size += words_size(&watch->places->queues[i]);
	watch->words = g_malloc(size);
	watch->words_there = g_new0(bool, watch->places->num_queues);
	return watch;
}

void disk_watch_free(struct disk_watch *watch)
{
	if (watch == NULL)
		return;
	g_bytes_unref(watch->bytes);
	g_free(watch->words);
	g_free(watch->words_there);
	g_free(watch);
}
