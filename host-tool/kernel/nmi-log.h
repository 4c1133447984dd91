/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backtraces of the guest's CPUs that the guest itself printed through NMIs
 * (lib/nmi_backtrace.c): at an oops (kernel.oops_all_cpu_backtrace), for a host NMI, or by hand
 * (SysRq-L).
 */
#ifndef OOPSBT_KERNEL_NMI_LOG_H
#define OOPSBT_KERNEL_NMI_LOG_H

#include "kernel/printk.h"

struct nmi_backtrace {
	unsigned int cpu;
	bool idle;	   /* only the line "skipped: idling at ..." was printed */
	GPtrArray *frames; /* of char *, "function+0x12/0x34 [module]", innermost first, without "?"
			      entries */
};

/*
 * The last backtrace of each CPU after record @after: array of struct nmi_backtrace, free with
 * g_array_unref().
 */
GArray *nmi_backtraces_find(const GArray *records, uint64_t after);

#endif
