// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/printk.h"

#include <string.h>

#include "kernel/vmcoreinfo.h"

#define MAX_COUNT_BITS 24
#define MAX_SIZE_BITS 30
/* A log of 32 MiB has about this many. Of a larger log the newest records are read. */
#define MAX_RECORDS (1u << 20)
#define MAX_TEXT_BYTES (64ull << 20)
#define MAX_OLD_LOG (64u << 20)

/* prb_desc.state_var: the descriptor's id with its state in the top two bits. */
#define STATE_SHIFT 62
#define ID_MASK (~(3ull << STATE_SHIFT))
#define STATE_COMMITTED 1
#define STATE_FINALIZED 2

/* A record without text has a position with bit 0 set (FAILED_LPOS, EMPTY_LINE_LPOS). */
#define IS_DATALESS(position) ((position)&1)
#define BLOCK_ID_SIZE 8

/* struct prb_desc has 24 bytes, struct printk_info 88. */
#define MAX_DESC_SIZE 64
#define MAX_INFO_SIZE 256

#define CALLER_ID_CPU 0x80000000u

/* Offsets and sizes, from the OFFSET() and SIZE() lines of VMCOREINFO, or from BTF. */
struct ring_layout {
	uint64_t desc_ring, text_data_ring;		       /* in printk_ringbuffer */
	uint64_t count_bits, descs, infos, head_id, tail_id;   /* in prb_desc_ring */
	uint64_t state_var, text_blk_lpos, desc_size;	       /* in prb_desc */
	uint64_t begin, next;				       /* in prb_data_blk_lpos */
	uint64_t seq, ts_nsec, text_len, caller_id, info_size; /* in printk_info */
	uint64_t size_bits, data;			       /* in prb_data_ring */
};

struct ring {
	struct ring_layout layout;
	gva_t descs, infos, data;
	uint64_t head_id, tail_id;
	uint64_t count; /* descriptors, a power of two */
	uint64_t size;	/* bytes of text, a power of two */
	unsigned int size_bits;
	uint64_t text_left; /* bytes of text that have not been read yet; limits records that
			       overlap */
};

/* VMCOREINFO and BTF describe the same layout. VMCOREINFO also works for kernels without BTF. */
static bool find_layout(const struct kernel *kernel, const char *vmcoreinfo,
			struct ring_layout *layout, GError **error)
{
	const struct {
		const char *key;
		enum kernel_field field;
		uint64_t *value;
	} items[] = {
		{"OFFSET(printk_ringbuffer.desc_ring)", FIELD_prb_desc_ring, &layout->desc_ring},
		{"OFFSET(printk_ringbuffer.text_data_ring)", FIELD_prb_text_data_ring,
		 &layout->text_data_ring},
		{"OFFSET(prb_desc_ring.count_bits)", FIELD_prb_count_bits, &layout->count_bits},
		{"OFFSET(prb_desc_ring.descs)", FIELD_prb_descs, &layout->descs},
		{"OFFSET(prb_desc_ring.infos)", FIELD_prb_infos, &layout->infos},
		{"OFFSET(prb_desc_ring.head_id)", FIELD_prb_head_id, &layout->head_id},
		{"OFFSET(prb_desc_ring.tail_id)", FIELD_prb_tail_id, &layout->tail_id},
		{"OFFSET(prb_desc.state_var)", FIELD_prb_state_var, &layout->state_var},
		{"OFFSET(prb_desc.text_blk_lpos)", FIELD_prb_text_blk_lpos, &layout->text_blk_lpos},
		{"SIZE(prb_desc)", SIZE_prb_desc, &layout->desc_size},
		{"OFFSET(prb_data_blk_lpos.begin)", FIELD_prb_begin, &layout->begin},
		{"OFFSET(prb_data_blk_lpos.next)", FIELD_prb_next, &layout->next},
		{"OFFSET(printk_info.seq)", FIELD_prb_seq, &layout->seq},
		{"OFFSET(printk_info.ts_nsec)", FIELD_prb_ts_nsec, &layout->ts_nsec},
		{"OFFSET(printk_info.text_len)", FIELD_prb_text_len, &layout->text_len},
		{"OFFSET(printk_info.caller_id)", FIELD_prb_caller_id, &layout->caller_id},
		{"SIZE(printk_info)", SIZE_printk_info, &layout->info_size},
		{"OFFSET(prb_data_ring.size_bits)", FIELD_prb_size_bits, &layout->size_bits},
		{"OFFSET(prb_data_ring.data)", FIELD_prb_data, &layout->data},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
		if (vmcoreinfo && vmcoreinfo_number(vmcoreinfo, items[i].key, items[i].value) &&
		    *items[i].value <= GUEST_PAGE_SIZE)
			continue;
		if (kernel_has(kernel, items[i].field)) {
			*items[i].value = (uint64_t)kernel->map->fields[items[i].field];
			continue;
		}
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "neither VMCOREINFO nor BTF has a usable %s", items[i].key);
		return false;
	}
	return true;
}

/* Are all offsets within the structures? Both structures are read whole. */
static bool is_possible(const struct ring_layout *layout)
{
	return layout->desc_size <= MAX_DESC_SIZE && layout->info_size <= MAX_INFO_SIZE &&
	       layout->state_var + 8 <= layout->desc_size &&
	       layout->text_blk_lpos + layout->begin + 8 <= layout->desc_size &&
	       layout->text_blk_lpos + layout->next + 8 <= layout->desc_size &&
	       layout->seq + 8 <= layout->info_size && layout->ts_nsec + 8 <= layout->info_size &&
	       layout->text_len + 4 <= layout->info_size &&
	       layout->caller_id + 4 <= layout->info_size;
}

static bool ring_open(const struct kernel *kernel, const char *vmcoreinfo, struct ring *ring,
		      GError **error)
{
	struct ring_layout *layout = &ring->layout;
	const struct address_space *space = &kernel->space;
	uint32_t count_bits, size_bits;
	gva_t ringbuffer, desc_ring, data_ring;

	if (!find_layout(kernel, vmcoreinfo, layout, error) ||
	    !kernel_read_variable(kernel, SYMBOL_prb, &ringbuffer.value, 8, error))
		return false;
	desc_ring = gva_add(ringbuffer, layout->desc_ring);
	data_ring = gva_add(ringbuffer, layout->text_data_ring);
	if (!address_space_read_u32(space, gva_add(desc_ring, layout->count_bits), &count_bits,
				    error) ||
	    !address_space_read_u64(space, gva_add(desc_ring, layout->descs), &ring->descs.value,
				    error) ||
	    !address_space_read_u64(space, gva_add(desc_ring, layout->infos), &ring->infos.value,
				    error) ||
	    !address_space_read_u64(space, gva_add(desc_ring, layout->head_id), &ring->head_id,
				    error) ||
	    !address_space_read_u64(space, gva_add(desc_ring, layout->tail_id), &ring->tail_id,
				    error) ||
	    !address_space_read_u32(space, gva_add(data_ring, layout->size_bits), &size_bits,
				    error) ||
	    !address_space_read_u64(space, gva_add(data_ring, layout->data), &ring->data.value,
				    error))
		return false;
	if (!is_possible(layout) || count_bits > MAX_COUNT_BITS || size_bits > MAX_SIZE_BITS ||
	    ((ring->head_id - ring->tail_id) & ID_MASK) >= 1ull << count_bits) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the printk ring has an impossible size");
		return false;
	}
	ring->head_id &= ID_MASK;
	ring->tail_id &= ID_MASK;
	ring->count = 1ull << count_bits;
	ring->size_bits = size_bits;
	ring->size = 1ull << size_bits;
	ring->text_left = MIN(ring->size, MAX_TEXT_BYTES);
	return true;
}

static void skip_old(struct ring *ring, uint64_t max_records)
{
	if (((ring->head_id - ring->tail_id) & ID_MASK) >= max_records)
		ring->tail_id = (ring->head_id - (max_records - 1)) & ID_MASK;
}

static void record_clear(struct printk_record *record)
{
	g_free(record->text);
}

static GArray *records_new(void)
{
	GArray *records = g_array_new(FALSE, TRUE, sizeof(struct printk_record));

	g_array_set_clear_func(records, (GDestroyNotify)record_clear);
	return records;
}

/*
 * Reads the text of the block [begin, next) in the data ring. A block that does not fit before the
 * end of the ring starts at its beginning.
 */
static char *read_text(const struct kernel *kernel, struct ring *ring, uint64_t begin,
		       uint64_t next, uint16_t length, GError **error)
{
	uint64_t offset = begin & (ring->size - 1);
	g_autofree char *text = NULL;

	if (IS_DATALESS(begin) || !length)
		return g_strdup("");
	if (begin >> ring->size_bits != (next - 1) >> ring->size_bits)
		offset = 0;
	if (offset + BLOCK_ID_SIZE + length > ring->size) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "a printk record reaches past its ring");
		return NULL;
	}
	if (length > ring->text_left) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the printk records claim more text than their ring can hold");
		return NULL;
	}
	ring->text_left -= length;
	text = g_malloc0((size_t)length + 1);
	if (!address_space_read(&kernel->space, gva_add(ring->data, offset + BLOCK_ID_SIZE), text,
				length, NULL, error))
		return NULL;
	return g_steal_pointer(&text);
}

static uint64_t load_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static bool read_record(const struct kernel *kernel, struct ring *ring, uint64_t id,
			GArray *records, GError **error)
{
	const struct ring_layout *layout = &ring->layout;
	const struct address_space *space = &kernel->space;
	uint64_t index = id & (ring->count - 1);
	uint8_t desc[MAX_DESC_SIZE], info[MAX_INFO_SIZE];
	const uint8_t *block = desc + layout->text_blk_lpos;
	struct printk_record record = {.caller_known = true};
	uint64_t state;
	uint16_t length;

	if (!address_space_read(space, gva_add(ring->descs, index * layout->desc_size), desc,
				layout->desc_size, NULL, error))
		return false;
	state = load_u64(desc + layout->state_var);
	if ((state & ID_MASK) != (id & ID_MASK) ||
	    (state >> STATE_SHIFT != STATE_COMMITTED && state >> STATE_SHIFT != STATE_FINALIZED))
		return true; /* being written, or reused already */
	if (!address_space_read(space, gva_add(ring->infos, index * layout->info_size), info,
				layout->info_size, NULL, error))
		return false;
	record.sequence = load_u64(info + layout->seq);
	record.time_ns = load_u64(info + layout->ts_nsec);
	memcpy(&length, info + layout->text_len, sizeof(length));
	/* After text_len: u8 facility; u8 flags:5, level:3. */
	record.level = info[layout->text_len + 3] >> 5;
	memcpy(&record.caller, info + layout->caller_id, sizeof(record.caller));
	record.text = read_text(kernel, ring, load_u64(block + layout->begin),
				load_u64(block + layout->next), length, error);
	if (!record.text)
		return false;
	g_array_append_val(records, record);
	/* cppcheck-suppress memleak */ /* the array owns it */
	return true;
}

/* Reads descriptors, infos and text in a few large reads: a ring has thousands of records. */
static void prefetch(const struct kernel *kernel, const struct ring *ring)
{
	const struct ring_layout *layout = &ring->layout;
	uint64_t first = ring->tail_id & (ring->count - 1);
	uint64_t last = ring->head_id & (ring->count - 1);
	gva_t head = gva_add(ring->descs, last * layout->desc_size);
	uint64_t used;

	if (first > last) {
		first = 0;
		last = ring->count - 1;
	}
	address_space_prefetch(&kernel->space, gva_add(ring->descs, first * layout->desc_size),
			       (last - first + 1) * layout->desc_size);
	address_space_prefetch(&kernel->space, gva_add(ring->infos, first * layout->info_size),
			       (last - first + 1) * layout->info_size);
	if (address_space_read_u64(&kernel->space,
				   gva_add(head, layout->text_blk_lpos + layout->next), &used,
				   NULL))
		address_space_prefetch(&kernel->space, ring->data, MIN(used, ring->size));
}

static GArray *read_ring(const struct kernel *kernel, const char *vmcoreinfo, uint64_t max_records,
			 GError **error)
{
	GArray *records = records_new();
	struct ring ring;

	if (!ring_open(kernel, vmcoreinfo, &ring, error))
		return records;
	skip_old(&ring, max_records);
	if (max_records == MAX_RECORDS)
		prefetch(kernel, &ring);
	for (uint64_t id = ring.tail_id;; id = (id + 1) & ID_MASK) {
		if (!read_record(kernel, &ring, id, records, error) || id == ring.head_id)
			return records;
	}
}

/* Up to 5.9: struct printk_log { u64 ts_nsec; u16 len, text_len, dict_len; u8 facility,
 * flags_level; }. */
struct old_record {
	uint64_t time_ns;
	uint16_t length, text_length, dict_length;
	uint8_t facility, flags_level;
};

static bool old_header_size(const struct kernel *kernel, const char *vmcoreinfo, uint64_t *size)
{
	if (vmcoreinfo && vmcoreinfo_number(vmcoreinfo, "SIZE(printk_log)", size))
		return true;
	*size = (uint64_t)kernel->map->fields[SIZE_printk_log];
	return kernel_has(kernel, SIZE_printk_log);
}

static GArray *read_old_log(const struct kernel *kernel, const char *vmcoreinfo, GError **error)
{
	GArray *records = records_new();
	uint64_t buffer, header_size;
	uint32_t size, at, end;
	bool started_over = false;

	if (!kernel_read_variable(kernel, SYMBOL_log_buf, &buffer, sizeof(buffer), error) ||
	    !kernel_read_variable(kernel, SYMBOL_log_buf_len, &size, sizeof(size), error) ||
	    !kernel_read_variable(kernel, SYMBOL_log_first_idx, &at, sizeof(at), error) ||
	    !kernel_read_variable(kernel, SYMBOL_log_next_idx, &end, sizeof(end), error))
		return records;
	if (!old_header_size(kernel, vmcoreinfo, &header_size) ||
	    header_size < sizeof(struct old_record) || header_size > 64 || size > MAX_OLD_LOG ||
	    at > size || end > size) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the printk buffer has an impossible layout");
		return records;
	}
	while (at != end) {
		struct printk_record record = {.sequence = records->len};
		struct old_record header;

		if (!address_space_read(&kernel->space, gva(buffer + at), &header, sizeof(header),
					NULL, error))
			return records;
		/* A header of length 0: the next record starts at the beginning of the buffer. */
		if (!header.length && !started_over) {
			started_over = true;
			at = 0;
			continue;
		}
		if (!header.length || header.text_length + header_size > header.length ||
		    at + header.length > size) {
			g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
				    "the printk record at byte %u is broken", at);
			return records;
		}
		record.time_ns = header.time_ns;
		record.level = header.flags_level >> 5;
		record.text = g_malloc0((size_t)header.text_length + 1);
		g_array_append_val(records, record);
		if (!address_space_read(&kernel->space, gva(buffer + at + header_size), record.text,
					header.text_length, NULL, error))
			return records;
		at += header.length;
	}
	return records;
}

struct maybe_int printk_caller_cpu(const struct printk_record *record)
{
	if (!record->caller_known || !(record->caller & CALLER_ID_CPU))
		return (struct maybe_int){0};
	return (struct maybe_int){true, record->caller & ~CALLER_ID_CPU};
}

struct maybe_int printk_caller_pid(const struct printk_record *record)
{
	if (!record->caller_known || record->caller & CALLER_ID_CPU)
		return (struct maybe_int){0};
	return (struct maybe_int){true, record->caller};
}

static bool is_ring(const struct kernel *kernel)
{
	return kernel->map->symbols[SYMBOL_prb] != 0;
}

GArray *printk_read(const struct kernel *kernel, const char *vmcoreinfo, const char **source,
		    GError **error)
{
	if (source)
		*source = is_ring(kernel) ? "printk ring in guest memory"
					  : "printk buffer in guest memory (before 5.10)";
	return is_ring(kernel) ? read_ring(kernel, vmcoreinfo, MAX_RECORDS, error)
			       : read_old_log(kernel, vmcoreinfo, error);
}

GArray *printk_read_newest(const struct kernel *kernel, const char *vmcoreinfo,
			   unsigned int max_records)
{
	return is_ring(kernel) ? read_ring(kernel, vmcoreinfo, max_records, NULL) : NULL;
}

bool printk_position(const struct kernel *kernel, const char *vmcoreinfo, uint64_t *position,
		     GError **error)
{
	struct ring_layout layout;
	gva_t ringbuffer;
	uint64_t head, data_head;

	*position = 0;
	if (!is_ring(kernel)) {
		uint32_t next;

		if (!kernel_read_variable(kernel, SYMBOL_log_next_idx, &next, sizeof(next), error))
			return false;
		*position = next;
		return true;
	}
	if (!find_layout(kernel, vmcoreinfo, &layout, error) ||
	    !kernel_read_variable(kernel, SYMBOL_prb, &ringbuffer.value, 8, error))
		return false;
	/*
	 * Bypasses the snapshot, since the caller wants the current state. The text's head follows
	 * its data.
	 */
	if (!address_space_peek(&kernel->space,
				gva_add(ringbuffer, layout.desc_ring + layout.head_id), &head, 8,
				error) ||
	    !address_space_peek(&kernel->space,
				gva_add(ringbuffer, layout.text_data_ring + layout.data + 8),
				&data_head, 8, error))
		return false;
	*position = head ^ data_head << 32;
	return true;
}
