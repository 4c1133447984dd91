/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of sources, and the lines around a position. Debug information has paths of the machine
 * that compiled; the file in the tree with the longest common suffix is used. Never reads files
 * outside the tree.
 */
#ifndef OOPSBT_LINES_SOURCE_TREE_H
#define OOPSBT_LINES_SOURCE_TREE_H

#include <json-glib/json-glib.h>

struct source_tree;
struct source_tree *source_tree_new(const char *folder, GError **error);
void source_tree_free(struct source_tree *tree);

/* Array of objects with "line" and "text"; NULL: the tree has no such file or line. */
JsonArray *source_tree_around(struct source_tree *tree, const char *file, int line);

#endif
