/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a guest stands towards oopses and NMIs, for `virsh oopsbt status`: what the analyser found
 * once, kept true by a look at the same integers in guest memory whenever the memory watch looks.
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

/* Reads the integers anew, where the layout has memory at hand. True: something changed. */
bool guest_settings_refresh(struct guest_settings *settings, const struct layout *layout);

/* "panic_on_oops=0 oops_all_cpu_backtrace=0 ...", "-" for what the guest lacks; NULL: not known.
 * g_free(). */
char *guest_settings_text(const struct guest_settings *settings);

/* "built-in", "module", "absent"; NULL: not known. Static. */
const char *guest_settings_oops_signal(const struct guest_settings *settings);

#endif
