/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log rings that the test makes: in the formats of 5.10 and later, and of older kernels. */
#include <string.h>

#include "fake_guest.h"
#include "kernel/printk.h"

#define COUNT_BITS 4
#define COUNT (1u << COUNT_BITS)
#define SIZE_BITS 10
#define SIZE (1u << SIZE_BITS)

/* Offsets in the image. */
#define PRB_POINTER 0x100u
#define PRB 0x1000u
#define DESCS 0x2000u
#define INFOS 0x4000u
#define DATA 0x8000u
#define OLD_LOG 0x10000u
#define OLD_SIZE 2048u
#define OLD_VARIABLES 0x200u

/* The layout of struct printk_ringbuffer and its parts on x86-64, which VMCOREINFO gives. */
struct block {
	uint64_t begin, next;
};

struct desc {
	uint64_t state;
	struct block text;
};

struct info {
	uint64_t seq, ts_nsec;
	uint16_t text_len;
	uint8_t facility, flags_level;
	uint32_t caller_id;
	uint8_t device[64];
};

struct ring {
	struct {
		uint32_t count_bits;
		uint64_t descs, infos, head_id, tail_id, last_finalized;
	} desc_ring;
	struct {
		uint32_t size_bits;
		uint64_t data, head_lpos, tail_lpos;
	} text;
};

#define STATE_RESERVED (0ull << 62)
#define STATE_COMMITTED (1ull << 62)
#define STATE_FINALIZED (2ull << 62)
#define STATE_REUSABLE (3ull << 62)
#define ID_MASK (~(3ull << 62))

#define OFFSET(name, type, member) "OFFSET(" name ")=%zu\n", offsetof(type, member)

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
	GString *vmcoreinfo;
	uint64_t next_id, position, sequence;
};

static void *at(struct fixture *f, uint64_t offset)
{
	return fake_guest_at(&f->guest, offset);
}

static struct ring *ring_of(struct fixture *f)
{
	return at(f, PRB);
}

static void describe(GString *text)
{
	g_string_append_printf(text, OFFSET("printk_ringbuffer.desc_ring", struct ring, desc_ring));
	g_string_append_printf(text, OFFSET("printk_ringbuffer.text_data_ring", struct ring, text));
	g_string_append_printf(text, OFFSET("prb_desc_ring.count_bits", struct ring, desc_ring));
	g_string_append_printf(text, OFFSET("prb_desc_ring.descs", struct ring, desc_ring.descs));
	g_string_append_printf(text, OFFSET("prb_desc_ring.infos", struct ring, desc_ring.infos));
	g_string_append_printf(text,
			       OFFSET("prb_desc_ring.head_id", struct ring, desc_ring.head_id));
	g_string_append_printf(text,
			       OFFSET("prb_desc_ring.tail_id", struct ring, desc_ring.tail_id));
	g_string_append_printf(text, OFFSET("prb_desc.state_var", struct desc, state));
	g_string_append_printf(text, OFFSET("prb_desc.text_blk_lpos", struct desc, text));
	g_string_append_printf(text, "SIZE(prb_desc)=%zu\n", sizeof(struct desc));
	g_string_append_printf(text, OFFSET("prb_data_blk_lpos.begin", struct block, begin));
	g_string_append_printf(text, OFFSET("prb_data_blk_lpos.next", struct block, next));
	g_string_append_printf(text, OFFSET("printk_info.seq", struct info, seq));
	g_string_append_printf(text, OFFSET("printk_info.ts_nsec", struct info, ts_nsec));
	g_string_append_printf(text, OFFSET("printk_info.text_len", struct info, text_len));
	g_string_append_printf(text, OFFSET("printk_info.caller_id", struct info, caller_id));
	g_string_append_printf(text, "SIZE(printk_info)=%zu\n", sizeof(struct info));
	g_string_append_printf(text, "OFFSET(prb_data_ring.size_bits)=%zu\n",
			       offsetof(struct ring, text.size_bits) - offsetof(struct ring, text));
	g_string_append_printf(text, "OFFSET(prb_data_ring.data)=%zu\n",
			       offsetof(struct ring, text.data) - offsetof(struct ring, text));
}

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct ring *ring;
	uint64_t pointer = FAKE_GUEST_IMAGE + PRB;

	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->symbols[SYMBOL_prb] = FAKE_GUEST_IMAGE + PRB_POINTER;
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
	f->vmcoreinfo = g_string_new("OSRELEASE=6.1.0\n");
	describe(f->vmcoreinfo);
	memcpy(at(f, PRB_POINTER), &pointer, sizeof(pointer));
	ring = ring_of(f);
	ring->desc_ring.count_bits = COUNT_BITS;
	ring->desc_ring.descs = FAKE_GUEST_IMAGE + DESCS;
	ring->desc_ring.infos = FAKE_GUEST_IMAGE + INFOS;
	ring->text.size_bits = SIZE_BITS;
	ring->text.data = FAKE_GUEST_IMAGE + DATA;
	/* The first ids and positions soon wrap (DESC0_ID, BLK0_LPOS). */
	f->next_id = -(uint64_t)(COUNT + 1) & ID_MASK;
	f->position = -(uint64_t)SIZE;
	ring->desc_ring.head_id = ring->desc_ring.tail_id = f->next_id;
	((struct desc *)at(f, DESCS))[f->next_id % COUNT].state = STATE_REUSABLE | f->next_id;
	f->next_id = (f->next_id + 1) & ID_MASK;
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
	g_string_free(f->vmcoreinfo, TRUE);
}

/* prb_reserve(), prb_commit(): NULL text is a record without data. */
static struct desc *put(struct fixture *f, const char *text, uint64_t state)
{
	struct ring *ring = ring_of(f);
	struct desc *desc = (struct desc *)at(f, DESCS) + f->next_id % COUNT;
	struct info *info = (struct info *)at(f, INFOS) + f->next_id % COUNT;
	size_t length = text ? strlen(text) : 0;
	uint64_t size = (8 + length + 7) & ~7ull;

	*info = (struct info){.seq = f->sequence,
			      .ts_nsec = 1000 * f->sequence,
			      .text_len = (uint16_t)length,
			      .flags_level = (uint8_t)(f->sequence % 8) << 5 | 3,
			      .caller_id = 77};
	f->sequence++;
	if (!text) {
		desc->text = (struct block){3, 3}; /* EMPTY_LINE_LPOS */
	} else {
		uint64_t begin = f->position;

		desc->text.begin = begin;
		if (begin / SIZE != (begin + size - 1) / SIZE) {
			f->position = (begin + SIZE) & ~(uint64_t)(SIZE - 1);
			begin = f->position;
		}
		memcpy(at(f, DATA + begin % SIZE), &f->next_id, 8);
		memcpy(at(f, DATA + begin % SIZE + 8), text, length);
		f->position = begin + size;
		desc->text.next = f->position;
	}
	desc->state = state | f->next_id;
	ring->desc_ring.head_id = f->next_id;
	if (((ring->desc_ring.head_id - ring->desc_ring.tail_id) & ID_MASK) >= COUNT)
		ring->desc_ring.tail_id = (ring->desc_ring.tail_id + 1) & ID_MASK;
	f->next_id = (f->next_id + 1) & ID_MASK;
	return desc;
}

/* BTF of a kernel without VMCOREINFO gives the same layout. */
static void use_btf(struct fixture *f)
{
	int32_t *fields = f->map->fields;

	fields[FIELD_prb_desc_ring] = offsetof(struct ring, desc_ring);
	fields[FIELD_prb_text_data_ring] = offsetof(struct ring, text);
	fields[FIELD_prb_count_bits] = offsetof(struct ring, desc_ring.count_bits);
	fields[FIELD_prb_descs] = offsetof(struct ring, desc_ring.descs);
	fields[FIELD_prb_infos] = offsetof(struct ring, desc_ring.infos);
	fields[FIELD_prb_head_id] = offsetof(struct ring, desc_ring.head_id);
	fields[FIELD_prb_tail_id] = offsetof(struct ring, desc_ring.tail_id);
	fields[FIELD_prb_state_var] = offsetof(struct desc, state);
	fields[FIELD_prb_text_blk_lpos] = offsetof(struct desc, text);
	fields[SIZE_prb_desc] = sizeof(struct desc);
	fields[FIELD_prb_begin] = offsetof(struct block, begin);
	fields[FIELD_prb_next] = offsetof(struct block, next);
	fields[FIELD_prb_seq] = offsetof(struct info, seq);
	fields[FIELD_prb_ts_nsec] = offsetof(struct info, ts_nsec);
	fields[FIELD_prb_text_len] = offsetof(struct info, text_len);
	fields[FIELD_prb_caller_id] = offsetof(struct info, caller_id);
	fields[SIZE_printk_info] = sizeof(struct info);
	fields[FIELD_prb_size_bits] =
		offsetof(struct ring, text.size_bits) - offsetof(struct ring, text);
	fields[FIELD_prb_data] = offsetof(struct ring, text.data) - offsetof(struct ring, text);
}

static GArray *read_all(struct fixture *f, GError **error)
{
	fake_guest_forget(&f->guest);
	f->kernel.space = f->guest.space;
	return printk_read(&f->kernel, f->vmcoreinfo->str, NULL, error);
}

static const struct printk_record *record_at(const GArray *records, guint i)
{
	g_assert_cmpuint(i, <, records->len);
	return &g_array_index(records, struct printk_record, i);
}

static void test_order(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	put(f, "first", STATE_FINALIZED);
	put(f, "two\nlines", STATE_FINALIZED);
	put(f, NULL, STATE_FINALIZED);
	put(f, "goes on", STATE_COMMITTED);
	records = read_all(f, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 4);
	g_assert_cmpstr(record_at(records, 0)->text, ==, "first");
	g_assert_cmpstr(record_at(records, 1)->text, ==, "two\nlines");
	g_assert_cmpstr(record_at(records, 2)->text, ==, "");
	g_assert_cmpstr(record_at(records, 3)->text, ==, "goes on");
	g_assert_cmpuint(record_at(records, 1)->sequence, ==, 1);
	g_assert_cmpuint(record_at(records, 1)->time_ns, ==, 1000);
	g_assert_cmpuint(record_at(records, 1)->level, ==, 1);
	g_assert_true(record_at(records, 1)->caller_known);
	g_assert_cmpuint(record_at(records, 1)->caller, ==, 77);
}

static void test_newest(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) one = NULL;
	g_autoptr(GArray) two = NULL;
	g_autoptr(GArray) more = NULL;

	put(f, "first", STATE_FINALIZED);
	put(f, "second", STATE_FINALIZED);
	put(f, "third", STATE_FINALIZED);
	one = printk_read_newest(&f->kernel, f->vmcoreinfo->str, 1);
	two = printk_read_newest(&f->kernel, f->vmcoreinfo->str, 2);
	more = printk_read_newest(&f->kernel, f->vmcoreinfo->str, 100);
	g_assert_cmpuint(one->len, ==, 1);
	g_assert_cmpstr(record_at(one, 0)->text, ==, "third");
	g_assert_cmpuint(two->len, ==, 2);
	g_assert_cmpstr(record_at(two, 0)->text, ==, "second");
	g_assert_cmpstr(record_at(two, 1)->text, ==, "third");
	g_assert_cmpuint(more->len, ==, 3);
}

static void test_empty(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) records = read_all(f, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 0);
}

static void test_without_vmcoreinfo(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GArray) none = NULL;
	g_autoptr(GError) error = NULL;
	uint64_t position;

	put(f, "first", STATE_FINALIZED);
	put(f, "second", STATE_FINALIZED);
	fake_guest_forget(&f->guest);
	f->kernel.space = f->guest.space;
	none = printk_read(&f->kernel, NULL, NULL, &error);
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	g_assert_cmpuint(none->len, ==, 0);
	g_clear_error(&error);
	use_btf(f);
	records = printk_read(&f->kernel, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 2);
	g_assert_cmpstr(record_at(records, 1)->text, ==, "second");
	g_assert_true(printk_position(&f->kernel, NULL, &position, NULL));
}

/* Descriptors and text wrap around, and ids pass their maximum. */
static void test_wrap(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	for (unsigned int i = 0; i < 200; i++) {
		g_autofree char *text = g_strnfill(1 + i * 7 % 50, (char)('a' + i % 26));
		g_autoptr(GArray) records = NULL;
		g_autoptr(GError) error = NULL;
		const struct printk_record *last;

		put(f, text, STATE_FINALIZED);
		records = read_all(f, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(records->len, ==, MIN(i + 1, COUNT));
		last = record_at(records, records->len - 1);
		g_assert_cmpstr(last->text, ==, text);
		g_assert_cmpuint(last->sequence, ==, i);
		g_assert_cmpuint(record_at(records, 0)->sequence, ==, i + 1 - records->len);
	}
}

static void test_unfinished(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	put(f, "a", STATE_FINALIZED);
	put(f, "being written", STATE_RESERVED);
	put(f, "taken back", STATE_REUSABLE);
	put(f, "of another time", STATE_FINALIZED)->state += COUNT;
	put(f, "b", STATE_FINALIZED);
	records = read_all(f, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 2);
	g_assert_cmpstr(record_at(records, 0)->text, ==, "a");
	g_assert_cmpstr(record_at(records, 1)->text, ==, "b");
}

/* The records before the broken record are kept. */
static void test_broken(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;
	struct info *infos = at(f, INFOS);

	put(f, "a", STATE_FINALIZED);
	put(f, "b", STATE_FINALIZED);
	infos[(f->next_id - 1) % COUNT].text_len = 60000;
	put(f, "c", STATE_FINALIZED);
	records = read_all(f, &error);
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	g_assert_cmpuint(records->len, ==, 1);
}

static void assert_refused(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) records = read_all(f, &error);

	g_assert_nonnull(error);
	g_assert_cmpuint(records->len, ==, 0);
}

static void test_impossible_ring(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct ring *ring = ring_of(f), good;

	put(f, "a", STATE_FINALIZED);
	good = *ring;
	ring->desc_ring.count_bits = 63;
	assert_refused(f);
	*ring = good;
	ring->text.size_bits = 40;
	assert_refused(f);
	*ring = good;
	ring->desc_ring.head_id += COUNT;
	assert_refused(f);
	*ring = good;
	ring->desc_ring.tail_id = ring->desc_ring.head_id + 1;
	assert_refused(f);
	*ring = good;
	ring->desc_ring.descs = 0x1234;
	assert_refused(f);
	*ring = good;
	g_string_assign(f->vmcoreinfo, "OSRELEASE=6.1.0\n");
	assert_refused(f);
}

/* Larger than any descriptor or info, or a member beyond the end. */
static void test_impossible_layout(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const lines[] = {
		"SIZE(prb_desc)=4096\n",
		"SIZE(prb_desc)=16\n",
		"SIZE(printk_info)=4096\n",
		"SIZE(printk_info)=8\n",
		"OFFSET(prb_data_blk_lpos.next)=100\n",
	};
	g_autofree char *good = g_strdup(f->vmcoreinfo->str);

	put(f, "a", STATE_FINALIZED);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		/* The first of two lines counts. */
		g_string_assign(f->vmcoreinfo, lines[i]);
		g_string_append(f->vmcoreinfo, good);
		assert_refused(f);
	}
}

/*
 * The ids have 62 bits. With more bits the walk from the tail would meet the head after 2^62
 * records.
 */
static void test_ids_with_state_bits(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct ring *ring = ring_of(f);
	g_autoptr(GError) error = NULL;
	g_autoptr(GArray) records = NULL;

	put(f, "a", STATE_FINALIZED);
	ring->desc_ring.tail_id = ring->desc_ring.head_id | STATE_REUSABLE;
	records = read_all(f, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 1);
}

/* Every descriptor has the whole ring as its text: the sum exceeds the ring. */
static void test_too_much_text(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct info *infos = at(f, INFOS);
	struct desc *descs = at(f, DESCS);
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;
	size_t length = 0;

	for (unsigned int i = 0; i < COUNT; i++)
		put(f, "a", STATE_FINALIZED);
	for (unsigned int i = 0; i < COUNT; i++) {
		infos[i].text_len = SIZE - 8;
		descs[i].text = (struct block){-(uint64_t)SIZE, 0};
	}
	records = read_all(f, &error);
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	for (guint i = 0; i < records->len; i++)
		length += strlen(record_at(records, i)->text);
	g_assert_cmpuint(length, <=, SIZE);
}

static void test_position(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint64_t before, after;

	g_assert_true(printk_position(&f->kernel, f->vmcoreinfo->str, &before, NULL));
	put(f, "a", STATE_FINALIZED);
	g_assert_true(printk_position(&f->kernel, f->vmcoreinfo->str, &after, NULL));
	g_assert_cmphex(before, !=, after);
}

static void test_random(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(31);
	static const struct {
		uint32_t start, length;
	} areas[] = {{PRB, sizeof(struct ring)},
		     {DESCS, COUNT * sizeof(struct desc)},
		     {INFOS, COUNT * sizeof(struct info)},
		     {DATA, SIZE}};
	g_autofree uint8_t *good = NULL;

	for (int i = 0; i < 40; i++)
		put(f, "some text of a length", STATE_FINALIZED);
	good = g_memdup2(at(f, 0), OLD_LOG);
	for (int round = 0; round < 3000; round++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) records = NULL;

		memcpy(at(f, 0), good, OLD_LOG);
		for (int i = 0; i < 1 << (round % 8); i++) {
			int area = g_rand_int_range(random, 0, G_N_ELEMENTS(areas));

			*(uint8_t *)at(f, areas[area].start +
						  (uint32_t)g_rand_int_range(
							  random, 0, (gint)areas[area].length)) =
				(uint8_t)g_rand_int(random);
		}
		records = read_all(f, &error);
		g_assert_cmpuint(records->len, <=, 1 << 20);
	}
}

/* --- up to 5.9 --- */

struct old_record {
	uint64_t ts_nsec;
	uint16_t len, text_len, dict_len;
	uint8_t facility, flags_level;
};

struct old_variables {
	uint64_t log_buf;
	uint32_t size, first, next;
};

static struct old_variables *old(struct fixture *f)
{
	return at(f, OLD_VARIABLES);
}

static void use_old(struct fixture *f)
{
	uint64_t base = FAKE_GUEST_IMAGE + OLD_VARIABLES;
	uint64_t *symbols = f->map->symbols;

	symbols[SYMBOL_prb] = 0;
	symbols[SYMBOL_log_buf] = base + offsetof(struct old_variables, log_buf);
	symbols[SYMBOL_log_buf_len] = base + offsetof(struct old_variables, size);
	symbols[SYMBOL_log_first_idx] = base + offsetof(struct old_variables, first);
	symbols[SYMBOL_log_next_idx] = base + offsetof(struct old_variables, next);
	g_string_assign(f->vmcoreinfo, "OSRELEASE=5.4.0\nSIZE(printk_log)=16\n");
	*old(f) = (struct old_variables){FAKE_GUEST_IMAGE + OLD_LOG, OLD_SIZE, 0, 0};
}

static struct old_record *put_old(struct fixture *f, const char *text)
{
	uint16_t length = (uint16_t)((sizeof(struct old_record) + strlen(text) + 7) & ~7u);
	struct old_record *record;

	/* Leaves room for a header, which marks the wrap. */
	if (old(f)->next + length + sizeof(*record) > OLD_SIZE) {
		memset(at(f, OLD_LOG + old(f)->next), 0, sizeof(*record));
		old(f)->next = 0;
	}
	record = at(f, OLD_LOG + old(f)->next);
	*record = (struct old_record){.ts_nsec = 5, .len = length, .flags_level = 4 << 5};
	record->text_len = (uint16_t)strlen(text);
	memcpy(record + 1, text, strlen(text));
	old(f)->next += length;
	return record;
}

static void test_old(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	use_old(f);
	put_old(f, "first");
	put_old(f, "");
	put_old(f, "third");
	records = read_all(f, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 3);
	g_assert_cmpstr(record_at(records, 0)->text, ==, "first");
	g_assert_cmpstr(record_at(records, 2)->text, ==, "third");
	g_assert_cmpuint(record_at(records, 2)->level, ==, 4);
	g_assert_cmpuint(record_at(records, 2)->sequence, ==, 2);
	g_assert_false(record_at(records, 2)->caller_known);
}

static void test_old_wrap(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *text = g_strnfill(180, 'x');
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	use_old(f);
	for (int i = 0; i < 10; i++)
		put_old(f, text);
	old(f)->first = 200 * 3; /* the oldest records are overwritten */
	put_old(f, "over");
	put_old(f, "again");
	records = read_all(f, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(records->len, ==, 9);
	g_assert_cmpstr(record_at(records, 0)->text, ==, text);
	g_assert_cmpstr(record_at(records, 8)->text, ==, "again");
}

static void test_old_broken(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	use_old(f);
	put_old(f, "a");
	put_old(f, "b")->text_len = 9999;
	records = read_all(f, &error);
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	g_assert_cmpuint(records->len, ==, 1);
	old(f)->first = OLD_SIZE + 1;
	assert_refused(f);
	old(f)->first = 0;
	g_string_assign(f->vmcoreinfo, "OSRELEASE=5.4.0\n");
	assert_refused(f);
}

/* Records beyond the end form a loop: the walk ends after one round. */
static void test_old_loop(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GArray) records = NULL;
	g_autoptr(GError) error = NULL;

	use_old(f);
	for (int i = 0; i < 20; i++)
		put_old(f, "around");
	memset(at(f, OLD_LOG + old(f)->next), 0, sizeof(struct old_record));
	old(f)->next = 4;
	records = read_all(f, &error);
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	g_assert_cmpuint(records->len, <=, 40);
}

static void test_old_random(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(32);
	g_autofree uint8_t *good = NULL;

	use_old(f);
	for (int i = 0; i < 70; i++)
		put_old(f, "some text");
	good = g_memdup2(at(f, OLD_LOG), OLD_SIZE);
	for (int round = 0; round < 3000; round++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) records = NULL;

		memcpy(at(f, OLD_LOG), good, OLD_SIZE);
		for (int i = 0; i < 1 << (round % 8); i++)
			*(uint8_t *)at(f,
				       OLD_LOG + (uint32_t)g_rand_int_range(random, 0, OLD_SIZE)) =
				(uint8_t)g_rand_int(random);
		old(f)->first = (uint32_t)g_rand_int_range(random, 0, OLD_SIZE + 8);
		records = read_all(f, &error);
		g_assert_cmpuint(records->len, <=, OLD_SIZE);
	}
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/printk/order", test_order);
	add("/printk/the newest records can be read alone", test_newest);
	add("/printk/an impossible layout is rejected", test_impossible_layout);
	add("/printk/empty", test_empty);
	add("/printk/without-vmcoreinfo", test_without_vmcoreinfo);
	add("/printk/wrap", test_wrap);
	add("/printk/unfinished", test_unfinished);
	add("/printk/broken", test_broken);
	add("/printk/impossible-ring", test_impossible_ring);
	add("/printk/ids-with-state-bits", test_ids_with_state_bits);
	add("/printk/too-much-text", test_too_much_text);
	add("/printk/position", test_position);
	add("/printk/random", test_random);
	add("/printk/old", test_old);
	add("/printk/old-wrap", test_old_wrap);
	add("/printk/old-broken", test_old_broken);
	add("/printk/old-loop", test_old_loop);
	add("/printk/old-random", test_old_random);
	return g_test_run();
}
