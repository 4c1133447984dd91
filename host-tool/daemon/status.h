/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon tells the world about itself: <runtime directory>/status.json, 0600, replaced
 * whole whenever something changes, removed when the daemon ends.
 *
 * {
 *   "schema": 1, "pid": N, "version": "0.1.0", "uri": "qemu:///system",
 *   "directory": "/var/lib/oopsbt", "connected": true,
 *   "auto_enable": patterns | null,
 *   "domains": [ { "uuid", "name", "active", "collecting",
 *                  "automatic": true,                     enabled by auto_enable
 *                  "signals": [ "event", "watch" ],       the ways an oops is noticed right now
 *                  "watch_reason": text | null,           why "watch" is not, though asked for
 *                  "hangs_reason": text | null,           why hangs are not, though asked for
 *                  "kernel": "6.1.0-56-amd64" | null,     null: not found (yet)
 *                  "memory": "proc" | "libvirt" | null,   null: not known (yet)
 *                  "collected": N, "suppressed": N, "failed": N,
 *                  "repeats": N,          of those collected: records in an earlier dump
 *                  "last_dump": id | null } ]              enabled domains only
 * }
 */
#ifndef OOPSBT_DAEMON_STATUS_H
#define OOPSBT_DAEMON_STATUS_H

#define STATUS_FILE "status.json"
/* Where it is unless systemd's RUNTIME_DIRECTORY says otherwise. */
#define DEFAULT_RUNTIME_DIRECTORY "/run/oopsbt"

#endif
