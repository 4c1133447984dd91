/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oopses in the format of kernels from 5.4 on: tests/unit/data/oopses/KIND-RELEASE.txt. Lines there
 * that begin with "# " are the expected results: "title: ...", "complete", and so on.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/helper.h"
#include "kernel/log_match.h"
#include "kernel/oops-log.h"

#define FOLDER "tests/unit/data/oopses"

static GPtrArray *load_lines(const char *path)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	g_auto(GStrv) parts = NULL;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	parts = g_strsplit(text, "\n", 0);
	for (char **part = parts; *part; part++)
		g_ptr_array_add(lines, g_strdup(*part));
	return g_steal_pointer(&lines);
}

/* Returns the value of "# KEY: value", "" for "# KEY", or NULL. */
static const char *wanted(const GPtrArray *lines, const char *key)
{
	for (guint i = 0; i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);

		if (!g_str_has_prefix(line, "# ") || !g_str_has_prefix(line + 2, key))
			continue;
		line += 2 + strlen(key);
		if (g_str_has_prefix(line, ": "))
			return line + 2;
		if (!*line)
			return line;
	}
	return NULL;
}

static void assert_number(const GPtrArray *lines, const char *key, bool known, uint64_t value)
{
	const char *text = wanted(lines, key);

	g_test_message("%s", key);
	g_assert_cmpint(known, ==, text != NULL);
	if (text)
		g_assert_cmphex(value, ==, strtoull(text, NULL, 0));
}

/*
 * Checks some registers by "# register NAME: value"; the length of the array shows invented ones.
 */
static void assert_registers(const GPtrArray *lines, const struct oops_registers *registers)
{
	const char *code = wanted(lines, "code");

	if (wanted(lines, "rip"))
		assert_number(lines, "rip", registers->rip.known, registers->rip.value);
	for (guint i = 0; i < lines->len; i++) {
		const char *line = g_ptr_array_index(lines, i);
		g_autofree char *name = NULL;
		uint64_t value = 0;

		if (!g_str_has_prefix(line, "# register "))
			continue;
		line += strlen("# register ");
		name = g_strndup(line, strcspn(line, ":"));
		g_test_message("%s", name);
		g_assert_true(named_register_find(registers->registers, name, &value));
		g_assert_cmphex(value, ==, strtoull(line + strlen(name) + 2, NULL, 0));
	}
	if (!code)
		return;
	g_assert_cmpuint(registers->code_rip, ==, strtoull(code, (char **)&code, 10));
	for (guint i = registers->code_rip; *code; i++) {
		g_assert_cmpuint(i, <, registers->code_size);
		g_assert_cmphex(registers->code[i], ==, strtoull(code, (char **)&code, 16));
	}
}

static void test_file(gconstpointer path)
{
	g_autoptr(GPtrArray) lines = load_lines(path);
	const char *after = wanted(lines, "after");
	g_autofree char *title = NULL;
	struct oops_text oops;

	g_assert_true(oops_text_find(lines, after ? (unsigned int)atoi(after) : 0, &oops));
	title = oops_text_title(&oops);
	g_assert_cmpstr(title, ==, wanted(lines, "title"));
	assert_number(lines, "address", oops.address.known, oops.address.value);
	assert_number(lines, "cpu", oops.cpu.known, (uint64_t)oops.cpu.value);
	assert_number(lines, "pid", oops.pid.known, (uint64_t)oops.pid.value);
	g_assert_cmpstr(oops.comm, ==, wanted(lines, "comm"));
	g_assert_cmpint(oops.complete, ==, wanted(lines, "complete") != NULL);
	assert_registers(lines, &oops.registers);
	g_assert_cmpuint(oops.first_line, <=, oops.last_line);
	g_assert_cmpuint(oops.last_line, <, lines->len);
	oops_text_clear(&oops);
}

/* A text truncated anywhere is marked as truncated, and blames no wrong function. */
static void test_cut(gconstpointer path)
{
	g_autoptr(GPtrArray) lines = load_lines(path);

	for (guint length = 0; length <= lines->len; length++) {
		g_autoptr(GPtrArray) part = g_ptr_array_new();
		struct oops_text oops;

		for (guint i = 0; i < length; i++)
			g_ptr_array_add(part, g_ptr_array_index(lines, i));
		if (oops_text_find(part, 0, &oops)) {
			g_assert_cmpuint(oops.last_line, <, length);
			const char *function = oops.blame.functions[0];

			if (function && function_is_helper(function))
				g_assert_false(oops.complete);
		}
		oops_text_clear(&oops);
	}
}

/*
 * Truncated after its first line, before the line with its number: the kind and the address are
 * known.
 */
static void test_begun(gconstpointer path)
{
	g_autoptr(GPtrArray) lines = load_lines(path);
	g_autoptr(GPtrArray) part = g_ptr_array_new();
	const char *after = wanted(lines, "after");
	struct oops_text whole, begun;

	g_assert_true(oops_text_find(lines, after ? (unsigned int)atoi(after) : 0, &whole));
	for (guint i = 0; i <= whole.first_line; i++)
		g_ptr_array_add(part, g_ptr_array_index(lines, i));
	if (oops_line_begins(g_ptr_array_index(lines, whole.first_line))) {
		g_assert_true(oops_text_find_begun(part, &begun));
		g_assert_cmpuint(begun.first_line, ==, whole.first_line);
		g_assert_cmpstr(begun.kind, ==, whole.kind);
		g_assert_cmpstr(begun.where, ==, whole.where);
		g_assert_cmphex(begun.address.value, ==, whole.address.value);
		g_assert_false(begun.complete);
		g_assert_cmpuint(begun.number, ==, 0);
		oops_text_clear(&begun);
		g_ptr_array_add(part, (gpointer) "Oops: 0002 [#7] SMP");
	}
	g_assert_false(oops_text_find_begun(part, &begun));
	oops_text_clear(&whole);
}

static void test_line_begins(void)
{
	g_assert_true(oops_line_begins("BUG: kernel NULL pointer dereference, address: 00000008"));
	g_assert_true(oops_line_begins("kernel BUG at fs/inode.c:553!"));
	g_assert_true(oops_line_begins("traps: PANIC: double fault, error_code: 0x0"));
	g_assert_false(oops_line_begins("general protection fault: 0000 [#1] SMP"));
	g_assert_false(oops_line_begins("BUG: Bad page state in process sh  pfn:0a0b0"));
	g_assert_false(
		oops_line_begins("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:1]"));
}

/* The guest may print anything. */
static void test_hostile_registers(void)
{
	static const char *const texts[] = {
		"RIP: 0010:0xzz",
		"RIP: 0010:",
		"Code: <",
		"Code: <>",
		"Code: <8b",
		"Code: 8b 00 <zz> 00",
		"Code: 100 <8b> 00",
		"Code: <8b> <8b> <8b>",
		"Code: Unable to access opcode bytes at ",
		"Code: Unable to access opcode bytes at RIP 0x.",
		"RAX:",
		":::::::: RAX: : :",
		"RAX: 11112222333344445 RBX: 0000000000000001 RBX: 0000000000000002",
		"CR2: 00000000000000011",
	};
	g_autofree char *long_code = g_strnfill(3 * 4096, '0');
	g_autoptr(GString) full_code = g_string_new("Code: ");
	g_autoptr(GPtrArray) lines = g_ptr_array_new();
	struct oops_registers registers;
	uint64_t value = 0;

	g_ptr_array_add(lines, (gpointer) "RIP: 0010:f+0x1/0x2");
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_ptr_array_add(lines, (gpointer)texts[i]);
	g_ptr_array_add(lines, long_code);
	/* A guest may print two code lines, each with the maximal number of bytes. */
	for (int i = 0; i < OOPS_MAX_CODE; i++)
		g_string_append(full_code, i ? " 00" : "<90>");
	g_ptr_array_add(lines, full_code->str);
	g_ptr_array_add(lines, full_code->str);
	oops_registers_find(lines, 0, lines->len - 1, &registers);
	g_assert_cmpstr(registers.place, ==, "f+0x1/0x2");
	g_assert_false(named_register_find(registers.registers, "rax", &value));
	g_assert_true(named_register_find(registers.registers, "rbx", &value));
	g_assert_cmphex(value, ==, 1);
	g_assert_cmpuint(registers.code_size, <=, OOPS_MAX_CODE);
	g_assert_true(!registers.code_size || registers.code_rip < registers.code_size);
	oops_registers_clear(&registers);
	for (guint i = 0; i < lines->len; i++) {
		oops_registers_find(lines, i, i, &registers);
		g_assert_false(registers.rip.known);
		oops_registers_clear(&registers);
	}
}

static void test_symbol_forms(void)
{
	static const struct {
		const char *text, *name, *module;
	} cases[] = {
		{"f+0x1/0x2", "f", NULL},
		{"f.part.0.cold+0x1a/0x2f [ext4]", "f.part.0.cold", "ext4"},
		{"f+0x1/0x2 [m 0123abcd]", "f", "m"},
		{"__do_sys_x86_64+0x0/0x10", "__do_sys_x86_64", NULL},
		{"_RNvCs1_4core3fmt+0x0/0x10", "_RNvCs1_4core3fmt", NULL},
		{"? f+0x1/0x2", NULL, NULL},
		{"f+1/2", NULL, NULL},
		{"0xffffffff81000000", NULL, NULL},
		{"", NULL, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = NULL;
		g_autofree char *module = NULL;

		g_assert_cmpint(log_symbol_parse(cases[i].text, &name, &module), ==,
				cases[i].name != NULL);
		g_assert_cmpstr(name, ==, cases[i].name);
		g_assert_cmpstr(module, ==, cases[i].module);
	}
}

static void test_helpers(void)
{
	static const char *const helpers[] = {
		"memcpy",
		"memcpy_erms",
		"__memcpy",
		"__list_add_valid",
		"strlen",
		"_copy_to_user",
		"kfree",
		"___slab_alloc",
		"mutex_lock",
		"down_read",
		"up_write",
		"__asan_load8",
		"skb_over_panic",
		"asm_exc_int3",
		"rb_insert_color",
		"string",
		"_raw_spin_lock",
		"down",
		"__list_del_entry_valid_or_report",
	};
	static const char *const others[] = {
		"string_escape_mem", "downgrade_super", "upload_firmware", "kfree_rcu_monitor",
		"up_the_link",	     "memory_failure",	"list_lru_add",	   "numa_migrate_prep",
		"scenario_bug",	     "do_wp_page",	"strategy",	   "repair",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(helpers); i++) {
		g_test_message("%s", helpers[i]);
		g_assert_true(function_is_helper(helpers[i]));
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		g_test_message("%s", others[i]);
		g_assert_false(function_is_helper(others[i]));
	}
}

static void test_line_numbers(void)
{
	g_assert_cmpuint(oops_line_number("Oops: 0002 [#1] PREEMPT SMP"), ==, 1);
	g_assert_cmpuint(oops_line_number("Oops: Oops: 0002 [#12] SMP"), ==, 12);
	g_assert_cmpuint(oops_line_number("stack guard page: 0000 [#3] SMP"), ==, 3);
	g_assert_cmpuint(oops_line_number("md0: raid [#1]"), ==, 0);
	g_assert_cmpuint(oops_line_number("Oops: 0002"), ==, 0);
	g_assert_cmpuint(oops_line_number("x: 0000 [#99999999999999999999]"), !=, 1);
}

static void test_no_oops(void)
{
	static const char *const texts[] = {
		"",
		"BUG: Bad page state in process sh  pfn:0a0b0",
		"kernel BUG at fs/inode.c:553!",
		"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:160]",
		"WARNING: CPU: 1 PID: 1 at kernel/fork.c:1 f+0x1/0x2",
	};
	g_autoptr(GPtrArray) lines = g_ptr_array_new();
	struct oops_text oops;

	g_assert_false(oops_text_find(lines, 0, &oops));
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_ptr_array_add(lines, (char *)texts[i]);
	g_assert_false(oops_text_find(lines, 0, &oops));
}

/*
 * Shuffled, truncated and modified lines of real oopses: the parser returns, and its results are in
 * the text.
 */
static void test_random(gconstpointer files)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(7);
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

	for (const GPtrArray *paths = files; all->len < 2 * paths->len;) {
		guint at = (guint)g_rand_int_range(random, 0, (gint)paths->len);
		g_autoptr(GPtrArray) lines = load_lines(g_ptr_array_index(paths, at));

		g_ptr_array_extend_and_steal(all, g_steal_pointer(&lines));
	}
	for (int round = 0; round < 2000; round++) {
		g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
		int count = g_rand_int_range(random, 0, 60);
		struct oops_text oops;

		for (int i = 0; i < count; i++) {
			guint at = (guint)g_rand_int_range(random, 0, (gint)all->len);
			char *line = g_strdup(g_ptr_array_index(all, at));
			size_t length = strlen(line);

			if (length && g_rand_int_range(random, 0, 4) == 0)
				line[g_rand_int_range(random, 0, (gint)length)] =
					(char)g_rand_int_range(random, 0, 256);
			g_ptr_array_add(lines, line);
		}
		if (oops_text_find(lines, 0, &oops)) {
			g_autofree char *title = oops_text_title(&oops);

			g_assert_cmpuint(oops.first_line, <=, oops.last_line);
			g_assert_cmpuint(oops.last_line, <, lines->len);
			g_assert_nonnull(oops.kind);
			g_assert_null(strchr(title, '\n'));
		}
		oops_text_clear(&oops);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) folder = g_dir_open(FOLDER, 0, NULL);
	const char *file;

	g_test_init(&argc, &argv, NULL);
	g_assert_nonnull(folder);
	while ((file = g_dir_read_name(folder)))
		g_ptr_array_add(paths, g_build_filename(FOLDER, file, NULL));
	for (guint i = 0; i < paths->len; i++) {
		g_autofree char *base = g_path_get_basename(g_ptr_array_index(paths, i));
		g_autofree char *name = g_strdup_printf("/oops-log/%s", base);
		g_autofree char *begun_name = g_strdup_printf("/oops-log/begun/%s", base);
		g_autofree char *cut_name = g_strdup_printf("/oops-log/cut/%s", base);

		g_test_add_data_func(name, g_ptr_array_index(paths, i), test_file);
		g_test_add_data_func(cut_name, g_ptr_array_index(paths, i), test_cut);
		g_test_add_data_func(begun_name, g_ptr_array_index(paths, i), test_begun);
	}
	g_test_add_func("/oops-log/hostile-registers", test_hostile_registers);
	g_test_add_func("/oops-log/symbol-forms", test_symbol_forms);
	g_test_add_func("/oops-log/helpers", test_helpers);
	g_test_add_func("/oops-log/line-begins", test_line_begins);
	g_test_add_func("/oops-log/line-numbers", test_line_numbers);
	g_test_add_func("/oops-log/no-oops", test_no_oops);
	g_test_add_data_func("/oops-log/random", paths, test_random);
	return g_test_run();
}
