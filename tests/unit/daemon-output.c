/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/output.h"

#define ID "20261122T214501Z-1"
#define UUID "c24f6154-8144-4ff4-9f4c-25f0304e2337"

#define LARGE ((size_t)8 << 20)

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
	bool good = output_check_json(fd, 4096, &collection, NULL, NULL);

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

static void check_summary(const char *members, const char *release, int cpu)
{
	g_autofree char *text = g_strdup_printf(
		"{\"schema\":1,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"" UUID "\"}%s}", members);
	int fd = make_file(text, strlen(text));
	struct summary summary = {0};

	g_assert_true(output_check_json(fd, 4096, &collection, &summary, NULL));
	g_assert_cmpstr(summary.release, ==, release);
	g_assert_cmpint(summary.cpu.known ? summary.cpu.value : -1, ==, cpu);
	summary_clear(&summary);
	close(fd);
}

static void test_summary(void)
{
	g_autofree char *blank = g_strnfill(3000, ' ');
	g_autofree char *endless = g_strdup_printf(",\"guest\":{\"release\":\"%s\"}", blank);

	check_summary("", NULL, -1);
	check_summary(",\"guest\":{\"release\":\"6.1\"},\"oops\":{\"cpu\":3}", "6.1", 3);
	check_summary(",\"stall\":{\"cpu\":7},\"oops\":null", NULL, 7);
	check_summary(",\"guest\":{\"release\":null},\"oops\":{\"cpu\":null}", NULL, -1);
	check_summary(",\"guest\":{\"release\":\"a\\\"b\\\\x0a\"}", "a\"b\\x0a", -1);
	check_summary(",\"guest\":{\"release\":7},\"oops\":{\"cpu\":\"3\"}", NULL, -1);
	check_summary(",\"oops\":{\"cpu\":-1}", NULL, -1);
	check_summary(",\"oops\":{\"cpu\":99999999999999999999}", NULL, -1);
	check_summary(endless, NULL, -1);
}

static void check_left_out(unsigned int oopses, const char *members, bool differ)
{
	g_autofree char *text = g_strdup_printf(
		"{\"schema\":1,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"" UUID "\"}%s}", members);
	struct report_collection after = collection;
	int fd = make_file(text, strlen(text));
	struct summary summary = {0};

	after.suppressed = (struct suppressed_signals){.rate_limit = 5, .oopses = oopses};
	g_assert_true(output_check_json(fd, 4096, &after, &summary, NULL));
	g_assert_true(summary.left_out_differ == differ);
	summary_clear(&summary);
	close(fd);
}

/* Only "true" says that the left out incidents are the same bug. */
static void test_left_out(void)
{
	check_left_out(0, "", false);
	check_left_out(1, "", true);
	check_left_out(1, ",\"left_out_alike\":null", true);
	check_left_out(1, ",\"left_out_alike\":false", true);
	check_left_out(1, ",\"left_out_alike\":\"true\"", true);
	check_left_out(1, ",\"left_out_alike\":true", false);
}

/* Some sentences are longer than the limit of names. */
static void test_verdict(void)
{
	g_autofree char *words = g_strnfill(1000, 'a');
	g_autofree char *text =
		g_strdup_printf("{\"schema\":1,\"id\":\"" ID "\",\"domain\":{\"uuid\":\"" UUID
				"\"},\"fingerprint\":\"0123456789abcdef\","
				"\"verdict\":{\"blame\":\"host\",\"text\":\"%s\"}}",
				words);
	int fd = make_file(text, strlen(text));
	struct summary summary = {0};

	g_assert_true(output_check_json(fd, 4096, &collection, &summary, NULL));
	g_assert_cmpstr(summary.fingerprint, ==, "0123456789abcdef");
	g_assert_cmpstr(summary.verdict, ==, words);
	g_assert_cmpstr(summary.blame, ==, "host");
	summary_clear(&summary);
	close(fd);
}

/* Every three bytes of this JSON are an object in a tree. */
static void test_memory(void)
{
	g_autoptr(GString) text = g_string_new("{\"schema\":1,\"id\":\"" ID
					       "\",\"domain\":{\"uuid\":\"" UUID "\"},\"x\":[{}");
	struct rusage before, after;
	int fd;

	while (text->len < LARGE)
		g_string_append(text, ",{}");
	g_string_append(text, "]}");
	fd = make_file(text->str, text->len);
	getrusage(RUSAGE_SELF, &before);
	g_assert_true(output_check_json(fd, 2 * LARGE, &collection, NULL, NULL));
	getrusage(RUSAGE_SELF, &after);
	g_assert_cmpint(after.ru_maxrss - before.ru_maxrss, <, 1024); /* KiB */
	close(fd);
}

/* A character may be split between two reads. */
static void test_pieces(void)
{
	static const char *const characters[] = {"\303\251", "\342\202\254", "\360\237\230\200"};
	g_autofree char *blank = g_strnfill(65536, ' ');

	for (size_t i = 0; i < 7 * G_N_ELEMENTS(characters); i++) {
		g_autofree char *text =
			g_strdup_printf("%.*s%s", 65530 + (int)i / 3, blank, characters[i % 3]);
		int fd = make_file(text, strlen(text));
		int cut = make_file(text, strlen(text) - 1);

		g_assert_true(output_check_text(fd, "report.txt", 70000, false, NULL));
		g_assert_false(output_check_text(cut, "report.txt", 70000, false, NULL));
		close(fd);
		close(cut);
	}
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
	g_test_add_func("/output/clean text within the limit is accepted", test_text);
	g_test_add_func("/output/report.json must be about this collection", test_json);
	g_test_add_func("/output/the daemon reads kernel and CPU from the head of a report",
			test_summary);
	g_test_add_func(
		"/output/the daemon reads fingerprint and verdict from the head of a report",
		test_verdict);
	g_test_add_func("/output/the daemon reads the left out signals from the head of a report",
			test_left_out);
	g_test_add_func("/output/a report of 8 MiB takes less than 1 MiB to check", test_memory);
	g_test_add_func("/output/a character across two pieces of text is accepted", test_pieces);
	g_test_add_func("/output/a core is an ELF file or empty", test_core);
	return g_test_run();
}
