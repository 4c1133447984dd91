/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of live patches, correct and malformed. */
#include "kernel/livepatch.h"

#include <string.h>

#include "fake_tables.h"

/* Offsets in the image, in struct klp_patch and in struct module. */
#define HEAD 0x1000u
#define PATCH(i) (0x2000u + 0x100u * (i))
#define MODULE(i) (0x8000u + 0x400u * (i))
#define LIST 24
#define MOD 0
#define ENABLED 120
#define NAME 24

static void set_up(struct fake_tables *f, gconstpointer unused)
{
	fake_tables_set_up(f, unused);
	f->map->symbols[SYMBOL_klp_patches] = ADDRESS(HEAD);
	f->map->fields[FIELD_klp_patch_list] = LIST;
	f->map->fields[FIELD_klp_patch_mod] = MOD;
	f->map->fields[FIELD_klp_patch_enabled] = ENABLED;
	f->map->fields[FIELD_module_name] = NAME;
	put_u64(f, HEAD, ADDRESS(HEAD));
}

static void put_patch(struct fake_tables *f, unsigned int i, const char *name, bool enabled)
{
	put_u64(f, i ? PATCH(i - 1) + LIST : HEAD, ADDRESS(PATCH(i) + LIST));
	put_u64(f, PATCH(i) + LIST, ADDRESS(HEAD));
	put_u64(f, PATCH(i) + MOD, ADDRESS(MODULE(i)));
	*fake_guest_at(&f->guest, PATCH(i) + ENABLED) = enabled;
	put_text(f, MODULE(i) + NAME, name);
}

static void assert_fails(struct fake_tables *f, const char *message)
{
	g_autoptr(GError) error = NULL;

	fake_tables_read_afresh(f);
	g_assert_null(livepatches_read(&f->kernel, &error));
	g_assert_nonnull(error);
	g_assert_nonnull(strstr(error->message, message));
}

static void test_none(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) patches = livepatches_read(&f->kernel, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(patches->len, ==, 0);
}

static void test_two(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) patches = NULL;

	put_patch(f, 0, "livepatch_one", true);
	put_patch(f, 1, "livepatch_two", false);
	patches = livepatches_read(&f->kernel, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(patches->len, ==, 2);
	g_assert_cmpstr(patches->pdata[0], ==, "livepatch_one");
	g_assert_cmpstr(patches->pdata[1], ==, "livepatch_two (disabled)");
}

static void test_no_symbol(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->map->symbols[SYMBOL_klp_patches] = 0;
	assert_fails(f, "CONFIG_LIVEPATCH");
}

static void test_no_layout(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_patch(f, 0, "livepatch_one", true);
	f->map->fields[FIELD_klp_patch_list] = FIELD_UNKNOWN;
	assert_fails(f, "klp_patch.list");
}

static void test_endless(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_patch(f, 0, "livepatch_one", true);
	put_u64(f, PATCH(0) + LIST, ADDRESS(PATCH(0) + LIST));
	assert_fails(f, "does not end");
}

static void test_wild(struct fake_tables *f, gconstpointer unused G_GNUC_UNUSED)
{
	put_u64(f, HEAD, 0x4141414141414141);
	assert_fails(f, "0x4141");
	/* A patch without a module has no name. */
	put_patch(f, 0, "livepatch_one", true);
	put_u64(f, PATCH(0) + MOD, 0x4242424242424242);
	assert_fails(f, "0x4242");
}

#define TEST(name, function)                                                                       \
	g_test_add("/livepatch/" name, struct fake_tables, NULL, set_up, function,                 \
		   fake_tables_tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("none", test_none);
	TEST("two", test_two);
	TEST("no-symbol", test_no_symbol);
	TEST("no-layout", test_no_layout);
	TEST("endless", test_endless);
	TEST("wild", test_wild);
	return g_test_run();
}
