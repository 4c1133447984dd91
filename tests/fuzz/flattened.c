// SPDX-License-Identifier: GPL-2.0-or-later
/* makedumpfile's flattened stream. */
#include <unistd.h>

#include "fuzz.h"
#include "guest/dump_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	int fd = fuzz_file(bytes, length);
	GError *error = NULL;
	int whole;

	if (!dump_file_is_flattened(fd))
		return 0;
	whole = dump_file_unflatten(fd, &error);
	fuzz_check_result(whole >= 0, error);
	if (whole >= 0)
		close(whole);
	return 0;
}
