// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes on the control socket between collector and analyser: reads messages until it rejects one.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "fuzz.h"

#define MAX_LENGTH 65536 /* fits the socket's buffer, so that a write does not block */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct protocol_message message;
	GError *error = NULL;
	int sockets[2];

	if (length > MAX_LENGTH)
		return 0;
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), ==, 0);
	g_assert_cmpint(send(sockets[0], bytes, length, MSG_NOSIGNAL), ==, length);
	close(sockets[0]);
	while (protocol_receive(sockets[1], PROTOCOL_MAX_REPLY, 1000, &message, &error)) {
		g_assert_no_error(error);
		g_assert_cmpuint(g_bytes_get_size(message.payload), <=, PROTOCOL_MAX_REPLY);
		protocol_message_clear(&message);
	}
	fuzz_check_result(false, error);
	close(sockets[1]);
	return 0;
}
