#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The LOCKUP event: the guest's own detectors tell of a hang, through the guest module and a QEMU with our patches. It is
# collected where the stall watch does not look, and once where it does.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

qemu=$("$here/../../qemu-patches/build-qemu" 7.2)
hangs=soft-lockup,hard-lockup,rcu-stall,hung-task
run=/sys/kernel/debug/oopsbt_scenario/run

# hangs_by COMMAND: until there is a dump of what it does to the guest
hangs_by() {
	daemon_mark
	guest_exec g "$1" >/dev/null
	daemon_wait "$(guest_domain g): stored:" 120 >/dev/null
}

num_dumps() {
	dumps g | wc -l
}

daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
libvirt_start
guest_start g smp=2 memory=384 kaslr=no events=31 emulator="$qemu"
daemon_start
daemon_follow g "budget='10000' keep='100' signal='event' kinds='$hangs'" >/dev/null

# --- nobody else looks ---

hangs_by "echo 1 >/proc/sys/kernel/watchdog_thresh; echo spin_preemptoff 1 6000 >$run"
tap_is 'a soft lockup that only the guest sees is collected' "$(value '$.signal' g): $(value '$.incident' g)" 'lockup: soft-lockup'
tap_like 'the report of a lockup that the guest told of says who told' "$(newest g report.txt)" \
	"the guest's LOCKUP event"
tap_like 'the CPU that the guest reports is among the stacks' "$(value '$.vcpus[1].frames[*].symbol' g | xargs)" scenario_spin
tap_is 'nobody is blamed for a hang that the host has not seen' "$(value '$.verdict.blame' g)" ''
guest_exec g 'sleep 8' # the detector tells again while a CPU spins on
tap_is 'a lockup that lasts is one dump' "$(num_dumps)" 1
guest_exec g 'echo 0 >/proc/sys/kernel/watchdog'

# Longer than the daemon takes two of the guest's events for one hang: with another daemon that is at once.
daemon_stop
daemon_start
daemon_wait "$(guest_domain g): runs Linux" >/dev/null
hangs_by "echo 2 >/proc/sys/kernel/hung_task_timeout_secs; echo completion >$run"
tap_is "of which kind a hang is that only the guest sees is in the guest's log" "$(value '$.signal' g): $(value '$.incident' g)" \
	'lockup: hung-task'
tap_like 'the daemon logs that kind, too' "$(tail -n "+$daemon_from" "$daemon_log")" 'hung-task'
guest_exec g "echo complete >$run; echo 0 >/proc/sys/kernel/hung_task_timeout_secs"

# --- the stall watch looks, too ---

daemon_change g "budget='10000' keep='100' watch='8000' kinds='$hangs'"
daemon_wait "$(guest_domain g): has other options" >/dev/null
sleep 9 # for one tick of the watch, with which it begins
before=$(num_dumps)
hangs_by "echo 2 >/proc/sys/kernel/hung_task_timeout_secs; echo semaphore >$run"
tap_is 'a hang that the stall watch sees is told by that' "$(value '$.signal' g): $(value '$.incident' g)" 'stall: hung-task'
guest_exec g 'sleep 9' # for another tick, and another look of the guest's detector
tap_is 'a hang that both see is one dump' "$(num_dumps)" $((before + 1))

# --- it is not wanted ---

guest_exec g "echo complete >$run; echo 0 >/proc/sys/kernel/hung_task_timeout_secs; echo 1 >/proc/sys/kernel/watchdog"
daemon_change g "budget='10000' keep='100' signal='event' kinds='oops,panic'"
before=$(num_dumps)
guest_exec g "echo 1 >/proc/sys/kernel/watchdog_thresh; echo spin_preemptoff 1 6000 >$run; sleep 8" >/dev/null
oops g
daemon_wait "$(guest_domain g): stored:" 60 >/dev/null
tap_is 'a lockup that is not asked for is not collected' "$(num_dumps)" $((before + 1))

tap_done
