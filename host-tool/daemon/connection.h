/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main connection to libvirtd: opens it, watches it, and opens it again when it breaks.
 * Collections use additional connections: libvirtd serves only a few calls of one connection at a
 * time, and a resume must never wait for a call on another domain.
 *
 * For the main thread only, except where noted.
 */
#ifndef OOPSBT_DAEMON_CONNECTION_H
#define OOPSBT_DAEMON_CONNECTION_H

#include "daemon/log.h"
#include "daemon/virt.h"

struct connection;

/*
 * @greet and @farewell run in threads, because they call libvirtd, which may hang: after the main
 * connection was opened, and before it is closed. The other callbacks receive the result of @greet,
 * and @farewell frees it.
 */
struct connection_callbacks {
	/* NULL with an error: the connection is closed and opened again later. */
	void *(*greet)(virConnectPtr connection, void *user_data, GError **error);
	void (*farewell)(virConnectPtr connection, void *greeting);
	/* Called from the main loop, alternately. */
	void (*up)(void *user_data, const void *greeting);
	void (*down)(void *user_data);
};

struct connection *connection_new(const char *uri, struct log *log,
				  const struct connection_callbacks *callbacks, void *user_data);
/*
 * No connection may be in use. Waits briefly for the close calls to libvirtd. False: it does not
 * answer, and threads remain that use @connection and the callbacks' @user_data.
 */
bool connection_free(struct connection *connection);

/* The connection for events and short calls; NULL: none. Borrowed. */
virConnectPtr connection_get(struct connection *connection);

/*
 * Thread-safe. Returns a connection for the caller's exclusive use until connection_give(). Set
 * @reusable to false if a call timed out: libvirtd may still be working on it, and later calls
 * would wait.
 */
virConnectPtr connection_take(struct connection *connection, GError **error);
void connection_give(struct connection *connection, virConnectPtr taken, bool reusable);

#endif
