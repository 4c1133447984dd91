/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/warning.h"

#include <glib.h>

static void test_lines(void)
{
	static const struct {
		const char *line, *function, *module;
	} cases[] = {
		{"WARNING: CPU: 1 PID: 7 at kernel/a.c:12 run_warn+0x14/0x20 [oopsbt_scenario]",
		 "run_warn", "oopsbt_scenario"},
		{"WARNING: CPU: 0 PID: 1 at fs/b.c:3 iput.part.0+0x0/0x1a0", "iput.part.0", NULL},
		{"WARNING: fs/b.c:3 at iput+0x10/0x1a0, CPU#1: a b/7", "iput", NULL},
		{"WARNING: fs/b.c:3 at iput+0x10/0x1a0 [xfs], CPU#1: sh/7\n", "iput", "xfs"},
		{"WARNING: fs/b.c:3 at iput+0x10/0x1a0 [xf", "iput", NULL},
		{"WARNING: suspicious RCU usage", NULL, NULL},
		{"WARNING: a+0xzz", NULL, NULL},
		{"BUG: a+0x1/0x2", NULL, NULL},
		{"WARNING: ", NULL, NULL},
		{"", NULL, NULL},
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *function = NULL, *module = NULL;

		g_assert_cmpint(warning_parse(cases[i].line, &function, &module), ==,
				cases[i].function != NULL);
		g_assert_cmpstr(function, ==, cases[i].function);
		g_assert_cmpstr(module, ==, cases[i].module);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/warning/its line names whose code warned", test_lines);
	return g_test_run();
}
