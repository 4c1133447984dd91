#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The oops event: patched and stock guests on patched and stock QEMU, with the machine's libvirt and
# oopsbtd.
#
# alone: QEMU delays an oops that comes within a second of another one, and a guest is slower if
# others run.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

qemu=$("$here/../../qemu-patches/build-qemu" 7.2)
kernel=$("$here/../kernel/build-kernel" linux-6.1)

libvirt_start
guest_start exact kernel="$kernel" smp=4 module=no events=11 emulator="$qemu" wait=no
guest_start module smp=2 kaslr=no events=11 emulator="$qemu" wait=no
guest_start plain smp=2 kaslr=no module=no events=11 emulator="$qemu" wait=no
guest_start stock kernel="$kernel" smp=2 module=no events=11 wait=no
for name in exact module plain stock; do
	guest_ready "$name"
done

# collect NAME SCENARIO: makes it oops and waits for the dump
collect() {
	daemon_mark
	oops "$1" "$2"
	daemon_wait "$(guest_domain "$1"): stored:" 60 >/dev/null
}

monitor() {
	virsh -q qemu-monitor-command "$(guest_domain "$1")" "$2" 2>&1
}

# qemu_state NAME: the state that QEMU reports; "held" is the pause for an oops, in which others see
# it as running
qemu_state() {
	local status
	status=$(monitor "$1" '{"execute": "query-status"}')
	if grep -qE '"oops-pause": ?true' <<<"$status"; then
		echo held
	else
		grep -oE '"status": ?"[a-z]+"' <<<"$status" | grep -oE '[a-z]+"$' | tr -d '"'
	fi
}

# oops_timeout NAME MS: sets the limit of QEMU's pause, replacing the daemon's
oops_timeout() {
	local folder device
	for folder in /machine/peripheral /machine/peripheral-anon; do
		device=$(monitor "$1" "{\"execute\": \"qom-list\", \"arguments\": {\"path\": \"$folder\"}}" | tr '{}' '\n' |
			sed -nE '/"child<pvpanic>"/s/.*"name": ?"([^"]*)".*/\1/p')
		[ -z "$device" ] || monitor "$1" "{\"execute\": \"qom-set\", \"arguments\": {\"path\": \"$folder/$device\",
			\"property\": \"oops-timeout\", \"value\": $2}}" >/dev/null
	done
}

# apart: waits before an oops at which QEMU must pause. For a second after an event QEMU delays the
# next one and does not pause, and no event tells when that is over.
apart() {
	sleep 1.1
}

# stands NAME STATE: waits until QEMU reports the state
stands() {
	local i
	for ((i = 0; i < 1500; i++)); do
		[ "$(qemu_state "$1")" != "$2" ] || return 0
		sleep 0.02 # nothing tells of the end but the state
	done
	return 1
}

# Allows more oopses than the daemon collects at once by default.
daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
daemon_start
# The budget is long enough for a busy machine, and for checks when no daemon ends the pause.
# QEMU delays a second event within a second; without this the watch would report the oops
# meanwhile.
daemon_follow exact "budget='2000' signal='event'" >/dev/null
tap_ok "oopsbtd configures the QEMU of an enabled domain to pause at an oops" \
	daemon_wait "$(guest_domain exact): its QEMU pauses at the instant of an oops"
for name in module plain; do
	daemon_follow "$name" "budget='2000' watch='100'" >/dev/null
done
daemon_follow stock "budget='2000' watch='100'" >/dev/null
tap_ok "on stock QEMU the daemon logs that QEMU cannot pause at an oops" \
	daemon_wait "$(guest_domain stock): its QEMU cannot pause at the instant of an oops"

# --- patched guest, patched QEMU ---

guest_events exact
stdbuf -oL virsh -q qemu-monitor-event "$(guest_domain exact)" --regex --event '^GUEST_OOPS' --loop >"$test_dir/oopses" 2>&1 &
listener=$!
sleep 1 # virsh does not say when it has begun to listen
collect exact null
end_process "$listener"
tap_is "the event brings all CPUs' registers, because the daemon requested them" \
	"$(grep '"registers":' "$test_dir/oopses" | grep -o 'CPU#[0-9]*' | xargs)" 'CPU#0 CPU#1 CPU#2 CPU#3'
tap_is "an oops is a GUEST_OOPS event" "$(value '$.signal' exact)" oops
tap_like "QEMU held the guest for the oops" "$(tail -n "+$daemon_from" "$daemon_log")" 'the guest runs again, after'
tap_unlike 'libvirt has suspended nothing: QEMU held the guest' "$(guest_events_log exact)" Suspended
tap_is 'the guest runs on after an oops event' "$(guest_exec exact 'echo alive') $(qemu_state exact)" 'alive running'
tap_is 'the guest was frozen from the instant of the oops on' "$(value '$.timeline.frozen' exact)" \
	"$(value '$.timeline.signalled' exact)"
ended=$(sed -nE 's/^event GUEST_OOPS_PAUSE_END at ([0-9.]+) .*/\1/p' "$test_dir/oopses")
tap_is "the guest was frozen until QEMU's event of the end of its pause" "$(value '$.timeline.thawed' exact)" \
	"$(date -u -d "@$ended" +%Y-%m-%dT%H:%M:%S.%6NZ)"
tap_like 'the report tells the time until the guest ran again' "$(value '$.timeline.freeze_us' exact)" '^[1-9][0-9]*$'
cpu=$(value '$.oops.cpu' exact)
stack=$(value "\$.vcpus[$cpu].frames[*].symbol" exact | xargs)
tap_note "$stack"
tap_like "the oopsing CPU is in the notifier that wrote the port, below oops_enter" "$stack" \
	'^([a-z0-9_.]+ ){1,7}oops_enter .*scenario_null_deref'
tap_is "the report has all CPUs of a held guest" "$(value '$.vcpus[*].frames[0].pc' exact | wc -l)" 4

# --- the instant of the pause ---

# The other CPUs count, each with its last number in a register. The difference between these and
# the counter at the start of the oops shows how much later they stopped.
at_oops=$(guest_exec exact 'grep -w scenario_counter_at_oops /proc/kallsyms' | cut -d' ' -f1)

# counting: starts them again once the last ones have ended
counting_until=0
counting() {
	[ $SECONDS -gt $counting_until ] || return 0
	guest_exec exact 'echo "counter 1-3 60000" >/sys/kernel/debug/oopsbt_scenario/run'
	counting_until=$((SECONDS + 60))
}

# counts: what those of the other CPUs counted last that stand in the counting function. A CPU that
# was stopped elsewhere, or at the start, has another value in that register.
counts() {
	local i offset
	for i in 1 2 3; do
		[ "$(value "\$.vcpus[$i].frames[0].symbol" exact)" = scenario_count ] || continue
		offset=$(value "\$.vcpus[$i].frames[0].offset" exact)
		[ "$offset" -le 11 ] || echo $(($(value "\$.vcpus[$i].regs.r12" exact)))
	done
}

# counted: an oops on CPU 0 while the others count; sets $ahead, the median of five: the host may
# let a vCPU wait at any time, before the oops or after it
counted() {
	local i seen=0 stood last began all=''
	for ((i = 0; i < 40 && seen < 5; i++)); do
		daemon_mark
		counting
		apart
		guest_exec exact '(taskset 1 sh -c "echo null >/sys/kernel/debug/oopsbt_scenario/run") >/dev/null 2>&1; true' 2>/dev/null
		daemon_wait "$(guest_domain exact): stored:" 60 >/dev/null
		stood=$(counts | sort -n)
		[ "$(wc -w <<<"$stood")" = 3 ] || continue
		seen=$((seen + 1))
		last=${stood##*$'\n'}
		began=$(counter "$at_oops")
		tap_note "the last CPU stood $((last - began)) counts after the oops"
		all+="$((last - began)) "
	done
	ahead=$(xargs -n 1 <<<"$all" | sort -n | sed -n 3p)
}

# counter ADDRESS: a word of the guest's scenario module
counter() {
	virsh -q qemu-monitor-command "$(guest_domain exact)" --hmp "x /1gd 0x$1" | tr -d '\r' | awk '{ print $2 }'
}

counted
exactly=$ahead
tap_like "the other CPUs of the guest are seen counting" "$exactly" '^-?[0-9]+$'
monitor exact '{"execute": "set-action", "arguments": {"oops": "none"}}' >/dev/null
counted
tap_like 'the other CPUs are seen counting when the guest is suspended after the event, too' "$ahead" '^[0-9]+$'
tap_ok "with the pause, the other CPUs counted on by less than a tenth" [ $((exactly * 10)) -lt "$ahead" ]
monitor exact '{"execute": "set-action", "arguments": {"oops": "pause"}}' >/dev/null

# --- other combinations ---

collect module null
tap_is "the module sends the same event to a patched QEMU" "$(value '$.signal' module)" oops
tap_like "the event of the module is about the same oops" "$(value '$.title' module)" scenario_null_deref
collect plain null
tap_is "a guest with neither is found by its memory on a patched QEMU" "$(value '$.signal' plain)" watch
collect stock null
tap_is "a patched guest on stock QEMU is found by its memory" "$(value '$.signal' stock)" watch

# --- more oopses than QEMU sends events for ---

# QEMU delays an event that comes within a second of another one, separately for events with and
# without a pause. The memory watch reports such an oops meanwhile, and the event is then no news.
daemon_change exact "budget='2000' watch='100' keep='100'"
before=$(dumps exact | wc -l)
# On a slow host this console takes longer than a second for the kernel's oops text.
guest_exec exact 'dmesg -n 1'
apart
daemon_mark
oops exact null gpf bug
tap_ok "of three oopses in a row the last is told by the watch before its event comes" \
	daemon_wait "$(guest_domain exact): a late oops event came" 60
for scenario in null_deref gpf bug; do
	daemon_wait "$(guest_domain exact): stored:.*scenario_$scenario" 60 >/dev/null
done
told=$(tail -n "+$daemon_from" "$daemon_log" | grep "$(guest_domain exact): stored:")
tap_is "each of three oopses in a row has one dump" "$(dumps exact | wc -l)" $((before + 3))
tap_is 'the report of the watch mentions the event that came late' "$(grep -oE 'scenario_[a-z_]+' <<<"$told" | sort | uniq -c | xargs)" \
	'1 scenario_bug 1 scenario_gpf 1 scenario_null_deref'

guest_exec exact 'dmesg -n 7'

# --- the output of enable ---

virsh_oopsbt() {
	"$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" "$@"
}
tap_like "enable says that this QEMU pauses the guest" "$(virsh_oopsbt enable --live "$(guest_domain exact)")" \
	'this QEMU has the patches and stops the guest'
tap_like 'enable says that a stock QEMU drops the event' "$(virsh_oopsbt enable --live "$(guest_domain stock)")" \
	'has no patches for it and drops it'

# A domain that boots nothing, to change its configuration.
cat >"$test_dir/lockup.xml" <<-XML
	<domain type='qemu'>
	  <name>lockup-$$</name>
	  <memory unit='MiB'>32</memory>
	  <os><type arch='x86_64' machine='pc'>hvm</type></os>
	  <devices><emulator>$(libvirt_program "$qemu")</emulator><panic model='isa'/></devices>
	</domain>
XML
virsh -q define "$test_dir/lockup.xml"
virsh -q start "lockup-$$"
tap_like 'enable --add-oops-event offers the lockup event, too, as this QEMU has it' \
	"$(virsh_oopsbt enable "lockup-$$" --add-oops-event)" 'offers the oops event and the lockup event'
tap_like 'the configuration names both events' "$(virsh dumpxml --inactive "lockup-$$")" "'pvpanic.events=27'"
virsh -q destroy "lockup-$$"
virsh -q undefine "lockup-$$"

# --- the daemon ends only its own pause, and no pause lasts ---

daemon_mark
kill -STOP "$daemon_pid"
apart
oops exact &
writer=$!
tap_ok "while the daemon hangs the held guest is stopped" stands exact held
virsh -q suspend "$(guest_domain exact)"
kill -CONT "$daemon_pid"
daemon_wait "$(guest_domain exact): stored:" 60 >/dev/null
tap_is "a guest that somebody suspends while it is held stays suspended" "$(state exact)" 'paused (user)'
virsh -q resume "$(guest_domain exact)"
wait "$writer"

# The daemon continues when the guest runs again, and takes the pause for a recent one.
daemon_change exact "budget='10000' watch='100' keep='100'"
daemon_wait "$(guest_domain exact): its QEMU pauses" >/dev/null
# Long enough for the CPUs to stop on a busy machine: a QEMU in which they do not stop in time does not pause.
oops_timeout exact 1000
apart
daemon_mark
kill -STOP "$daemon_pid"
oops exact null
kill -CONT "$daemon_pid"
daemon_wait "$(guest_domain exact): stored:" 60 >/dev/null
tap_like "the report says that QEMU ended the pause before everything was read" "$(newest exact report.txt)" \
	'QEMU let the guest go on by itself'
tap_is 'a report of a pause that ended early does not claim a single instant' "$(value '$.vcpus[*].consistency' exact | sort -u)" late

daemon_change exact "budget='2000' watch='100' keep='100'"

# An oops that is not collected must not wait for QEMU's limit.
daemon_stop
daemon_config '[rate-limit]' 'domain_burst=1'
daemon_start
daemon_wait "$(guest_domain exact): runs Linux" >/dev/null
collect exact null
oops_timeout exact 10000
daemon_mark
apart
begin=$SECONDS
oops exact &
writer=$!
daemon_wait "$(guest_domain exact): skipping signals: rate limit reached" >/dev/null
tap_ok "a guest whose oops the rate limit skips runs again" stands exact running
tap_ok "a guest whose oops is skipped runs again before QEMU's time limit" [ $((SECONDS - begin)) -lt 9 ]
wait "$writer"
daemon_config '[rate-limit]' 'domain_burst=1000'
kill -HUP "$daemon_pid"
tap_ok 'a skipped oops is collected when the limit is raised' \
	daemon_wait "$(guest_domain exact): collecting the last of the signals that the rate limit left out"
daemon_wait "$(guest_domain exact): stored:" 60 >/dev/null

symbols=$(guest_exec exact 'grep scenario_counter /proc/kallsyms')
now=$(printf '%s\n' "$symbols" | awk '$3 == "scenario_counter" { print $1 }')
# Long enough for a busy machine: QEMU resumes the guest this long after the oops.
daemon_change exact "budget='8000'"
daemon_stop
rogue_analyzer
rogue hang-frozen
daemon_start
daemon_wait "$(guest_domain exact): its QEMU pauses" >/dev/null
guest_exec exact 'echo "counter 0,2-3 60000" >/sys/kernel/debug/oopsbt_scenario/run'
apart
oops exact &
writer=$!
daemon_wait "$(guest_domain exact): frozen:" >/dev/null
daemon_kill
rogue good
tap_is 'a held guest is stopped when the daemon is killed' "$(qemu_state exact)" held
first=$(counter "$now")
tap_is "no CPU of a held guest counts on after the daemon was killed" "$(counter "$now")" "$first"
tap_ok 'QEMU resumes a held guest by itself' stands exact running
wait "$writer"
tap_ok 'CPUs of a held guest count on when QEMU lets it go' [ "$(counter "$now")" -gt "$first" ]

# --- disabling ---

daemon_start
daemon_wait "$(guest_domain exact): its QEMU pauses" >/dev/null
virsh -q metadata "$(guest_domain module)" https://oopsbt.org/xmlns/domain/1 --live --remove >/dev/null
daemon_wait "$(guest_domain module): disabled" >/dev/null
daemon_stop
apart
for name in exact module; do
	oops "$name" &
	writer=$!
	paused=
	while ! gone "$writer"; do # a pause would last for seconds
		[ "$(qemu_state "$name")" = running ] || paused=yes
	done
	wait "$writer"
	tap_is "QEMU does not pause the guest when the domain is disabled or the daemon has stopped ($name)" "$paused" ""
done
tap_done
