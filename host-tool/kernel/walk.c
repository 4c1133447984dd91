// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/walk.h"

#include "kernel/resolve.h"

void walk_stop(struct walk *walk, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_free(walk->result->stopped);
	walk->result->stopped = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	walk->done = true;
}

bool walk_read(struct walk *walk, gva_t address, void *buffer, size_t length)
{
	const struct stack *stack = cpu_find_stack(walk->cpu, address);

	return stack && address.value + length <= stack->high.value &&
	       address_space_read(&walk->kernel->space, address, buffer, length, &walk->late, NULL);
}

bool walk_read_u64(struct walk *walk, gva_t address, uint64_t *value)
{
	return walk_read(walk, address, value, sizeof(*value));
}

const struct frame *walk_callee(const struct walk *walk)
{
	const GArray *frames = walk->result->frames;

	return frames->len >= 2 ? &g_array_index(frames, struct frame, frames->len - 2) : NULL;
}

bool walk_has_seen(const struct walk *walk, const struct stack *stack)
{
	return walk->stacks_seen >> (stack - walk->cpu->stacks) & 1;
}

static bool in_function(const struct walk *walk, gva_t pc, const char *name, bool prefix)
{
	struct resolved_symbol symbol;
	bool found;

	kernel_resolve(walk->kernel, pc, &symbol);
	found = symbol.name &&
		(prefix ? g_str_has_prefix(symbol.name, name) : g_str_equal(symbol.name, name));
	resolved_symbol_clear(&symbol);
	return found;
}

bool walk_in_function(const struct walk *walk, gva_t pc, const char *name)
{
	return in_function(walk, pc, name, false);
}

bool walk_in_function_like(const struct walk *walk, gva_t pc, const char *prefix)
{
	return in_function(walk, pc, prefix, true);
}

bool walk_is_text(const struct walk *walk, gva_t address)
{
	const struct kernel *kernel = walk->kernel;
	struct mapping mapping;

	if (kernel_in_core_image(kernel, address))
		return kernel_is_core_text(kernel, address);
	return kernel_is_kernel_address(kernel, address) &&
	       address_space_translate(&kernel->space, address, &mapping, NULL) &&
	       mapping.executable && !mapping.user;
}
