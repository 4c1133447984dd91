/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock and the build ID, in the formats of several releases and configurations. */
#include <elf.h>
#include <string.h>

#include "fake_guest.h"
#include "kernel/build-id.h"
#include "kernel/settings.h"
#include "kernel/timekeeper.h"

#define CORE 0x1000u
#define XTIME_SEC 0x70u
#define KTIME_SEC 0x78u
#define WALL_TO_MONOTONIC 0x80u
#define SHIFT 0x1cu
#define XTIME_NSEC 0x20u
#define WALL_S 1795574447u
#define NOTES 0x2000u

struct fixture {
	struct fake_guest guest;
	struct kernel_map *map;
	struct kernel kernel;
};

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 2 << 20);
	f->map = kernel_map_new();
	f->map->banner = g_strdup("Linux version 6.6.6 (a) (b) #1 SMP");
	f->map->root = f->guest.space.root;
	f->map->levels = 4;
	f->map->fields[FIELD_timekeeper_ktime_sec] = KTIME_SEC;
	f->map->fields[FIELD_timekeeper_xtime_sec] = XTIME_SEC;
	f->map->fields[FIELD_timekeeper_wall_to_monotonic] = WALL_TO_MONOTONIC;
	f->map->fields[FIELD_timekeeper_shift] = SHIFT;
	f->map->fields[FIELD_timekeeper_xtime_nsec] = XTIME_NSEC;
	kernel_init(&f->kernel, f->map, f->guest.snapshot);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_clear(&f->kernel);
	kernel_map_free(f->map);
	fake_guest_clear(&f->guest);
}

static void put_u64(struct fixture *f, uint64_t offset, uint64_t value)
{
	memcpy(fake_guest_at(&f->guest, offset), &value, sizeof(value));
}

/* Writes the clock of a guest with this @uptime. */
static void put_timekeeper(struct fixture *f, uint64_t offset, uint64_t uptime)
{
	uint32_t shift = 24;

	put_u64(f, offset + XTIME_SEC, WALL_S);
	put_u64(f, offset + KTIME_SEC, uptime);
	put_u64(f, offset + WALL_TO_MONOTONIC, uptime - WALL_S);
	put_u64(f, offset + XTIME_NSEC, 123456789ull << shift);
	memcpy(fake_guest_at(&f->guest, offset + SHIFT), &shift, sizeof(shift));
}

static void assert_uptime(struct fixture *f, uint64_t seconds)
{
	struct timekeeper timekeeper;
	g_autoptr(GError) error = NULL;

	g_assert_true(timekeeper_read(&f->kernel, &timekeeper, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(timekeeper.uptime_s, ==, seconds);
	g_assert_true(timekeeper.wall_us.known);
	g_assert_cmpint(timekeeper.wall_us.value, ==, WALL_S * 1000000ll + 123456);
}

/* Up to 6.12 tk_core has an unnamed type; the timekeeper follows its sequence count directly. */
static void test_uptime_6_12(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_tk_core] = FAKE_GUEST_IMAGE + CORE;
	put_timekeeper(f, CORE + 8, 612);
	assert_uptime(f, 612);
}

/* With CONFIG_LOCKDEP the sequence count is larger. */
static void test_uptime_lockdep(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_tk_core] = FAKE_GUEST_IMAGE + CORE;
	put_timekeeper(f, CORE + 72, 61);
	assert_uptime(f, 61);
}

static void test_uptime_6_13(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_tk_core] = FAKE_GUEST_IMAGE + CORE;
	f->map->fields[FIELD_tk_data_timekeeper] = 128;
	put_timekeeper(f, CORE + 128, 613);
	assert_uptime(f, 613);
}

/* An array of timekeepers, the core's first. */
static void test_uptime_6_17(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_timekeeper_data] = FAKE_GUEST_IMAGE + CORE;
	f->map->fields[FIELD_tk_data_timekeeper] = 64;
	put_timekeeper(f, CORE + 64, 617);
	assert_uptime(f, 617);
}

static void test_no_uptime(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	struct timekeeper timekeeper;

	g_assert_false(timekeeper_read(&f->kernel, &timekeeper, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND);
	g_clear_error(&error);
	/* The memory there has no valid clock. */
	f->map->symbols[SYMBOL_tk_core] = FAKE_GUEST_IMAGE + CORE;
	g_assert_false(timekeeper_read(&f->kernel, &timekeeper, &error));
	g_assert_error(error, KERNEL_ERROR, KERNEL_ERROR_INVALID);
}

/* A shift over the width of a number, and a time of day in another millennium. */
static void test_wall_clock_of_nonsense(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct timekeeper timekeeper;
	uint32_t shift = 64;

	f->map->symbols[SYMBOL_tk_core] = FAKE_GUEST_IMAGE + CORE;
	put_timekeeper(f, CORE + 8, 612);
	memcpy(fake_guest_at(&f->guest, CORE + 8 + SHIFT), &shift, sizeof(shift));
	g_assert_true(timekeeper_read(&f->kernel, &timekeeper, NULL));
	g_assert_false(timekeeper.wall_us.known);
	fake_guest_forget(&f->guest);
	f->kernel.space = f->guest.space;
	put_timekeeper(f, CORE + 8, 612);
	put_u64(f, CORE + 8 + XTIME_SEC, 1ull << 60);
	put_u64(f, CORE + 8 + WALL_TO_MONOTONIC, 612 - (1ull << 60));
	g_assert_true(timekeeper_read(&f->kernel, &timekeeper, NULL));
	g_assert_false(timekeeper.wall_us.known);
}

static uint64_t put_note(struct fixture *f, uint64_t at, const char *name, uint32_t type,
			 const char *text, size_t length)
{
	Elf64_Nhdr header = {(uint32_t)strlen(name) + 1, (uint32_t)length, type};

	memcpy(fake_guest_at(&f->guest, at), &header, sizeof(header));
	at += sizeof(header);
	memcpy(fake_guest_at(&f->guest, at), name, strlen(name) + 1);
	at += (header.n_namesz + 3) & ~3u;
	memcpy(fake_guest_at(&f->guest, at), text, length);
	return at + ((length + 3) & ~(size_t)3);
}

static void put_notes(struct fixture *f, uint64_t end)
{
	f->map->symbols[SYMBOL___start_notes] = FAKE_GUEST_IMAGE + NOTES;
	f->map->symbols[SYMBOL___stop_notes] = FAKE_GUEST_IMAGE + end;
}

static void test_build_id(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	uint64_t at = put_note(f, NOTES, "Xen", NT_GNU_BUILD_ID, "5.4", 4);
	g_autofree char *build_id = NULL;

	at = put_note(f, at, "Linux", 0x101, "abc", 3);
	put_notes(f, put_note(f, at, "GNU", NT_GNU_BUILD_ID, "\x12\xab\xff\x00\x01", 5));
	build_id = build_id_read(&f->kernel, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(build_id, ==, "12abff0001");
}

static void assert_no_build_id(struct fixture *f)
{
	g_autoptr(GError) error = NULL;

	fake_guest_forget(&f->guest);
	f->kernel.space = f->guest.space;
	g_assert_null(build_id_read(&f->kernel, &error));
	g_assert_nonnull(error);
}

static void test_no_build_id(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	uint32_t huge = 0xfffffff0;
	uint64_t end;

	assert_no_build_id(f);
	end = put_note(f, NOTES, "GNU", NT_GNU_BUILD_ID, "0123456789abcdef", 16);
	put_notes(f, NOTES - 1);
	assert_no_build_id(f);
	put_notes(f, NOTES + (1u << 30));
	assert_no_build_id(f);
	put_notes(f, end - 1); /* cut short */
	assert_no_build_id(f);
	put_notes(f, end);
	memcpy(fake_guest_at(&f->guest, NOTES), &huge, 4);
	assert_no_build_id(f);
	memset(fake_guest_at(&f->guest, NOTES), 0, 12); /* empty notes, to the end */
	assert_no_build_id(f);
}

/* Kernels with lib/sys_info.c have masks instead of switches. */
static void test_sys_info(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct settings settings;

	f->map->symbols[SYMBOL_sysctl_oops_all_cpu_backtrace] = FAKE_GUEST_IMAGE + CORE;
	f->map->symbols[SYMBOL_oops_si_mask] = FAKE_GUEST_IMAGE + CORE + 8;
	f->map->symbols[SYMBOL_unknown_nmi_si_mask] = FAKE_GUEST_IMAGE + CORE + 16;
	put_u64(f, CORE, 0);
	put_u64(f, CORE + 8, 0x42);
	put_u64(f, CORE + 16, 0x100);
	settings_read(&f->kernel, &settings);
	settings_find_reporter(&f->kernel, &settings);
	g_assert_cmpint(settings.oops_all_cpu_backtrace.value, ==, 1);
	g_assert_cmpint(settings.unknown_nmi_backtrace.value, ==, 1);
	g_assert_true(settings.nmi_handler);

	fake_guest_forget(&f->guest);
	f->kernel.space = f->guest.space;
	put_u64(f, CORE + 8, 0x2);
	put_u64(f, CORE + 16, 0);
	settings_read(&f->kernel, &settings);
	settings_find_reporter(&f->kernel, &settings);
	g_assert_true(settings.oops_all_cpu_backtrace.known);
	g_assert_cmpint(settings.oops_all_cpu_backtrace.value, ==, 0);
	g_assert_true(settings.unknown_nmi_backtrace.known);
	g_assert_false(settings.nmi_handler);
}

/* 2: only the CPU that gets the NMI prints its backtrace. */
static void test_one_cpu(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	struct settings settings = {0};

	f->map->symbols[SYMBOL_unknown_nmi_backtrace] = FAKE_GUEST_IMAGE + CORE;
	put_u64(f, CORE, 2);
	settings_find_reporter(&f->kernel, &settings);
	g_assert_true(settings.nmi_handler);
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/settings/uptime-6.12", test_uptime_6_12);
	add("/settings/uptime-lockdep", test_uptime_lockdep);
	add("/settings/wall-clock-of-nonsense", test_wall_clock_of_nonsense);
	add("/settings/uptime-6.13", test_uptime_6_13);
	add("/settings/uptime-6.17", test_uptime_6_17);
	add("/settings/no-uptime", test_no_uptime);
	add("/settings/build-id", test_build_id);
	add("/settings/no-build-id", test_no_build_id);
	add("/settings/masks of sys_info count like the switches that they replace", test_sys_info);
	add("/settings/an NMI handler for only one CPU is recognised", test_one_cpu);
	return g_test_run();
}
