/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/program.h"
#include "freeze-guard/message.h"

struct guard {
	GMutex mutex;
	char *runtime_directory;
	char *uri;
	GPid pid;
	int socket;
	GHashTable *frozen; /* token → struct guard_message, the last one of each */
	bool ended;	    /* by guard_free(): do not start another */
};

/* Closes the guard's input: the guard then resumes the guests that it knows and ends. */
static void hang_up(struct guard *guard)
{
	if (guard->socket >= 0)
		close(guard->socket);
	guard->socket = -1;
	guard->pid = 0;
}

static bool send_message(struct guard *guard, const struct guard_message *message)
{
	return send(guard->socket, message, sizeof(*message), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       sizeof(*message);
}

static bool start_guard(struct guard *guard, GError **error)
{
	const char *const argv[] = {"oopsbt-freeze-guard", guard->runtime_directory,
				    guard->uri ? guard->uri : "", NULL};
	int sockets[2];
	GHashTableIter iter;
	void *message;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "creating a socket pair for the freeze guard: %s", g_strerror(errno));
		return false;
	}
	if (!program_start("oopsbt-freeze-guard", "OOPSBT_FREEZE_GUARD", argv, sockets[1],
			   STDIN_FILENO, -1, &guard->pid, error)) {
		close(sockets[0]);
		close(sockets[1]);
		return false;
	}
	close(sockets[1]);
	guard->socket = sockets[0];
	g_hash_table_iter_init(&iter, guard->frozen);
	while (g_hash_table_iter_next(&iter, NULL, &message))
		send_message(guard, message);
	return true;
}

static bool is_dead(struct guard *guard)
{
	struct pollfd pollfd = {.fd = guard->socket, .events = POLLIN};

	return guard->socket < 0 || poll(&pollfd, 1, 0) > 0;
}

static bool revive_locked(struct guard *guard, GError **error)
{
	if (guard->ended) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PIPE,
			    "the freeze guard has ended, as this process ends");
		return false;
	}
	if (!is_dead(guard))
		return true;
	if (guard->pid > 0) {
		kill(guard->pid, SIGKILL);
		waitpid(guard->pid, NULL, 0);
	}
	hang_up(guard);
	if (!start_guard(guard, error)) {
		g_prefix_error(error, "the freeze guard does not start: ");
		return false;
	}
	return true;
}

struct guard *guard_new(const char *runtime_directory, const char *uri, GError **error)
{
	struct guard *guard = g_atomic_rc_box_new0(struct guard);

	g_mutex_init(&guard->mutex);
	guard->runtime_directory = g_strdup(runtime_directory);
	guard->uri = g_strdup(uri);
	guard->frozen = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	guard->socket = -1;
	if (!revive_locked(guard, error)) {
		guard_free(guard);
		return NULL;
	}
	return guard;
}

static void guard_clear(void *pointer)
{
	struct guard *guard = pointer;

	g_hash_table_unref(guard->frozen);
	g_mutex_clear(&guard->mutex);
	g_free(guard->runtime_directory);
	g_free(guard->uri);
}

struct guard *guard_ref(struct guard *guard)
{
	return g_atomic_rc_box_acquire(guard);
}

void guard_unref(struct guard *guard)
{
	g_atomic_rc_box_release_full(guard, guard_clear);
}

void guard_free(struct guard *guard)
{
	if (guard == NULL)
		return;
	g_mutex_lock(&guard->mutex);
	/* Does not wait for its end: a guard that must resume a guest may need time. */
	hang_up(guard);
	guard->ended = true;
	g_mutex_unlock(&guard->mutex);
	guard_unref(guard);
}

int guard_fd(struct guard *guard)
{
	return guard->socket;
}

bool guard_revive(struct guard *guard, GError **error)
{
	bool result;

	g_mutex_lock(&guard->mutex);
	result = revive_locked(guard, error);
	g_mutex_unlock(&guard->mutex);
	return result;
}

/* Stores it, so that a later guard can be told. */
static void remember(struct guard *guard, const struct guard_message *message)
{
	struct guard_message *kept;

	switch (message->event) {
	case FREEZE_EVENT_ANNOUNCED:
	case FREEZE_EVENT_ANSWERED:
		kept = g_memdup2(message, sizeof(*message));
		g_hash_table_replace(guard->frozen, &kept->token, kept);
		break;
	case FREEZE_EVENT_ENDED:
	case FREEZE_EVENT_GIVEN:
		g_hash_table_remove(guard->frozen, &message->token);
		break;
	}
}

bool guard_tell(struct guard *guard, const struct freeze_record *record, enum freeze_event event,
		unsigned int within_ms, GError **error)
{
	struct guard_message message = {
		.event = event,
		.within_ms = within_ms,
		.token = record->token,
		.domain_id = record->domain_id,
	};
	bool result;

	g_strlcpy(message.uuid, record->uuid, sizeof(message.uuid));
	g_mutex_lock(&guard->mutex);
	/*
	 * Does not replace a dead guard while the guest waits; before or after the resume is early
	 * enough.
	 */
	result = (event == FREEZE_EVENT_RESUMING && !guard->ended) || revive_locked(guard, error);
	if (result && !send_message(guard, &message)) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
			    "telling the freeze guard: %s", g_strerror(errno));
		result = false;
	}
	if (result || event != FREEZE_EVENT_ANNOUNCED)
		remember(guard, &message);
	g_mutex_unlock(&guard->mutex);
	return result;
}

bool guard_is_alive(struct guard *guard)
{
	bool alive;

	g_mutex_lock(&guard->mutex);
	alive = !is_dead(guard);
	g_mutex_unlock(&guard->mutex);
	return alive;
}

void guard_look(struct guard *guard)
{
	const struct guard_message message = {.event = GUARD_LOOK};

	g_mutex_lock(&guard->mutex);
	/* A new guard looks on its own. */
	if (is_dead(guard))
		revive_locked(guard, NULL);
	else
		send_message(guard, &message);
	g_mutex_unlock(&guard->mutex);
}
