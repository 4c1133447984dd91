/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structure offsets from BTF that the test builds, correct and malformed.
 * Documentation/bpf/btf.rst.
 */
#include <bpf/btf.h>
#include <string.h>
#include <time.h>

#include "fake_guest.h"
#include "kernel/btf.h"

#define BTF_PLACE 0x1000u /* in the image */

struct fixture {
	struct fake_guest guest;
	struct btf *btf;
	struct kernel_map *map;
};

static void set_up(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	fake_guest_init(&f->guest, 4 << 20);
	f->btf = btf__new_empty();
	f->map = kernel_map_new();
	g_assert_cmpint(btf__add_int(f->btf, "int", 4, 0), ==, 1);
}

static void tear_down(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	kernel_map_free(f->map);
	btf__free(f->btf);
	fake_guest_clear(&f->guest);
}

static void resolve(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	uint32_t length;
	const void *data = btf__raw_data(f->btf, &length);

	memcpy(fake_guest_at(&f->guest, BTF_PLACE), data, length);
	f->map->symbols[SYMBOL___start_BTF] = FAKE_GUEST_IMAGE + BTF_PLACE;
	f->map->symbols[SYMBOL___stop_BTF] = FAKE_GUEST_IMAGE + BTF_PLACE + length;
	btf_resolve_fields(f->map, &f->guest.space, &error);
	g_assert_no_error(error);
}

/* The member is inside two unnamed structures, one of them behind a typedef and a qualifier. */
static void test_anonymous(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int inner, outer, alias, qualified;

	inner = btf__add_struct(f->btf, NULL, 8);
	btf__add_field(f->btf, "other", 1, 0, 0);
	btf__add_field(f->btf, "pid", 1, 32, 0);
	alias = btf__add_typedef(f->btf, "alias", inner);
	qualified = btf__add_const(f->btf, alias);
	outer = btf__add_union(f->btf, NULL, 16);
	btf__add_field(f->btf, NULL, qualified, 0, 0);
	btf__add_struct(f->btf, "task_struct", 32);
	btf__add_field(f->btf, "tgid", 1, 0, 0);
	btf__add_field(f->btf, NULL, outer, 128, 0);
	resolve(f);
	g_assert_cmpint(f->map->fields[FIELD_task_pid], ==, 16 + 4);
	g_assert_cmpint(f->map->fields[FIELD_task_tgid], ==, 0);
	g_assert_cmpint(f->map->fields[FIELD_task_comm], ==, FIELD_UNKNOWN);
}

/* The first of two unnamed members of one type has the name. */
static void test_same_type_twice(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int inner = btf__add_struct(f->btf, NULL, 4);

	btf__add_field(f->btf, "pid", 1, 0, 0);
	btf__add_struct(f->btf, "task_struct", 32);
	btf__add_field(f->btf, NULL, inner, 64, 0);
	btf__add_field(f->btf, NULL, inner, 128, 0);
	resolve(f);
	g_assert_cmpint(f->map->fields[FIELD_task_pid], ==, 8);
}

/*
 * Each structure has ten unnamed members, all of the next type: 10^8 paths. A search for a field
 * must not follow every path.
 */
static void test_exponential(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int type = btf__add_struct(f->btf, NULL, 4);
	clock_t before;

	btf__add_field(f->btf, "nothing", 1, 0, 0);
	for (unsigned int level = 0; level < 8; level++) {
		int next = btf__add_struct(f->btf, level < 7 ? NULL : "task_struct", 4);

		for (unsigned int i = 0; i < 10; i++)
			btf__add_field(f->btf, NULL, type, 0, 0);
		type = next;
	}
	btf__add_field(f->btf, "pid", 1, 32, 0);
	before = clock();
	resolve(f);
	g_assert_cmpint(clock() - before, <, CLOCKS_PER_SEC / 2);
	g_assert_cmpint(f->map->fields[FIELD_task_pid], ==, 4);
	g_assert_cmpint(f->map->fields[FIELD_task_comm], ==, FIELD_UNKNOWN);
}

/* A structure with itself as an unnamed member also ends the search. */
static void test_recursive(struct fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int self = btf__add_struct(f->btf, "task_struct", 4);

	btf__add_field(f->btf, NULL, self, 0, 0);
	btf__add_field(f->btf, NULL, self, 32, 0);
	resolve(f);
	g_assert_cmpint(f->map->fields[FIELD_task_pid], ==, FIELD_UNKNOWN);
}

static void add(const char *name, void (*test)(struct fixture *, gconstpointer))
{
	g_test_add(name, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/btf/anonymous", test_anonymous);
	add("/btf/same-type-twice", test_same_type_twice);
	add("/btf/exponential", test_exponential);
	add("/btf/recursive", test_recursive);
	return g_test_run();
}
