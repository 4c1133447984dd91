// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/timekeeper.h"

#include "kernel/settings.h"

/* The distance from the sequence count to the timekeeper; it grows with CONFIG_LOCKDEP. */
#define FIRST_OFFSET 8
#define LAST_OFFSET 256
#define TIMEKEEPER_SIZE 512 /* larger than in any release */
#define MAX_SHIFT 32
/* Year 2500: a later time is invalid. */
#define MAX_WALL_S 16725225600ull

static uint64_t core_address(const struct kernel *kernel)
{
	const uint64_t *symbols = kernel->map->symbols;

	return symbols[SYMBOL_tk_core] ? symbols[SYMBOL_tk_core] : symbols[SYMBOL_timekeeper_data];
}

void timekeeper_capture(const struct kernel *kernel)
{
	uint64_t core = core_address(kernel);

	if (core)
		address_space_prefetch(&kernel->space, gva(core), LAST_OFFSET + TIMEKEEPER_SIZE);
}

static bool read_u64(const struct kernel *kernel, gva_t timekeeper, enum kernel_field field,
		     uint64_t *value, GError **error)
{
	return kernel_read_field(kernel, timekeeper, field, value, sizeof(*value), error);
}

/* Checks that the seconds since boot equal the wall clock plus the offset to monotonic time. */
static bool is_timekeeper(const struct kernel *kernel, gva_t timekeeper, GError **error)
{
	uint64_t uptime, wall, to_monotonic;

	return read_u64(kernel, timekeeper, FIELD_timekeeper_ktime_sec, &uptime, error) &&
	       read_u64(kernel, timekeeper, FIELD_timekeeper_xtime_sec, &wall, error) &&
	       read_u64(kernel, timekeeper, FIELD_timekeeper_wall_to_monotonic, &to_monotonic,
			error) &&
	       wall && uptime - (wall + to_monotonic) <= 1;
}

static bool find_timekeeper(const struct kernel *kernel, gva_t *timekeeper, GError **error)
{
	uint64_t core = core_address(kernel);

	if (!core) {
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
				    "this kernel has no symbol tk_core or timekeeper_data");
		return false;
	}
	if (kernel_has(kernel, FIELD_tk_data_timekeeper)) {
		*timekeeper = gva(core + (uint64_t)kernel->map->fields[FIELD_tk_data_timekeeper]);
		return true;
	}
	for (uint64_t offset = FIRST_OFFSET; offset <= LAST_OFFSET; offset += 8) {
		g_autoptr(GError) why = NULL;

		*timekeeper = gva(core + offset);
		if (is_timekeeper(kernel, *timekeeper, &why))
			return true;
		if (why) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
	}
	g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_INVALID,
			    "tk_core does not hold a clock that makes sense");
	return false;
}

static struct maybe_int wall_clock(const struct kernel *kernel, gva_t timekeeper)
{
	const struct maybe_int unknown = {0};
	uint64_t seconds, shifted_ns;
	uint32_t shift;
	bool late = false;

	if (!kernel_read_state(kernel, timekeeper, FIELD_timekeeper_xtime_sec, &seconds, 8, &late,
			       NULL) ||
	    !kernel_read_state(kernel, timekeeper, FIELD_timekeeper_xtime_nsec, &shifted_ns, 8,
			       &late, NULL) ||
	    !kernel_read_state(kernel, timekeeper, FIELD_timekeeper_shift, &shift, 4, &late,
			       NULL) ||
	    late || shift > MAX_SHIFT || seconds > MAX_WALL_S)
		return unknown;
	return (struct maybe_int){true,
				  (int64_t)(seconds * 1000000 + (shifted_ns >> shift) / 1000)};
}

uint64_t timekeeper_uptime_location(const struct kernel *kernel)
{
	gva_t timekeeper;

	if (!kernel_has(kernel, FIELD_timekeeper_ktime_sec) ||
	    !find_timekeeper(kernel, &timekeeper, NULL))
		return 0;
	return kernel_location(
		kernel,
		gva_add(timekeeper, (uint64_t)kernel->map->fields[FIELD_timekeeper_ktime_sec]));
}

bool timekeeper_read(const struct kernel *kernel, struct timekeeper *timekeeper, GError **error)
{
	gva_t address;

	*timekeeper = (struct timekeeper){0};
	if (!find_timekeeper(kernel, &address, error) ||
	    !read_u64(kernel, address, FIELD_timekeeper_ktime_sec, &timekeeper->uptime_s, error))
		return false;
	timekeeper->wall_us = wall_clock(kernel, address);
	return true;
}
