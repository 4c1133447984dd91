/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the debug information of a build ID: in the user's folders, in the folders where
 * distributions install it, or on a debuginfod server. Only the build ID of a file counts, not its
 * name.
 */
#ifndef OOPSBT_LINES_DEBUG_FINDER_H
#define OOPSBT_LINES_DEBUG_FINDER_H

#include <glib.h>
#include <stdbool.h>

struct debug_finder;
/*
 * @folders: NULL-terminated, searched first, with their subfolders: a kernel's build folder, an
 * unpacked package. @release: of the guest's kernel, untrusted, may be NULL. @progress: as in
 * debug_server.h.
 */
struct debug_finder *debug_finder_new(const char *const *folders, const char *release,
				      bool progress);
void debug_finder_free(struct debug_finder *finder);
bool debug_finder_has_server(const struct debug_finder *finder);

/*
 * @module: NULL: vmlinux; "": neither, found by its build ID only. Returns a file descriptor and
 * its @path, g_free(); or -1, with @error about what was found instead.
 */
int debug_finder_find(struct debug_finder *finder, const char *build_id, const char *module,
		      char **path, GError **error);

#endif
