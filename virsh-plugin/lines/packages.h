/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which package of a distribution has a kernel's debug information. */
#ifndef OOPSBT_LINES_PACKAGES_H
#define OOPSBT_LINES_PACKAGES_H

#include <stdbool.h>

/*
 * What to do to get it, a sentence without a full stop: @release and @version as uname -r and -v
 * have them, either may be NULL. @is_foreign: of a module that is not the kernel's own. g_free().
 */
char *package_advice(const char *release, const char *version, bool is_foreign);

#endif
