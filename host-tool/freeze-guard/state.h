/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state machine of a freeze (transitions.h), for the daemon, its guard and the record. */
#ifndef OOPSBT_FREEZE_GUARD_STATE_H
#define OOPSBT_FREEZE_GUARD_STATE_H

#include <stdbool.h>

enum freeze_actor {
	FREEZE_DAEMON,
	FREEZE_GUARD,
};

/* clang-format off */
enum freeze_state {
#define STATE(name) FREEZE_STATE_##name,
#include "freeze-guard/transitions.h"
	FREEZE_NUM_STATES
};

enum freeze_event {
#define EVENT(name) FREEZE_EVENT_##name,
#include "freeze-guard/transitions.h"
	FREEZE_NUM_EVENTS
};
/* clang-format on */

/* False, with *@state unchanged: @event has no transition from this state. */
bool freeze_next(enum freeze_actor actor, enum freeze_state *state, enum freeze_event event);

const char *freeze_state_name(enum freeze_state state);
const char *freeze_event_name(enum freeze_event event);

#endif
