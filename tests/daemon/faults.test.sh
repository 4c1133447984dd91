#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Failures: a daemon that is killed, stopped or ended during a collection, and an analyser that the
# guest has taken over. The guest must run afterwards, and no partial dump may be left. The analyser
# is a fake (rogue-analyze.c), everything else is real.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

libvirt_start
guest_start a smp=2 kaslr=no
rogue_analyzer
daemon_config '[collection]' 'freeze_deadline_ms=1000' '[analyzer]' 'wall_seconds=4' 'file_mib=8' '[rate-limit]' 'domain_burst=1000'
daemon_start
daemon_follow a "budget='8000'" >/dev/null
# The fake knows no kernel's count of oopses.
tap_ok "the log says that the watch cannot notice an oops of a kernel without KALLSYMS_ALL" \
	daemon_wait "$(guest_domain a): the memory watch cannot see oopses of this guest: .* only its panic device tells of them"
# The daemon writes its status a moment later.
for ((i = 0; i < 100; i++)); do
	! grep -q '"watch_reason" : "' "$daemon_runtime/status.json" || break
	sleep 0.1
done
tap_like "virsh oopsbt status says why the watch is blind, and what to do" \
	"$("$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" status --verbose "$(guest_domain a)")" \
	'memory watch sees no oops of this guest: .*if the guest runs the module oopsbt_pvpanic'

# Without the watch no start looks for the count of oopses that the fake does not know.
daemon_change a "budget='8000' signal='event'"

# The fake does not say that it is done while the guest is frozen.
oops_begin() {
	oops a &
}

# runs SECONDS: the guest runs within that time, and continues to run
runs() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
	until state a | grep '^running' >/dev/null; do
		if [ "${EPOCHREALTIME/[.,]/}" -gt "$deadline" ]; then
			echo "after $1 s: $(state a)"
			return 1
		fi
		sleep 0.02 # its end can't be waited for: libvirt may be away
	done
	[ "$(guest_exec a 'echo alive' 20)" = alive ]
}

hidden() {
	find "$daemon_store" -name '.new-*' 2>/dev/null
}

# --- the daemon dies in each state ---

# killed STATE ROGUE PATTERN: kills the daemon when the pattern has been logged
killed() {
	rogue "$2"
	daemon_mark
	oops_begin
	daemon_wait "$3" >/dev/null
	daemon_kill
	tap_ok "killed when $1, the daemon leaves a guest that runs within 3 of 8 seconds" runs 3
	rogue good
	daemon_start
	daemon_wait "$(guest_domain a): runs Linux" >/dev/null
	tap_is 'the next start after a kill knows of no freeze' "$(ls "$daemon_runtime/frozen")" ""
}

killed frozen hang-frozen 'frozen: the guest is frozen'
killed thawed hang-thawed 'thawed: '
killed analysed hang-analysed 'analysed: '

rogue good
daemon_mark
oops a
daemon_wait 'stored: ' >/dev/null
daemon_kill
tap_ok "killed when stored, the daemon leaves a guest that runs" runs 3
tap_is 'killed when stored, the daemon leaves one complete dump' "$(dumps a | wc -l) $(newest a report.txt)" "1 a report"
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
tap_is 'no kill leaves a partial dump' "$(hidden)" ""

# signalled: QEMU was told to stop, and stops after its caller is gone
rogue good
qemu=$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain a).pid")
daemon_mark
kill -STOP "$daemon_pid"
oops a # its event waits in the daemon's socket
kill -STOP "$qemu"
kill -CONT "$daemon_pid"
daemon_wait 'signalled: ' >/dev/null
daemon_kill
kill -CONT "$qemu"
sleep 0.5 # the stop command comes through, or did
tap_ok "killed when signalled, the daemon leaves a guest that runs within 3 of 8 seconds" runs 3
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
# The guest is not frozen again while libvirt may still run that suspend call.
tap_ok 'no record of the freeze is left once the suspend call cannot be performed any more' \
	timeout 60 sh -c "until [ -z \"\$(ls '$daemon_runtime/frozen')\" ]; do sleep 0.2; done"

# --- the daemon hangs, ends, loses its guard, runs twice ---

daemon_change a "budget='300' signal='event'"
rogue hang-frozen
daemon_mark
oops_begin
daemon_wait 'frozen: the guest is frozen' >/dev/null
kill -STOP "$daemon_pid"
tap_ok "when the daemon hangs, its guard thaws the guest" runs 5
kill -CONT "$daemon_pid"
daemon_wait 'stored: ' >/dev/null
tap_like 'a collection ends when its hung daemon continues' "$(newest a report.txt)" 'not analysed'

rogue hang-frozen
daemon_mark
oops_begin
daemon_wait 'thawed: ' 10 >/dev/null
tap_ok "an analyser that hangs costs the guest no more than the budget" runs 3
tap_like 'the dump says that the analyser hung' "$(daemon_wait 'stored: ' >/dev/null && newest a report.txt)" \
	'not analysed: .*wall_seconds'
tap_like 'the dump says that the budget was exceeded' "$(newest a report.txt)" 'the budget of 300 ms was used up before everything was read'
tap_like 'the dump has the registers although the analyser hung' "$(newest a registers.txt)" '^CPU#1'

daemon_change a "budget='8000' signal='event'"
rogue hang-frozen
daemon_mark
oops_begin
daemon_wait 'frozen: the guest is frozen' >/dev/null
before=$EPOCHSECONDS
status=0
daemon_stop || status=$?
tap_is "SIGTERM during a collection ends the daemon without an error" "$status" 0
tap_ok 'SIGTERM during a collection ends the daemon within its time limit' [ $((EPOCHSECONDS - before)) -lt 12 ]
tap_ok 'the guest runs after SIGTERM during a collection' runs 3
tap_is 'SIGTERM during a collection leaves no partial dump' "$(hidden)" ""

rogue good
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
tap_like "a runtime directory has one daemon" \
	"$("$build/host-tool/oopsbtd" --foreground --config "$test_dir/oopsbtd.conf" 2>&1 || echo "status $?")" \
	'another oopsbtd is running'
guard=$(pgrep -P "$daemon_pid" -f oopsbt-freeze-guard)
kill -KILL "$guard"
tap_ok "a freeze guard that died is started again" daemon_wait 'the freeze guard ended; started a new one'
daemon_mark
oops a
tap_ok 'guests are frozen again after the guard was started again' daemon_wait 'thawed: '
daemon_wait 'stored: ' >/dev/null

# --- libvirt is busy ---

rogue good
qemu=$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain a).pid")
daemon_mark
kill -STOP "$daemon_pid"
oops a
kill -STOP "$qemu"
kill -CONT "$daemon_pid"
tap_ok "a collection goes on without a freeze if libvirt does not freeze the guest in time" \
	daemon_wait 'could not be frozen: .* took more than 1000 ms' 20
kill -CONT "$qemu"
sleep 0.5 # the stop command comes through after all
tap_ok 'a suspend call that succeeds after its collection is undone' runs 5

# --- the guest controls the analyser ---

# refused MODE PATTERN: the dump is stored, and says what is missing
refused() {
	rogue "$1"
	daemon_mark
	oops a
	daemon_wait 'stored: ' >/dev/null
	tap_like "an analyser that does \"$1\" leaves a dump that says so" "$(newest a report.txt)" "$2"
	tap_ok "after an analyser that does \"$1\" report.json has the schema and the domain" grep -E "\"uuid\" ?: ?\"$(virsh -q domuuid "$(guest_domain a)" | tr -d ' \n')\"" "$(dumps a | tail -n 1)/report.json"
}

refused crash 'killed by signal 6'
refused escape 'not text'
refused foreign 'another domain'
refused broken 'report.json'
refused flood 'killed by signal 25|too large'
refused garbage 'not a message'
refused need 'not guest memory'
refused late 'not text'
rogue large
daemon_mark
oops a
daemon_wait 'stored: ' >/dev/null
peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$daemon_pid/status")
tap_ok "a report of 7 MiB is checked" [ "$(wc -c <"$(dumps a | tail -n 1)/report.json")" -gt 7000000 ]
case $build in
*/sanitized | */threads) tap_skip "no report makes the daemon use more than 32 MiB" "sanitizers use more memory" ;;
*) tap_ok "no report makes the daemon use more than 32 MiB ($peak KiB)" [ "$peak" -lt 32768 ] ;;
esac
tap_is "no dump contains an escape sequence" "$(grep -rlP '\x1b' "$daemon_store" || true)" ""
rogue good
daemon_mark
oops a
daemon_wait 'stored: ' >/dev/null
tap_is 'after bad analysers a good one makes a good dump' "$(newest a report.txt)" "a report"
tap_like 'the guest runs after all bad analysers' "$(state a)" '^running'

# --- too many oopses ---

daemon_stop
daemon_config '[rate-limit]' 'domain_burst=3' 'domain_per_hour=1'
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
daemon_mark
before=$(dumps a | tail -n 1)
for ((i = 0; i < 6; i++)); do
	oops a
done
tap_ok 'the log reports the rate limit' daemon_wait 'rate limit reached'
daemon_wait 'stored: ' >/dev/null
for ((i = 0; i < 100; i++)); do
	[ "$(tail -n "+$daemon_from" "$daemon_log" | grep -c stored:)" -lt 3 ] || break
	sleep 0.1
done
tap_is 'no more dumps are stored than the rate limit allows' "$(dumps a | sed "1,\\|$before|d" | wc -l)" 3
status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_done
