/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the complaint in the log of a guest without an oops: the report's title, and the code to
 * blame.
 */
#ifndef OOPSBT_ANALYZE_COMPLAINTS_H
#define OOPSBT_ANALYZE_COMPLAINTS_H

#include "kernel/printk.h"
#include "report/report.h"

/* The start of the record that gives the reason of a panic. */
#define COMPLAINTS_PANIC "Kernel panic - not syncing: "

/* The last such record of @records (of struct printk_record); NULL: there is none. */
const struct printk_record *complaints_find_panic(const GArray *records);

/*
 * Makes a complaint the subject of the report. A panic often follows a complaint and has no cause
 * of its own, or its text is a complaint that varies each time. A dump file may have no panic, and
 * a warning is none. Without a complaint in the log nothing changes. @panicked: the kernel panics.
 */
void complaints_tell(struct report *report, const GArray *records, bool panicked);

/* The signal "lockup" does not say which kind of hang it is: the complaint does. */
void complaints_name_hang(struct report *report);

#endif
