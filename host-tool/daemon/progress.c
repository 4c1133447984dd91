/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/progress.h"

void progress_begin(struct progress *progress, bool endless, gint64 now_us)
{
	if (progress->pending++ == 0)
		progress->moved_us = now_us;
	progress->endless += endless;
}

void progress_end(struct progress *progress, bool endless, gint64 now_us)
{
	progress->pending--;
	progress->endless -= endless;
	progress->moved_us = now_us;
}

bool progress_stands(const struct progress *progress, gint64 limit_us, gint64 now_us)
{
	return progress->pending > 0 && progress->endless == 0 &&
	       now_us - progress->moved_us > limit_us;
}
