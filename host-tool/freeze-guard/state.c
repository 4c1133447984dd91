/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "freeze-guard/state.h"

#include <stddef.h>

static const struct {
	enum freeze_actor actor;
	enum freeze_state from;
	enum freeze_event event;
	enum freeze_state to;
} moves[] = {
#define MOVE(actor, from, event, to)                                                               \
	{FREEZE_##actor, FREEZE_STATE_##from, FREEZE_EVENT_##event, FREEZE_STATE_##to},
#include "freeze-guard/transitions.h"
};

bool freeze_next(enum freeze_actor actor, enum freeze_state *state, enum freeze_event event)
{
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		if (moves[i].actor != actor || moves[i].from != *state || moves[i].event != event)
			continue;
		*state = moves[i].to;
		return true;
	}
	return false;
}

const char *freeze_state_name(enum freeze_state state)
{
	static const char *const names[] = {
#define STATE(name) #name,
#include "freeze-guard/transitions.h"
	};

	return names[state];
}

const char *freeze_event_name(enum freeze_event event)
{
	static const char *const names[] = {
#define EVENT(name) #name,
#include "freeze-guard/transitions.h"
	};

	return names[event];
}
