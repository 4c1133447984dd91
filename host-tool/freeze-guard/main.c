/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oopsbt-freeze-guard: thaws what its starter froze and cannot thaw any more.
 *
 * Started with the daemon and told on standard input of each freeze and thaw. When that closes
 * (the daemon is gone), or a freeze has gone far beyond its budget (it hangs), the guests still
 * frozen are resumed over a libvirt connection of the guard's own, with retries while libvirtd
 * restarts. Its only end is the end of its input.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/virt.h"
#include "freeze-guard/message.h"
#include "freeze-guard/record.h"

/* How far a freeze may go beyond its budget before its owner is taken for hung. */
#define MARGIN_US (500 * G_TIME_SPAN_MILLISECOND)
/* Between two tries, and when to give up: a libvirtd that is being upgraded takes a while. */
#define RETRY_US (100 * G_TIME_SPAN_MILLISECOND)
#define GIVE_UP_US (10 * G_TIME_SPAN_MINUTE)
/* A suspend call whose caller is gone may still be under way in libvirtd. */
#define LATE_US (3 * G_TIME_SPAN_SECOND)

struct frozen {
	struct freeze_record record;
	bool sure;	/* it was seen frozen */
	gint64 due;	/* monotonic; when to thaw it */
	gint64 late;	/* monotonic; what runs until then was not frozen; 0: not asked yet */
	gint64 give_up; /* monotonic */
	bool complained;
};

struct guard {
	const char *uri;
	const char *runtime_directory;
	GHashTable *frozen; /* uuid → struct frozen */
	bool orphaned;	    /* standard input is closed */
};

static void thaw(struct guard *guard, struct frozen *frozen, GHashTableIter *iter)
{
	gint64 now = g_get_monotonic_time();
	g_autoptr(virConnect) connection =
		virConnectOpenAuth(guard->uri, virConnectAuthPtrDefault, 0);
	g_autoptr(GError) error = NULL;
	enum thaw_result result = THAW_FAILED;

	if (connection == NULL)
		virt_fail(&error, "connecting to %s", guard->uri ? guard->uri : "libvirt");
	else
		result = freeze_record_thaw(connection, &frozen->record, &error);
	if (result == THAW_DONE)
		fprintf(stderr, "oopsbt-freeze-guard: domain %s was left frozen: resumed\n",
			frozen->record.uuid);
	if (result == THAW_RUNS && frozen->late == 0)
		frozen->late = now + LATE_US;
	if (result == THAW_RUNS && !frozen->sure && now < frozen->late) {
		frozen->due = now + RETRY_US;
		return;
	}
	if (result == THAW_FAILED && now < frozen->give_up) {
		if (!frozen->complained)
			fprintf(stderr,
				"oopsbt-freeze-guard: domain %s is left frozen and can't be "
				"resumed "
				"yet: %s; trying again\n",
				frozen->record.uuid, error->message);
		frozen->complained = true;
		frozen->due = now + RETRY_US;
		return;
	}
	if (result == THAW_FAILED)
		fprintf(stderr,
			"oopsbt-freeze-guard: domain %s is left frozen: %s; giving up, resume it "
			"with "
			"\"virsh resume\"\n",
			frozen->record.uuid, error->message);
	/* The record of a guest that is still frozen is kept for the next daemon. */
	if (result != THAW_FAILED)
		freeze_record_remove(guard->runtime_directory, frozen->record.uuid);
	g_hash_table_iter_remove(iter);
}

static void thaw_due(struct guard *guard)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, guard->frozen);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct frozen *frozen = value;

		if (frozen->due <= g_get_monotonic_time())
			thaw(guard, frozen, &iter);
	}
}

/* All at once: nobody else will. */
static void make_all_due(struct guard *guard)
{
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, guard->frozen);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct frozen *)value)->due = 0;
}

static void handle(struct guard *guard, const struct guard_message *message)
{
	gint64 now = g_get_monotonic_time();
	struct frozen *frozen;

	if (message->type == GUARD_THAWED) {
		g_hash_table_remove(guard->frozen, message->uuid);
		return;
	}
	frozen = g_new0(struct frozen, 1);
	g_strlcpy(frozen->record.uuid, message->uuid, sizeof(frozen->record.uuid));
	frozen->record.domain_id = message->domain_id;
	frozen->sure = message->type == GUARD_FROZEN;
	frozen->due = message->type == GUARD_THAW
			      ? now
			      : now + (gint64)message->budget_ms * 1000 + MARGIN_US;
	frozen->give_up = now + GIVE_UP_US;
	g_hash_table_replace(guard->frozen, frozen->record.uuid, frozen);
}

/* False at the end of the input. */
static bool receive(struct guard *guard)
{
	struct guard_message message;
	ssize_t got = recv(STDIN_FILENO, &message, sizeof(message), 0);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	message.uuid[sizeof(message.uuid) - 1] = '\0';
	if (got == sizeof(message) && message.type >= GUARD_FREEZE && message.type <= GUARD_THAW)
		handle(guard, &message);
	return true;
}

/* Milliseconds until something is due; -1: nothing will be. */
static int next_due_ms(struct guard *guard)
{
	gint64 next = G_MAXINT64;
	gint64 left;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, guard->frozen);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		next = MIN(next, ((struct frozen *)value)->due);
	if (next == G_MAXINT64)
		return -1;
	left = next - g_get_monotonic_time();
	return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

static void run(struct guard *guard)
{
	while (!guard->orphaned || g_hash_table_size(guard->frozen) > 0) {
		struct pollfd input = {
			.fd = guard->orphaned ? -1 : STDIN_FILENO,
			.events = POLLIN,
		};
		int ready = poll(&input, 1, next_due_ms(guard));

		if (ready > 0 && !receive(guard)) {
			guard->orphaned = true;
			make_all_due(guard);
		}
		thaw_due(guard);
	}
}

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

int main(int argc, char **argv)
{
	g_autoptr(GHashTable) frozen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	struct guard guard = {.frozen = frozen};
	int type = 0;
	socklen_t length = sizeof(type);

	if (argc != 3 || getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
	    type != SOCK_SEQPACKET) {
		fprintf(stderr, "oopsbt-freeze-guard is started by oopsbtd, not by hand: "
				"oopsbt-freeze-guard RUNTIME-DIRECTORY URI\n");
		return 2;
	}
	guard.runtime_directory = argv[1];
	guard.uri = *argv[2] ? argv[2] : NULL;
	/* A signal to the daemon's process group, or at shutdown, must not reach the guard first.
	 */
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	virSetErrorFunc(NULL, ignore_error);
	if (virInitialize() < 0) {
		fprintf(stderr, "oopsbt-freeze-guard: libvirt does not initialise\n");
		return 1;
	}
	run(&guard);
	return 0;
}
