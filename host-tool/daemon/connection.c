/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/connection.h"

#define FIRST_RETRY_MS 250
#define LAST_RETRY_MS 4000
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 3
/* The number of idle connections to keep; more are closed when they are returned. */
#define MAX_IDLE 2
/* Closing calls libvirtd, which may hang: limits on threads, and on the time at exit. */
#define CLOSING_THREADS 8
#define LAST_CLOSE_US (500 * G_TIME_SPAN_MILLISECOND)

struct connection {
	char *uri;
	struct log *log;
	const struct connection_callbacks *callbacks;
	void *user_data;
	virConnectPtr main;
	void *greeting;
	unsigned int retry_ms;
	guint retry_source;
	bool complained;
	bool opening; /* a thread opens the main connection */

	GMutex mutex;
	GPtrArray *idle; /* of virConnectPtr; under the mutex */
	GThreadPool *closing;
	unsigned int num_closing; /* under the mutex */
	GCond closed;
};

/* A main connection with its greeting, or an additional one. */
struct opened {
	const struct connection_callbacks *callbacks; /* NULL: an additional one */
	virConnectPtr connection;
	void *greeting;
	bool watched; /* its close callback is registered */
};

static virConnectPtr open_connection(const char *uri, GError **error)
{
	virConnectPtr opened = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);

	if (opened == NULL) {
		virt_fail(error, "connecting to %s (is libvirtd running?)", uri);
		return NULL;
	}
	/*
	 * Detects a hung libvirtd; a broken socket is detected without it. A driver without a
	 * libvirtd has none.
	 */
	if (virConnectSetKeepAlive(opened, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT) < 0 &&
	    virGetLastErrorCode() != VIR_ERR_NO_SUPPORT) {
		virt_fail(error, "setting up keepalive messages to %s", uri);
		virConnectClose(opened);
		return NULL;
	}
	return opened;
}

static void on_closed(virConnectPtr closed, int reason, void *user_data);

/* @reason: why there is no connection, or NULL */
static void log_connection(const struct connection *connection, const char *id, int priority,
			   const char *reason, const char *message)
{
	const struct log_field fields[] = {
		{"OOPSBT_URI", connection->uri}, {"OOPSBT_REASON", reason}, {NULL}};

	log_event(connection->log, id, priority, NULL, fields, "%s", message);
}

/* --- closing in the background --- */

static void close_opened(void *pointer)
{
	struct opened *opened = pointer;

	if (opened->greeting)
		opened->callbacks->farewell(opened->connection, opened->greeting);
	if (opened->watched)
		virConnectUnregisterCloseCallback(opened->connection, on_closed);
	virConnectClose(opened->connection);
	g_free(opened);
}

static void close_in_thread(void *pointer, void *user_data)
{
	struct connection *connection = user_data;

	close_opened(pointer);
	g_mutex_lock(&connection->mutex);
	connection->num_closing--;
	g_cond_signal(&connection->closed);
	g_mutex_unlock(&connection->mutex);
}

/* The mutex must be held. */
static void close_later(struct connection *connection, struct opened opened)
{
	connection->num_closing++;
	g_thread_pool_push(connection->closing, g_memdup2(&opened, sizeof(opened)), NULL);
}

static void close_main(struct connection *connection)
{
	const struct opened opened = {
		.callbacks = connection->callbacks,
		.connection = g_steal_pointer(&connection->main),
		.greeting = g_steal_pointer(&connection->greeting),
		.watched = true,
	};

	g_mutex_lock(&connection->mutex);
	if (opened.connection)
		close_later(connection, opened);
	for (guint i = 0; i < connection->idle->len; i++)
		close_later(connection, (struct opened){.connection = connection->idle->pdata[i]});
	g_ptr_array_set_size(connection->idle, 0);
	g_mutex_unlock(&connection->mutex);
}

/* False: some are still open. */
static bool wait_for_closing(struct connection *connection)
{
	gint64 deadline = g_get_monotonic_time() + LAST_CLOSE_US;
	bool done;

	g_mutex_lock(&connection->mutex);
	while (connection->num_closing > 0 &&
	       g_cond_wait_until(&connection->closed, &connection->mutex, deadline))
		;
	done = connection->num_closing == 0;
	g_mutex_unlock(&connection->mutex);
	return done;
}

/* --- the main connection --- */

static void schedule(struct connection *connection, unsigned int delay_ms);

static void go_down(struct connection *connection)
{
	if (connection->main == NULL)
		return;
	connection->callbacks->down(connection->user_data);
	close_main(connection);
	schedule(connection, FIRST_RETRY_MS);
}

static gboolean go_down_later(void *user_data)
{
	go_down(user_data);
	return G_SOURCE_REMOVE;
}

/* Called inside libvirt, where the connection must not be closed. */
static void on_closed(virConnectPtr closed, int reason, void *user_data)
{
	static const char *const reasons[] = {
		[VIR_CONNECT_CLOSE_REASON_ERROR] = "an error",
		[VIR_CONNECT_CLOSE_REASON_EOF] = "it was closed",
		[VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = "no answer to keepalive messages",
		[VIR_CONNECT_CLOSE_REASON_CLIENT] = "oopsbtd closed it",
	};
	struct connection *connection = user_data;
	g_autofree char *message = NULL;
	const char *why;

	if (closed != connection->main)
		return;
	why = reason >= 0 && reason < (int)G_N_ELEMENTS(reasons) ? reasons[reason] : "unknown";
	message = g_strdup_printf("the connection to %s is lost: %s", connection->uri, why);
	log_connection(connection, LOG_ID_LIBVIRT_LOST, LOG_WARNING, why, message);
	g_idle_add(go_down_later, connection);
}

/* Without its events and the notice of its end the connection would be of no use. */
static bool watch_opened(struct opened *opened, struct connection *connection, GError **error)
{
	opened->greeting =
		connection->callbacks->greet(opened->connection, connection->user_data, error);
	if (opened->greeting == NULL)
		return false;
	if (virConnectRegisterCloseCallback(opened->connection, on_closed, connection, NULL) < 0)
		return virt_fail(error, "listening to the end of the connection to %s",
				 connection->uri);
	opened->watched = true;
	return true;
}

static struct opened *open_watched(struct connection *connection, GError **error)
{
	virConnectPtr new = open_connection(connection->uri, error);
	struct opened *opened;

	if (new == NULL)
		return NULL;
	opened = g_new0(struct opened, 1);
	opened->callbacks = connection->callbacks;
	opened->connection = new;
	if (watch_opened(opened, connection, error))
		return opened;
	close_opened(opened);
	return NULL;
}

static void retry_later(struct connection *connection, const GError *error)
{
	if (!connection->complained) {
		g_autofree char *message = g_strdup_printf("%s; trying again", error->message);

		log_connection(connection, LOG_ID_LIBVIRT_LOST, LOG_WARNING, error->message,
			       message);
	}
	connection->complained = true;
	schedule(connection, connection->retry_ms);
	connection->retry_ms = MIN(connection->retry_ms * 2, LAST_RETRY_MS);
}

struct opening {
	struct connection *connection;
	struct opened *opened; /* NULL: an error */
	GError *error;
};

static gboolean on_opened(void *user_data)
{
	g_autofree struct opening *opening = user_data;
	struct connection *connection = opening->connection;
	g_autofree struct opened *opened = opening->opened;
	g_autoptr(GError) error = opening->error;
	g_autofree char *message = NULL;

	connection->opening = false;
	if (opened == NULL) {
		retry_later(connection, error);
		return G_SOURCE_REMOVE;
	}
	connection->main = opened->connection;
	connection->greeting = opened->greeting;
	connection->retry_ms = FIRST_RETRY_MS;
	connection->complained = false;
	message = g_strdup_printf("connected to %s", connection->uri);
	log_connection(connection, LOG_ID_LIBVIRT_FOUND, LOG_INFO, NULL, message);
	connection->callbacks->up(connection->user_data, connection->greeting);
	/* The connection may have closed before its close callback was registered. */
	if (virConnectIsAlive(connection->main) != 1)
		g_idle_add(go_down_later, connection);
	return G_SOURCE_REMOVE;
}

static void *open_thread(void *pointer)
{
	struct opening *opening = pointer;

	opening->opened = open_watched(opening->connection, &opening->error);
	g_idle_add(on_opened, opening);
	return NULL;
}

/* Does not use GTask: it never ends if its thread cannot be started. */
static gboolean open_main(void *user_data)
{
	struct connection *connection = user_data;
	struct opening *opening = g_new0(struct opening, 1);
	g_autoptr(GError) error = NULL;
	GThread *thread;

	connection->retry_source = 0;
	opening->connection = connection;
	thread = g_thread_try_new("connect", open_thread, opening, &error);
	connection->opening = thread != NULL;
	if (thread) {
		g_thread_unref(thread);
	} else {
		g_free(opening);
		g_prefix_error(&error, "connecting to %s: ", connection->uri);
		retry_later(connection, error);
	}
	return G_SOURCE_REMOVE;
}

static void schedule(struct connection *connection, unsigned int delay_ms)
{
	connection->retry_source = g_timeout_add(delay_ms, open_main, connection);
}

struct connection *connection_new(const char *uri, struct log *log,
				  const struct connection_callbacks *callbacks, void *user_data)
{
	struct connection *connection = g_new0(struct connection, 1);

	connection->uri = g_strdup(uri);
	connection->log = log;
	connection->callbacks = callbacks;
	connection->user_data = user_data;
	connection->retry_ms = FIRST_RETRY_MS;
	g_mutex_init(&connection->mutex);
	connection->idle = g_ptr_array_new();
	g_cond_init(&connection->closed);
	connection->closing =
		g_thread_pool_new(close_in_thread, connection, CLOSING_THREADS, FALSE, NULL);
	schedule(connection, 0);
	return connection;
}

bool connection_free(struct connection *connection)
{
	if (connection->retry_source)
		g_source_remove(connection->retry_source);
	close_main(connection);
	if (!wait_for_closing(connection))
		return false;
	if (connection->opening)
		return false;
	g_thread_pool_free(connection->closing, FALSE, TRUE);
	g_ptr_array_unref(connection->idle);
	g_mutex_clear(&connection->mutex);
	g_cond_clear(&connection->closed);
	g_free(connection->uri);
	g_free(connection);
	return true;
}

virConnectPtr connection_get(struct connection *connection)
{
	return connection->main;
}

/* --- additional connections --- */

virConnectPtr connection_take(struct connection *connection, GError **error)
{
	virConnectPtr taken = NULL;

	g_mutex_lock(&connection->mutex);
	while (taken == NULL && connection->idle->len > 0) {
		taken = g_ptr_array_steal_index_fast(connection->idle, connection->idle->len - 1);
		if (virConnectIsAlive(taken) != 1) {
			close_later(connection, (struct opened){.connection = taken});
			taken = NULL;
		}
	}
	g_mutex_unlock(&connection->mutex);
	return taken ? taken : open_connection(connection->uri, error);
}

void connection_give(struct connection *connection, virConnectPtr taken, bool reusable)
{
	g_mutex_lock(&connection->mutex);
	if (reusable && virConnectIsAlive(taken) == 1 && connection->idle->len < MAX_IDLE)
		g_ptr_array_add(connection->idle, taken);
	else
		close_later(connection, (struct opened){.connection = taken});
	g_mutex_unlock(&connection->mutex);
}
