/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chooses which dump of a domain to remove. The first oops of a boot is the root cause of later
 * ones, and the first dump of a title is the one to look at. So these stay while others of that
 * boot or title exist, and the newest always stays. A dump with light records of its bug
 * (store_repeats.h) is kept like the first dump of a title.
 *
 * A new boot is detected without a clock: another kernel, another place of it in memory, or a lower
 * count of oopses or uptime than before.
 */
#ifndef OOPSBT_COMMON_STORE_KEEP_H
#define OOPSBT_COMMON_STORE_KEEP_H

#include <glib.h>

/*
 * @entries: of one domain, struct store_entry *, oldest first. Returns the index of the dump to
 * remove next: the oldest that the rules allow. If they allow none: the oldest that is not the
 * first of its boot, else the oldest. -1: there is only the newest.
 */
int store_keep_choose(const GPtrArray *entries);

#endif
