/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ORC: finds the caller's frame from an instruction's address
 * (arch/x86/include/asm/orc_types.h, arch/x86/kernel/unwind_orc.c).
 *
 * Two parallel arrays, sorted by address: `orc_unwind_ip`, 32-bit offsets each relative to itself,
 * and `orc_unwind`, 6-byte entries {s16 sp_offset, s16 bp_offset, u16 bits}. The bits, from 0 up:
 *
 *   up to 6.2   sp_reg:4 bp_reg:4 type:2 end:1             CALL 0, REGS 1, REGS_PARTIAL 2
 *   6.3         sp_reg:4 bp_reg:4 type:2 signal:1 end:1    the same
 *   6.4 on      sp_reg:4 bp_reg:4 type:3 signal:1          UNDEFINED 0, END 1, CALL 2, REGS 3,
 *                                                          REGS_PARTIAL 4
 *   7.1 on      the same with other register numbers
 *
 * Distributions backport layouts, so the entries decide, not the release.
 */
#ifndef OOPSBT_KERNEL_ORC_H
#define OOPSBT_KERNEL_ORC_H

#include "guest/paging.h"

#define ORC_ENTRY_SIZE 6
/* Ten times as many as the largest kernels have. */
#define ORC_MAX_ENTRIES (16u << 20)

enum orc_layout {
	ORC_LAYOUT_NONE, /* a kernel without ORC */
	ORC_LAYOUT_5_4,
	ORC_LAYOUT_6_3,
	ORC_LAYOUT_6_4,
	ORC_LAYOUT_7_1,
	NUM_ORC_LAYOUTS
};

enum orc_type {
	ORC_TYPE_UNDEFINED,
	ORC_TYPE_END,
	ORC_TYPE_CALL,
	ORC_TYPE_REGS,
	ORC_TYPE_REGS_PARTIAL,
};

enum orc_register {
	ORC_REGISTER_UNDEFINED,
	ORC_REGISTER_PREV_SP,
	ORC_REGISTER_AX,
	ORC_REGISTER_DX,
	ORC_REGISTER_DI,
	ORC_REGISTER_BP,
	ORC_REGISTER_SP,
	ORC_REGISTER_R10,
	ORC_REGISTER_R13,
	ORC_REGISTER_BP_INDIRECT,
	ORC_REGISTER_SP_INDIRECT,
	ORC_REGISTER_INVALID,
};

struct orc_entry {
	int16_t sp_offset, bp_offset; /* bytes */
	enum orc_register sp_register, bp_register;
	enum orc_type type;
	bool signal; /* the frame above was interrupted; it did not make a call */
};

/* One sorted table of the core kernel or of a module. */
struct orc_table {
	gva_t ips;     /* int32_t, each relative to its own address */
	gva_t entries; /* ORC_ENTRY_SIZE bytes each */
	uint64_t num_entries;
};

/* False: @raw is invalid in @layout. */
bool orc_decode(enum orc_layout layout, const uint8_t raw[ORC_ENTRY_SIZE], struct orc_entry *entry);

/* Detects the layout from all entries, bypassing the snapshot. An error if none fits. */
bool orc_detect_layout(const struct address_space *space, const struct orc_table *table,
		       enum orc_layout *layout, GError **error);

/*
 * Finds the entry for @address, in place. NOT_FOUND: the table has none. @low and @high narrow the
 * search to [low, high) (orc_lookup_range()), or are 0 and num_entries.
 */
bool orc_find(const struct address_space *space, const struct orc_table *table,
	      enum orc_layout layout, gva_t address, uint64_t low, uint64_t high,
	      struct orc_entry *entry, GError **error);

#endif
