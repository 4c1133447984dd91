/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pauses.h"

struct pauses {
	GMutex mutex;
	GCond changed;
	GHashTable *followed; /* uuid → struct pause; protected by the mutex */
};

struct pause {
	gint64 since_us;	   /* older events came late */
	gint64 own_us;		   /* of pauses_own(); 0: not yet */
	gint64 stop_us, resume_us; /* 0: not received */
	pauses_migration_fn on_migration;
	void *user_data;
};

struct pauses *pauses_new(void)
{
	struct pauses *pauses = g_atomic_rc_box_new0(struct pauses);

	g_mutex_init(&pauses->mutex);
	g_cond_init(&pauses->changed);
	pauses->followed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return pauses;
}

static void pauses_clear(void *pointer)
{
	struct pauses *pauses = pointer;

	g_hash_table_unref(pauses->followed);
	g_cond_clear(&pauses->changed);
	g_mutex_clear(&pauses->mutex);
}

struct pauses *pauses_ref(struct pauses *pauses)
{
	return g_atomic_rc_box_acquire(pauses);
}

void pauses_unref(struct pauses *pauses)
{
	if (pauses)
		g_atomic_rc_box_release_full(pauses, pauses_clear);
}

void pauses_follow(struct pauses *pauses, const char *uuid, gint64 since_us,
		   pauses_migration_fn on_migration, void *user_data)
{
	struct pause *pause = g_new0(struct pause, 1);

	pause->since_us = since_us;
	pause->on_migration = on_migration;
	pause->user_data = user_data;
	g_mutex_lock(&pauses->mutex);
	g_hash_table_replace(pauses->followed, g_strdup(uuid), pause);
	g_mutex_unlock(&pauses->mutex);
}

void pauses_forget(struct pauses *pauses, const char *uuid)
{
	g_mutex_lock(&pauses->mutex);
	g_hash_table_remove(pauses->followed, uuid);
	g_mutex_unlock(&pauses->mutex);
}

void pauses_own(struct pauses *pauses, const char *uuid, gint64 time_us)
{
	struct pause *pause;

	g_mutex_lock(&pauses->mutex);
	pause = g_hash_table_lookup(pauses->followed, uuid);
	if (pause)
		pause->own_us = time_us;
	g_mutex_unlock(&pauses->mutex);
}

static void note(struct pause *pause, bool stopped, gint64 time_us)
{
	if (stopped && pause->stop_us == 0)
		pause->stop_us = time_us;
	else if (!stopped && (pause->own_us == 0 || time_us <= pause->own_us))
		pause->stop_us = 0; /* the end of a pause by somebody else */
	else if (!stopped && pause->stop_us && pause->resume_us == 0)
		pause->resume_us = time_us;
}

void pauses_note(struct pauses *pauses, const char *uuid, bool stopped, gint64 time_us)
{
	struct pause *pause;

	g_mutex_lock(&pauses->mutex);
	pause = g_hash_table_lookup(pauses->followed, uuid);
	if (pause && time_us >= pause->since_us) {
		note(pause, stopped, time_us);
		g_cond_broadcast(&pauses->changed);
	}
	g_mutex_unlock(&pauses->mutex);
}

void pauses_note_migration(struct pauses *pauses, const char *uuid)
{
	struct pause *pause;

	g_mutex_lock(&pauses->mutex);
	pause = g_hash_table_lookup(pauses->followed, uuid);
	if (pause && pause->on_migration)
		pause->on_migration(pause->user_data);
	g_mutex_unlock(&pauses->mutex);
}

void pauses_get(struct pauses *pauses, const char *uuid, unsigned int timeout_ms, gint64 *stop_us,
		gint64 *resume_us)
{
	gint64 until = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	struct pause *pause;

	*stop_us = *resume_us = 0;
	g_mutex_lock(&pauses->mutex);
	do {
		pause = g_hash_table_lookup(pauses->followed, uuid);
	} while (timeout_ms && pause && !pause->resume_us &&
		 g_cond_wait_until(&pauses->changed, &pauses->mutex, until));
	if (pause) {
		*stop_us = pause->stop_us;
		*resume_us = pause->resume_us;
	}
	g_mutex_unlock(&pauses->mutex);
}
