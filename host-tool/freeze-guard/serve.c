/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeze-guard/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/virt.h"
#include "freeze-guard/message.h"
#include "freeze-guard/record.h"
#include "freeze-guard/thaw.h"

/* A freeze that exceeds its budget by this much has a hung owner. */
#define MARGIN_US (500 * G_TIME_SPAN_MILLISECOND)
/*
 * The limit for a resume call, which takes a few ms: something that began during the freeze holds
 * it up.
 */
#define RESUME_MARGIN_US (100 * G_TIME_SPAN_MILLISECOND)
/* The delays between two looks: the first, and the maximum. */
#define FIRST_RETRY_US (100 * G_TIME_SPAN_MILLISECOND)
#define LATER_RETRY_US G_TIME_SPAN_SECOND
#define MANY_TRIES 600
/* libvirtd gives up a call that waits for its turn on a domain after 30 s. */
#define LIBVIRT_WAIT_US (32 * G_TIME_SPAN_SECOND)
/* The number of domains to work on at once; more wait for one of these. */
#define MAX_THREADS 256

struct guard {
	struct log *log;
	const char *uri;
	const char *runtime_directory;
	bool orphaned; /* standard input is closed; protected by the mutex */
	GThreadPool *threads;
	bool starved;	/* a thread could not be started; protected by the mutex */
	int wake_fd;	/* an eventfd: a thread has ended */
	int records_fd; /* readable: an owner may have ended; -1: no notification */

	GMutex mutex;
	GCond changed;	   /* an entry's state has changed */
	GHashTable *table; /* token → struct entry; protected by the mutex */
};

/* Members below the line are protected by the guard's mutex. */
struct entry {
	struct guard *guard;
	uint64_t token;
	char uuid[VIR_UUID_STRING_BUFLEN];
	int domain_id;
	char *uri; /* NULL: the URI of the guard */
	/* --- */
	enum freeze_state state;
	gint64 due; /* monotonic: the owner is late after this time */
	bool worked_on;
	struct freeze_record *record; /* NULL: owned by the freeze's owner */
};

static void entry_free(void *pointer)
{
	struct entry *entry = pointer;

	freeze_record_free(entry->record);
	g_free(entry->uri);
	g_free(entry);
}

/* @id: may be NULL; @detail: a field */
static void say(const struct entry *entry, const char *id, int priority, struct log_field detail,
		const char *message)
{
	const struct log_field fields[] = {{"OOPSBT_DOMAIN_UUID", entry->uuid}, detail, {NULL}};

	log_event(entry->guard->log, id, priority, NULL, fields, "domain %s %s", entry->uuid,
		  message);
}

/* --- the state; the mutex must be held --- */

static bool is_ours(const struct entry *entry)
{
	return entry->state == FREEZE_STATE_LATE || entry->state == FREEZE_STATE_UNSETTLED ||
	       entry->state == FREEZE_STATE_THAWING;
}

static void work(void *data, void *user_data);

/* An event without a transition comes from messages that crossed. */
static void apply(struct entry *entry, enum freeze_event event)
{
	struct guard *guard = entry->guard;

	if (!freeze_next(FREEZE_GUARD, &entry->state, event))
		return;
	g_cond_broadcast(&guard->changed);
	if (is_ours(entry) && !entry->worked_on) {
		entry->worked_on = true;
		guard->starved |= !g_thread_pool_push(guard->threads, entry, NULL);
	}
	if (entry->state == FREEZE_STATE_OVER && !entry->worked_on)
		g_hash_table_remove(guard->table, &entry->token);
}

static struct entry *entry_new(struct guard *guard, const char *uuid, uint64_t token, int domain_id)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->guard = guard;
	entry->token = token;
	entry->domain_id = domain_id;
	entry->due = G_MAXINT64;
	g_strlcpy(entry->uuid, uuid, sizeof(entry->uuid));
	g_hash_table_insert(guard->table, &entry->token, entry);
	return entry;
}

/* --- the work on one freeze, in a separate thread --- */

struct job {
	struct entry *entry;
	virConnectPtr connection;
	gint64 answers_since; /* monotonic: QEMU and libvirt have answered since; 0: not yet */
	unsigned int num_tries;
	bool complained;
	const char *ended; /* the libvirt job that was cancelled; not yet logged */
};

/* Takes the record, which tells whether anything is outstanding, and for whom. */
static bool take_record(struct entry *entry)
{
	g_autoptr(GError) error = NULL;
	struct freeze_record *record;

	if (entry->record)
		return true;
	record = freeze_record_take(entry->guard->runtime_directory, entry->uuid, entry->token,
				    entry->guard->orphaned, &error);
	/* Works without a record too, but a later guard then knows nothing of the freeze. */
	if (record == NULL && error) {
		g_autofree char *message = g_strdup_printf(
			"has a freeze record that cannot be read: %s", error->message);

		say(entry, NULL, LOG_WARNING, (struct log_field){NULL}, message);
		return true;
	}
	entry->record = record;
	return record != NULL;
}

static bool connect_libvirt(struct job *job, GError **error)
{
	const char *uri = job->entry->uri ? job->entry->uri : job->entry->guard->uri;

	if (job->connection)
		return true;
	job->answers_since = 0;
	job->connection = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);
	if (job->connection == NULL)
		virt_fail(error, "connecting to %s", uri ? uri : "libvirt");
	return job->connection != NULL;
}

static void disconnect(struct job *job)
{
	if (job->connection)
		virConnectClose(job->connection);
	job->connection = NULL;
}

/*
 * Can libvirtd no longer run a suspend call whose caller is gone? libvirtd starts calls in order,
 * gives up a call that waits for its turn on the domain after 30 s, and gives a domain one turn at
 * a time. So the call is over if libvirtd answered a similar call of the guard, those 30 s have
 * passed, and then libvirtd and QEMU answered again.
 */
static bool is_settled(struct job *job)
{
	gint64 now = g_get_monotonic_time();

	if (job->answers_since && now - job->answers_since < LIBVIRT_WAIT_US)
		return false;
	if (!freeze_thaw_qemu_runs(job->connection, job->entry->uuid))
		return false;
	if (job->answers_since)
		return true;
	job->answers_since = g_get_monotonic_time();
	return false;
}

/* The libvirt job would have kept the pause. */
static void tell_ended(struct job *job)
{
	g_autofree char *message =
		g_strdup_printf("was frozen when a %s began; the guest would have arrived paused: "
				"ended the %s, start it again",
				job->ended, job->ended);

	say(job->entry, LOG_ID_JOB_ENDED, LOG_WARNING, (struct log_field){"OOPSBT_JOB", job->ended},
	    message);
	job->ended = NULL;
}

static void tell_failed(struct job *job, const GError *error)
{
	g_autofree char *message = g_strdup_printf(
		"may be frozen and cannot be resumed yet: %s; trying again", error->message);

	if (!job->complained)
		say(job->entry, LOG_ID_NOT_RESUMED, LOG_ERR,
		    (struct log_field){"OOPSBT_REASON", error->message}, message);
	job->complained = true;
}

static void tell_of_thaw(struct job *job, enum freeze_event event, const char *ended,
			 const GError *error)
{
	if (ended)
		job->ended = ended;
	/* Only a guest that runs here tells that the job was not over before it was cancelled. */
	if (job->ended && (event == FREEZE_EVENT_RESUMED || event == FREEZE_EVENT_RUNS))
		tell_ended(job);
	if (event == FREEZE_EVENT_RESUMED)
		say(job->entry, LOG_ID_RESUMED_LATE, LOG_WARNING, (struct log_field){NULL},
		    "was left frozen: resumed");
	if (event == FREEZE_EVENT_FAILED)
		tell_failed(job, error);
}

static enum freeze_event look_once(struct job *job, enum freeze_state state)
{
	g_autoptr(GError) error = NULL;
	const char *ended = NULL, *left = NULL;
	enum freeze_event event = FREEZE_EVENT_FAILED;

	if (connect_libvirt(job, &error))
		event = freeze_thaw_try(job->connection, job->entry->uuid, job->entry->domain_id,
					&ended, &left, &error);
	if (left)
		say(job->entry, NULL, LOG_WARNING, (struct log_field){NULL}, left);
	tell_of_thaw(job, event, ended, error);
	if (event == FREEZE_EVENT_FAILED)
		disconnect(job);
	if (event == FREEZE_EVENT_RUNS && state == FREEZE_STATE_UNSETTLED && is_settled(job))
		return FREEZE_EVENT_SETTLED;
	return event;
}

/* The mutex must be held; it is released while libvirt is asked. */
static void look_until_over(struct job *job)
{
	struct entry *entry = job->entry;
	struct guard *guard = entry->guard;

	while (entry->state != FREEZE_STATE_OVER) {
		enum freeze_state before = entry->state;
		enum freeze_event event;
		gint64 retry_us = job->num_tries++ < MANY_TRIES ? FIRST_RETRY_US : LATER_RETRY_US;
		gint64 until;

		g_mutex_unlock(&guard->mutex);
		/* Another process owns the record now, or has removed all records. */
		if (entry->record && !freeze_record_is_ours(entry->record))
			event = FREEZE_EVENT_TAKEN;
		else
			event = look_once(job, before);
		until = g_get_monotonic_time() + retry_us;
		g_mutex_lock(&guard->mutex);
		/* A look from before the state changed says nothing about the new state. */
		if (entry->state == before)
			apply(entry, event);
		while (entry->state == before &&
		       g_cond_wait_until(&guard->changed, &guard->mutex, until))
			;
	}
}

static void work(void *data, void *user_data)
{
	struct guard *guard = user_data;
	struct job job = {.entry = data};

	if (data == guard)
		return; /* starts the first thread */
	g_mutex_lock(&guard->mutex);
	if (!take_record(job.entry))
		job.entry->state = FREEZE_STATE_OVER;
	look_until_over(&job);
	if (job.entry->record)
		freeze_record_remove(job.entry->record);
	g_hash_table_remove(guard->table, &job.entry->token);
	g_mutex_unlock(&guard->mutex);
	disconnect(&job);
	eventfd_write(guard->wake_fd, 1);
}

/* --- messages, and the guard's own checks --- */

static void look_for_orphans(struct guard *guard)
{
	g_autoptr(GPtrArray) orphans = freeze_record_take_orphans(guard->runtime_directory);

	for (guint i = 0; i < orphans->len; i++) {
		struct freeze_record *record = orphans->pdata[i];
		struct entry *entry;

		if (g_hash_table_contains(guard->table, &record->token))
			continue;
		entry = entry_new(guard, record->uuid, record->token, record->domain_id);
		entry->uri = g_strdup(record->uri);
		entry->record = record;
		orphans->pdata[i] = NULL;
		apply(entry, record->state == FREEZE_STATE_FROZEN ? FREEZE_EVENT_ANSWERED
								  : FREEZE_EVENT_ANNOUNCED);
		apply(entry, FREEZE_EVENT_ORPHANED);
	}
}

static void handle(struct guard *guard, const struct guard_message *message)
{
	struct entry *entry = g_hash_table_lookup(guard->table, &message->token);
	gint64 within_us = (gint64)message->within_ms * 1000 +
			   (message->event == FREEZE_EVENT_RESUMING ? RESUME_MARGIN_US : MARGIN_US);

	if (message->event == GUARD_LOOK) {
		look_for_orphans(guard);
		return;
	}
	if (entry == NULL) {
		enum freeze_state state = FREEZE_STATE_NEW;

		if (!freeze_next(FREEZE_GUARD, &state, message->event))
			return; /* the guard has ended this freeze itself */
		entry = entry_new(guard, message->uuid, message->token, message->domain_id);
	}
	entry->due = g_get_monotonic_time() + within_us;
	apply(entry, message->event);
}

/* False: the input has ended. The mutex must be held. */
static bool receive_all(struct guard *guard)
{
	struct guard_message message;
	ssize_t got;

	while ((got = recv(STDIN_FILENO, &message, sizeof(message), MSG_DONTWAIT)) > 0) {
		message.uuid[sizeof(message.uuid) - 1] = '\0';
		if (got == sizeof(message) &&
		    (message.event < FREEZE_NUM_EVENTS || message.event == GUARD_LOOK))
			handle(guard, &message);
	}
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Its owner has it, and may be late. */
static bool is_awaited(const struct entry *entry)
{
	return entry->state == FREEZE_STATE_ANNOUNCED || entry->state == FREEZE_STATE_FROZEN;
}

static bool is_due(const struct entry *entry, gint64 now)
{
	return is_awaited(entry) && entry->due <= now;
}

static void apply_to_all(struct guard *guard, enum freeze_event event, gint64 due)
{
	g_autoptr(GList) entries = g_hash_table_get_values(guard->table);

	for (GList *item = entries; item; item = item->next)
		if (event != FREEZE_EVENT_DUE || is_due(item->data, due))
			apply(item->data, event);
}

/* Milliseconds until an owner is late, or a thread must be started; -1: none is pending. */
static int next_due_ms(struct guard *guard)
{
	gint64 next = guard->starved ? g_get_monotonic_time() + FIRST_RETRY_US : G_MAXINT64;
	gint64 left;
	GHashTableIter iter;
	void *value;

	g_hash_table_iter_init(&iter, guard->table);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (is_awaited(value))
			next = MIN(next, ((struct entry *)value)->due);
	if (next == G_MAXINT64)
		return -1;
	left = next - g_get_monotonic_time();
	return left <= 0 ? 0 : (int)MIN(left / 1000 + 1, G_MAXINT);
}

static void wait_for_input(struct guard *guard)
{
	struct pollfd fds[] = {
		{.fd = guard->orphaned ? -1 : STDIN_FILENO, .events = POLLIN},
		{.fd = guard->wake_fd, .events = POLLIN},
		{.fd = guard->records_fd, .events = POLLIN},
	};
	int timeout_ms = next_due_ms(guard);
	char events[4096];
	eventfd_t count;

	g_mutex_unlock(&guard->mutex);
	poll(fds, G_N_ELEMENTS(fds), timeout_ms);
	if (fds[1].revents)
		eventfd_read(guard->wake_fd, &count);
	g_mutex_lock(&guard->mutex);
	if (fds[2].revents && read(guard->records_fd, events, sizeof(events)) > 0)
		look_for_orphans(guard);
}

static void run(struct guard *guard)
{
	g_mutex_lock(&guard->mutex);
	look_for_orphans(guard);
	while (!guard->orphaned || g_hash_table_size(guard->table) > 0) {
		wait_for_input(guard);
		/* Reads messages before it checks the time: an unread end is not a delay. */
		if (!guard->orphaned && !receive_all(guard)) {
			guard->orphaned = true;
			apply_to_all(guard, FREEZE_EVENT_ORPHANED, 0);
		}
		apply_to_all(guard, FREEZE_EVENT_DUE, g_get_monotonic_time());
		/* Starts a thread for each freeze that has none. */
		if (guard->starved)
			guard->starved =
				!g_thread_pool_set_max_threads(guard->threads, MAX_THREADS, NULL);
	}
	g_mutex_unlock(&guard->mutex);
}

void guard_serve(const char *runtime_directory, const char *uri, struct log *log)
{
	struct guard guard = {.runtime_directory = runtime_directory, .uri = uri, .log = log};
	g_autoptr(GError) error = NULL;

	g_mutex_init(&guard.mutex);
	g_cond_init(&guard.changed);
	guard.table = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, entry_free);
	guard.threads = g_thread_pool_new(work, &guard, MAX_THREADS, FALSE, NULL);
	/*
	 * One thread waits from now on: if no other can be started, guests are resumed one after
	 * the other.
	 */
	g_thread_pool_set_max_idle_time(0);
	g_thread_pool_push(guard.threads, &guard, NULL);
	guard.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	guard.records_fd = freeze_record_watch(guard.runtime_directory, &error);
	if (error)
		log_write(guard.log, LOG_WARNING, NULL, NULL, "%s", error->message);
	run(&guard);
}
