/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/read.h"
#include "common/sanitize.h"
#include "common/store_directory.h"
#include "common/store_domain.h"
#include "common/store_id.h"

#define UNIT "oopsbt-dump@"
#define DROP_INS "/systemd/system/" UNIT ".service.d"
#define FILES "hooks"
#define KEEP_S (24 * 3600)
#define ANSWER_MS 30000
/* More than the fields of an incident, each below 4 KiB. */
#define MAX_ENVIRONMENT ((size_t)256 << 10)

const char *const hook_folders[] = {
	"/etc" DROP_INS,     "/run" DROP_INS, "/usr/local/lib" DROP_INS,
	"/usr/lib" DROP_INS, "/lib" DROP_INS, NULL,
};

bool hook_is_wanted(const char *const *folders)
{
	for (; *folders; folders++) {
		g_autoptr(GDir) folder = g_dir_open(*folders, 0, NULL);
		const char *name;

		while (folder && (name = g_dir_read_name(folder)))
			if (g_str_has_suffix(name, ".conf"))
				return true;
	}
	return false;
}

/* --- the environment --- */

/* systemd, like a shell, treats these four as special in double quotes; a value has one line. */
static void add_variable(GString *to, const char *name, const char *value)
{
	g_autofree char *line = NULL;

	if (value == NULL)
		return;
	line = text_is_clean(value, strlen(value)) && !strchr(value, '\n')
		       ? g_strdup(value)
		       : sanitize_line(value, (gssize)strlen(value));
	g_string_append_printf(to, "%s=\"", name);
	for (const char *c = line; *c; c++) {
		if (strchr("\"\\`$", *c))
			g_string_append_c(to, '\\');
		g_string_append_c(to, *c);
	}
	g_string_append(to, "\"\n");
}

char *hook_environment(const struct hook_dump *dump)
{
	GString *text = g_string_new(NULL);

	add_variable(text, "OOPSBT_DOMAIN", dump->domain);
	add_variable(text, "OOPSBT_SOURCE", dump->folder);
	for (const struct log_field *field = dump->fields; field && field->name; field++)
		add_variable(text, field->name, field->value);
	return g_string_free(text, FALSE);
}

static void remove_old(const char *folder)
{
	g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
	gint64 now_s = g_get_real_time() / G_USEC_PER_SEC;
	const char *name;

	while (files && (name = g_dir_read_name(files))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat status;

		if (lstat(path, &status) == 0 && now_s - status.st_mtime > KEEP_S)
			g_unlink(path);
	}
}

static bool write_environment(const char *id, const char *text, const char *runtime_directory,
			      GError **error)
{
	g_autofree char *folder = g_build_filename(runtime_directory, FILES, NULL);
	g_autofree char *path = g_build_filename(folder, id, NULL);

	if (g_mkdir(folder, 0700) < 0 && errno != EEXIST) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "making %s: %s",
			    folder, g_strerror(errno));
		return false;
	}
	remove_old(folder);
	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
					error);
}

/* --- the unit --- */

struct start {
	struct log *log;
	char *domain, *id;
	GCancellable *too_late;
	guint timer;
	GDBusConnection *bus;
};

static gboolean on_too_late(void *user_data)
{
	struct start *start = user_data;

	start->timer = 0;
	g_cancellable_cancel(start->too_late);
	return G_SOURCE_REMOVE;
}

static void start_end(struct start *start, const GError *error)
{
	if (start->timer)
		g_source_remove(start->timer);
	if (error)
		log_write(start->log, LOG_WARNING, start->domain, start->id,
			  "the hook " UNIT "%s.service is not started: %s", start->id,
			  g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
				  ? "systemd does not answer"
				  : error->message);
	else
		log_write(start->log, LOG_DEBUG, start->domain, start->id,
			  "systemd starts the hook " UNIT "%s.service", start->id);
	if (start->bus)
		g_dbus_connection_close(start->bus, NULL, NULL, NULL);
	g_clear_object(&start->bus);
	g_object_unref(start->too_late);
	log_unref(start->log);
	g_free(start->domain);
	g_free(start->id);
	g_free(start);
}

static void on_answer(GObject *bus, GAsyncResult *result, void *user_data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &error);

	if (error)
		g_dbus_error_strip_remote_error(error);
	start_end(user_data, error);
}

static void on_bus(GObject *source G_GNUC_UNUSED, GAsyncResult *result, void *user_data)
{
	struct start *start = user_data;
	g_autoptr(GError) error = NULL;
	g_autofree char *unit = g_strconcat(UNIT, start->id, ".service", NULL);

	start->bus = g_dbus_connection_new_for_address_finish(result, &error);
	if (start->bus == NULL) {
		start_end(start, error);
		return;
	}
	g_dbus_connection_call(start->bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
			       "org.freedesktop.systemd1.Manager", "StartUnit",
			       g_variant_new("(ss)", unit, "replace"), G_VARIANT_TYPE("(o)"),
			       G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, start->too_late, on_answer,
			       start);
}

/* Uses its own connection: GLib would keep that of g_bus_get() and exit with the bus. */
static void start_unit(struct start *start)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, &error);

	if (address)
		g_dbus_connection_new_for_address(
			address,
			G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
			NULL, start->too_late, on_bus, start);
	else
		start_end(start, error);
}

/* Can a unit's name contain the id unescaped? */
static bool id_fits(const char *id)
{
	return *id && strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz-_.:") == strlen(id);
}

void hook_start(const char *id, const char *environment, const char *runtime_directory,
		const char *domain, struct log *log)
{
	g_autoptr(GError) error = NULL;
	struct start *start;

	if (sd_booted() <= 0)
		return;
	start = g_new0(struct start, 1);
	start->log = log_ref(log);
	start->domain = g_strdup(domain);
	start->id = g_strdup(id);
	start->too_late = g_cancellable_new();
	start->timer = g_timeout_add(ANSWER_MS, on_too_late, start);
	if (!id_fits(id))
		g_set_error(&error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "a unit cannot have that name");
	else if (write_environment(id, environment, runtime_directory, &error)) {
		start_unit(start);
		return;
	}
	start_end(start, error);
}

/* --- hooks that an earlier daemon did not start --- */

static char *read_due(int domain, const char *path)
{
	g_auto(Descriptor) fd =
		openat(domain, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *text = NULL;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size > (off_t)MAX_ENVIRONMENT)
		return NULL;
	text = g_malloc0((size_t)status.st_size + 1);
	if (read_at(fd, 0, text, (size_t)status.st_size) < (size_t)status.st_size)
		return NULL;
	return g_steal_pointer(&text);
}

static void find_due_in(int domain, hook_found_fn found, void *user_data)
{
	g_autoptr(GPtrArray) ids = store_directory_names(domain, store_id_is_valid);

	for (guint i = 0; ids && i < ids->len; i++) {
		const char *id = ids->pdata[i];
		g_autofree char *path = g_build_filename(id, HOOK_DUE, NULL);
		g_autofree char *text = NULL;

		if (found == NULL) {
			unlinkat(domain, path, 0);
			continue;
		}
		text = read_due(domain, path);
		if (text)
			found(id, text, user_data);
	}
}

void hook_find_due(const struct store *store, hook_found_fn found, void *user_data)
{
	g_auto(Descriptor) root = open(store_root(store), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GPtrArray) domains =
		root < 0 ? NULL : store_directory_names(root, store_domain_is_directory);

	for (guint i = 0; domains && i < domains->len; i++) {
		g_auto(Descriptor) domain = store_directory_open(root, domains->pdata[i]);

		if (domain >= 0)
			find_due_in(domain, found, user_data);
	}
}

struct due {
	const char *runtime_directory;
	struct log *log;
};

static void start_due(const char *id, const char *environment, void *user_data)
{
	const struct due *due = user_data;

	log_write(due->log, LOG_INFO, NULL, id, "starting the hook of %s, which was stored before",
		  id);
	hook_start(id, environment, due->runtime_directory, NULL, due->log);
}

void hook_start_due(const struct store *store, const char *runtime_directory, struct log *log)
{
	struct due due = {runtime_directory, log};

	if (sd_booted() > 0)
		hook_find_due(store, hook_is_wanted(hook_folders) ? start_due : NULL, &due);
}
