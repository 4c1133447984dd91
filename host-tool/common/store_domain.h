/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory of a domain in a store. A domain is its UUID, so the directory is <root>/<uuid>/:
 * a domain that gets another name keeps its dumps, and a new domain of an old name starts anew. It
 * holds the dumps, and a file "name" with the name that the domain had last.
 *
 * For people, <root>/<name> is a symbolic link to the directory of the domain that used the name
 * last. A name that is not a safe file name (a slash, a leading dot, a percent sign, control
 * characters) is escaped with %XX. One that is too long for a file, or that looks like a UUID, has
 * no link. Nothing here depends on a link.
 *
 * The first stores had directories <root>/<name>/ instead. They are read as they are, and adopted
 * by the first writer.
 *
 * Whoever changes something holds the root's lock.
 */
#ifndef OOPSBT_COMMON_STORE_DOMAIN_H
#define OOPSBT_COMMON_STORE_DOMAIN_H

#include <glib.h>
#include <stdbool.h>

/* Whether an entry of the root may be a directory of dumps. A link is told when it is opened. */
bool store_domain_is_directory(const char *name);
/*
 * @name: that of the domain whose directory is @directory (open as @domain), or NULL if nobody
 * wrote it down; g_free(). False with errno if it cannot be read.
 */
bool store_domain_name(int domain, const char *directory, char **name);

/*
 * Opens the directory of a domain of this name, which is made if needed. -1 on error. @root_path is
 * the name of @root.
 */
int store_domain_make(int root, const char *root_path, const char *uuid, const char *name,
		      GError **error);
/* Removes a directory without dumps, and what stands beside them. One with dumps is left alone. */
void store_domain_remove_empty(int root, const char *directory);

/*
 * Moves the dumps of directories by name to where they belong. A dump that does not say whose it
 * is stays where it is.
 */
void store_domain_adopt_all(int root, const char *root_path);

#endif
