#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Blocked tasks: which ones, since when, what they wait for, and who holds it. The report is
# compared with the guest's own list of blocked tasks (sysrq-w).
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"
. "$here/../plugin/lib.sh"

export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
OOPSBT_ANALYZER=$(dirname "$plugin")/host-tool/oopsbt-analyze
OOPSBT_FREEZE_GUARD=$(dirname "$plugin")/host-tool/oopsbt-freeze-guard
export OOPSBT_ANALYZER OOPSBT_FREEZE_GUARD
query=$(dirname "$plugin")/tests/report/query

# ours COMM: the functions of a task's backtrace in report.txt
ours() {
	awk -v comm="$1" '$0 == "" { in_task = 0 } index($0, comm " (pid ") == 1 && /: [A-Za-z]/ { in_task = 1 }
		in_task && /^ +[a-z_0-9.]+\+0x/ { sub(/\+.*/, ""); print $1 }' "$dump/report.txt"
}

# waits_of COMM: what a task waits for, without the address
waits_of() {
	sed -nE "/^$1 \\(pid [0-9]+\\): D/,/Call Trace/s/ at 0x[0-9a-f]*//p" "$dump/report.txt" | grep Waits
}

# theirs COMM: the same as printed by the guest, without uncertain frames
theirs() {
	awk -v comm="task:$1 " 'index($0, "task:") { in_task = index($0, comm) > 0 }
		in_task && /\] +[a-z_0-9.]+\+0x/ { sub(/^\[[^]]*\] +/, ""); sub(/\+.*/, ""); print }' "$test_dir/sysrq"
}

libvirt_start
mkdir "$test_dir/programs"
${CC:-cc} -O2 -static -o "$test_dir/programs/futex" "$guest_tools/futex.c"
tar -C "$test_dir/programs" -cf "$test_dir/programs.tar" futex
chmod 0644 "$test_dir/programs.tar"
for kernel in ${KERNELS:-5.10 6.1 6.12}; do
	guest_start "$kernel" kernel="$kernel" smp=2 memory=256 kaslr=no wait=no \
		devices="<disk type='file'><driver type='raw'/><source file='$test_dir/programs.tar'/><target dev='vda' bus='virtio'/><readonly/></disk>"
done
for kernel in ${KERNELS:-5.10 6.1 6.12}; do
	guest_ready "$kernel"
	for scenario in deadlock chain completion semaphore wait_queue rt_mutex page workqueue; do
		guest_exec "$kernel" "echo $scenario >/sys/kernel/debug/oopsbt_scenario/run"
	done
	futex=$(guest_exec "$kernel" 'modprobe virtio_blk; tar -C /tmp -xf /dev/vda
		/tmp/futex >/tmp/address 2>&1 & until grep . /tmp/address; do usleep 10000; done')
	# All stand where they will stand: the guest lists them as blocked. Another worker may be for a moment.
	for ((i = 0; i < 50; i++)); do
		guest_exec "$kernel" 'dmesg -c >/dev/null; echo 1 >/proc/sys/kernel/sysrq; echo w >/proc/sysrq-trigger; dmesg' | tr -d '\r' \
			>"$test_dir/sysrq"
		[ "$(grep -cE 'task:(oopsbt-(ab|ba|writer|third|never|reader|sem|queue|has-rt|rt|page)|kworker.*) ' "$test_dir/sysrq")" != 12 ] ||
			! grep -q scenario_first_work "$test_dir/sysrq" || break
	done
	run collect "$(guest_domain "$kernel")" --budget 10000
	tap_is "$kernel: collect works" "$status" 0
	tap_like "$kernel: the title is deadlock" "$out" '   deadlock'
	dump=$dumps/$(guest_domain "$kernel")/${out%% *}
	for task in ab ba writer third never reader sem queue has-rt rt page; do
		tap_is "$kernel: $task has the backtrace that the guest prints" "$(ours "oopsbt-$task" | xargs)" "$(theirs "oopsbt-$task" | xargs)"
	done
	tap_is "$kernel: the backtraces that the guest prints are not empty" "$(ours oopsbt-never | grep -c scenario_wait_for_never)" 1
	report=$(cat "$dump/report.txt")
	tap_like "$kernel: the report describes the deadlock" "$report" \
		'^Deadlock: oopsbt-(ab|ba) \(pid [0-9]+\) waits for mutex scenario_mutex_[ab].* in scenario_(ab|ba) \[oopsbt_scenario\] for [0-9.]+ s, held by oopsbt-(ab|ba) \(pid [0-9]+\), which waits for mutex scenario_mutex_[ab].*, held by oopsbt-(ab|ba) \(pid'
	tap_like "$kernel: the report describes the chain up to its end" "$report" \
		'^oopsbt-third \(pid [0-9]+\) waits for mutex scenario_mutex_c.*held by oopsbt-writer .*which waits for rwsem \(to write\) scenario_rwsem.*held by readers, the last one oopsbt-reader \(pid [0-9]+\), which sleeps in scenario_read_and_sleep \[oopsbt_scenario\] for [0-9.]+ s\.$'
	tap_is "$kernel: a completion has no holder" "$(waits_of oopsbt-never)" '  Waits for a completion (scenario_never+0x0/0x20 [oopsbt_scenario])'
	tap_like "$kernel: a semaphore is named" "$(waits_of oopsbt-sem)" \
		'^  Waits for a semaphore \(scenario_semaphore\+0x0/0x[0-9a-f]+ \[oopsbt_scenario\]\)$'
	tap_like "$kernel: a wait queue is named" "$(waits_of oopsbt-queue)" \
		'^  Waits for a wait queue \(scenario_queue\+0x0/0x[0-9a-f]+ \[oopsbt_scenario\]\)$'
	tap_is "$kernel: a task that waits for a work item waits for a completion" "$(waits_of 'kworker[^ ]*')" '  Waits for a completion'
	[ -n "$(waits_of 'kworker[^ ]*')" ] || tap_note "$(grep -A12 '^kworker' "$dump/report.txt"; grep -A8 'task:kworker' "$test_dir/sysrq")"
	tap_like "$kernel: an rt_mutex has its name and its owner" "$(waits_of oopsbt-rt)" \
		'^  Waits for a rt_mutex \(scenario_rt_mutex\+0x0/0x[0-9a-f]+ \[oopsbt_scenario\]\), owner oopsbt-has-rt \(pid [0-9]+\)$'
	tap_is "$kernel: a task that waits for a page lock has this wait" "$(waits_of oopsbt-page)" '  Waits for a page lock'
	pid=$(sed -nE 's/^oopsbt-third \(pid ([0-9]+)\): .*/\1/p' "$dump/report.txt")
	run info "$(basename "$dump")" --tasks
	tap_like "$kernel: info --tasks lists the task" "$out" "^ +$pid  oopsbt-third +D .*  mutex scenario_mutex_c.*, owner oopsbt-writer \\(pid"
	run info "$(basename "$dump")" --task "$pid"
	tap_is "$kernel: info --task has the backtrace of the task" "$(sed -nE 's/^   ([a-z_0-9.]+)\+0x.*/\1/p' <<<"$out" | xargs)" \
		"$(theirs oopsbt-third | xargs)"
	run collect "$(guest_domain "$kernel")" --budget 10000 --tasks all
	tap_like "$kernel: a futex has its address in user space" \
		"$(sed -nE '/^futex \(pid [0-9]+\): S/,/Call Trace/p' "$dumps/$(guest_domain "$kernel")/${out%% *}/report.txt")" \
		"^  Waits for a futex at 0x0*${futex#0x}\$"
	tap_is "$kernel: the report has one deadlock" "$(value '$.tasks.chains[*].deadlock' | grep -c true)" 1
	tap_ok "$kernel: no field is missing without a reason" "$query" whole "$dump/report.json"
	"$OOPSBT_ANALYZER" --json "$dump/core" >"$test_dir/again.json"
	tap_ok "$kernel: the core gives the same report again" cmp "$test_dir/again.json" "$dump/report.json"
done

# With a map everything is read while frozen, for an oops, too, if tasks are requested.
name=${KERNELS:-6.1}
name=${name##* }
daemon_start
daemon_enable "$name" "tasks='blocked' budget='10000'"
daemon_wait "$(guest_domain "$name"): runs Linux" 120 >/dev/null
daemon_mark
guest_exec "$name" '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
line=$(daemon_wait "$(guest_domain "$name"): stored:" 60)
id=${line#*: stored: }
dump=$daemon_store/$(guest_domain "$name")/${id%%,*}
tap_like "an oops has its own title" "$(value '$.title')" 'NULL pointer'
tap_like 'the report of an oops has tasks if they are requested' "$(cat "$dump/report.txt")" '^Deadlock: oopsbt-'
# They may take a fiftieth of the budget: 200 ms. Later ones are marked late.
tap_like 'the tasks of an oops were read while the guest was frozen' "$(value '$.tasks.shown[*].late' | sort -u)" '^false'
"$OOPSBT_ANALYZER" --json "$dump/core" >"$test_dir/again.json"
tap_ok "the core gives the same report again" cmp "$test_dir/again.json" "$dump/report.json"
daemon_change "$name" "budget='10000'"
daemon_mark
guest_exec "$name" '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
line=$(daemon_wait "$(guest_domain "$name"): stored:" 60)
id=${line#*: stored: }
dump=$daemon_store/$(guest_domain "$name")/${id%%,*}
tap_unlike "the report of an oops has no tasks by default" "$(cat "$dump/report.json")" '"tasks"'
tap_done
