/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's settings for oopses and NMIs, for `virsh oopsbt status`. The analyser finds them once;
 * each look of the memory watch reads the same integers in guest memory again.
 */
#ifndef OOPSBT_DAEMON_GUEST_SETTINGS_H
#define OOPSBT_DAEMON_GUEST_SETTINGS_H

#include <glib.h>
#include <stdbool.h>

#include "common/protocol.h"
#include "daemon/layout.h"

struct guest_settings {
	struct protocol_verdict verdict; /* .known is 0 until there was one */
};

void guest_settings_set(struct guest_settings *settings, const struct protocol_verdict *verdict);

/* Reads the integers again if the layout has readable memory. True: something changed. */
bool guest_settings_refresh(struct guest_settings *settings, const struct layout *layout);

/*
 * "panic_on_oops=0 oops_all_cpu_backtrace=0 ...", "-" for a missing setting; NULL: unknown.
 * g_free().
 */
char *guest_settings_text(const struct guest_settings *settings);

/* "built-in", "module", "absent"; NULL: unknown. Static. */
const char *guest_settings_oops_signal(const struct guest_settings *settings);

#endif
