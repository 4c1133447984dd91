/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's public state: <runtime directory>/status.json, 0600. It is replaced atomically after
 * each change and removed when the daemon ends.
 *
 * {
 *   "schema": 1, "pid": N, "version": "0.1.0", "uri": "qemu:///system",
 *   "directory": "/var/lib/oopsbt", "connected": true,
 *   "auto_enable": patterns | null,
 *   "domains": [ { "uuid", "name", "active", "collecting",
 *                  "automatic": true,                     enabled by auto_enable
 *                  "signals": [ "event", "watch" ],       current ways of noticing an oops
 *                  "watch_reason": text | null,           why "watch" is missing, if requested
 *                  "hangs_reason": text | null,           why hangs are not noticed, if requested
 *                  "kernel": "6.1.0-56-amd64" | null,     null: not found (yet)
 *                  "memory": "proc" | "libvirt" | null,   null: unknown (yet)
 *                  "collected": N, "suppressed": N, "failed": N,
 *                  "repeats": N,          of those collected: records in an earlier dump
 *                  "last_dump": id | null } ]              enabled domains only
 * }
 */
#ifndef OOPSBT_DAEMON_STATUS_H
#define OOPSBT_DAEMON_STATUS_H

#define STATUS_FILE "status.json"
/* The default, unless systemd sets RUNTIME_DIRECTORY. */
#define DEFAULT_RUNTIME_DIRECTORY "/run/oopsbt"

#endif
