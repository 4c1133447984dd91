/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many analysers stand by: one for each enabled guest that runs, up to MAX_SPARES. Guests that
 * oops at once then wait for no program to start, and new spares are started when the last of them
 * is collected. The main thread's.
 */
#ifndef OOPSBT_DAEMON_SPARES_H
#define OOPSBT_DAEMON_SPARES_H

#include "daemon/domains.h"

/* A spare takes about 4 MiB. */
#define MAX_SPARES 16

/* A domain came or went, a collection ended, or spares were ended: makes their number right. */
void spares_update(struct domains *all);

#endif
