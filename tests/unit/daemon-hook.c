/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void test_environment(void)
{
	const struct log_field fields[] = {
		{"OOPSBT_TITLE", "a \"b\" \\ `id` $(id) 'c' \xc3\xa4\nLD_PRELOAD=x"},
		{"OOPSBT_CPU", NULL},
		{"OOPSBT_DUMP", "20261122T214501Z-1"},
		{NULL},
	};
	const struct hook_dump dump = {"/store/x", "db 1", fields};
	g_autofree char *text = hook_environment(&dump);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	g_assert_cmpstr(lines[0], ==, "OOPSBT_DOMAIN=\"db 1\"");
	g_assert_cmpstr(lines[1], ==, "OOPSBT_SOURCE=\"/store/x\"");
	g_assert_true(g_str_has_prefix(
		lines[2], "OOPSBT_TITLE=\"a \\\"b\\\" \\\\ \\`id\\` \\$(id) 'c' \xc3\xa4"));
	g_assert_cmpstr(lines[3], ==, "OOPSBT_DUMP=\"20261122T214501Z-1\"");
	g_assert_cmpstr(lines[4], ==, "");
	g_assert_null(lines[5]);
}

/* systemd removes quotes like a shell. */
static void test_shell(void)
{
	const char *value = "\"\\`$HOME` \\\\\" '$(touch /tmp/x)' %i ${A} #";
	const struct log_field fields[] = {{"OOPSBT_TITLE", value}, {NULL}};
	const struct hook_dump dump = {"/", NULL, fields};
	g_autofree char *text = hook_environment(&dump);
	g_autofree char *script = g_strconcat(text, "printf %s \"$OOPSBT_TITLE\"", NULL);
	char *argv[] = {"/bin/sh", "-c", script, NULL};
	g_autofree char *said = NULL;

	g_assert_true(g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, &said, NULL, NULL, NULL));
	g_assert_cmpstr(said, ==, value);
}

static void test_wanted(void)
{
	g_autofree char *folder = g_dir_make_tmp(NULL, NULL);
	g_autofree char *other = g_build_filename(folder, "mail.conf.off", NULL);
	g_autofree char *drop_in = g_build_filename(folder, "mail.conf", NULL);
	const char *const folders[] = {"/nonexistent", folder, NULL};

	g_assert_false(hook_is_wanted(folders));
	g_assert_true(g_file_set_contents(other, "", 0, NULL));
	g_assert_false(hook_is_wanted(folders));
	g_assert_true(g_file_set_contents(drop_in, "", 0, NULL));
	g_assert_true(hook_is_wanted(folders));
	g_remove(other);
	g_remove(drop_in);
	g_rmdir(folder);
}

/* Makes a dump @id in @root; returns its path. */
static char *make_dump(const char *root, const char *id, const char *due)
{
	char *folder = g_build_filename(root, "4b1d2e9a-0000-4000-8000-000000000001", id, NULL);
	g_autofree char *file = g_build_filename(folder, HOOK_DUE, NULL);

	g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
	if (due)
		g_assert_true(g_file_set_contents(file, due, -1, NULL));
	return folder;
}

static void on_found(const char *id, const char *environment, void *user_data)
{
	g_string_append_printf(user_data, "%s %s;", id, environment);
}

static void test_due(void)
{
	g_autofree char *root = g_dir_make_tmp(NULL, NULL);
	g_autofree char *due = make_dump(root, "20261122T214501Z-1001", "A=\"1\"");
	g_autofree char *started = make_dump(root, "20261122T214502Z-1002", NULL);
	g_autofree char *linked = make_dump(root, "20261122T214503Z-1003", NULL);
	g_autofree char *other = make_dump(root, "not an id", "A=\"2\"");
	g_autofree char *link = g_build_filename(linked, HOOK_DUE, NULL);
	g_autofree char *file = g_build_filename(due, HOOK_DUE, NULL);
	g_autofree char *huge = g_strnfill(1 << 20, 'x');
	g_autofree char *remove = g_strdup_printf("rm -r '%s'", root);
	g_autoptr(GString) found = g_string_new(NULL);
	g_autoptr(Store) store = store_new(root);
	g_autoptr(Store) nowhere = store_new("/nonexistent");

	g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
	hook_find_due(store, on_found, found);
	g_assert_cmpstr(found->str, ==, "20261122T214501Z-1001 A=\"1\";");
	g_string_truncate(found, 0);
	hook_find_due(nowhere, on_found, found);
	g_assert_true(g_file_set_contents(file, huge, -1, NULL));
	hook_find_due(store, on_found, found);
	g_assert_cmpstr(found->str, ==, "");
	hook_find_due(store, NULL, NULL);
	g_assert_cmpint(g_access(file, F_OK), ==, -1);
	g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hook/each fact is one variable for every content", test_environment);
	g_test_add_func("/hook/a quoted value is read back unchanged", test_shell);
	g_test_add_func("/hook/a drop-in enables the hook", test_wanted);
	g_test_add_func("/hook/a hook that was not started is found from its dump", test_due);
	return g_test_run();
}
