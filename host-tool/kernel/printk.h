/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's log, read from its buffer in memory: kernel/printk/printk_ringbuffer.h from 5.10 on,
 * the struct printk_log records of kernel/printk/printk.c before. The layout comes from VMCOREINFO,
 * or else from BTF.
 */
#ifndef OOPSBT_KERNEL_PRINTK_H
#define OOPSBT_KERNEL_PRINTK_H

#include "base/maybe.h"
#include "kernel/kernel.h"

struct printk_record {
	uint64_t sequence;
	uint64_t time_ns;   /* since boot */
	unsigned int level; /* 0 to 7 */
	bool caller_known;
	uint32_t caller; /* printk_caller_id(): a pid, or 0x80000000 + CPU */
	char *text;	 /* as stored; may hold newlines and anything else */
};

/* In all of these @vmcoreinfo is the text of VMCOREINFO, or NULL if the kernel has none. */

/*
 * The CPU that printed the record in an interrupt or early in boot; unknown if a task printed it.
 */
struct maybe_int printk_caller_cpu(const struct printk_record *record);
struct maybe_int printk_caller_pid(const struct printk_record *record);

/* A position in the log that changes with every record, for noticing new ones. */
bool printk_position(const struct kernel *kernel, const char *vmcoreinfo, uint64_t *position,
		     GError **error);

/*
 * All records, oldest first: array of struct printk_record, free with g_array_unref(). Skips
 * records that are being written. A broken record ends the log and sets *@error; the array is
 * returned as well. *@source (optional) is a static text that names what was read.
 */
GArray *printk_read(const struct kernel *kernel, const char *vmcoreinfo, const char **source,
		    GError **error);

/*
 * The same for the newest @max_records only (at least one), which is cheap. NULL before 5.10: such
 * a log can only be read from its beginning.
 */
GArray *printk_read_newest(const struct kernel *kernel, const char *vmcoreinfo,
			   unsigned int max_records);

#endif
