// SPDX-License-Identifier: GPL-2.0-or-later
/* An exported dump: a gzipped tar. */
#include "../../virsh-plugin/archive.h"

#include "fuzz.h"

#define MAX_BYTES (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fuzz_file(bytes, length));
	GError *error = NULL;
	size_t got = 0;
	g_autofree char *content = archive_read(path, "report.txt", MAX_BYTES, &got, &error);

	fuzz_check_result(content != NULL, error);
	g_assert_cmpuint(got, <=, MAX_BYTES);
	return 0;
}
