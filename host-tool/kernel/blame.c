/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/blame.h"

#include <glib.h>

#include "kernel/helper.h"

static unsigned int count(const struct blame *blame)
{
	unsigned int known = 0;

	while (known < BLAME_FUNCTIONS && blame->functions[known])
		known++;
	return known;
}

static void push(struct blame *blame, const char *function, const char *module)
{
	unsigned int known = count(blame);
	g_autofree char *plain = function_plain(function);

	/* A function that calls itself, or a call that the compiler has split. */
	if (known && g_str_equal(blame->functions[known - 1], plain))
		return;
	if (!known)
		blame->module = g_strdup(module);
	blame->functions[known] = g_steal_pointer(&plain);
	blame->whole = known + 1 == BLAME_FUNCTIONS;
}

void blame_add(struct blame *blame, const char *function, const char *module)
{
	if (blame->whole)
		return;
	if (function_is_entry(function))
		blame_add_boundary(blame);
	else if (!function_is_helper(function))
		push(blame, function, module);
}

void blame_add_of_loop(struct blame *blame, const char *function, const char *module)
{
	if (blame->whole || (!function_is_dispatcher(function) && function_is_helper(function)))
		return;
	if (function_is_dispatcher(function)) {
		blame_add_boundary(blame);
		return;
	}
	blame_clear(blame);
	push(blame, function, module);
}

void blame_add_boundary(struct blame *blame)
{
	blame->whole = blame->whole || blame_is_known(blame);
}

void blame_add_if_none(struct blame *blame, const char *function, const char *module)
{
	if (!blame_is_known(blame))
		push(blame, function, module);
}

bool blame_is_known(const struct blame *blame)
{
	return blame->functions[0] != NULL;
}

void blame_clear(struct blame *blame)
{
	for (unsigned int i = 0; i < BLAME_FUNCTIONS; i++)
		g_free(blame->functions[i]);
	g_free(blame->module);
	*blame = (struct blame){0};
}
