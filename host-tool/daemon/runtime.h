/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory for what lives as long as the host is up: /run/oopsbt, or where
 * OOPSBT_RUNTIME_DIRECTORY (tests) or RUNTIME_DIRECTORY (systemd) says.
 *
 *   lock         held by the daemon
 *   status.json  status.h
 *   frozen/      freeze-guard/record.h
 *   locks/       one a domain, held while it is collected, by whomever
 *   maps/        kernel_state.h
 *
 * It is root's alone. Beside it, for everyone: /run/oopsbt-metrics/oopsbt.prom, see metrics.h.
 */
#ifndef OOPSBT_DAEMON_RUNTIME_H
#define OOPSBT_DAEMON_RUNTIME_H

#include <glib.h>
#include <stdbool.h>

char *runtime_directory(void);
/* Where the metrics go unless the configuration says otherwise. */
char *runtime_metrics_file(void);

/*
 * Makes the directory, 0700, and takes the daemon's lock in it until the process ends: there can be
 * one daemon to a directory.
 */
bool runtime_claim(const char *directory, GError **error);

void runtime_remove(const char *directory, const char *name);

#endif
