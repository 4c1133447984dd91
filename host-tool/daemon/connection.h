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

typedef void (*connection_fn)(void *user_data);

/* @on_up and @on_down are called from the main loop, in turns. */
struct connection *connection_new(const char *uri, struct log *log, connection_fn on_up,
				  connection_fn on_down, void *user_data);
/*
 * No connection may be taken any more. Waits a moment for libvirtd to be told; where it does not
 * answer, closing is left behind with the process.
 */
void connection_free(struct connection *connection);

/* The one for events and small calls; NULL while there is none. Borrowed. */
virConnectPtr connection_get(struct connection *connection);

/*
 * What is to be done in the main connection before it is closed, as calls to libvirtd that may
 * hang: @farewell is called with @data, once, in a thread of its own. Set again for each
 * connection that comes up.
 */
typedef void (*connection_farewell_fn)(virConnectPtr connection, void *data);
void connection_set_farewell(struct connection *connection, connection_farewell_fn farewell,
			     void *data);

/*
 * From any thread: a connection of the caller's own until it gives it back. It is not @reusable if
 * a call was late: libvirtd may still be at it, and others would wait behind.
 */
virConnectPtr connection_take(struct connection *connection, GError **error);
void connection_give(struct connection *connection, virConnectPtr taken, bool reusable);

#endif
