/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/protocol.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

G_DEFINE_QUARK(oopsbt_protocol_error, protocol_error)

/* On the wire, in host byte order: both ends are the same build on the same machine. */
struct header {
	uint32_t magic;
	uint32_t type;
	uint32_t length; /* of the payload, bytes */
	uint32_t num_fds;
};

#define HEADER_MAGIC 0x7462706fu /* "opbt" */

static bool fail_errno(GError **error, const char *what, int saved_errno)
{
	bool closed = saved_errno == EPIPE || saved_errno == ECONNRESET;
	bool timeout = saved_errno == EAGAIN || saved_errno == EWOULDBLOCK;

	g_set_error(error, PROTOCOL_ERROR,
		    closed    ? PROTOCOL_ERROR_CLOSED
		    : timeout ? PROTOCOL_ERROR_TIMEOUT
			      : PROTOCOL_ERROR_IO,
		    "%s: %s", what,
		    closed    ? "the other side closed the socket"
		    : timeout ? "the other side does not read in time"
			      : g_strerror(saved_errno));
	return false;
}

bool protocol_send(int socket, enum protocol_type type, const void *payload, size_t length,
		   const int *fds, unsigned int num_fds, GError **error)
{
	struct header header = {
		.magic = HEADER_MAGIC,
		.type = type,
		.length = (uint32_t)length,
		.num_fds = num_fds,
	};
	struct iovec iov[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = (void *)payload, .iov_len = length},
	};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * PROTOCOL_NUM_FDS)] = {0};
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};

	if (length > PROTOCOL_MAX_PAYLOAD || num_fds > PROTOCOL_NUM_FDS) {
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "message %d with %zu bytes and %u descriptors is too large", (int)type,
			    length, num_fds);
		return false;
	}
	if (num_fds > 0) {
		struct cmsghdr *rights;

		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * num_fds);
		rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int) * num_fds);
		memcpy(CMSG_DATA(rights), fds, sizeof(int) * num_fds);
	}
	while (iov[0].iov_len + iov[1].iov_len > 0) {
		ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return fail_errno(error, "sending a message", errno);
		for (int i = 0; i < 2; i++) {
			size_t done = MIN((size_t)sent, iov[i].iov_len);

			iov[i].iov_base = (char *)iov[i].iov_base + done;
			iov[i].iov_len -= done;
			sent -= (ssize_t)done;
		}
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
	return true;
}

static bool wait_readable(int socket, gint64 deadline_us, GError **error)
{
	struct pollfd pollfd = {.fd = socket, .events = POLLIN};

	for (;;) {
		int timeout_ms = -1;
		int ready;

		if (deadline_us >= 0) {
			gint64 left_us = MAX(deadline_us - g_get_monotonic_time(), 0);

			timeout_ms = (int)MIN((left_us + 999) / 1000, G_MAXINT);
		}
		ready = poll(&pollfd, 1, timeout_ms);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return fail_errno(error, "waiting for a message", errno);
		if (ready == 0 && timeout_ms == 0) {
			g_set_error_literal(error, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT,
					    "no whole message came in time");
			return false;
		}
	}
}

/* Takes as many descriptors as @message has room for and closes the rest. */
static bool take_fds(struct msghdr *header, struct protocol_message *message)
{
	bool fits = !(header->msg_flags & MSG_CTRUNC);

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		size_t num;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		num = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < num; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (message->num_fds < PROTOCOL_NUM_FDS) {
				message->fds[message->num_fds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* @message: receives descriptors; NULL: the kernel drops them. */
static bool receive_bytes(int socket, void *buffer, size_t length, gint64 deadline_us,
			  struct protocol_message *message, GError **error)
{
	size_t done = 0;

	while (done < length) {
		_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * PROTOCOL_NUM_FDS)];
		struct iovec iov = {(char *)buffer + done, length - done};
		struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
		ssize_t received;

		if (!wait_readable(socket, deadline_us, error))
			return false;
		if (message) {
			header.msg_control = control;
			header.msg_controllen = sizeof(control);
		}
		received = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (received < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return fail_errno(error, "receiving a message", errno);
		}
		if (message && !take_fds(&header, message)) {
			g_set_error_literal(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
					    "a message came with too many descriptors");
			return false;
		}
		if (received == 0) {
			g_set_error_literal(error, PROTOCOL_ERROR, PROTOCOL_ERROR_CLOSED,
					    "the other side closed the socket");
			return false;
		}
		done += (size_t)received;
	}
	return true;
}

static bool check_header(const struct header *header, size_t max_payload,
			 const struct protocol_message *message, GError **error)
{
	if (header->magic != HEADER_MAGIC || header->type < PROTOCOL_JOB ||
	    header->type >= PROTOCOL_END_OF_TYPES) {
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "not a message: magic %#x, type %u", header->magic, header->type);
		return false;
	}
	if (header->length > max_payload) {
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "message %u announces %u bytes, at most %zu are allowed", header->type,
			    header->length, max_payload);
		return false;
	}
	if (header->num_fds != message->num_fds ||
	    (message->num_fds > 0 && header->type != PROTOCOL_JOB &&
	     header->type != PROTOCOL_FINISH)) {
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "message %u announces %u descriptors and came with %u", header->type,
			    header->num_fds, message->num_fds);
		return false;
	}
	return true;
}

bool protocol_receive(int socket, size_t max_payload, int timeout_ms,
		      struct protocol_message *message, GError **error)
{
	gint64 deadline_us =
		timeout_ms < 0 ? -1 : g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	g_autofree char *payload = NULL;
	struct header header;

	*message = (struct protocol_message){0};
	if (!receive_bytes(socket, &header, sizeof(header), deadline_us, message, error) ||
	    !check_header(&header, max_payload, message, error)) {
		protocol_message_clear(message);
		return false;
	}
	payload = g_malloc(header.length);
	if (!receive_bytes(socket, payload, header.length, deadline_us, NULL, error)) {
		protocol_message_clear(message);
		return false;
	}
	message->type = header.type;
	message->payload = g_bytes_new_take(g_steal_pointer(&payload), header.length);
	return true;
}

void protocol_message_clear(struct protocol_message *message)
{
	g_clear_pointer(&message->payload, g_bytes_unref);
	for (unsigned int i = 0; i < message->num_fds; i++)
		if (message->fds[i] >= 0)
			close(message->fds[i]);
	message->num_fds = 0;
}
