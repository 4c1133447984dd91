/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel map as text: writes and reads it, and rejects other text. */
#include <string.h>

#include "kernel/map.h"

static struct kernel_map *make_map(void)
{
	struct kernel_map *map = kernel_map_new();

	map->banner = g_strdup("Linux version 6.1.0 (a \"b\" c@d) #1 \\ SMP\n");
	map->no_btf = g_strdup("the kernel carries no BTF");
	map->no_orc = g_strdup("the kernel has no ORC tables");
	map->root = gpa(0x2a10000);
	map->levels = 5;
	map->image_start = gva(0xffffffffb6a00000);
	map->image_length = 0x3200000;
	map->kallsyms = (struct kallsyms){
		.names = gva(0xffffffffb7a00008),
		.markers = gva(0xffffffffb7b00000),
		.token_table = gva(0xffffffffb7c00000),
		.token_index = gva(0xffffffffb7c10000),
		.offsets = gva(0xffffffffb7900000),
		.relative_base = 0xffffffffb6a00000,
		.num_symbols = 200000,
		.encoding = KALLSYMS_SELF_RELATIVE,
	};
	map->orc_layout = ORC_LAYOUT_6_4;
	map->num_orcs = 500000;
	map->modules_first = gva(0xffffffffc0123008);
	map->guest_module = gva(0xffffffffc0123000);
	map->oopses_seen = 3;
	map->log_seen = 1234;
	map->stack_size = 0x8000;
	for (size_t i = 0; i < NUM_KERNEL_SYMBOLS; i += 2)
		map->symbols[i] = 0xffffffffb6a00000 + 0x1000 * i;
	for (size_t i = 0; i < NUM_KERNEL_FIELDS; i += 3)
		map->fields[i] = (int32_t)(8 * i);
	return map;
}

static struct kernel_map *parse(const char *text, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));

	return kernel_map_from_bytes(bytes, error);
}

static void test_round_trip(void)
{
	g_autoptr(KernelMap) map = make_map();
	g_autoptr(GBytes) bytes = kernel_map_to_bytes(map);
	g_autoptr(GError) error = NULL;
	g_autoptr(KernelMap) again = kernel_map_from_bytes(bytes, &error);
	g_autoptr(GBytes) bytes_again = NULL;

	g_assert_no_error(error);
	g_assert_cmpstr(again->banner, ==, map->banner);
	g_assert_cmpstr(again->no_btf, ==, map->no_btf);
	g_assert_cmpstr(again->no_orc, ==, map->no_orc);
	g_assert_cmphex(again->root.value, ==, map->root.value);
	g_assert_cmpuint(again->levels, ==, map->levels);
	g_assert_cmpuint(again->stack_size, ==, map->stack_size);
	g_assert_cmpmem(&again->kallsyms, sizeof(again->kallsyms), &map->kallsyms,
			sizeof(map->kallsyms));
	g_assert_cmpint(again->orc_layout, ==, map->orc_layout);
	g_assert_cmpmem(again->symbols, sizeof(again->symbols), map->symbols, sizeof(map->symbols));
	g_assert_cmpmem(again->fields, sizeof(again->fields), map->fields, sizeof(map->fields));
	bytes_again = kernel_map_to_bytes(again);
	g_assert_true(g_bytes_equal(bytes, bytes_again));
	g_assert_cmpuint(g_bytes_get_size(bytes), <, 16384);
}

/* Another version has the items in another order. */
static void test_any_order(void)
{
	g_autoptr(KernelMap) map = make_map();
	g_autoptr(GBytes) bytes = kernel_map_to_bytes(map);
	g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	g_autoptr(GString) backwards = g_string_new(lines[0]);
	g_autoptr(GError) error = NULL;
	g_autoptr(KernelMap) again = NULL;
	g_autoptr(GBytes) bytes_again = NULL;

	for (guint i = g_strv_length(lines); i > 1; i--)
		g_string_append_printf(backwards, "\n%s", lines[i - 1]);
	again = parse(backwards->str, &error);
	g_assert_no_error(error);
	bytes_again = kernel_map_to_bytes(again);
	g_assert_true(g_bytes_equal(bytes, bytes_again));
}

/* A later version has items that this one does not know. */
static void test_unknown_items(void)
{
	g_autoptr(KernelMap) map = make_map();
	g_autoptr(GBytes) bytes = kernel_map_to_bytes(map);
	g_autofree char *text = g_strdup_printf(
		"%.*snumber new 1\nsymbol new 2\nfield new.new 3\nkind new 4\n",
		(int)g_bytes_get_size(bytes), (const char *)g_bytes_get_data(bytes, NULL));
	g_autoptr(GError) error = NULL;
	g_autoptr(KernelMap) again = parse(text, &error);

	g_assert_no_error(error);
	g_assert_cmpmem(again->symbols, sizeof(again->symbols), map->symbols, sizeof(map->symbols));
}

/* Valid except for one line. */
static void test_refused(void)
{
	static const char *const lines[] = {
		"number levels 3",
		"number levels x",
		"number root 0",
		"number kallsyms-symbols 0",
		"number kallsyms-symbols ffffffff",
		"number kallsyms-encoding 9",
		"number orc-layout 77",
		"number stack-size 0",
		"number stack-size 5000",
		"number stack-size 40000000",
		"number orc-entries ffffffff",
		"number page-size 2000",
		"field task_struct.pid ffffffff",
		"field task_struct.pid -8",
		"symbol _text",
		"symbol _text 1 2",
		"nonsense",
		"banner ",
	};
	g_autoptr(KernelMap) map = make_map();
	g_autoptr(GBytes) bytes = kernel_map_to_bytes(map);

	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *text =
			g_strdup_printf("%.*s%s\n", (int)g_bytes_get_size(bytes),
					(const char *)g_bytes_get_data(bytes, NULL), lines[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(KernelMap) again = parse(text, &error);

		g_test_message("%s", lines[i]);
		g_assert_null(again);
		g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	}
	for (size_t i = 0; i < 3; i++) {
		static const char *const texts[] = {"", "oopsbt kernel map 2\n",
						    "oopsbt kernel map 1\n"};
		g_autoptr(GError) error = NULL;

		g_assert_null(parse(texts[i], &error));
		g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
	}
}

static void test_random(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(41);
	g_autoptr(KernelMap) map = make_map();
	g_autoptr(GBytes) good = kernel_map_to_bytes(map);
	gsize length = g_bytes_get_size(good);

	for (int round = 0; round < 3000; round++) {
		g_autofree char *data = g_memdup2(g_bytes_get_data(good, NULL), length);
		gsize cut = round % 3 ? length : (gsize)g_rand_int_range(random, 0, (gint)length);
		g_autoptr(GBytes) bytes = NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(KernelMap) again = NULL;

		for (int i = 0; i < 1 << (round % 6); i++)
			data[g_rand_int_range(random, 0, (gint)length)] = (char)g_rand_int(random);
		bytes = g_bytes_new(data, cut);
		again = kernel_map_from_bytes(bytes, &error);
		g_assert_true(!again == !!error);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/map/round-trip", test_round_trip);
	g_test_add_func("/map/any-order", test_any_order);
	g_test_add_func("/map/unknown-items", test_unknown_items);
	g_test_add_func("/map/refused", test_refused);
	g_test_add_func("/map/random", test_random);
	return g_test_run();
}
