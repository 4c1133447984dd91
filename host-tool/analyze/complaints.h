/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a report is of where no oops is, but the guest's log complains of something: its title, and
 * whose code is to blame.
 */
#ifndef OOPSBT_ANALYZE_COMPLAINTS_H
#define OOPSBT_ANALYZE_COMPLAINTS_H

#include "kernel/printk.h"
#include "report/report.h"

/* How the record begins that says why the kernel panics. */
#define COMPLAINTS_PANIC "Kernel panic - not syncing: "

/* The last such of @records (of struct printk_record); NULL: there is none. */
const struct printk_record *complaints_find_panic(const GArray *records);

/*
 * A panic is often of what the kernel has complained of, and then says nothing itself; or it is a
 * complaint, with words that differ from one time to the next. A dump file may have no panic, and a
 * warning is none.
 * Nothing is changed if the log does not complain. @panicked: the kernel does panic.
 */
void complaints_tell(struct report *report, const GArray *records, bool panicked);

#endif
