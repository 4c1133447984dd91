#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Collections without a map of the kernel, while its CPUs change tasks and stacks all the time:
# everything that the map, made after the thaw, needs was read while frozen. On two kernels;
# SCENARIOS=all: on four, one of which has KASAN's larger stacks.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

rounds=8
# The command searches the kernel before it freezes the guest; here that search fails.
export REAL_ANALYZER=$OOPSBT_ANALYZER OOPSBT_ANALYZER=$build/tests/daemon/hold-search FAIL_SEARCH=yes
# The analyser's sandbox does not let LeakSanitizer look at its own process.
case $build in *sanitized*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

# of_all PATH: its values in all reports, one a line
of_all() {
	local report
	for report in "$test_dir/reports"/*.json; do
		"$query" value "$report" "$1"
	done
}

# late_without_reason TEXT: CPUs with data that was read late. Unknown without a map of the kernel:
# the lock that an interrupted function waits for, and the owner of the stack from which a CPU just
# switches.
late_without_reason() {
	awk '/^CPU [0-9]/ { cpu = $0; lock = 0 } /^  Waits for the lock/ { lock = 1 }
		/read after the guest had been thawed/ && !lock && cpu !~ /on the stack of/ { print cpu }' "$1"
}

# not_running: each task that has a state on its CPU that it cannot have there, with the round and
# the CPU's frames. A task is dead only in do_task_dead(), and waking only after it was taken off the
# run queue. Both last until the switch to the next task, during which the stack is that one's.
not_running() {
	local i cpu state symbols wanted
	for ((i = 0; i < rounds; i++)); do
		for cpu in 0 1 2 3; do
			# value PATH: of that vCPU
			at() { "$query" value "$test_dir/reports/$i.json" "\$.vcpus[$cpu].$1" | xargs; }
			state=$(at task.state)
			case $state in
			running | interruptible | uninterruptible | stopped | traced) continue ;;
			dead) wanted=do_task_dead ;;
			waking) wanted=__schedule ;;
			*) wanted=none ;;
			esac
			symbols=$(at 'frames[*].symbol')
			[[ " $symbols " =~ \ ($wanted|__switch_to(_asm)?)\  ]] ||
				echo "round $i, vCPU $cpu: $(at task.comm) (pid $(at task.pid)) is $state, read $(at consistency), in: $symbols"
		done
	done
}

libvirt_start
kernels='5.10 6.12'
[ "${SCENARIOS:-}" != all ] || kernels='5.10 6.1 6.12 linux-6.1+kasan'
for kernel in $kernels; do
	case $kernel in
	linux-*) guest_start g kernel="$("$here/../kernel/build-kernel" "${kernel%+*}" "${kernel#*+}")" smp=4 module=no ;;
	*) guest_start g kernel="$kernel" smp=4 ;;
	esac
	guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
	for cpu in 0 1 2 3; do
		guest_exec g "taskset $((1 << cpu)) sh -c 'while :; do cat /proc/self/maps; done' >/dev/null 2>&1 &"
	done
	rm -rf "$test_dir/reports"
	mkdir "$test_dir/reports"
	early='' wrong='' late=''
	for ((i = 0; i < rounds; i++)); do
		# The default budget is for a machine that is not busy with tests.
		id=$("$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" -q -D "$daemon_store" \
			collect --budget 10000 "$(guest_domain g)")
		dump=$daemon_store/$(guest_domain g)/$id
		cp "$dump/report.json" "$test_dir/reports/$i.json"
		found=$(late_without_reason "$dump/report.txt")
		late+=$found
		[ -z "$found" ] || tap_note "$(awk -v cpu="${found%%$'\n'*}" '$0 == cpu { inside = 1 } inside' "$dump/report.txt" | head -n 30)"
		# In 5.10's BLAKE2s, in assembler, ORC itself has no entries.
		early+=$(grep 'ends early' "$dump/report.txt" | grep -v 'ORC knows no way up' || true)
		wrong+=$("$query" symbols "$dump/report.json" "$test_dir/kallsyms" 2>&1 >/dev/null) || wrong+=' failed'
	done
	tap_is "$kernel: each report has the frames of all CPUs" "$(of_all '$.vcpus[*].frames[0].pc' | wc -l)" $((4 * rounds))
	tap_is "$kernel: everything was read while frozen, except locks and tasks that a CPU switches from" "$late" ''
	tap_is "$kernel: every backtrace ends where its stack does" "$early" ''
	tap_is "$kernel: every symbol is the guest's" "$wrong" ''
	tap_is "$kernel: each report has the task of each CPU" "$(of_all '$.vcpus[*].task.pid' | wc -l)" $((4 * rounds))
	tap_is "$kernel: each task has a state" "$(of_all '$.vcpus[*].task.state' | wc -l)" $((4 * rounds))
	tap_is "$kernel: a task that does not run is on a CPU only while it is switched from" "$(not_running)" ''
	tap_is "$kernel: no task runs on two CPUs" "$(for ((i = 0; i < rounds; i++)); do
		"$query" value "$test_dir/reports/$i.json" '$.vcpus[*].task.pid' | grep -vx 0 | sort | uniq -d
	done)" ''
	guest_destroy g
done
tap_done
