/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runtime directory, which lasts until the host reboots: /run/oopsbt, or the value of
 * OOPSBT_RUNTIME_DIRECTORY (tests) or RUNTIME_DIRECTORY (systemd).
 *
 *   lock         held by the daemon
 *   status.json  status.h
 *   frozen/      freeze-guard/record.h
 *   locks/       one per domain, held by the process that collects it
 *   maps/        kernel_state.h
 *
 * Only root can read it. Next to it, world-readable: /run/oopsbt-metrics/oopsbt.prom, see
 * metrics.h.
 */
#ifndef OOPSBT_DAEMON_RUNTIME_H
#define OOPSBT_DAEMON_RUNTIME_H

#include <glib.h>
#include <stdbool.h>

char *runtime_directory(void);
/* The default metrics file. */
char *runtime_metrics_file(void);

/*
 * Creates the directory, 0700, and takes the daemon's lock in it until the process ends: a
 * directory can have only one daemon.
 */
bool runtime_claim(const char *directory, GError **error);

void runtime_remove(const char *directory, const char *name);

#endif
