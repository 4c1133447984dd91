// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/x86_64/orc.h"

#include "kernel/kallsyms.h"

#include <string.h>

#define NUM_REGISTERS 16

static const enum orc_register registers_5_4[NUM_REGISTERS] = {
	ORC_REGISTER_UNDEFINED,	  ORC_REGISTER_PREV_SP, ORC_REGISTER_DX,
	ORC_REGISTER_DI,	  ORC_REGISTER_BP,	ORC_REGISTER_SP,
	ORC_REGISTER_R10,	  ORC_REGISTER_R13,	ORC_REGISTER_BP_INDIRECT,
	ORC_REGISTER_SP_INDIRECT, ORC_REGISTER_INVALID, ORC_REGISTER_INVALID,
	ORC_REGISTER_INVALID,	  ORC_REGISTER_INVALID, ORC_REGISTER_INVALID,
	ORC_REGISTER_INVALID,
};

static const enum orc_register registers_7_1[NUM_REGISTERS] = {
	ORC_REGISTER_UNDEFINED,	  ORC_REGISTER_AX,	    ORC_REGISTER_DX,
	ORC_REGISTER_SP,	  ORC_REGISTER_BP,	    ORC_REGISTER_DI,
	ORC_REGISTER_R10,	  ORC_REGISTER_R13,	    ORC_REGISTER_PREV_SP,
	ORC_REGISTER_SP_INDIRECT, ORC_REGISTER_BP_INDIRECT, ORC_REGISTER_INVALID,
	ORC_REGISTER_INVALID,	  ORC_REGISTER_INVALID,	    ORC_REGISTER_INVALID,
	ORC_REGISTER_INVALID,
};

/* Up to 6.3 the type has two bits, and a separate flag marks the end of the stack. */
static bool decode_old_type(uint16_t bits, bool has_signal, struct orc_entry *entry)
{
	static const enum orc_type types[] = {ORC_TYPE_CALL, ORC_TYPE_REGS, ORC_TYPE_REGS_PARTIAL};
	unsigned int type = bits >> 8 & 3;
	bool end = bits >> (has_signal ? 11 : 10) & 1;

	if (type >= G_N_ELEMENTS(types) || bits >> (has_signal ? 12 : 11))
		return false;
	entry->type = types[type];
	entry->signal = has_signal ? bits >> 10 & 1 : type != 0;
	if (end)
		entry->type = ORC_TYPE_END;
	else if (entry->sp_register == ORC_REGISTER_UNDEFINED)
		entry->type = ORC_TYPE_UNDEFINED;
	return true;
}

bool orc_decode(enum orc_layout layout, const uint8_t raw[ORC_ENTRY_SIZE], struct orc_entry *entry)
{
	const enum orc_register *registers =
		layout == ORC_LAYOUT_7_1 ? registers_7_1 : registers_5_4;
	uint16_t bits;

	memcpy(&entry->sp_offset, raw, 2);
	memcpy(&entry->bp_offset, raw + 2, 2);
	memcpy(&bits, raw + 4, 2);
	entry->sp_register = registers[bits & 15];
	entry->bp_register = registers[bits >> 4 & 15];
	if (entry->sp_register == ORC_REGISTER_INVALID ||
	    entry->bp_register == ORC_REGISTER_INVALID)
		return false;
	if (layout == ORC_LAYOUT_5_4 || layout == ORC_LAYOUT_6_3)
		return decode_old_type(bits, layout == ORC_LAYOUT_6_3, entry);
	entry->type = bits >> 8 & 7;
	entry->signal = bits >> 11 & 1;
	return entry->type <= ORC_TYPE_REGS_PARTIAL && !(bits >> 12);
}

struct layout_count {
	uint64_t valid;
	uint64_t ordinary;    /* a call frame based on the stack pointer: most code has these */
	uint64_t regs;	      /* interrupt frames */
	uint64_t signal_regs; /* interrupt frames with the signal mark */
};

static void count_entry(enum orc_layout layout, const uint8_t *raw, struct layout_count *count)
{
	struct orc_entry entry;

	if (!orc_decode(layout, raw, &entry))
		return;
	count->valid++;
	count->ordinary += entry.type == ORC_TYPE_CALL && entry.sp_register == ORC_REGISTER_SP &&
			   entry.sp_offset > 0 && entry.sp_offset % 8 == 0;
	if (entry.type == ORC_TYPE_REGS) {
		count->regs++;
		count->signal_regs += entry.signal;
	}
}

bool orc_detect_layout(const struct address_space *space, const struct orc_table *table,
		       enum orc_layout *layout, GError **error)
{
	size_t bytes = table->num_entries * ORC_ENTRY_SIZE;
	g_autofree uint8_t *raw = NULL;

	*layout = ORC_LAYOUT_NONE;
	if (!table->num_entries || table->num_entries > ORC_MAX_ENTRIES) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "an ORC table cannot have %" G_GUINT64_FORMAT " entries",
			    table->num_entries);
		return false;
	}
	raw = g_malloc(bytes);
	if (!address_space_peek(space, table->entries, raw, bytes, error))
		return false;
	/* Newest first: the 6.3 layout decodes a 5.4 table except for its end marks. */
	for (enum orc_layout try = NUM_ORC_LAYOUTS - 1; try > ORC_LAYOUT_NONE; try--) {
		struct layout_count count = {0};

		for (uint64_t i = 0; i < table->num_entries; i++)
			count_entry(try, raw + i * ORC_ENTRY_SIZE, &count);
		if (count.valid < table->num_entries || count.ordinary < table->num_entries / 2)
			continue;
		/*
		 * In 6.3 every interrupt frame has the signal mark; in a 5.4 table that bit is
		 * `end`.
		 */
		if (try == ORC_LAYOUT_6_3 && count.signal_regs < count.regs)
			continue;
		*layout = try;
		return true;
	}
	g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
		    "the %" G_GUINT64_FORMAT " ORC entries have no known layout",
		    table->num_entries);
	return false;
}

static bool entry_address(const struct address_space *space, const struct orc_table *table,
			  uint64_t index, uint64_t *address, GError **error)
{
	gva_t where = gva_add(table->ips, 4 * index);
	uint32_t offset;

	if (!address_space_read_u32(space, where, &offset, error))
		return false;
	*address = where.value + (int64_t)(int32_t)offset;
	return true;
}

bool orc_find(const struct address_space *space, const struct orc_table *table,
	      enum orc_layout layout, gva_t address, uint64_t low, uint64_t high,
	      struct orc_entry *entry, GError **error)
{
	uint8_t raw[ORC_ENTRY_SIZE];
	uint64_t first = low;

	high = MIN(high, table->num_entries);
	/* Of several entries for one address the last counts, as in the kernel. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		uint64_t start;

		if (!entry_address(space, table, middle, &start, error))
			return false;
		if (start <= address.value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == first) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "no ORC entry for 0x%" G_GINT64_MODIFIER "x", address.value);
		return false;
	}
	if (!address_space_read(space, gva_add(table->entries, ORC_ENTRY_SIZE * (low - 1)), raw,
				sizeof(raw), NULL, error))
		return false;
	if (orc_decode(layout, raw, entry))
		return true;
	g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
		    "the ORC entry for 0x%" G_GINT64_MODIFIER "x does not make sense",
		    address.value);
	return false;
}
