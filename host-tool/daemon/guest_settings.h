/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's settings for oopses and NMIs, for `virsh oopsbt status`. The analyser finds them once;
 * the memory watch reads the same integers in guest memory again every few seconds.
 */
#ifndef OOPSBT_DAEMON_GUEST_SETTINGS_H
#define OOPSBT_DAEMON_GUEST_SETTINGS_H

#include <glib.h>
#include <stdbool.h>

#include "common/protocol.h"
#include "daemon/peek.h"

struct guest_settings {
	struct protocol_verdict verdict;     /* .known is 0 until there was one */
	int32_t seen[PROTOCOL_NUM_SETTINGS]; /* as last read, if .there */
	bool there[PROTOCOL_NUM_SETTINGS];
	gint64 asked_us; /* monotonic: when they were last read; 0: never */
};

void guest_settings_set(struct guest_settings *settings, const struct protocol_verdict *verdict);

/* Adds the integers to @peek, every few seconds. @now_us: monotonic. */
void guest_settings_ask(struct guest_settings *settings, struct peek *peek, gint64 now_us);
/* Called when they were read. True: something changed. */
bool guest_settings_refresh(struct guest_settings *settings);

/*
 * "panic_on_oops=0 oops_all_cpu_backtrace=0 ...", "-" for a missing setting; NULL: unknown.
 * g_free().
 */
char *guest_settings_text(const struct guest_settings *settings);

/* "built-in", "module", "absent"; NULL: unknown. Static. */
const char *guest_settings_oops_signal(const struct guest_settings *settings);

#endif
