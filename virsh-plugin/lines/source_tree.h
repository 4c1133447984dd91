/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder with sources, and the lines around one. Debug information names files as the machine had
 * them that compiled: the file is the one in the tree whose path ends alike. Nothing outside of the
 * tree is read, whatever the debug information says.
 */
#ifndef OOPSBT_LINES_SOURCE_TREE_H
#define OOPSBT_LINES_SOURCE_TREE_H

#include <json-glib/json-glib.h>

struct source_tree;
struct source_tree *source_tree_new(const char *folder, GError **error);
void source_tree_free(struct source_tree *tree);

/* Of objects with "line" and "text"; NULL: the tree has no such file or line. */
JsonArray *source_tree_around(struct source_tree *tree, const char *file, int line);

#endif
