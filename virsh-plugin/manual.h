/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chapter on verbs of the manual page, in Markdown, from the tables used by --help. */
#ifndef OOPSBT_PLUGIN_MANUAL_H
#define OOPSBT_PLUGIN_MANUAL_H

void manual_print(void);

#endif
