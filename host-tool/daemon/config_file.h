/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that make up the configuration, and the settings in one of them, with the line of each:
 * GKeyFile reads the same format but does not know where a setting stands.
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
 * In the order in which they are read; what is read later wins. First @path (NULL: the default
 * one), whether it is there or not. Then its drop-ins by name: *.conf in @path.d, and for the
 * default one also in /run and PREFIX/lib. Of two with one name the first of these folders has
 * the one that counts, so a link to /dev/null switches one off. Strings.
 */
GPtrArray *config_files(const char *path);

struct config_setting {
	const char *path;
	unsigned int line; /* from 1 */
	const char *section;
	const char *key;
	const char *value; /* without blanks around it */
};

struct config_reader {
	void (*setting)(const struct config_setting *setting, void *user_data);
	/* A line that is none of the above; only @path and @line of @where are set. */
	void (*bad_line)(const struct config_setting *where, const char *why, void *user_data);
	void *user_data;
};

/* An error is a file that cannot be read: of G_FILE_ERROR. */
bool config_file_read(const char *path, const struct config_reader *reader, GError **error);

#endif
