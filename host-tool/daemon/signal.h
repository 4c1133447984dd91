/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A signal that something happened in a guest: from when it is heard until it is collected. */
#ifndef OOPSBT_DAEMON_SIGNAL_H
#define OOPSBT_DAEMON_SIGNAL_H

#include <glib.h>

#include "base/maybe.h"
#include "common/collection.h"
#include "common/incident.h"

struct signal {
	const char *word;
	enum incident incident;
	char *evidence;	   /* owned; or NULL */
	const char *phase; /* as in common/collection.h; NULL: it has none */
	struct maybe_int stalled_cpu;
	gint64 signalled_us;
	unsigned int tries;
	bool deferred;
	struct suppressed_signals suppressed; /* before this one */
};

struct signal *signal_copy(const struct signal *signal);
void signal_free(void *signal);

#endif
