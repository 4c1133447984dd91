/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <glib/gstdio.h>
#include <string.h>

static void test_environment(void)
{
	const struct log_field fields[] = {
		{"OOPSBT_TITLE", "a \"b\" \\ `id` $(id) 'c' \xc3\xa4\nLD_PRELOAD=x"},
		{"OOPSBT_CPU", NULL},
		{"OOPSBT_DUMP", "20261122T214501Z-1"},
		{NULL},
	};
	const struct hook_dump dump = {"20261122T214501Z-1", "/store/x", "db 1", fields};
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

/* systemd unquotes as a shell does. */
static void test_shell(void)
{
	const char *value = "\"\\`$HOME` \\\\\" '$(touch /tmp/x)' %i ${A} #";
	const struct log_field fields[] = {{"OOPSBT_TITLE", value}, {NULL}};
	const struct hook_dump dump = {"1", "/", NULL, fields};
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hook/each fact is one variable, whatever is in it", test_environment);
	g_test_add_func("/hook/a value comes back as it was", test_shell);
	g_test_add_func("/hook/a hook is wanted where there is a drop-in", test_wanted);
	return g_test_run();
}
