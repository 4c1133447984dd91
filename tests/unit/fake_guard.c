/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_guard.h"

#define TIMEOUT_US (20 * G_TIME_SPAN_SECOND)

GMutex fake_mutex;
GCond fake_changed;
bool fake_guard_told[FREEZE_NUM_EVENTS];

bool guard_tell(struct guard *guard G_GNUC_UNUSED, const struct freeze_record *record G_GNUC_UNUSED,
		enum freeze_event event, unsigned int within_ms G_GNUC_UNUSED,
		GError **error G_GNUC_UNUSED)
{
	g_mutex_lock(&fake_mutex);
	fake_guard_told[event] = true;
	g_cond_broadcast(&fake_changed);
	g_mutex_unlock(&fake_mutex);
	return true;
}

struct guard *guard_ref(struct guard *guard)
{
	return guard;
}

void guard_unref(struct guard *guard G_GNUC_UNUSED)
{
}

void guard_look(struct guard *guard G_GNUC_UNUSED)
{
}

void fake_wait_for(const bool *what)
{
	gint64 until = g_get_monotonic_time() + TIMEOUT_US;

	g_mutex_lock(&fake_mutex);
	while (!*what)
		g_assert_true(g_cond_wait_until(&fake_changed, &fake_mutex, until));
	g_mutex_unlock(&fake_mutex);
}
