/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/summary.h"

#include <glib.h>

void summary_clear(struct summary *summary)
{
	g_free(summary->release);
	g_free(summary->incident);
	g_free(summary->fingerprint);
	g_free(summary->verdict);
	g_free(summary->blame);
	*summary = (struct summary){0};
}
