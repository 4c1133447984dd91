/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a domain in a store: <root>/<uuid>/. A domain is identified by its UUID, so a
 * renamed domain keeps its dumps, and a new domain with an old name has none. The directory
 * contains the dumps, and a file "name" with the domain's last name.
 *
 * For people, <root>/<name> is a symbolic link to the directory of the domain that used the name
 * last. If a name is not a safe file name (a slash, a leading dot, a percent sign, control
 * characters), the characters are escaped as %XX. A name that is too long for a file, or that looks
 * like a UUID, has no link. No code depends on a link.
 *
 * The first stores had directories <root>/<name>/ instead. Readers read them as they are; the first
 * writer adopts them.
 *
 * Every writer holds the root's lock.
 */
#ifndef OOPSBT_COMMON_STORE_DOMAIN_H
#define OOPSBT_COMMON_STORE_DOMAIN_H

#include <glib.h>
#include <stdbool.h>

/* Can this entry of the root be a directory of dumps? (Links are detected when opened.) */
bool store_domain_is_directory(const char *name);
/*
 * @name: the name of the domain whose directory is @directory (open as @domain), or NULL if there
 * is no name file; g_free(). False with errno if it cannot be read.
 */
bool store_domain_name(int domain, const char *directory, char **name);

/*
 * Opens the directory of a domain, and creates it if needed. -1 on error. @root_path is the name of
 * @root.
 */
int store_domain_make(int root, const char *root_path, const char *uuid, const char *name,
		      GError **error);
/* Removes a directory without dumps, with its name file and link. Keeps one with dumps. */
void store_domain_remove_empty(int root, const char *directory);

/*
 * Moves the dumps of old directories <root>/<name>/ to their domains. A dump whose domain is
 * unknown stays.
 */
void store_domain_adopt_all(int root, const char *root_path);

#endif
