/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"

struct fixture {
	int near, far;
};

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
	f->near = pair[0];
	f->far = pair[1];
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	close(f->near);
	if (f->far >= 0)
		close(f->far);
}

static unsigned int count_fds(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	unsigned int count = 0;

	while (g_dir_read_name(dir))
		count++;
	return count;
}

static void test_message(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct protocol_message message;

	g_assert_true(protocol_send(f->near, PROTOCOL_FROZEN, "text", 4, NULL, 0, &error));
	g_assert_true(protocol_send(f->near, PROTOCOL_READY, NULL, 0, NULL, 0, &error));
	g_assert_no_error(error);
	g_assert_true(protocol_receive(f->far, 4, 1000, &message, &error));
	g_assert_no_error(error);
	g_assert_cmpint(message.type, ==, PROTOCOL_FROZEN);
	g_assert_cmpmem(g_bytes_get_data(message.payload, NULL), g_bytes_get_size(message.payload),
			"text", 4);
	protocol_message_clear(&message);
	g_assert_true(protocol_receive(f->far, 0, 1000, &message, &error));
	g_assert_cmpint(message.type, ==, PROTOCOL_READY);
	g_assert_cmpuint(g_bytes_get_size(message.payload), ==, 0);
	protocol_message_clear(&message);
}

static gpointer receive_thread(gpointer data)
{
	struct fixture *f = data;
	struct protocol_message message;
	size_t length = 0;

	if (protocol_receive(f->far, PROTOCOL_MAX_PAYLOAD, 10000, &message, NULL)) {
		const uint8_t *bytes = g_bytes_get_data(message.payload, &length);

		g_assert_cmpuint(bytes[length - 1], ==, 'z');
		protocol_message_clear(&message);
	}
	return GSIZE_TO_POINTER(length);
}

static void test_large_message(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *bytes = g_malloc(PROTOCOL_MAX_PAYLOAD);
	GThread *receiver = g_thread_new("receiver", receive_thread, f);

	memset(bytes, 'z', PROTOCOL_MAX_PAYLOAD);
	g_assert_true(protocol_send(f->near, PROTOCOL_FROZEN, bytes, PROTOCOL_MAX_PAYLOAD, NULL, 0,
				    NULL));
	g_assert_cmpuint(GPOINTER_TO_SIZE(g_thread_join(receiver)), ==, PROTOCOL_MAX_PAYLOAD);
	g_assert_false(protocol_send(f->near, PROTOCOL_FROZEN, bytes, PROTOCOL_MAX_PAYLOAD + 1,
				     NULL, 0, NULL));
}

static void test_descriptors(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	unsigned int before = count_fds();
	g_autoptr(GError) error = NULL;
	struct protocol_message message;
	int pipe_fds[2];
	char byte;

	g_assert_cmpint(pipe(pipe_fds), ==, 0);
	g_assert_true(protocol_send(f->near, PROTOCOL_JOB, "{}", 2, pipe_fds, 2, &error));
	g_assert_true(protocol_receive(f->far, 100, 1000, &message, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(message.num_fds, ==, 2);
	g_assert_cmpint(write(message.fds[1], "x", 1), ==, 1);
	g_assert_cmpint(read(pipe_fds[0], &byte, 1), ==, 1);
	g_assert_true(fcntl(message.fds[0], F_GETFD) & FD_CLOEXEC);
	close(message.fds[0]);
	message.fds[0] = -1; /* taken */
	protocol_message_clear(&message);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	g_assert_cmpuint(count_fds(), ==, before);
}

static void send_fds(int socket, const void *bytes, size_t length, int num_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 64)] = {0};
	struct iovec iov = {(void *)bytes, length};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = CMSG_SPACE(sizeof(int) * num_fds)};
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int) * num_fds);
	for (int i = 0; i < num_fds; i++)
		memcpy(CMSG_DATA(rights) + i * sizeof(int), &(int){0}, sizeof(int));
	g_assert_cmpint(sendmsg(socket, &message, 0), ==, length);
}

/* The daemon closes descriptors that the analyser adds. */
static void test_unwanted_descriptors(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	static const int counts[] = {1, PROTOCOL_NUM_FDS, PROTOCOL_NUM_FDS + 1, 64};

	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		g_autoptr(GError) error = NULL;
		struct protocol_message message;
		uint32_t header[4] = {0x7462706f, PROTOCOL_READY, 0, (uint32_t)counts[i]};
		unsigned int before;

		tear_down(f, NULL);
		set_up(f, NULL);
		before = count_fds();
		send_fds(f->near, header, sizeof(header), counts[i]);
		g_assert_false(protocol_receive(f->far, 100, 1000, &message, &error));
		g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID);
		g_assert_cmpuint(count_fds(), ==, before);
	}
}

static void test_timeout(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct protocol_message message;
	gint64 start = g_get_monotonic_time();

	g_assert_false(protocol_receive(f->far, 100, 20, &message, &error));
	g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT);
	g_assert_cmpint(g_get_monotonic_time() - start, >=, 20000);
	g_clear_error(&error);
	/* Half a message is not a message. */
	g_assert_cmpint(write(f->near, "opbt", 4), ==, 4);
	g_assert_false(protocol_receive(f->far, 100, 20, &message, &error));
	g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT);
}

static void test_other_side_does_not_read(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *bytes = g_malloc0(PROTOCOL_MAX_PAYLOAD);
	struct timeval timeout = {.tv_usec = 20000};
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(setsockopt(f->near, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)), ==,
			0);
	g_assert_false(protocol_send(f->near, PROTOCOL_FROZEN, bytes, PROTOCOL_MAX_PAYLOAD, NULL, 0,
				     &error));
	g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT);
}

static void test_closed(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct protocol_message message;

	close(f->far);
	f->far = -1;
	g_assert_false(protocol_receive(f->near, 100, -1, &message, &error));
	g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_CLOSED);
	g_clear_error(&error);
	g_assert_false(protocol_send(f->near, PROTOCOL_READY, NULL, 0, NULL, 0, &error));
	g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_CLOSED);
}

static void test_bad_headers(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	static const uint32_t headers[][4] = {
		{0x12345678, PROTOCOL_READY, 0, 0},	    {0x7462706f, 0, 0, 0},
		{0x7462706f, PROTOCOL_END_OF_TYPES, 0, 0},  {0x7462706f, PROTOCOL_DONE, 101, 0},
		{0x7462706f, PROTOCOL_DONE, UINT32_MAX, 0}, {0x7462706f, PROTOCOL_JOB, 0, 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
		g_autoptr(GError) error = NULL;
		struct protocol_message message;

		g_assert_cmpint(write(f->near, headers[i], 16), ==, 16);
		g_assert_false(protocol_receive(f->far, 100, 1000, &message, &error));
		g_assert_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID);
	}
}

/* Random bytes instead of messages: an error, no crash, no open descriptor, no wait. */
static void test_garbage(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(3);
	unsigned int before = count_fds();

	for (unsigned int round = 0; round < 2000; round++) {
		uint32_t words[8] = {0x7462706f};
		struct protocol_message message;

		for (int i = 1; i < 8; i++)
			words[i] = g_rand_int(random) &
				   (0xffffffffu >> g_rand_int_range(random, 0, 32));
		words[0] ^= (uint32_t)g_rand_boolean(random) << g_rand_int_range(random, 0, 32);
		if (g_rand_boolean(random))
			send_fds(f->near, words, sizeof(words), g_rand_int_range(random, 1, 8));
		else
			g_assert_cmpint(write(f->near, words, sizeof(words)), ==, sizeof(words));
		if (protocol_receive(f->far, 1000, 0, &message, NULL))
			protocol_message_clear(&message);
		tear_down(f, NULL);
		set_up(f, NULL);
	}
	g_assert_cmpuint(count_fds(), ==, before);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*test)(struct fixture *, gconstpointer);
	} tests[] = {
		{"/protocol/message", test_message},
		{"/protocol/large-message", test_large_message},
		{"/protocol/descriptors", test_descriptors},
		{"/protocol/unwanted-descriptors", test_unwanted_descriptors},
		{"/protocol/timeout", test_timeout},
		{"/protocol/other-side-does-not-read", test_other_side_does_not_read},
		{"/protocol/closed", test_closed},
		{"/protocol/bad-headers", test_bad_headers},
		{"/protocol/garbage", test_garbage},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].path, struct fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
