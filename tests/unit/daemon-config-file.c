/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config_file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"

struct folder {
	char *path; /* of the folder */
	char *file; /* the configuration file in it */
	char *drop_ins;
};

static void set_up(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	folder->path = g_dir_make_tmp(NULL, NULL);
	folder->file = g_build_filename(folder->path, "oopsbtd.conf", NULL);
	folder->drop_ins = g_strconcat(folder->file, ".d", NULL);
	g_assert_cmpint(g_mkdir(folder->drop_ins, 0700), ==, 0);
}

static void remove_all(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		remove_all(below);
	}
	g_remove(path);
}

static void tear_down(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	remove_all(folder->path);
	g_free(folder->path);
	g_free(folder->file);
	g_free(folder->drop_ins);
}

static void put(const struct folder *folder, const char *drop_in, const char *text)
{
	g_autofree char *path = drop_in ? g_build_filename(folder->drop_ins, drop_in, NULL)
					: g_strdup(folder->file);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static unsigned int parallel(const struct folder *folder)
{
	struct config config;
	unsigned int value;
	g_autoptr(GError) error = NULL;

	config_load(folder->file, &config, NULL, &error);
	g_assert_no_error(error);
	value = config.parallel;
	config_clear(&config);
	return value;
}

static void test_order(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	put(folder, NULL, "[daemon]\nparallel=1\n");
	g_assert_cmpuint(parallel(folder), ==, 1);
	put(folder, "90-last.conf", "[daemon]\nparallel=3\n");
	put(folder, "10-first.conf", "[daemon]\nparallel=2\n");
	g_assert_cmpuint(parallel(folder), ==, 3);
}

static void test_others(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	g_autofree char *off = g_build_filename(folder->drop_ins, "50-off.conf", NULL);

	put(folder, NULL, "[daemon]\nparallel=1\n");
	put(folder, "a.conf.dpkg-old", "[daemon]\nparallel=2\n");
	put(folder, ".hidden.conf", "[daemon]\nparallel=3\n");
	g_assert_cmpint(symlink("/dev/null", off), ==, 0);
	g_assert_cmpuint(parallel(folder), ==, 1);
}

static void test_places(struct folder *folder G_GNUC_UNUSED, const void *data G_GNUC_UNUSED)
{
	g_autoptr(GPtrArray) files = config_files(NULL);

	g_assert_cmpstr(files->pdata[0], ==, CONFIG_DEFAULT_PATH);
}

/* Checks each error and warning; "/" stands for the name of the file. */
static void assert_said(const struct folder *folder, const char *drop_in, const char *const *lines)
{
	g_autoptr(GPtrArray) said = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = drop_in ? g_build_filename(folder->drop_ins, drop_in, NULL)
					: g_strdup(folder->file);
	struct config config;
	size_t i;

	config_look(folder->file, &config, said, said);
	config_clear(&config);
	for (i = 0; lines[i]; i++) {
		g_assert_cmpuint(i, <, said->len);
		g_assert_true(g_str_has_prefix(said->pdata[i], path));
		g_assert_cmpstr((const char *)said->pdata[i] + strlen(path), ==, lines[i]);
	}
	g_assert_cmpuint(said->len, ==, i);
}

static void test_lines(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	put(folder, NULL,
	    "parallel = 1\n"
	    "; a comment\n"
	    "[daemon\n"
	    "[daemon]\n"
	    "  parallel = many\n"
	    "nonsense\n"
	    "\n"
	    "root = /x\n"
	    "log_levle = debug\r\n"
	    "= 1\n"
	    "log_level = loud\n");
	assert_said(
		folder, NULL,
		(const char *const[]){
			":1: there is no [SECTION] before this setting",
			":3: the name of a section ends with ]",
			":5: [daemon] parallel: \"many\" is not a number from 1 to 64",
			":6: this is neither [SECTION] nor KEY = VALUE; a comment begins with #",
			":8: [daemon] root is not known and is ignored; it belongs into [store]",
			":9: [daemon] log_levle is not known and is ignored; oopsbtd.conf(5) "
			"lists the keys",
			":10: this is neither [SECTION] nor KEY = VALUE; a comment begins with #",
			":11: [daemon] log_level: \"loud\" is not error, warning, notice, info "
			"or debug",
			NULL});
}

static void test_drop_in_named(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	put(folder, NULL, "");
	put(folder, "a.conf", "[daemon]\nparallel=0\n");
	assert_said(folder, "a.conf",
		    (const char *const[]){
			    ":2: [daemon] parallel: \"0\" is not a number from 1 to 64", NULL});
}

static void test_count(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	struct config config;
	g_autoptr(GError) error = NULL;

	put(folder, NULL, "[daemon]\nparallel=0\nmemory=1\nlog_level=2\n");
	g_assert_false(config_load(folder->file, &config, NULL, &error));
	config_clear(&config);
	g_assert_nonnull(strstr(error->message, "oopsbtd.conf:2: [daemon] parallel"));
	g_assert_nonnull(strstr(error->message, "--check-config` shows this and 2 more"));
}

static void test_unreadable(struct folder *folder, const void *data G_GNUC_UNUSED)
{
	struct config config;
	g_autoptr(GError) error = NULL;

	g_assert_false(config_load(folder->file, &config, NULL, &error));
	config_clear(&config);
	g_assert_nonnull(strstr(error->message, folder->file));
	g_clear_error(&error);
	put(folder, NULL, "");
	g_assert_true(g_file_set_contents(folder->file, "a\0b", 3, NULL));
	g_assert_false(config_load(folder->file, &config, NULL, &error));
	config_clear(&config);
	g_assert_nonnull(strstr(error->message, "is not text"));
}

#define ADD(title, test)                                                                           \
	g_test_add("/config-file/" title, struct folder, NULL, set_up, test, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("drop-ins are read after the file, by name", test_order);
	ADD("files that only look like drop-ins are not read", test_others);
	ADD("the default file comes first", test_places);
	ADD("each error has its file and line", test_lines);
	ADD("an error in a drop-in has the name of the drop-in", test_drop_in_named);
	ADD("an error has the number of further errors", test_count);
	ADD("an unreadable file is an error", test_unreadable);
	return g_test_run();
}
