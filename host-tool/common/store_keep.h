/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which dump of a domain goes when one has to go. The first oops of a boot is the root cause of
 * those that follow, and the first of a title is the one to look at. So these stay as long as there
 * are others of that boot or title, and the newest stays always. One with light records of its bug
 * (store_repeats.h) is kept as the first of a title is.
 *
 * A boot is told from the one before without a clock: another kernel or another place of it in
 * memory, or a count of oopses or an uptime that is lower than before.
 */
#ifndef OOPSBT_COMMON_STORE_KEEP_H
#define OOPSBT_COMMON_STORE_KEEP_H

#include <glib.h>

/*
 * @entries: of one domain, struct store_entry *, oldest first. The index of the one that goes
 * next: the oldest that the rules let go. If they let none go then the oldest that is not the first
 * of its boot, else the oldest. -1: there is only the newest.
 */
int store_keep_choose(const GPtrArray *entries);

#endif
