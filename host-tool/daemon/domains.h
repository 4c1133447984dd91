/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains of a connection: follows, watches and collects them. For the main thread only. */
#ifndef OOPSBT_DAEMON_DOMAINS_H
#define OOPSBT_DAEMON_DOMAINS_H

#include "daemon/collection.h"
#include "daemon/config.h"
#include "daemon/log.h"

struct domains;

/*
 * Borrows its arguments. The runtime directory of @collector exists and belongs to the caller
 * alone.
 */
struct domains *domains_new(const struct config *config, const struct collector *collector,
			    struct log *log);

/* Call it when @config and @collector of domains_new() have changed. */
void domains_reconfigured(struct domains *all);

/* A pool that has made no progress for longer than its work may take (static); NULL: none. */
const char *domains_stand(const struct domains *all);

/*
 * Begins nothing new and cancels work that can be cancelled; domains_abort() cancels collections.
 * Calls @on_idle when all work has ended.
 */
void domains_stop(struct domains *all, void (*on_idle)(void *user_data), void *user_data);
void domains_abort(struct domains *all);
void domains_free(struct domains *all);

#endif
