/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to libvirtd: made, watched, and made again when it breaks. And connections beside
 * it for the collections: libvirtd serves only a few calls of one connection at a time, and a
 * resume must never wait for another domain's call.
 *
 * The main thread's, but for the two functions that say otherwise.
 */
#ifndef OOPSBT_DAEMON_CONNECTION_H
#define OOPSBT_DAEMON_CONNECTION_H

#include "daemon/log.h"
#include "daemon/virt.h"

struct connection;

/*
 * @greet and @farewell are called in threads, as they call libvirtd, which may hang: right after
 * the main connection is open, and before it is closed. What @greet returns goes to the others,
 * and is @farewell's to free.
 */
struct connection_callbacks {
	void *(*greet)(virConnectPtr connection, void *user_data);
	void (*farewell)(virConnectPtr connection, void *greeting);
	/* From the main loop, in turns. */
	void (*up)(void *user_data, const void *greeting);
	void (*down)(void *user_data);
};

struct connection *connection_new(const char *uri, struct log *log,
				  const struct connection_callbacks *callbacks, void *user_data);
/*
 * No connection may be taken any more. Waits a moment for libvirtd to be told. False: it does not
 * answer, and threads are left behind that use @connection and the callbacks' @user_data.
 */
bool connection_free(struct connection *connection);

/* The one for events and small calls; NULL while there is none. Borrowed. */
virConnectPtr connection_get(struct connection *connection);

/*
 * From any thread: a connection of the caller's own until it gives it back. It is not @reusable if
 * a call was late: libvirtd may still be at it, and others would wait behind.
 */
virConnectPtr connection_take(struct connection *connection, GError **error);
void connection_give(struct connection *connection, virConnectPtr taken, bool reusable);

#endif
