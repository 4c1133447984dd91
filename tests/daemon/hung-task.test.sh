#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tasks that hang, each in its own way: what the dump is of, whose function the title names, and who is to blame. A guest
# each, as none of them ever goes on. STALL_KERNELS: which kernels.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

libvirt_start
daemon_start

# hangs SCENARIO TITLE VERDICT: the guest of that name does
hangs() {
	local domain
	domain=$(guest_domain "$1")
	daemon_mark
	guest_exec "$1" "echo 2 >/proc/sys/kernel/hung_task_timeout_secs; echo $1 >/sys/kernel/debug/oopsbt_scenario/run"
	dump=$(daemon_wait "$domain: stored:" 120 | sed 's/.*stored: //; s/,.*//') || true
	dump=$daemon_store/$domain/$dump
	tap_is "$kernel, $1: what it is" "$(value '$.incident')" hung-task
	tap_like "$kernel, $1: the title" "$(value '$.title')" "$2"
	tap_like "$kernel, $1: the verdict" "$(value '$.verdict.blame'): $(value '$.verdict.text')" "$3"
	guest_destroy "$1"
}

seen="Seen by the host: the guest's detector counted a hung task\\."
for kernel in ${STALL_KERNELS:-6.1}; do
	for scenario in deadlock chain workqueue rt_mutex page; do
		guest_start "$scenario" kernel="$kernel" smp=1 memory=256 kaslr=no wait=no
	done
	for scenario in deadlock chain workqueue rt_mutex page; do
		guest_ready "$scenario"
		daemon_mark
		daemon_follow "$scenario" "budget='10000' kinds='hung-task'" >/dev/null
	done
	hangs deadlock '^hung task: deadlock of scenario_ab and scenario_ba$' \
		"^guest: $seen Deadlock: oopsbt-(ab|ba) .* held by oopsbt-(ab|ba) .*\\. The guest is to blame: none of them can ever go on\\.\$"
	# PREEMPT_RT counts the readers of a rwsem, and does not know them.
	case $kernel in
	*-rt) hangs chain '^hung task in scenario_write_with_mutex \[oopsbt_scenario\]$' \
		"^guest: $seen oopsbt-third .* held by oopsbt-writer .*, which waits for a rwsem \\(to write\\) in scenario_write_with_mutex .*\\. The guest is to blame: none of this waits for the host\\.\$" ;;
	*) hangs chain '^hung task in scenario_read_and_sleep \[oopsbt_scenario\]$' \
		"^guest: $seen oopsbt-third .* held by oopsbt-writer .* held by readers, the last one oopsbt-reader .*, which sleeps in scenario_read_and_sleep .*\\. The guest is to blame: none of this waits for the host\\.\$" ;;
	esac
	hangs workqueue '^hung task in scenario_first_work \[oopsbt_scenario\]$' \
		"^guest: $seen kworker.* \\(pid [0-9]+\\) waits for a completion in scenario_first_work \\[oopsbt_scenario\\], for [0-9]+ s by now\\. The guest is to blame"
	hangs rt_mutex '^hung task in scenario_hold_rt_mutex \[oopsbt_scenario\]$' \
		"^guest: $seen oopsbt-rt .* waits for rt_mutex scenario_rt_mutex.*, held by oopsbt-has-rt .*, which sleeps in scenario_hold_rt_mutex .*\\. The guest is to blame"
	hangs page '^hung task in scenario_wait_for_page \[oopsbt_scenario\]$' \
		"^unknown: $seen oopsbt-page .* waits for a page lock in scenario_wait_for_page .* it waits for a page, which may come from a disk, but no disk has an unanswered request\\.\$"
done
tap_done
