/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/blame.h"

#include <glib.h>
#include <string.h>

#include "kernel/helper.h"

/* A function that appears this often in a row calls itself. */
#define RECURSION 3

static unsigned int count(const struct blame *blame)
{
	unsigned int known = 0;

	while (known < BLAME_FUNCTIONS && blame->functions[known])
		known++;
	return known;
}

static void push_function(struct blame *blame, const char *function, const char *module)
{
	unsigned int known = count(blame);
	g_autofree char *plain = function_plain(function);

	/* The function calls itself, or the compiler has split it. */
	if (known && g_str_equal(blame->functions[known - 1], plain))
		return;
	if (!known)
		blame->module = g_strdup(module);
	blame->functions[known] = g_steal_pointer(&plain);
	blame->whole = known + 1 == BLAME_FUNCTIONS;
}

static void forget_functions(struct blame *blame)
{
	for (unsigned int i = 0; i < BLAME_FUNCTIONS; i++)
		g_clear_pointer(&blame->functions[i], g_free);
	g_clear_pointer(&blame->module, g_free);
}

static void replace(struct blame *blame, const char *function, const char *module)
{
	forget_functions(blame);
	push_function(blame, function, module);
}

void blame_add(struct blame *blame, const char *function, const char *module)
{
	if (blame->whole)
		return;
	if (function_is_entry(function))
		blame_add_boundary(blame);
	else if (!function_is_helper(function))
		push_function(blame, function, module);
}

void blame_add_of_memory(struct blame *blame, const char *function, const char *module)
{
	bool allocates = function_says_that_it_allocates(function);

	if (blame->whole || function_is_entry(function) || function_is_helper(function) ||
	    (blame_is_known(blame) && !blame->allocates)) {
		blame_add(blame, function, module);
		return;
	}
	/* A helper by its name: the next function replaces it. */
	replace(blame, function, module);
	blame->allocates = allocates;
}

static bool add_common_wait(struct blame *blame, const char *function)
{
	const char *common = function_common_wait(function);

	if (!common)
		return false;
	replace(blame, common, NULL);
	blame->whole = true;
	return true;
}

/* The dispatcher of an interrupt is not the task's. */
static void remember_dispatcher(struct blame *blame, const char *function)
{
	if (function_is_interruption(function))
		g_clear_pointer(&blame->dispatcher, g_free);
	else if (!blame->dispatcher && !function_is_entry(function))
		blame->dispatcher = function_plain(function);
}

void blame_end(struct blame *blame)
{
	if (!blame_is_known(blame) && blame->dispatcher)
		push_function(blame, blame->dispatcher, NULL);
}

void blame_add_of_loop(struct blame *blame, const char *function, const char *module)
{
	/* The loop itself caused the exception and continues in the frames beyond it. */
	if (blame->whole || function_is_exception(function) || add_common_wait(blame, function))
		return;
	/* Preemption interrupted the loop: the functions below this one are unrelated to it. */
	if (g_str_has_prefix(function, "preempt_schedule"))
		forget_functions(blame);
	if (function_is_dispatcher(function)) {
		remember_dispatcher(blame, function);
		blame_add_boundary(blame);
		return;
	}
	if (function_is_helper(function))
		return;
	replace(blame, function, module);
}

void blame_add_of_overflow(struct blame *blame, const char *function, const char *module)
{
	g_autofree char *plain = function_plain(function);

	if (blame->recurs) {
		blame_add(blame, function, module);
		return;
	}
	if (g_strcmp0(blame->previous, plain) != 0)
		blame->repeats = 0;
	if (++blame->repeats == RECURSION) {
		blame_clear(blame);
		blame->recurs = true;
		push_function(blame, function, module);
		return;
	}
	g_free(blame->previous);
	blame->previous = g_steal_pointer(&plain);
	/* An interruption fills the task's stack as well. */
	if (!function_is_interruption(function))
		blame_add_of_loop(blame, function, module);
}

void blame_add_of_wait(struct blame *blame, const char *function, const char *module)
{
	if (blame->whole || add_common_wait(blame, function))
		return;
	if (function_is_entry(function) || function_is_helper(function)) {
		blame_add(blame, function, module);
	} else if (blame->waits || !blame_is_known(blame)) {
		/* The name says that the function waits: the next function replaces it. */
		bool waits = function_says_that_it_waits(function);

		if (!waits || !blame_is_known(blame))
			replace(blame, function, module);
		blame->waits = waits;
	} else {
		push_function(blame, function, module);
	}
}

void blame_add_boundary(struct blame *blame)
{
	blame->whole = blame->whole || blame_is_known(blame);
}

void blame_add_if_none(struct blame *blame, const char *function, const char *module)
{
	if (!blame_is_known(blame))
		push_function(blame, function, module);
}

bool blame_is_known(const struct blame *blame)
{
	return blame->functions[0] != NULL;
}

char *blame_title(const char *kind, const struct blame *blame)
{
	GString *title = g_string_new(kind);

	if (blame_is_known(blame))
		g_string_append_printf(title, " in %s", blame->functions[0]);
	if (blame->module)
		g_string_append_printf(title, " [%s]", blame->module);
	return g_string_free(title, FALSE);
}

void blame_clear(struct blame *blame)
{
	for (unsigned int i = 0; i < BLAME_FUNCTIONS; i++)
		g_free(blame->functions[i]);
	g_free(blame->module);
	g_free(blame->previous);
	g_free(blame->dispatcher);
	memset(blame, 0, sizeof(*blame));
}
