/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains of a connection: followed, watched, collected. The main thread's. */
#ifndef OOPSBT_DAEMON_DOMAINS_H
#define OOPSBT_DAEMON_DOMAINS_H

#include "daemon/collection.h"
#include "daemon/config.h"
#include "daemon/log.h"

struct domains;

/* All borrowed. @collector's runtime directory exists and is the caller's alone. */
struct domains *domains_new(const struct config *config, const struct collector *collector,
			    struct log *log);

/* @config and @collector of domains_new() have other values now. */
void domains_reconfigured(struct domains *all);

/* What has not moved for longer than it may take (static); NULL: all is well. */
const char *domains_stand(const struct domains *all);

/*
 * Begins nothing new. Gives up at once what can be given up; collections only in domains_abort().
 * @on_idle is called when all has ended.
 */
void domains_stop(struct domains *all, void (*on_idle)(void *user_data), void *user_data);
void domains_abort(struct domains *all);
void domains_free(struct domains *all);

#endif
