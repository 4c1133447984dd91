/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CR3: the page tables in use (Intel SDM vol. 3A, 4.5.2). */
#ifndef OOPSBT_GUEST_X86_64_CR3_H
#define OOPSBT_GUEST_X86_64_CR3_H

#include "guest/address.h"

/*
 * Page-table isolation: set in CR3 while user mode's page tables are in use, which are the second
 * page of a pair (arch/x86/entry/calling.h). Without page-table isolation part of the address.
 */
#define CR3_USER_BIT (1ull << 12)

/* The page-table root in a CR3, without PCID and flag bits. */
gpa_t cr3_root(uint64_t cr3);

#endif
