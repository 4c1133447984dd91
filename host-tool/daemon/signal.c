/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/signal.h"

struct signal *signal_copy(const struct signal *signal)
{
	struct signal *copy = g_memdup2(signal, sizeof(*signal));

	copy->evidence = g_strdup(signal->evidence);
	return copy;
}

void signal_free(void *data)
{
	struct signal *signal = data;

	g_free(signal->evidence);
	g_free(signal);
}
