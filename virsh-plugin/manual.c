/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "manual.h"

#include <stdio.h>

#include "cli.h"

static void print_option(const struct cli_option *option)
{
	if (option->letter)
		printf("**-%c**, ", option->letter);
	printf("**--%s**", option->name);
	if (option->value)
		printf(" *%s*", option->value);
	printf("\n: %s\n\n", option->help);
}

static void print_verb(const struct verb *verb)
{
	g_autoptr(GArray) options = cli_verb_options(verb);

	printf("## %s [OPTION...] %s\n\n%s\n\n", verb->name, verb->operands, verb->description);
	for (guint i = 0; i < options->len; i++)
		print_option(&g_array_index(options, struct cli_option, i));
}

void manual_print(void)
{
	printf("# VERBS\n\n");
	for (size_t i = 0; cli_verbs[i]; i++)
		print_verb(cli_verbs[i]);
	printf("## help [VERB]\n\n%s\n\n", cli_help_summary);
	printf("# OPTIONS\n\nBefore the verb; **-c**, **-r**, **-q** and **-t** may also stand "
	       "before *oopsbt*:\n\n");
	for (const struct cli_option *option = cli_global_options; option->name; option++)
		print_option(option);
}
