/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CR3: the page tables in use (Intel SDM vol. 3A, 4.5.2). */
#ifndef OOPSBT_GUEST_X86_64_CR3_H
#define OOPSBT_GUEST_X86_64_CR3_H

#include "guest/address.h"

/*
 * The bit that page-table isolation sets in CR3 while user mode's page tables are in use; they are
 * the second page of a pair (arch/x86/entry/calling.h). Without page-table isolation this bit is
 * part of the address.
 */
#define CR3_USER_BIT (1ull << 12)

/* The root of the page tables in a CR3 value, without PCID and flag bits. */
gpa_t cr3_root(uint64_t cr3);

#endif
