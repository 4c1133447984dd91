// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/relay.h"

#include <string.h>

#include "common/protocol.h"

/* The maximum length of a request. */
#define MAX_QUESTION (1u << 20)
/* Bytes to read around a page: this takes hardly longer than the page alone. */
#define BLOCK_SIZE ((uint64_t)64 << 10)
/* 16 MiB. Beyond it, old blocks are dropped. */
#define MAX_BLOCKS 256
/* The daemon has shorter limits of its own; this detects a dead one. */
#define ANSWER_TIMEOUT_MS 60000

struct relay {
	int control;
	GArray *extents; /* of struct guest_extent */
	GHashTable
		*blocks; /* guest-physical address of the block's start, as uint64_t * -> GBytes */
	bool exactly;
	uint64_t num_questions;
};

struct relay *relay_new(int control)
{
	struct relay *relay = g_new0(struct relay, 1);

	relay->control = control;
	relay->extents = g_array_new(FALSE, FALSE, sizeof(struct guest_extent));
	relay->blocks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
					      (GDestroyNotify)g_bytes_unref);
	return relay;
}

void relay_free(struct relay *relay)
{
	if (relay == NULL)
		return;
	g_hash_table_unref(relay->blocks);
	g_array_unref(relay->extents);
	g_free(relay);
}

void relay_forget(struct relay *relay)
{
	g_hash_table_remove_all(relay->blocks);
}

void relay_read_exactly(struct relay *relay)
{
	relay->exactly = true;
	relay_forget(relay);
}

uint64_t relay_num_questions(const struct relay *relay)
{
	return relay->num_questions;
}

/* The @length bytes at @address, or NULL. */
static GBytes *ask(struct relay *relay, uint64_t address, size_t length, GError **error)
{
	const struct protocol_need need = {.address = address, .length = length};
	struct protocol_message message;
	GBytes *bytes = NULL;

	relay->num_questions++;
	if (!protocol_send(relay->control, PROTOCOL_NEED, &need, sizeof(need), NULL, 0, error) ||
	    !protocol_receive(relay->control, PROTOCOL_MAX_PAYLOAD, ANSWER_TIMEOUT_MS, &message,
			      error))
		return NULL;
	if (message.type != PROTOCOL_DATA)
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "message %d came in place of %d", message.type, PROTOCOL_DATA);
	else if (g_bytes_get_size(message.payload) != length)
		g_set_error(
			error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO,
			"libvirt could not read %zu bytes at guest-physical %#" G_GINT64_MODIFIER
			"x",
			length, address);
	else
		bytes = g_bytes_ref(message.payload);
	protocol_message_clear(&message);
	return bytes;
}

static bool ask_parts(struct relay *relay, uint64_t address, uint8_t *buffer, size_t length,
		      GError **error)
{
	for (size_t done = 0; done < length; done += MAX_QUESTION) {
		size_t part = MIN(length - done, MAX_QUESTION);
		g_autoptr(GBytes) bytes = ask(relay, address + done, part, error);

		if (bytes == NULL)
			return false;
		memcpy(buffer + done, g_bytes_get_data(bytes, NULL), part);
	}
	return true;
}

static const struct guest_extent *find_extent(const struct relay *relay, uint64_t address)
{
	for (guint i = 0; i < relay->extents->len; i++) {
		const struct guest_extent *extent =
			&g_array_index(relay->extents, struct guest_extent, i);

		if (address - extent->start.value < extent->length)
			return extent;
	}
	return NULL;
}

/*
 * The block of the extent around @address, from the cache or from the daemon; @start: its start.
 * NULL: there is none, or a part of it cannot be read.
 */
static GBytes *block_at(struct relay *relay, uint64_t address, uint64_t *start)
{
	const struct guest_extent *extent = find_extent(relay, address);
	uint64_t end;
	GBytes *block;

	if (extent == NULL)
		return NULL;
	*start = MAX(address & ~(BLOCK_SIZE - 1), extent->start.value);
	block = g_hash_table_lookup(relay->blocks, start);
	if (block)
		return block;
	end = MIN((address | (BLOCK_SIZE - 1)), extent->start.value + extent->length - 1);
	block = ask(relay, *start, end - *start + 1, NULL);
	if (block == NULL)
		return NULL;
	if (g_hash_table_size(relay->blocks) >= MAX_BLOCKS)
		relay_forget(relay);
	g_hash_table_insert(relay->blocks, g_memdup2(start, sizeof(*start)), block);
	return block;
}

static bool read_from_block(struct relay *relay, uint64_t address, void *buffer, size_t length)
{
	uint64_t start;
	GBytes *block = block_at(relay, address, &start);

	if (block == NULL || g_bytes_get_size(block) - (address - start) < length)
		return false;
	memcpy(buffer, (const uint8_t *)g_bytes_get_data(block, NULL) + (address - start), length);
	return true;
}

static bool relay_read(void *user_data, gpa_t address, void *buffer, size_t length, GError **error)
{
	struct relay *relay = user_data;

	if (!relay->exactly && length <= GUEST_PAGE_SIZE &&
	    read_from_block(relay, address.value, buffer, length))
		return true;
	return ask_parts(relay, address.value, buffer, length, error);
}

struct guest_memory *relay_memory(struct relay *relay, const struct guest_extent *extents,
				  size_t num_extents, GError **error)
{
	g_array_append_vals(relay->extents, extents, (guint)num_extents);
	return guest_memory_new_function(relay_read, relay, extents, num_extents, error);
}
