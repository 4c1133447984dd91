// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For THREADS=1: tells ThreadSanitizer about the memory order in GLib, whose code is not
 * instrumented. Each function here replaces the GLib function of the same name, calls it, and marks
 * earlier writes as visible: to the thread that takes a lock, to the receiver of an item of a pool,
 * a task or an idle source, and to the thread that drops the last reference.
 */
#include <dlfcn.h>
#include <gio/gio.h>
#include <sanitizer/tsan_interface.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* --- locks --- */

void(g_mutex_lock)(GMutex *mutex)
{
	REAL(g_mutex_lock)(mutex);
	__tsan_acquire(mutex);
}

void(g_mutex_unlock)(GMutex *mutex)
{
	__tsan_release(mutex);
	REAL(g_mutex_unlock)(mutex);
}

void(g_cond_wait)(GCond *cond, GMutex *mutex)
{
	__tsan_release(mutex);
	REAL(g_cond_wait)(cond, mutex);
	__tsan_acquire(mutex);
}

gboolean(g_cond_wait_until)(GCond *cond, GMutex *mutex, gint64 until)
{
	gboolean woken;

	__tsan_release(mutex);
	woken = REAL(g_cond_wait_until)(cond, mutex, until);
	__tsan_acquire(mutex);
	return woken;
}

/* --- work for another thread --- */

struct work {
	GFunc pool;
	GSourceFunc source;
	GDestroyNotify free_data;
	gpointer data;
};

static void pool_work(gpointer item, gpointer data)
{
	struct work *work = data;

	__tsan_acquire(item);
	work->pool(item, work->data);
}

/* Pools live as long as the process, so their memory is not freed. */
GThreadPool *g_thread_pool_new(GFunc function, gpointer data, gint max_threads, gboolean exclusive,
			       GError **error)
{
	struct work *work = g_new0(struct work, 1);

	work->pool = function;
	work->data = data;
	return REAL(g_thread_pool_new)(pool_work, work, max_threads, exclusive, error);
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer item, GError **error)
{
	__tsan_release(item);
	return REAL(g_thread_pool_push)(pool, item, error);
}

static gboolean idle_work(gpointer data)
{
	struct work *work = data;

	__tsan_acquire(work);
	return work->source(work->data);
}

static void idle_free(gpointer data)
{
	struct work *work = data;

	if (work->free_data)
		work->free_data(work->data);
	g_free(work);
}

guint g_idle_add_full(gint priority, GSourceFunc function, gpointer data, GDestroyNotify notify)
{
	struct work *work = g_new0(struct work, 1);

	work->source = function;
	work->data = data;
	work->free_data = notify;
	__tsan_release(work);
	return REAL(g_idle_add_full)(priority, idle_work, work, idle_free);
}

guint(g_idle_add)(GSourceFunc function, gpointer data)
{
	return g_idle_add_full(G_PRIORITY_DEFAULT_IDLE, function, data, NULL);
}

/* --- tasks --- */

#define KEY "tsan-function"

static void task_work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GTaskThreadFunc function = (GTaskThreadFunc)g_object_get_data(G_OBJECT(task), KEY);

	__tsan_acquire(task);
	function(task, source, data, cancellable);
}

void g_task_run_in_thread(GTask *task, GTaskThreadFunc function)
{
	g_object_set_data(G_OBJECT(task), KEY, (gpointer)function);
	__tsan_release(task);
	REAL(g_task_run_in_thread)(task, task_work);
}

void g_task_return_pointer(GTask *task, gpointer result, GDestroyNotify free_result)
{
	__tsan_release(task);
	REAL(g_task_return_pointer)(task, result, free_result);
}

void g_task_return_error(GTask *task, GError *error)
{
	__tsan_release(task);
	REAL(g_task_return_error)(task, error);
}

gpointer g_task_propagate_pointer(GTask *task, GError **error)
{
	__tsan_acquire(task);
	return REAL(g_task_propagate_pointer)(task, error);
}

/* --- references --- */

static _Thread_local GDestroyNotify clear_box;

static void clear(gpointer box)
{
	GDestroyNotify function = clear_box;

	__tsan_acquire(box);
	if (function)
		function(box);
}

void g_atomic_rc_box_release_full(gpointer box, GDestroyNotify function)
{
	__tsan_release(box);
	clear_box = function;
	REAL(g_atomic_rc_box_release_full)(box, clear);
}
