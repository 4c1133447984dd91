/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The distribution's package with a kernel's debug information. */
#ifndef OOPSBT_LINES_PACKAGES_H
#define OOPSBT_LINES_PACKAGES_H

#include <stdbool.h>

/*
 * How to get it, a sentence without a full stop. @release and @version as printed by uname -r and
 * -v; either may be NULL. @is_foreign: for a module from outside of the kernel's tree. g_free().
 */
char *package_advice(const char *release, const char *version, bool is_foreign);

#endif
