// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
	g_log_set_always_fatal(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	return 0;
}

char *fuzz_text(const uint8_t *bytes, size_t length)
{
	return g_strndup((const char *)bytes, length);
}

char *fuzz_take_text(const uint8_t **bytes, size_t *length)
{
	size_t text_length = strnlen((const char *)*bytes, *length);
	char *text = fuzz_text(*bytes, text_length);
	size_t taken = MIN(text_length + 1, *length);

	*bytes += taken;
	*length -= taken;
	return text;
}

int fuzz_file(const uint8_t *bytes, size_t length)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	g_assert_cmpint(ftruncate(fd, 0), ==, 0);
	g_assert_cmpint(pwrite(fd, bytes, length, 0), ==, length);
	g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
	return fd;
}

void fuzz_check_result(bool good, GError *error)
{
	g_assert_true(good == (error == NULL));
	if (error)
		g_assert_cmpuint(strlen(error->message), >, 0);
	g_clear_error(&error);
}
