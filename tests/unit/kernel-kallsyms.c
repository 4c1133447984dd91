/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kallsyms tables that the test builds in the layout of each kernel, and malformed tables. */
#include <string.h>
#include <time.h>

#include "fake_guest.h"
#include "kernel/kallsyms.h"

#define IMAGE_LENGTH (8u << 20)
#define NUM_SYMBOLS 3000
#define FIRST_SYMBOL 0x1000u /* in the image */
#define SYMBOL_STEP 48u
#define ALIASED 700 /* has the address of the symbol before it */
#define LONG_NAMED 1234
#define LONG_NAME 300
#define NUM_PERCPU 20

struct layout {
	const char *name;
	bool tables_first;  /* offsets before the names (up to 6.3) or at the end */
	bool relative_base; /* has a relative base */
	bool seqs;
	size_t alignment;
	enum kallsyms_encoding encoding;
};

static const struct layout layouts[] = {
	{"5.4", true, true, false, 8, KALLSYMS_ABSOLUTE_PERCPU},
	{"6.2", true, true, true, 8, KALLSYMS_ABSOLUTE_PERCPU},
	{"6.4", false, true, true, 8, KALLSYMS_ABSOLUTE_PERCPU},
	{"6.15", false, true, true, 8, KALLSYMS_RELATIVE},
	{"7.2", false, false, true, 8, KALLSYMS_SELF_RELATIVE},
	{"7.2-aligned-to-4", false, false, true, 4, KALLSYMS_SELF_RELATIVE},
};

struct fixture {
	struct fake_guest guest;
	const struct layout *layout;
	GByteArray *tables;
	uint64_t place; /* of the tables in the image */
	struct kallsyms kallsyms;
};

static bool absolute_percpu(const struct layout *layout)
{
	return layout->encoding == KALLSYMS_ABSOLUTE_PERCPU;
}

static uint64_t address_at(const struct layout *layout, unsigned int i)
{
	if (absolute_percpu(layout)) {
		if (i < NUM_PERCPU)
			return 64 * (uint64_t)i;
		i -= NUM_PERCPU;
	}
	return FAKE_GUEST_IMAGE + FIRST_SYMBOL + SYMBOL_STEP * (uint64_t)(i - (i == ALIASED));
}

static char *name_at(unsigned int i)
{
	g_autofree char *plain = g_strdup_printf("symbol_%u_of_sys", i);

	if (i == LONG_NAMED) {
		char *name = g_strnfill(LONG_NAME, 'q');

		memcpy(name, plain, strlen(plain));
		return name;
	}
	return g_steal_pointer(&plain);
}

/* The token of an ASCII character is the character; higher tokens are longer. */
static const char *token_at(unsigned int i, char buffer[16])
{
	static const char *const words[] = {"symbol_", "sys", "_of_", "Tsym"};

	if (i > ' ' && i < 0x7f)
		g_snprintf(buffer, 16, "%c", (char)i);
	else if (i >= 0x80 && i < 0x80 + G_N_ELEMENTS(words))
		g_strlcpy(buffer, words[i - 0x80], 16);
	else
		g_snprintf(buffer, 16, "~%u", i);
	return buffer;
}

static void append(GByteArray *bytes, const void *data, size_t length)
{
	g_byte_array_append(bytes, data, (guint)length);
}

static void align(GByteArray *bytes, size_t alignment)
{
	while (bytes->len % alignment)
		append(bytes, "", 1);
}

static void append_name(GByteArray *bytes, const char *name)
{
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autofree char *typed = g_strconcat("T", name, NULL);
	uint8_t length[2];

	for (const char *rest = typed; *rest;) {
		uint8_t best = (uint8_t)*rest;
		size_t best_length = 1;

		for (unsigned int token = 0x80; token < 0x84; token++) {
			char buffer[16];
			size_t token_length = strlen(token_at(token, buffer));

			if (token_length > best_length && g_str_has_prefix(rest, buffer)) {
				best = (uint8_t)token;
				best_length = token_length;
			}
		}
		append(packed, &best, 1);
		rest += best_length;
	}
	length[0] = (uint8_t)((packed->len & 0x7f) | (packed->len > 0x7f ? 0x80 : 0));
	length[1] = (uint8_t)(packed->len >> 7);
	append(bytes, length, packed->len > 0x7f ? 2 : 1);
	append(bytes, packed->data, packed->len);
}

static void append_names(struct fixture *f)
{
	GByteArray *bytes = f->tables;
	g_autoptr(GByteArray) markers = g_byte_array_new();
	uint32_t count = NUM_SYMBOLS;
	guint start;

	append(bytes, &count, 4);
	align(bytes, f->layout->alignment);
	start = bytes->len;
	for (unsigned int i = 0; i < NUM_SYMBOLS; i++) {
		g_autofree char *name = name_at(i);
		uint32_t marker = bytes->len - start;

		if (i % 256 == 0)
			append(markers, &marker, 4);
		append_name(bytes, name);
	}
	align(bytes, f->layout->alignment);
	append(bytes, markers->data, markers->len);
	align(bytes, f->layout->alignment);
}

static void append_seqs(struct fixture *f)
{
	for (unsigned int i = 0; i < NUM_SYMBOLS; i++) {
		uint32_t sequence = (i * 7919) % NUM_SYMBOLS;

		append(f->tables, &sequence, 3);
	}
	align(f->tables, f->layout->alignment);
}

static void append_tokens(struct fixture *f)
{
	uint16_t index[256];
	guint start = f->tables->len;
	char buffer[16];

	for (unsigned int i = 0; i < 256; i++) {
		index[i] = (uint16_t)(f->tables->len - start);
		token_at(i, buffer);
		append(f->tables, buffer, strlen(buffer) + 1);
	}
	align(f->tables, f->layout->alignment);
	append(f->tables, index, sizeof(index));
	align(f->tables, f->layout->alignment);
}

static void append_offsets(struct fixture *f)
{
	uint64_t base = FAKE_GUEST_IMAGE;

	for (unsigned int i = 0; i < NUM_SYMBOLS; i++) {
		uint64_t address = address_at(f->layout, i);
		uint64_t here = FAKE_GUEST_IMAGE + f->place + f->tables->len;
		uint32_t offset = (uint32_t)(address - base);

		if (f->layout->encoding == KALLSYMS_SELF_RELATIVE)
			offset = (uint32_t)(address - here);
		else if (absolute_percpu(f->layout))
			offset =
				i < NUM_PERCPU ? (uint32_t)address : (uint32_t)(base - 1 - address);
		append(f->tables, &offset, 4);
	}
	align(f->tables, f->layout->alignment);
	if (f->layout->relative_base)
		append(f->tables, &base, 8);
}

static void set_up(struct fixture *f, gconstpointer layout)
{
	f->layout = layout;
	f->tables = g_byte_array_new();
	f->place = 5u << 20;
	fake_guest_init(&f->guest, IMAGE_LENGTH);
	if (f->layout->tables_first)
		append_offsets(f);
	append_names(f);
	if (f->layout->tables_first && f->layout->seqs)
		append_seqs(f);
	append_tokens(f);
	if (!f->layout->tables_first) {
		append_offsets(f);
		append_seqs(f);
	}
	memcpy(fake_guest_at(&f->guest, f->place), f->tables->data, f->tables->len);
}

static void tear_down(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	fake_guest_clear(&f->guest);
	g_byte_array_unref(f->tables);
}

static bool find_in(struct fixture *f, uint64_t start, uint64_t length, GError **error)
{
	struct mapped_run run = {gva(start), length};
	g_auto(Image) image = {0};

	return image_copy(&f->guest.space, run, 1u << 28, &image, error) &&
	       kallsyms_find(&image, &f->kallsyms, error);
}

static bool find(struct fixture *f, GError **error)
{
	return find_in(f, FAKE_GUEST_IMAGE, IMAGE_LENGTH, error);
}

static void find_it(struct fixture *f)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(find(f, &error));
	g_assert_no_error(error);
}

static void test_find(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	find_it(f);
	g_assert_cmpuint(f->kallsyms.num_symbols, ==, NUM_SYMBOLS);
	g_assert_cmpint(f->kallsyms.encoding, ==, f->layout->encoding);
	if (f->layout->relative_base)
		g_assert_cmphex(f->kallsyms.relative_base, ==, FAKE_GUEST_IMAGE);
}

static void assert_symbol(struct fixture *f, uint64_t address, unsigned int i, uint64_t size)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = name_at(i);
	struct symbol symbol;

	g_assert_true(
		kallsyms_lookup(&f->kallsyms, &f->guest.space, gva(address), &symbol, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(symbol.name, ==, name);
	g_assert_cmphex(symbol.start.value, ==, address_at(f->layout, i));
	g_assert_cmphex(symbol.size, ==, size);
}

static void test_lookup(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	unsigned int first = absolute_percpu(f->layout) ? NUM_PERCPU : 0;
	unsigned int alias = ALIASED + first; /* the index of the alias depends on the addresses */

	find_it(f);
	for (unsigned int i = first; i < NUM_SYMBOLS - 1; i += 1 + i % 3) {
		uint64_t address = address_at(f->layout, i);

		if (i + 2 >= alias && i <= alias + 1)
			continue;
		assert_symbol(f, address, i, SYMBOL_STEP);
		assert_symbol(f, address + SYMBOL_STEP - 1, i, SYMBOL_STEP);
	}
	assert_symbol(f, address_at(f->layout, LONG_NAMED) + 1, LONG_NAMED, SYMBOL_STEP);
	/* The first of two names with one address. */
	assert_symbol(f, address_at(f->layout, alias), alias - 1, 2 * SYMBOL_STEP);
	/* The end of the last symbol is unknown. */
	assert_symbol(f, address_at(f->layout, NUM_SYMBOLS - 1) + 12345, NUM_SYMBOLS - 1, 0);
}

static void test_before_the_first(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct symbol symbol;

	find_it(f);
	g_assert_false(kallsyms_lookup(&f->kallsyms, &f->guest.space,
				       gva(FAKE_GUEST_IMAGE + FIRST_SYMBOL - 1), &symbol, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
}

static void test_resolve(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	g_autofree char *a = name_at(3);
	g_autofree char *b = name_at(LONG_NAMED);
	g_autofree char *c = name_at(NUM_SYMBOLS - 1);
	const char *names[] = {a, "no_such_symbol", b, c};
	uint64_t values[G_N_ELEMENTS(names)];
	g_autoptr(GError) error = NULL;

	find_it(f);
	g_assert_true(kallsyms_resolve(&f->kallsyms, &f->guest.space, names, G_N_ELEMENTS(names),
				       values, &error));
	g_assert_no_error(error);
	g_assert_cmphex(values[0], ==, address_at(f->layout, 3));
	g_assert_cmphex(values[1], ==, 0);
	g_assert_cmphex(values[2], ==, address_at(f->layout, LONG_NAMED));
	g_assert_cmphex(values[3], ==, address_at(f->layout, NUM_SYMBOLS - 1));
}

/* Bytes that look like tables come before the real tables. */
static void test_decoys(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	uint8_t *image = fake_guest_at(&f->guest, 0);

	for (uint64_t at = 1u << 20; at < 2u << 20; at += 4096) {
		for (unsigned int i = 0; i < 256; i++) {
			uint16_t value = (uint16_t)(2 * i);

			memcpy(image + at + 2 * i, &value, 2);
		}
	}
	for (uint32_t i = 0; i < 2048; i++) {
		uint32_t marker = 2000 * i;

		memcpy(image + (3u << 20) + 4 * i, &marker, 4);
	}
	find_it(f);
	g_assert_cmpuint(f->kallsyms.num_symbols, ==, NUM_SYMBOLS);
}

/* Calls every function; each must return, with an error if the result is false. */
static void use(struct fixture *f)
{
	g_autofree char *name = name_at(NUM_SYMBOLS / 2);
	const char *names[] = {name, "other"};
	uint64_t values[2];
	g_autoptr(GError) resolve_error = NULL;

	for (unsigned int i = 0; i < NUM_SYMBOLS; i += 59) {
		g_autoptr(GError) error = NULL;
		struct symbol symbol;
		bool found = kallsyms_lookup(&f->kallsyms, &f->guest.space,
					     gva(address_at(f->layout, i)), &symbol, &error);

		g_assert_true(found == !error);
		if (found)
			g_assert_cmpuint(strlen(symbol.name), <, SYMBOL_NAME_MAX);
	}
	g_assert_true(kallsyms_resolve(&f->kallsyms, &f->guest.space, names, 2, values,
				       &resolve_error) == !resolve_error);
}

static void test_lies(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(21);
	struct kallsyms truth;
	unsigned int found = 0;

	find_it(f);
	truth = f->kallsyms;
	for (int round = 0; round < 40; round++) {
		g_autoptr(GError) error = NULL;
		uint8_t *tables = fake_guest_at(&f->guest, f->place);

		memcpy(tables, f->tables->data, f->tables->len);
		for (int i = 0; i < 1 << (round % 10); i++)
			tables[g_rand_int_range(random, 0, (gint)f->tables->len)] =
				(uint8_t)g_rand_int(random);
		fake_guest_forget(&f->guest);
		f->kallsyms = truth;
		use(f);
		if (round % 4)
			continue; /* a search takes longer than everything else */
		if (find(f, &error)) {
			found++;
			use(f);
		} else {
			g_assert_nonnull(error);
		}
	}
	g_test_message("%u searches found tables nevertheless", found);
}

/* A map with arbitrary pointers. */
static void test_wild_map(struct fixture *f, gconstpointer layout G_GNUC_UNUSED)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(22);
	struct kallsyms truth;

	find_it(f);
	truth = f->kallsyms;
	for (int round = 0; round < 60; round++) {
		uint64_t *items[] = {&f->kallsyms.names.value,	     &f->kallsyms.markers.value,
				     &f->kallsyms.token_table.value, &f->kallsyms.token_index.value,
				     &f->kallsyms.offsets.value,     &f->kallsyms.relative_base};

		f->kallsyms = truth;
		*items[round % 6] =
			round % 4 == 0
				? (uint64_t)g_rand_int(random) << 32
				: FAKE_GUEST_IMAGE + g_rand_int_range(random, 0, IMAGE_LENGTH);
		if (round % 3 == 0)
			f->kallsyms.num_symbols = g_rand_int(random) >> 8;
		use(f);
	}
}

static void test_none(void)
{
	struct fixture f = {.layout = &layouts[0]};
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) size_error = NULL;
	g_autoptr(GError) map_error = NULL;
	g_autoptr(GRand) random = g_rand_new_with_seed(23);

	fake_guest_init(&f.guest, IMAGE_LENGTH);
	g_assert_false(find(&f, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	g_clear_error(&error);
	for (unsigned int i = 0; i < IMAGE_LENGTH; i++)
		*fake_guest_at(&f.guest, i) = (uint8_t)g_rand_int(random);
	g_assert_false(find(&f, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	g_assert_false(find_in(&f, FAKE_GUEST_IMAGE, (uint64_t)1 << 62, &size_error));
	g_assert_error(size_error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	g_assert_false(find_in(&f, 0, 4096, &map_error));
	g_assert_error(map_error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	fake_guest_clear(&f.guest);
}

/* The maximal number of candidates in an image: the search ends within the time limit. */
static void test_only_candidates(void)
{
	struct fixture f = {.layout = &layouts[0]};
	clock_t start = clock();

	fake_guest_init(&f.guest, 16u << 20);
	for (uint64_t at = 0; at + 1024 <= 16u << 20; at += 1024) {
		uint8_t *here = fake_guest_at(&f.guest, at);

		/* Tokens of one character and their index; both also look like markers. */
		for (unsigned int i = 0; i < 256; i++) {
			uint16_t value = (uint16_t)(2 * i);

			memcpy(here + 512 + 2 * i, &value, 2);
			here[2 * i] = 'a';
			here[2 * i + 1] = '\0';
		}
	}
	g_assert_false(find_in(&f, FAKE_GUEST_IMAGE, 16u << 20, NULL));
	g_assert_cmpint(clock() - start, <, 20 * CLOCKS_PER_SEC);
	fake_guest_clear(&f.guest);
}

static void add(const struct layout *layout, const char *name,
		void (*test)(struct fixture *, gconstpointer))
{
	g_autofree char *path = g_strdup_printf("/kallsyms/%s/%s", layout->name, name);

	g_test_add(path, struct fixture, layout, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
		add(&layouts[i], "find", test_find);
		add(&layouts[i], "lookup", test_lookup);
		/* Otherwise the address does not exist: per-CPU symbols begin at 0. */
		if (!absolute_percpu(&layouts[i]))
			add(&layouts[i], "before-the-first", test_before_the_first);
		add(&layouts[i], "resolve", test_resolve);
		add(&layouts[i], "decoys", test_decoys);
		add(&layouts[i], "lies", test_lies);
		add(&layouts[i], "wild-map", test_wild_map);
	}
	g_test_add_func("/kallsyms/none", test_none);
	g_test_add_func("/kallsyms/only-candidates", test_only_candidates);
	return g_test_run();
}
