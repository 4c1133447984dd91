#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# No guest stays frozen, and no other pause is ended, whatever is late, hangs or dies. Late programs
# are a QEMU or a process that SIGSTOP has stopped.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

libvirt_start
guest_start a smp=1 kaslr=no memory=256 wait=no
guest_start b smp=1 kaslr=no memory=256 wait=no
guest_ready a
guest_ready b
rogue_analyzer
daemon_config '[collection]' 'freeze_deadline_ms=1000' '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'

# runs NAME SECONDS: the guest runs within that time, and answers
runs() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $2 * 1000000))
	until state "$1" | grep '^running' >/dev/null; do
		if [ "${EPOCHREALTIME/[.,]/}" -gt "$deadline" ]; then
			echo "after $2 s: $(state "$1")"
			return 1
		fi
		sleep 0.02 # its end can't be waited for: libvirt may be away
	done
	[ "$(guest_exec "$1" 'echo alive' 20)" = alive ]
}

# Prepares the next test, whatever the last one left.
recover() {
	local name
	for name; do
		state "$name" | grep '^running' >/dev/null || virsh -q resume "$(guest_domain "$name")" >/dev/null
	done
}

qemu_pid() {
	cat "$libvirt_root/run/libvirt/qemu/$(guest_domain "$1").pid"
}

guard_pid() {
	pgrep -P "$daemon_pid" -f oopsbt-freeze-guard
}

known() {
	local name
	for name; do
		daemon_wait "$(guest_domain "$name"): runs Linux" >/dev/null
	done
}

# frozen NAME...: begins a collection that does not thaw its guest before the budget is used up
frozen() {
	local name
	rogue hang-frozen
	daemon_mark
	for name; do
		oops "$name" &
	done
	for name; do
		daemon_wait "$(guest_domain "$name"): frozen: the guest is frozen" >/dev/null
	done
	rogue good
}

# suspending NAME: begins a collection whose suspend call its QEMU does not answer
suspending() {
	daemon_mark
	kill -STOP "$daemon_pid"
	oops "$1" # its event waits in the daemon's socket
	kill -STOP "$(qemu_pid "$1")"
	kill -CONT "$daemon_pid"
	daemon_wait "$(guest_domain "$1"): signalled: " >/dev/null
	until grep -q . "$daemon_runtime/frozen/"* 2>/dev/null; do
		sleep 0.02 # the record is there before the call is made
	done
}

# no_records [SECONDS]
no_records() {
	local deadline=$((EPOCHSECONDS + ${1:-20}))
	while [ -n "$(ls -A "$daemon_runtime/frozen")" ]; do
		if [ "$EPOCHSECONDS" -gt "$deadline" ]; then
			ls -lA "$daemon_runtime/frozen"
			return 1
		fi
		sleep 0.05 # the guard is another process, nothing tells of its end
	done
}

# The test sets the clock of the daemon and its guard ahead.
late_start() {
	echo 0 >"$test_dir/clock"
	LATE_CLOCK_FILE=$test_dir/clock LD_PRELOAD=$build/tests/daemon/late-clock.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 daemon_start
}

# clock_ahead SECONDS: writes the file atomically
clock_ahead() {
	echo "$1" >"$test_dir/clock.new"
	mv "$test_dir/clock.new" "$test_dir/clock"
}

late_start
# Without the watch no start looks for the count of oopses that the fake does not know.
daemon_follow a "budget='8000' signal='event'" >/dev/null
daemon_follow b "budget='8000' signal='event'" >/dev/null

# --- a suspend call succeeds late, when its caller is dead ---

suspending a
guard=$(guard_pid)
daemon_kill
for ((i = 0; i < 60; i++)); do
	! gone "$guard" || break
	sleep 0.1 # this is how late it is
done
kill -CONT "$(qemu_pid a)"
sleep 0.5 # the stop command comes through now
tap_ok "a suspend call that comes through 6 s after its caller was killed is undone" runs a 5
recover a
sleep 1 # the guard has seen it run
tap_unlike "the guard remembers a suspend call while libvirtd may still have it" "$(ls "$daemon_runtime/frozen")" '^$'
clock_ahead 40
tap_ok 'the guard forgets a suspend call when libvirtd cannot have it any more' no_records 60
daemon_start
known a b

# --- a guard serves all guests at once ---

for stuck in a b; do
	free=b
	[ "$stuck" = a ] || free=a
	frozen a b
	kill -STOP "$(qemu_pid "$stuck")"
	daemon_kill
	tap_ok "with the QEMU of $stuck hung, the guard still resumes $free" runs "$free" 5
	kill -CONT "$(qemu_pid "$stuck")"
	tap_ok "the guard resumes $stuck when its QEMU continues" runs "$stuck" 5
	recover a b
	daemon_start
	known a b
done

# --- libvirtd is away for longer than ten minutes ---

daemon_stop
late_start
known a b
frozen a
guard=$(guard_pid)
libvirt_kill
daemon_kill
# ticks: processor time that the guard has used
ticks() {
	awk '{ print $14 + $15 }' "/proc/$guard/stat"
}
daemon_wait 'may be frozen and cannot be resumed yet' >/dev/null
before=$(ticks)
sleep 2 # this is what is measured
tap_ok "a guard that waits for libvirtd uses less than a tenth of a processor" [ $(($(ticks) - before)) -lt 20 ]
clock_ahead 700
sleep 0.5 # and that time has passed
libvirt_again
tap_ok "when libvirtd was away for more than ten minutes, its guest is resumed" runs a 5
recover a
daemon_start
known a b

# --- records ---

# In its own process namespace, as in a container, the daemon is always process 1.
daemon_stop
contained() {
	daemon_mark
	unshare --pid --fork --kill-child --mount-proc "$build/host-tool/oopsbtd" --foreground \
		--config "$test_dir/oopsbtd.conf" >>"$daemon_log" 2>&1 &
	daemon_pid=$!
	daemon_wait '^oopsbtd: connected to' >/dev/null
	known a b
}
contained
frozen a
daemon_kill # the guard goes with its namespace
tap_like "a container that is killed takes the guard with it" "$(state a)" '^paused'
contained
tap_ok "the next daemon in a container resumes what the last one left frozen" runs a 5
tap_ok 'no record is left when the next daemon has resumed a guest' no_records
recover a
# unshare does not forward signals.
kill "$(pgrep -P "$daemon_pid")"
wait "$daemon_pid" || true
daemon_start
known a b

# A daemon that is killed together with its guard while another daemon runs.
frozen a
guard=$(guard_pid)
kill -STOP "$daemon_pid"
kill -KILL "$guard"
daemon_kill
daemon_start
tap_ok "the next daemon resumes what one left frozen that was killed with its guard" runs a 5
tap_ok 'no record is left when the guest of a killed guard has been resumed' no_records
recover a
known a b

# --- two freezes of one domain ---

daemon_mark
kill -STOP "$daemon_pid"
oops a
oops a
kill -STOP "$(qemu_pid a)"
kill -CONT "$daemon_pid"
daemon_wait 'could not be frozen: .*took more than 1000 ms' 20 >/dev/null
tap_ok "a domain is not frozen again while an earlier suspend call is under way" \
	daemon_wait 'could not be frozen: .*earlier freeze' 20
kill -CONT "$(qemu_pid a)"
daemon_wait 'stored: ' >/dev/null
sleep 0.5 # the stop command comes through
tap_ok 'an earlier suspend call is undone when it succeeds' runs a 5
tap_ok 'the record of an earlier suspend call is removed with it' no_records
recover a

# --- other pauses ---

# reload LINE...: adds lines to the configuration
reload() {
	daemon_config "$@"
	daemon_mark
	kill -HUP "$daemon_pid"
	daemon_wait 'configuration loaded again' >/dev/null
}

# The analyser hangs; the checks run when it is given up.
reload '[analyzer]' 'wall_seconds=4'
daemon_change a "budget='300' signal='event'"
frozen a
kill -STOP "$daemon_pid"
tap_ok "when the daemon hangs, its guard resumes the guest" runs a 5
virsh -q suspend "$(guest_domain a)" >/dev/null
kill -CONT "$daemon_pid"
daemon_wait 'stored: ' >/dev/null
tap_like "when the daemon continues, it leaves an administrator's later suspend alone" "$(state a)" '^paused'
tap_like 'the report says who resumed the guest' "$(newest a report.txt)" 'freeze guard'
recover a

daemon_change a "budget='2000' signal='event'"
frozen a
virsh -q resume "$(guest_domain a)" >/dev/null
virsh -q suspend "$(guest_domain a)" >/dev/null
daemon_wait 'stored: ' >/dev/null
tap_like "a guest that somebody resumed and suspended again during the freeze is left alone" "$(state a)" '^paused'
recover a

# --- the report has QEMU's times ---

# The fake analyser writes no timeline, the real one does.
daemon_stop
export OOPSBT_ANALYZER=$build/host-tool/oopsbt-analyze
daemon_config 'wall_seconds=30'
daemon_start
known a b
daemon_change a "budget='1000' signal='event'"
timeout 60 virsh -q qemu-monitor-event "$(guest_domain a)" --regex '^(STOP|RESUME)$' --loop >"$test_dir/events" &
events=$!
until grep -q RESUME "$test_dir/events" 2>/dev/null; do
	virsh -q suspend "$(guest_domain a)" >/dev/null
	virsh -q resume "$(guest_domain a)" >/dev/null
	sleep 0.1 # virsh does not say when it listens
done
# event_time NAME: the time of the last such event, in the format of reports
event_time() {
	local seconds
	seconds=$(sed -n "s/^event $1 at \([0-9]*\.[0-9]*\) .*/\1/p" "$test_dir/events" | tail -n 1)
	date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%S.%6NZ
}
reported() {
	newest a report.json | grep -oE "\"$1\" ?: ?\"[^\"]*\"" | head -n 1 | cut -d'"' -f4
}
daemon_mark
oops a
daemon_wait "$(guest_domain a): stored: " >/dev/null
tap_is "timeline.frozen is the time of QEMU's STOP event" "$(reported frozen)" "$(event_time STOP)"
tap_is "timeline.thawed is the time of QEMU's RESUME event" "$(reported thawed)" "$(event_time RESUME)"
kill "$events"
wait "$events" 2>/dev/null || true

# --- a save that begins during the freeze ---

daemon_stop
rogue_analyzer
daemon_start
known a b
daemon_change b "budget='9000' signal='event'"
# A slow disk: the save does not end before it is cancelled.
mkfifo -m 0666 "$test_dir/saved"
exec {saved}<>"$test_dir/saved"
{ while head -c 100000 <&"$saved" >/dev/null; do sleep 0.02; done; } &
disk=$!
frozen b
status=0
timeout 20 virsh -q save "$(guest_domain b)" "$test_dir/saved" >"$test_dir/save.log" 2>&1 || status=$?
tap_is "a save that begins during the freeze is cancelled, because it would keep the pause" "$status" 1
tap_ok 'the guest runs after a save during the freeze was cancelled' runs b 5
tap_ok 'the guard logs that it cancelled the save' daemon_wait 'freeze-guard: .* was frozen when a save began'
end_process "$disk" "$(pgrep -P "$disk")"
exec {saved}<&-
recover b

# --- nothing is left to do ---

daemon_change a "budget='8000' signal='event'"
frozen a
guard=$(guard_pid)
libvirt_kill
daemon_kill
daemon_wait 'may be frozen and cannot be resumed yet' >/dev/null
rm -f "$daemon_runtime"/frozen/*
# guard_ends SECONDS
guard_ends() {
	local deadline=$((EPOCHSECONDS + $1))
	until gone "$guard"; do
		[ "$EPOCHSECONDS" -le "$deadline" ] || return 1
		sleep 0.05 # nothing tells of the end of a process that is not a child
	done
}
tap_ok "a guard ends when the records are gone, although libvirtd is away" guard_ends 20
libvirt_again
recover a
daemon_start
known a b

status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_ok 'no record is left when the daemon has ended' no_records
tap_done
