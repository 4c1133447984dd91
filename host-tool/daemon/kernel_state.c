/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/kernel_state.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/protocol.h"

#define INSTANCE "instance"
#define KERNEL "kernel"
#define WATCH "watch"
#define SIGNALS "signals"

void kernel_state_clear(struct kernel_state *state)
{
	g_clear_pointer(&state->map, g_bytes_unref);
	g_free(state->release);
	g_free(state->deferred);
	g_free(state->stalls);
	*state = (struct kernel_state){0};
}

static unsigned int *count_at(struct suppressed_signals *suppressed, size_t i, const char **name)
{
	const struct {
		const char *name;
		unsigned int *count;
	} all[] = {
		{"rate_limit", &suppressed->rate_limit},
		{"queue_full", &suppressed->queue_full},
		{"failed", &suppressed->failed},
		{"not_analysed", &suppressed->not_analysed},
		{"oopses", &suppressed->oopses},
	};

	if (i == G_N_ELEMENTS(all))
		return NULL;
	*name = all[i].name;
	return all[i].count;
}

static void save_signals(const struct kernel_state *state, GKeyFile *file)
{
	struct suppressed_signals suppressed = state->suppressed;
	const char *name;
	unsigned int *count;

	for (size_t i = 0; (count = count_at(&suppressed, i, &name)); i++)
		g_key_file_set_uint64(file, SIGNALS, name, *count);
	g_key_file_set_int64(file, SIGNALS, "deferred_us", state->deferred_us);
	if (state->deferred)
		g_key_file_set_string(file, SIGNALS, "deferred", state->deferred);
}

static void load_signals(struct kernel_state *state, GKeyFile *file)
{
	const char *name;
	unsigned int *count;

	for (size_t i = 0; (count = count_at(&state->suppressed, i, &name)); i++)
		*count = (unsigned int)g_key_file_get_uint64(file, SIGNALS, name, NULL);
	state->deferred_us = g_key_file_get_int64(file, SIGNALS, "deferred_us", NULL);
	state->deferred = g_key_file_get_string(file, SIGNALS, "deferred", NULL);
}

static char *states_path(const char *runtime_directory)
{
	return g_build_filename(runtime_directory, "maps", NULL);
}

static char *state_path(const char *runtime_directory, const char *uuid)
{
	g_autofree char *folder = states_path(runtime_directory);

	return g_build_filename(folder, uuid, NULL);
}

/* Oopses without a dump are not counted, and the credit for their events is used up. */
static void save_counter(const struct kernel_state *state, GKeyFile *file)
{
	unsigned int credited = MIN(state->uncollected, state->watch.credit);

	g_key_file_set_uint64(file, WATCH, "counter",
			      state->watch.counter - (state->uncollected - credited));
	g_key_file_set_uint64(file, WATCH, "credit", state->watch.credit - credited);
}

static void set_instance(GKeyFile *file, const struct layout *layout)
{
	g_key_file_set_integer(file, INSTANCE, "id", layout->domain_id);
	g_key_file_set_integer(file, INSTANCE, "pid", layout->pid);
	g_key_file_set_uint64(file, INSTANCE, "start_time", layout->start_time);
}

static bool is_instance(GKeyFile *file, const struct layout *layout)
{
	return g_key_file_get_integer(file, INSTANCE, "id", NULL) == layout->domain_id &&
	       g_key_file_get_integer(file, INSTANCE, "pid", NULL) == layout->pid &&
	       g_key_file_get_uint64(file, INSTANCE, "start_time", NULL) == layout->start_time;
}

static bool write_file(GKeyFile *file, const char *path, GError **error)
{
	gsize length;
	g_autofree char *text = g_key_file_to_data(file, &length, NULL);

	return g_file_set_contents_full(path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT,
					0600, error);
}

bool kernel_state_save(const struct kernel_state *state, const char *runtime_directory,
		       const char *uuid, const struct layout *layout, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = state_path(runtime_directory, uuid);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *map = NULL;

	set_instance(file, layout);
	if (state->map) {
		gsize length;
		const guchar *bytes = g_bytes_get_data(state->map, &length);

		map = g_base64_encode(bytes, length);
		g_key_file_set_string(file, KERNEL, "map", map);
	}
	g_key_file_set_boolean(file, KERNEL, "panic_collected", state->panic_collected);
	g_key_file_set_boolean(file, KERNEL, "error_collected", state->error_collected);
	g_key_file_set_boolean(file, KERNEL, "watchdog_collected", state->watchdog_collected);
	if (state->stop_clock.known)
		g_key_file_set_uint64(file, KERNEL, "stop_clock", state->stop_clock.value);
	if (state->stalls)
		g_key_file_set_string(file, KERNEL, "stalls", state->stalls);
	if (state->watch.have_counter) {
		g_key_file_set_uint64(file, WATCH, "counter_address", state->watch.counter_address);
		g_key_file_set_uint64(file, WATCH, "taint_address", state->watch.taint_address);
		g_key_file_set_uint64(file, WATCH, "clock_address", state->watch.clock_address);
		save_counter(state, file);
		g_key_file_set_uint64(file, WATCH, "taint", state->watch.taint);
		/* Monotonic time is the host's and continues across daemons. */
		g_key_file_set_int64(file, WATCH, "credit_until", state->watch.credit_until);
		g_key_file_set_uint64(file, WATCH, "told", state->watch.told);
		g_key_file_set_int64(file, WATCH, "told_us", state->watch.told_us);
	}
	save_signals(state, file);
	if (g_mkdir_with_parents(folder, 0700) < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "creating %s: %s",
			    folder, g_strerror(errno));
		return false;
	}
	return write_file(file, path, error);
}

bool kernel_state_load(struct kernel_state *state, const char *runtime_directory, const char *uuid,
		       const struct layout *layout, bool continued)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = state_path(runtime_directory, uuid);
	g_autofree char *map = NULL;

	*state = (struct kernel_state){0};
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) ||
	    !(continued || is_instance(file, layout)))
		return false;
	if (!is_instance(file, layout)) {
		set_instance(file, layout);
		write_file(file, path, NULL);
	}
	map = g_key_file_get_string(file, KERNEL, "map", NULL);
	if (map) {
		gsize length;
		guchar *bytes = g_base64_decode(map, &length);

		state->map = g_bytes_new_take(bytes, length);
	}
	state->panic_collected = g_key_file_get_boolean(file, KERNEL, "panic_collected", NULL);
	state->error_collected = g_key_file_get_boolean(file, KERNEL, "error_collected", NULL);
	state->watchdog_collected =
		g_key_file_get_boolean(file, KERNEL, "watchdog_collected", NULL);
	state->stop_clock.known = g_key_file_has_key(file, KERNEL, "stop_clock", NULL);
	state->stop_clock.value = g_key_file_get_uint64(file, KERNEL, "stop_clock", NULL);
	state->stalls = g_key_file_get_string(file, KERNEL, "stalls", NULL);
	load_signals(state, file);
	if (g_key_file_has_group(file, WATCH)) {
		state->watch.have_counter = true;
		state->watch.counter_address =
			g_key_file_get_uint64(file, WATCH, "counter_address", NULL);
		state->watch.taint_address =
			g_key_file_get_uint64(file, WATCH, "taint_address", NULL);
		state->watch.clock_address =
			g_key_file_get_uint64(file, WATCH, "clock_address", NULL);
		state->watch.counter =
			(uint32_t)g_key_file_get_uint64(file, WATCH, "counter", NULL);
		state->watch.taint = g_key_file_get_uint64(file, WATCH, "taint", NULL);
		state->watch.credit =
			(unsigned int)g_key_file_get_uint64(file, WATCH, "credit", NULL);
		state->watch.credit_until = g_key_file_get_int64(file, WATCH, "credit_until", NULL);
		state->watch.told = (unsigned int)g_key_file_get_uint64(file, WATCH, "told", NULL);
		state->watch.told_us = g_key_file_get_int64(file, WATCH, "told_us", NULL);
	}
	return true;
}

void kernel_state_forget(const char *runtime_directory, const char *uuid)
{
	g_autofree char *path = state_path(runtime_directory, uuid);

	unlink(path);
}

struct away {
	char *path;
	gint64 saved_ns;
};

static void away_free(void *pointer)
{
	struct away *away = pointer;

	g_free(away->path);
	g_free(away);
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
	const struct away *left = *(const struct away *const *)a;
	const struct away *right = *(const struct away *const *)b;

	return (left->saved_ns < right->saved_ns) - (left->saved_ns > right->saved_ns);
}

void kernel_state_trim(const char *runtime_directory, unsigned int keep,
		       bool (*here)(const char *uuid, void *user_data), void *user_data)
{
	g_autofree char *folder = states_path(runtime_directory);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(away_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat status;
		struct away *away;

		if (here(name, user_data) || lstat(path, &status) < 0)
			continue;
		away = g_new0(struct away, 1);
		away->path = g_steal_pointer(&path);
		away->saved_ns =
			(gint64)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
		g_ptr_array_add(all, away);
	}
	g_ptr_array_sort(all, newest_first);
	for (guint i = keep; i < all->len; i++)
		unlink(((struct away *)all->pdata[i])->path);
}
