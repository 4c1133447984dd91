/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Answer an NMI that nobody claims, such as a hypervisor's inject-nmi, with the backtraces of
 * all CPUs. Off until the module parameter nmi_backtrace is set.
 */
#ifndef OOPSBT_NMI_BACKTRACE_H
#define OOPSBT_NMI_BACKTRACE_H

#include <linux/errno.h>

#ifdef CONFIG_X86_LOCAL_APIC

/* Returns 0, or the error for which this kernel's NMIs can't be answered. */
int oopsbt_nmi_register(void);
void oopsbt_nmi_unregister(void);

#else

static inline int oopsbt_nmi_register(void)
{
	return -EOPNOTSUPP;
}

static inline void oopsbt_nmi_unregister(void)
{
}

#endif
#endif
