/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progressive collection. The first few incidents of a bug of a domain are stored in full. Each
 * later incident is a light record in the first of these dumps (store_repeats.h), until the bug has
 * not occurred for REPEAT_QUIET_S. So a repeating bug does not displace dumps of other bugs, and is
 * stored in full again after a pause.
 *
 * The rule depends on the store only. So it survives a restart of the daemon and a rename of the
 * domain, and several processes agree.
 */
#ifndef OOPSBT_COMMON_REPEAT_RULE_H
#define OOPSBT_COMMON_REPEAT_RULE_H

#include "common/store_entry.h"

#define REPEAT_QUIET_S 3600

struct repeat_question {
	const char *fingerprint; /* NULL: unknown */
	const char *release;	 /* of the guest's kernel; NULL: unknown */
	gint64 now_s;		 /* real time */
	unsigned int full;	 /* number of dumps that are stored in full */
};

/*
 * Returns the dump of @entries (of the domain, oldest first) that gets a light record of this
 * incident. NULL: store the incident in full.
 *
 * Stored in full: the first @full of a series, incidents without fingerprint or with an unknown
 * kernel (they may be another bug), and incidents of another kernel release. A series is a run of
 * incidents less than the quiet time apart, even if the clock was set.
 */
const struct store_entry *repeat_rule_holder(const GPtrArray *entries,
					     const struct repeat_question *question);

#endif
