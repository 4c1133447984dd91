#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A migration that begins during a freeze would keep the pause: it is cancelled. If that comes too
# late, the log says where the guest is paused. The domain is transient, then persistent.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"
. "$here/../lib/migration.sh"

# there OPTION...: virsh on the other host
there() {
	virsh -q -c "$libvirt_other_uri" "$@"
}

# frozen: the guest oopses, and its collection does not thaw it
frozen() {
	rogue hang-frozen
	daemon_mark
	in_guest '(echo null >/sys/kernel/debug/oopsbt_scenario/run) 2>/dev/null & true'
	daemon_wait "$domain: frozen: the guest is frozen" >/dev/null
	rogue good
}

# runs_at OPTION...: the guest runs there, and answers
runs_at() {
	eventually 20 is_running "$@" && in_guest true && answered
}
is_running() {
	virsh -q "$@" domstate "$domain" --reason | tee /dev/fd/2 | grep '^running' >/dev/null
}

# cancelled KIND NUMBER: a migration during the freeze. At 1 MiB/s it does not end before that.
cancelled() {
	local status=0
	frozen
	migrate "$2" --bandwidth 1 || status=$?
	tap_is "$1 domain: a migration that begins during the freeze is cancelled" "$status" 1
	tap_ok "$1 domain: the guest runs after its migration was cancelled" runs_at
	tap_ok "$1 domain: the guard logs that the migration can be started again" \
		daemon_wait 'freeze-guard: .* was frozen when a migration began; .*: ended the migration, start it again'
	daemon_wait "$domain: stored: " >/dev/null
	tap_like "$1 domain: the report says what ended the freeze" "$(newest migrating report.txt)" 'the domain began to migrate'
}

# back NUMBER: from the other host
back() {
	daemon_mark
	there migrate --live "$domain" "$LIBVIRT_DEFAULT_URI" --migrateuri "unix://$libvirt_migration/$1" >/dev/null
	daemon_wait "$domain: runs Linux" >/dev/null
}

# too_late KIND NUMBER MESSAGE: nobody ends the migration in time
too_late() {
	local guard
	guard=$(pgrep -P "$daemon_pid" -f oopsbt-freeze-guard)
	frozen
	at_exit "kill -CONT $daemon_pid $guard 2>/dev/null || true"
	kill -STOP "$daemon_pid" "$guard"
	migrate "$2" || cat "$test_dir/migrate.log"
	tap_like "$1 domain: a guest that migrated during its freeze is paused" "$(there domstate "$domain")" '^paused'
	kill -CONT "$daemon_pid" "$guard"
	tap_ok "$1 domain: the guard logs where a guest is paused that migrated during its freeze" \
		daemon_wait "freeze-guard: .* $3"
	# The analyser hangs: the dump comes when it is given up.
	daemon_wait "$domain: stored: " >/dev/null
	there resume "$domain" >/dev/null
	tap_ok "$1 domain: a guest that was resumed on the other host answers" runs_at -c "$libvirt_other_uri"
}

libvirt_start
migration_start 1
rogue_analyzer
daemon_config '[analyzer]' 'wall_seconds=12' '[rate-limit]' 'domain_burst=1000'
daemon_start
virsh -q metadata "$domain" https://oopsbt.org/xmlns/domain/1 --key oopsbt --live \
	--set "<oopsbt budget='9000' signal='event' full='1000' kinds='oops'/>" >/dev/null
daemon_wait "$domain: runs Linux" >/dev/null

cancelled transient 1
migrate 2 || cat "$test_dir/migrate.log"
tap_ok "a migration that is started again after its cancellation succeeds" runs_at -c "$libvirt_other_uri"
back 3
too_late transient 4 'is gone: if it migrated .* while it was frozen, it is paused there'
back 5

# From now on the other host has an oopsbtd, too, with its own store and the same log.
here_pid=$daemon_pid
sed "s,^root=.*,root=$test_dir/store-there," "$test_dir/oopsbtd.conf" >"$test_dir/there.conf"
OOPSBT_RUNTIME_DIRECTORY=$test_dir/run-there LIBVIRT_DEFAULT_URI=$libvirt_other_uri daemon_start --config "$test_dir/there.conf"
at_exit "end_process $daemon_pid"
daemon_pid=$here_pid

virsh -q dumpxml --migratable "$domain" >"$test_dir/persistent.xml"
virsh -q define "$test_dir/persistent.xml"
at_exit 'virsh -q undefine "$domain"'
cancelled persistent 6
daemon_mark
migrate 7 || cat "$test_dir/migrate.log"
tap_ok "the other host's oopsbtd follows a guest whose first migration was cancelled" daemon_wait "$domain: runs Linux"
back 8
too_late persistent 9 'migrated while it was frozen: it is paused on the other host'
status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_done
