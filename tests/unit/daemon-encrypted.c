/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU says whether a guest is a confidential one. A function of this file stands for libvirt's,
 * and answers as QEMU 7.2 does.
 */
#include <string.h>

#include "daemon/layout.h"

static const char *confidential; /* the answer; NULL: libvirt fails */

int virDomainQemuMonitorCommand(virDomainPtr domain G_GNUC_UNUSED, const char *command,
				char **answer, unsigned int flags G_GNUC_UNUSED)
{
	static const struct {
		const char *in_command, *answer;
	} others[] = {
		{"info mtree", " AS \"memory\", root: system\n"
			       "  0000000000000000-0000000001ffffff (prio 0, ram): pc.ram\n"},
		{"info ramblock", "                  pc.ram    4 KiB  0x0000000000000000 "
				  "0x0000000002000000 0x0000000002000000\n"},
		{"query-version",
		 "{\"return\": {\"qemu\": {\"major\": 7, \"minor\": 2, \"micro\": 22}}}"},
	};

	if (strstr(command, "confidential-guest-support")) {
		*answer = g_strdup(confidential);
		return confidential ? 0 : -1;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		if (strstr(command, others[i].in_command))
			*answer = g_strdup(others[i].answer);
	return *answer ? 0 : -1;
}

static struct layout *read_layout(const char *answer, GError **error)
{
	virConnectPtr connection = virConnectOpen("test:///default");
	g_autoptr(virDomain) domain = virDomainLookupByName(connection, "test");
	struct layout *layout;

	confidential = answer;
	layout = layout_read(domain, MEMORY_LIBVIRT, 5000, error);
	virConnectClose(connection);
	return layout;
}

static void assert_encrypted(const char *answer, bool encrypted)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Layout) layout = read_layout(answer, &error);

	g_assert_no_error(error);
	g_assert_cmpint(layout->encrypted, ==, encrypted);
}

static void test_confidential(void)
{
	assert_encrypted("{\"return\": \"/objects/lsec0\"}", true);
}

static void test_ordinary(void)
{
	assert_encrypted("{\"return\": \"\"}", false);
	/* Before QEMU 6.0. */
	assert_encrypted("{\"error\": {\"class\": \"GenericError\", \"desc\": \"Property "
			 "'pc-i440fx-5.2-machine.confidential-guest-support' not found\"}}",
			 false);
	assert_encrypted("{\"return\": {}}", false);
}

static void test_no_answer(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(read_layout(NULL, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_assert_null(read_layout("garbage", &error));
	g_assert_nonnull(error);
}

static void ignore_error(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	virSetErrorFunc(NULL, ignore_error);
	g_test_add_func("/encrypted/a guest of SEV or TDX is encrypted", test_confidential);
	g_test_add_func("/encrypted/an ordinary guest and an old QEMU's is not", test_ordinary);
	g_test_add_func("/encrypted/without an answer nothing is known", test_no_answer);
	return g_test_run();
}
