/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progressive collection: of one bug of a domain the first few incidents are stored in full, then
 * each is a light record of the first of these (store_repeats.h), until there was none of it for
 * REPEAT_QUIET_S. So a bug that comes again and again takes neither the room nor the places of
 * others, and is seen in full again when it comes back.
 *
 * Nothing but the store is asked, so a daemon that was started again, a domain that was renamed and
 * several processes agree.
 */
#ifndef OOPSBT_COMMON_REPEAT_RULE_H
#define OOPSBT_COMMON_REPEAT_RULE_H

#include "common/store_entry.h"

#define REPEAT_QUIET_S 3600

struct repeat_question {
	const char *fingerprint; /* NULL: not known */
	const char *release;	 /* of the guest's kernel; NULL: not known */
	gint64 now_s;		 /* real time */
	unsigned int full;	 /* how many are stored in full */
};

/*
 * @entries: of the domain, the oldest first. The one of them that a light record of this incident
 * goes to; NULL: it is to be stored in full.
 *
 * In full is: the first @full of a series; what has no fingerprint or is of a kernel that was not
 * understood, as nobody knows then that it is the same; and what is of another kernel release. A
 * series is what is less than the quiet time apart, whichever way the clock was set.
 */
const struct store_entry *repeat_rule_holder(const GPtrArray *entries,
					     const struct repeat_question *question);

#endif
