/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A signal of an incident in a guest, from its arrival until its collection. */
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
	const char *phase; /* as in common/collection.h; NULL: none */
	struct maybe_int stalled_cpu;
	gint64 signalled_us;
	unsigned int tries;
	bool deferred;
	struct suppressed_signals suppressed; /* before this one */
};

struct signal *signal_copy(const struct signal *signal);
void signal_free(void *signal);

#endif
