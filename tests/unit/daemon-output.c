/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/output.h"

#define ID "20261122T214501Z-1"
#define UUID "c24f6154-8144-4ff4-9f4c-25f0304e2337"

static const struct report_collection collection = {.id = (char *)ID, .domain_uuid = (char *)UUID};

static int make_file(const char *text, size_t length)
{
	int fd = memfd_create("output", MFD_CLOEXEC);

	g_assert_cmpint(write(fd, text, length), ==, (ssize_t)length);
	return fd;
}

static bool check_text(const char *text, bool may_be_empty)
{
	int fd = make_file(text, strlen(text));
	bool good = output_check_text(fd, "report.txt", 64, may_be_empty, NULL);

	close(fd);
	return good;
}

static void test_text(void)
{
	g_assert_true(check_text("one\n\ttwo \303\244\n", false));
	g_assert_true(check_text("", true));
	g_assert_false(check_text("", false));
	g_assert_false(check_text("\033[2J", false));
	g_assert_false(check_text("\377", false));
	g_assert_false(check_text("0123456789012345678901234567890123456789"
				  "0123456789012345678901234567890123456789",
				  false));
}

static bool check_json(const char *text)
{
	int fd = make_file(text, strlen(text));
	bool good = output_check_json(fd, 4096, &collection, NULL);

	close(fd);
	return good;
}

static void test_json(void)
{
	g_assert_true(
		check_json("{\"schema\":1,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"" UUID "\"}}"));
	g_assert_false(
		check_json("{\"schema\":2,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"" UUID "\"}}"));
	g_assert_false(
		check_json("{\"schema\":1,\"id\":\"other\",\"domain\":{\"uuid\":\"" UUID "\"}}"));
	g_assert_false(
		check_json("{\"schema\":1,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"other\"}}"));
	g_assert_false(check_json("{\"schema\":1,\"id\":\"" ID "\",\"domain\":7}"));
	g_assert_false(check_json("{\"schema\":\"1\"}"));
	g_assert_false(check_json("[]"));
	g_assert_false(check_json("{"));
	g_assert_false(check_json(""));
}

static void test_core(void)
{
	int elf = make_file("\177ELF....", 8);
	int other = make_file("#!/bin/sh", 9);
	int empty = make_file("", 0);

	g_assert_true(output_check_core(elf, 8, NULL));
	g_assert_false(output_check_core(elf, 7, NULL));
	g_assert_false(output_check_core(other, 64, NULL));
	g_assert_true(output_check_core(empty, 64, NULL));
	close(elf);
	close(other);
	close(empty);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/output/text that is clean and not too long is taken", test_text);
	g_test_add_func("/output/report.json must be about this collection", test_json);
	g_test_add_func("/output/a core is an ELF file or empty", test_core);
	return g_test_run();
}
