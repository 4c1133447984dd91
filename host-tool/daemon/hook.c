/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "common/sanitize.h"

#define UNIT "oopsbt-dump@"
#define DROP_INS "/systemd/system/" UNIT ".service.d"
#define FILES "hooks"
#define KEEP_S (24 * 3600)
#define ANSWER_MS 30000

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

/* Within double quotes these four are special to systemd, as to a shell; a line has no newline. */
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

static bool write_environment(const struct hook_dump *dump, const char *runtime_directory,
			      GError **error)
{
	g_autofree char *folder = g_build_filename(runtime_directory, FILES, NULL);
	g_autofree char *path = g_build_filename(folder, dump->id, NULL);
	g_autofree char *text = hook_environment(dump);

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
	GDBusConnection *bus;
};

static void start_end(struct start *start, const GError *error)
{
	if (error)
		log_write(start->log, LOG_WARNING, start->domain, start->id,
			  "the hook " UNIT "%s.service is not started: %s", start->id,
			  error->message);
	else
		log_write(start->log, LOG_DEBUG, start->domain, start->id,
			  "systemd starts the hook " UNIT "%s.service", start->id);
	if (start->bus)
		g_dbus_connection_close(start->bus, NULL, NULL, NULL);
	g_clear_object(&start->bus);
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
			       G_DBUS_CALL_FLAGS_NONE, ANSWER_MS, NULL, on_answer, start);
}

/* A connection of its own: that of g_bus_get() would be kept, and end us with the bus. */
static void start_unit(struct start *start)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, &error);

	if (address)
		g_dbus_connection_new_for_address(
			address,
			G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
				G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
			NULL, NULL, on_bus, start);
	else
		start_end(start, error);
}

/* What a unit's name takes as it is. */
static bool id_fits(const char *id)
{
	return *id && strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz-_.:") == strlen(id);
}

void hook_start(const struct hook_dump *dump, const char *runtime_directory, struct log *log)
{
	g_autoptr(GError) error = NULL;
	struct start *start;

	if (sd_booted() <= 0 || !hook_is_wanted(hook_folders))
		return;
	start = g_new0(struct start, 1);
	start->log = log_ref(log);
	start->domain = g_strdup(dump->domain);
	start->id = g_strdup(dump->id);
	if (!id_fits(dump->id))
		g_set_error(&error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "a unit cannot have that name");
	else if (write_environment(dump, runtime_directory, &error)) {
		start_unit(start);
		return;
	}
	start_end(start, error);
}
