/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs as a chapter of the manual page, in Markdown: from the tables that --help comes from.
 */
#ifndef OOPSBT_PLUGIN_MANUAL_H
#define OOPSBT_PLUGIN_MANUAL_H

void manual_print(void);

#endif
