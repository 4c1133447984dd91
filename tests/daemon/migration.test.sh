#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A domain that oopses while it migrates is not frozen, but read, since it may be gone in a moment.
# The other host is a second libvirtd with another host name and UUID.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/migration.sh"

libvirt_start
migration_start 1
# Changes memory, so that the migration has data to transfer.
in_guest 'dd if=/dev/urandom of=/tmp/ballast bs=1M count=60'
answered
daemon_start
virsh -q metadata "$domain" https://oopsbt.org/xmlns/domain/1 --key oopsbt --live --set '<oopsbt/>' >/dev/null
daemon_wait "$domain: runs Linux" >/dev/null

migrate 1 --bandwidth 1 &
migration=$!
tap_ok "the domain is migrating" migrating
daemon_mark
in_guest '(echo null >/sys/kernel/debug/oopsbt_scenario/run) 2>/dev/null & true'
tap_like "an oops while it migrates is collected at once" "$(daemon_wait 'stored: ' || true)" 'null_deref'
tap_unlike 'a domain that is migrating is not frozen' "$(tail -n "+$daemon_from" "$daemon_log")" 'frozen:'
dump=$(newest migrating)
tap_is "the report of a migrating domain says why it has no registers" \
	"$("$query" value "$dump/report.json" '$.errors[*]' | grep -c '"vcpus","message":"no registers: the domain is migrating"')" 1
tap_like 'the report of a migrating domain has what the guest printed' "$(cat "$dump/dmesg.txt")" 'Oops: 0002'
tap_ok 'the domain is still migrating after the collection' migrating
virsh -q domjobabort "$domain"
wait "$migration" || true
tap_like 'a domain whose migration was cancelled runs' "$(virsh -q domstate "$domain")" '^running'
tap_is 'a domain whose migration was cancelled has one dump' "$(dumps migrating | wc -l)" 1

migrate 2 &
wait $! || cat "$test_dir/migrate.log"
tap_ok 'a domain that has migrated is not followed any more' daemon_wait "$domain: is gone"
tap_like 'a domain that has migrated runs on the other host' "$(virsh -q -c "$libvirt_other_uri" domstate "$domain")" '^running'
status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_done
