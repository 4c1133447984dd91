/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The number of waiting analysers: one for each enabled and running guest, up to MAX_SPARES. Guests
 * that oops at the same time then need not wait for a start, and new spares are started after the
 * last of them is collected. For the main thread only.
 */
#ifndef OOPSBT_DAEMON_SPARES_H
#define OOPSBT_DAEMON_SPARES_H

#include "daemon/domains.h"

/* A spare uses about 4 MiB. */
#define MAX_SPARES 16

/*
 * Adjusts the number of spares after a domain came or went, a collection ended, or spares were
 * ended.
 */
void spares_update(struct domains *all);

#endif
