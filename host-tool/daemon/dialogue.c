/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/dialogue.h"

#include <string.h>
#include <sys/socket.h>

#include "common/sanitize.h"

/* The maximum time until the analyser reads a message. */
#define SEND_TIMEOUT_S 5
/* Per job: a collection needs less than this. */
#define MAX_RELAYED ((uint64_t)1 << 30)
#define RELAY_TIMEOUT_MS 2000
#define MAX_TITLE 300

static void on_cancelled(GCancellable *cancellable G_GNUC_UNUSED, struct dialogue *dialogue)
{
	analyzer_cancel(dialogue->analyzer);
}

bool dialogue_begin(struct dialogue *dialogue, struct analyzer_pool *pool, const struct job *job,
		    int memory_fd, GError **error)
{
	const struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
	g_autofree char *json = job_to_json(job);

	dialogue->analyzer =
		job->kind == JOB_COLLECT ? analyzer_take(pool, error) : analyzer_start(pool, error);
	if (dialogue->analyzer == NULL)
		return false;
	dialogue->wall_seconds = analyzer_pool_limits(pool).wall_seconds;
	dialogue->deadline =
		g_get_monotonic_time() + (gint64)dialogue->wall_seconds * G_USEC_PER_SEC;
	dialogue->grace_us =
		DIALOGUE_RELAY_FACTOR * (gint64)dialogue->wall_seconds * G_USEC_PER_SEC;
	setsockopt(analyzer_socket(dialogue->analyzer), SOL_SOCKET, SO_SNDTIMEO, &timeout,
		   sizeof(timeout));
	if (dialogue->cancellable)
		dialogue->cancel_id = g_cancellable_connect(
			dialogue->cancellable, G_CALLBACK(on_cancelled), dialogue, NULL);
	return protocol_send(analyzer_socket(dialogue->analyzer), PROTOCOL_JOB, json, strlen(json),
			     &memory_fd, 1, error);
}

bool dialogue_send(struct dialogue *dialogue, enum protocol_type type, const char *text,
		   const int *fds, unsigned int num_fds, GError **error)
{
	return protocol_send(analyzer_socket(dialogue->analyzer), type, text,
			     text ? strlen(text) : 0, fds, num_fds, error);
}

static bool refuse(GError **error, const char *what)
{
	g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID, "the analyser %s", what);
	return false;
}

static bool relay(struct dialogue *dialogue, GBytes *payload, GError **error)
{
	gint64 started_us = g_get_monotonic_time();
	struct protocol_need need;
	g_autofree char *buffer = NULL;
	gint64 took_us;

	if (g_bytes_get_size(payload) != sizeof(need))
		return refuse(error, "asks for memory with a message of the wrong size");
	memcpy(&need, g_bytes_get_data(payload, NULL), sizeof(need));
	if (need.length == 0 || need.length > VIRT_MAX_PEEK ||
	    !layout_covers(dialogue->layout, need.address, need.length))
		return refuse(error, "asks for what is not guest memory");
	dialogue->relayed += need.length;
	if (dialogue->relayed > MAX_RELAYED)
		return refuse(error, "asks for too much memory");
	buffer = g_malloc(need.length);
	if (!virt_memory_peek(dialogue->domain, need.address, buffer, need.length, RELAY_TIMEOUT_MS,
			      NULL))
		need.length = 0; /* this tells the analyser that it could not be read */
	took_us = MIN(g_get_monotonic_time() - started_us, dialogue->grace_us);
	dialogue->deadline += took_us;
	dialogue->grace_us -= took_us;
	return protocol_send(analyzer_socket(dialogue->analyzer), PROTOCOL_DATA, buffer,
			     need.length, NULL, 0, error);
}

static bool note(struct dialogue *dialogue, struct protocol_message *message, GError **error)
{
	size_t size;
	const char *bytes = g_bytes_get_data(message->payload, &size);

	switch (message->type) {
	case PROTOCOL_READY:
		dialogue->ready = true;
		return true;
	case PROTOCOL_ANALYSED:
		return true;
	case PROTOCOL_NEED:
		return relay(dialogue, message->payload, error);
	case PROTOCOL_CAPTURED:
		if (size != sizeof(dialogue->verdict))
			return refuse(error, "sends a verdict of the wrong size");
		memcpy(&dialogue->verdict, bytes, size);
		return true;
	case PROTOCOL_MAP:
		if (size == 0 || size > PROTOCOL_MAX_MAP)
			return refuse(error, "sends a kernel map of an impossible size");
		g_clear_pointer(&dialogue->map, g_bytes_unref);
		dialogue->map = g_bytes_ref(message->payload);
		return true;
	case PROTOCOL_STALL:
		g_clear_pointer(&dialogue->stall, g_bytes_unref);
		dialogue->stall = g_bytes_ref(message->payload);
		return true;
	case PROTOCOL_BLOCKED:
		g_clear_pointer(&dialogue->blocked, g_bytes_unref);
		dialogue->blocked = g_bytes_ref(message->payload);
		return true;
	case PROTOCOL_DISKS:
		g_clear_pointer(&dialogue->disks, g_bytes_unref);
		dialogue->disks = g_bytes_ref(message->payload);
		return true;
	case PROTOCOL_DONE:
		g_free(dialogue->title);
		dialogue->title = sanitize_line(bytes, (gssize)MIN(size, MAX_TITLE));
		return true;
	default:
		return refuse(error, "sends what only the daemon may send");
	}
}

static bool until(struct dialogue *dialogue, enum protocol_type type, const gint64 *deadline,
		  GError **error)
{
	while (type != PROTOCOL_READY || !dialogue->ready) {
		gint64 left_us = MAX(*deadline - g_get_monotonic_time(), 0);
		struct protocol_message message;
		enum protocol_type got;
		bool noted;

		if (!protocol_receive(analyzer_socket(dialogue->analyzer), PROTOCOL_MAX_REPLY,
				      (int)(left_us / 1000), &message, error))
			return false;
		got = message.type;
		noted = note(dialogue, &message, error);
		protocol_message_clear(&message);
		if (!noted)
			return false;
		if (got == type)
			return true;
		if (got == PROTOCOL_ANALYSED || got == PROTOCOL_DONE)
			return refuse(error, "ends before all messages were exchanged");
	}
	return true;
}

bool dialogue_until(struct dialogue *dialogue, enum protocol_type type, GError **error)
{
	GError *cause = NULL;

	if (until(dialogue, type, &dialogue->deadline, &cause))
		return true;
	if (g_error_matches(cause, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT)) {
		g_error_free(cause);
		cause = g_error_new(PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT,
				    "the analyser took longer than %u s (wall_seconds in "
				    "[analyzer] of the configuration)",
				    dialogue->wall_seconds);
	}
	g_propagate_error(error, cause);
	return false;
}

bool dialogue_ready(struct dialogue *dialogue, int timeout_ms, GError **error)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	GError *cause = NULL;

	if (until(dialogue, PROTOCOL_READY, &deadline, &cause))
		return true;
	if (g_error_matches(cause, PROTOCOL_ERROR, PROTOCOL_ERROR_TIMEOUT)) {
		g_error_free(cause);
		return true;
	}
	g_propagate_error(error, cause);
	return false;
}

char *dialogue_end(struct dialogue *dialogue)
{
	struct analyzer *analyzer = dialogue->analyzer;

	if (analyzer == NULL)
		return NULL;
	if (dialogue->cancel_id)
		g_cancellable_disconnect(dialogue->cancellable, dialogue->cancel_id);
	dialogue->cancel_id = 0;
	dialogue->analyzer = NULL;
	return analyzer_end(analyzer);
}

void dialogue_clear(struct dialogue *dialogue)
{
	g_free(dialogue_end(dialogue));
	g_clear_pointer(&dialogue->map, g_bytes_unref);
	g_clear_pointer(&dialogue->stall, g_bytes_unref);
	g_clear_pointer(&dialogue->blocked, g_bytes_unref);
	g_clear_pointer(&dialogue->disks, g_bytes_unref);
	g_clear_pointer(&dialogue->title, g_free);
}
