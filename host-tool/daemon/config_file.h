/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the files of the configuration, and their settings with line numbers. GKeyFile reads the
 * same format but does not provide line numbers.
 *
 *   # a comment, also with ;
 *   [section]
 *   key = value
 */
#ifndef OOPSBT_DAEMON_CONFIG_FILE_H
#define OOPSBT_DAEMON_CONFIG_FILE_H

#include <glib.h>
#include <stdbool.h>

/*
 * The files in reading order; a later setting overrides an earlier one. First @path (NULL: the
 * default file), even if it does not exist. Then its drop-ins, sorted by name: *.conf in @path.d,
 * and for the default file also in /run and PREFIX/lib. If two folders have a file of the same
 * name, the first folder wins; so a link to /dev/null disables a drop-in. Strings.
 */
GPtrArray *config_files(const char *path);

struct config_setting {
	const char *path;
	unsigned int line; /* from 1 */
	const char *section;
	const char *key;
	const char *value; /* without surrounding blanks */
};

struct config_reader {
	void (*setting)(const struct config_setting *setting, void *user_data);
	/* Called for an invalid line; only @path and @line of @where are set. */
	void (*bad_line)(const struct config_setting *where, const char *why, void *user_data);
	void *user_data;
};

/* Fails with a G_FILE_ERROR if the file cannot be read. */
bool config_file_read(const char *path, const struct config_reader *reader, GError **error);

#endif
