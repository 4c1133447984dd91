// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole core file, as input of `oopsbt-analyze --json`. */
#include <fcntl.h>
#include <unistd.h>

#include "analyze/file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const enum file_format formats[] = {FILE_FORMAT_JSON, FILE_FORMAT_TEXT};
	int output = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		int fd = fuzz_file(bytes, length);
		GError *error = NULL;
		bool good = file_analyze(fd, formats[i], output, &error);

		fuzz_check_result(good, error);
	}
	close(output);
	return 0;
}
