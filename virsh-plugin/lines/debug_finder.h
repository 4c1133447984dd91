/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the debug information of a build ID is: in the folders that the user names, in those where
 * distributions install it, or on a debuginfod server. A file is taken for its build ID alone,
 * whatever its name says.
 */
#ifndef OOPSBT_LINES_DEBUG_FINDER_H
#define OOPSBT_LINES_DEBUG_FINDER_H

#include <glib.h>
#include <stdbool.h>

struct debug_finder;
/*
 * @folders: NULL-terminated, looked at first, with all that is in them: a kernel's build folder, an
 * unpacked package. @release: of the guest's kernel, may be NULL or anything. @progress: as
 * debug_server.h has it.
 */
struct debug_finder *debug_finder_new(const char *const *folders, const char *release,
				      bool progress);
void debug_finder_free(struct debug_finder *finder);
bool debug_finder_has_server(const struct debug_finder *finder);

/*
 * @module: NULL: of vmlinux; "" : of neither, which is found by its build ID alone. A file
 * descriptor and its @path, g_free(); -1, and what was found instead is in @error.
 */
int debug_finder_find(struct debug_finder *finder, const char *build_id, const char *module,
		      char **path, GError **error);

#endif
