/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory over the socket: a thread replaces the daemon. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyze/relay.h"
#include "common/protocol.h"

#define EXTENT_START 0x103000
#define EXTENT_LENGTH 0x80000

struct fixture {
	int daemon, analyser;
	GThread *thread;
	struct relay *relay;
	struct guest_memory *memory;
	gint generation; /* the value of every byte that is read */
	gint broken;	 /* requests longer than a page get no data */
};

static uint8_t byte_at(uint64_t address, int generation)
{
	return (uint8_t)((address >> 12) * 31 + address + (uint64_t)generation * 7);
}

static gpointer answer(gpointer data)
{
	struct fixture *f = data;
	struct protocol_message message;

	while (protocol_receive(f->daemon, 1024, -1, &message, NULL)) {
		struct protocol_need need;
		g_autofree uint8_t *bytes = NULL;

		g_assert_cmpint(message.type, ==, PROTOCOL_NEED);
		memcpy(&need, g_bytes_get_data(message.payload, NULL), sizeof(need));
		protocol_message_clear(&message);
		g_assert_cmpuint(need.length, >, 0);
		g_assert_cmpuint(need.length, <=, 1 << 20);
		g_assert_cmpuint(need.address, >=, EXTENT_START);
		g_assert_cmpuint(need.address + need.length, <=, EXTENT_START + EXTENT_LENGTH);
		if (g_atomic_int_get(&f->broken) && need.length > GUEST_PAGE_SIZE)
			need.length = 0;
		bytes = g_malloc(need.length + 1);
		for (uint64_t i = 0; i < need.length; i++)
			bytes[i] = byte_at(need.address + i, g_atomic_int_get(&f->generation));
		g_assert_true(
			protocol_send(f->daemon, PROTOCOL_DATA, bytes, need.length, NULL, 0, NULL));
	}
	return NULL;
}

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	const struct guest_extent extent = {gpa(EXTENT_START), EXTENT_LENGTH, 0};
	g_autoptr(GError) error = NULL;
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	f->daemon = pair[0];
	f->analyser = pair[1];
	f->relay = relay_new(f->analyser);
	f->memory = relay_memory(f->relay, &extent, 1, &error);
	g_assert_no_error(error);
	f->thread = g_thread_new("daemon", answer, f);
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	close(f->analyser);
	g_thread_join(f->thread);
	close(f->daemon);
	guest_memory_free(f->memory);
	relay_free(f->relay);
}

static void assert_read(struct fixture *f, uint64_t address, size_t length, int generation)
{
	g_autofree uint8_t *bytes = g_malloc(length);
	g_autoptr(GError) error = NULL;

	g_assert_true(guest_memory_read(f->memory, gpa(address), bytes, length, &error));
	g_assert_no_error(error);
	for (size_t i = 0; i < length; i++)
		g_assert_cmpuint(bytes[i], ==, byte_at(address + i, generation));
}

static void test_neighbours(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	for (uint64_t page = 0; page < EXTENT_LENGTH; page += GUEST_PAGE_SIZE)
		assert_read(f, EXTENT_START + page, GUEST_PAGE_SIZE, 0);
	/* 0x103000 to 0x183000, in blocks of 0x10000. */
	g_assert_cmpuint(relay_num_questions(f->relay), ==, 9);
	assert_read(f, EXTENT_START + 0x4321, 8, 0);
	g_assert_cmpuint(relay_num_questions(f->relay), ==, 9);
}

static void test_across_blocks(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	assert_read(f, 0x10fff0, 32, 0);
	assert_read(f, EXTENT_START + 0x100, EXTENT_LENGTH - 0x200, 0);
}

static void test_forget(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	assert_read(f, EXTENT_START, GUEST_PAGE_SIZE, 0);
	g_atomic_int_set(&f->generation, 1);
	assert_read(f, EXTENT_START + GUEST_PAGE_SIZE, GUEST_PAGE_SIZE, 0);
	relay_forget(f->relay);
	assert_read(f, EXTENT_START, GUEST_PAGE_SIZE, 1);
	relay_read_exactly(f->relay);
	g_atomic_int_set(&f->generation, 2);
	assert_read(f, EXTENT_START, GUEST_PAGE_SIZE, 2);
	g_atomic_int_set(&f->generation, 3);
	assert_read(f, EXTENT_START, 8, 3);
}

static void test_block_cannot_be_read(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_atomic_int_set(&f->broken, 1);
	assert_read(f, EXTENT_START + GUEST_PAGE_SIZE, GUEST_PAGE_SIZE, 0);
}

static void test_page_cannot_be_read(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	uint8_t bytes[2 * GUEST_PAGE_SIZE];
	g_autoptr(GError) error = NULL;

	g_atomic_int_set(&f->broken, 1);
	g_assert_false(
		guest_memory_read(f->memory, gpa(EXTENT_START), bytes, sizeof(bytes), &error));
	g_assert_error(error, GUEST_MEMORY_ERROR, GUEST_MEMORY_ERROR_IO);
	g_assert_nonnull(strstr(error->message, "0x103000"));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *, gconstpointer);
	} tests[] = {
		{"/relay/neighbours", test_neighbours},
		{"/relay/across-blocks", test_across_blocks},
		{"/relay/forget", test_forget},
		{"/relay/block-cannot-be-read", test_block_cannot_be_read},
		{"/relay/page-cannot-be-read", test_page_cannot_be_read},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
