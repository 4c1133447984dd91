#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests that hang, each in its own way, with their own detectors switched off: oopsbtd notices the
# hang from outside. And guests that only look hung. STALL_KERNELS: the kernels to test; STALL_CPUS:
# the numbers of vCPUs. starved.test.sh tests what the host does to a guest.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"

# Without starved: other work on this machine may starve a guest at any time.
hangs=soft-lockup,hard-lockup,rcu-stall,hung-task,dead
daemon_config '[stall]' 'dead_s=5' '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
libvirt_start
daemon_start

# stalls GUEST SCENARIO: waits for its dump and sets $dump
stalls() {
	daemon_mark
	guest_exec "$1" "echo $2 >/sys/kernel/debug/oopsbt_scenario/run" >/dev/null
	dumped "$1"
}

# spins GUEST SCENARIO CPU: the same of a CPU that spins. Ends it then; the guest may not answer before.
spins() {
	local writer
	daemon_mark
	guest_exec "$1" "echo $2 $3 60000 >/sys/kernel/debug/oopsbt_scenario/run" >/dev/null &
	writer=$!
	dumped "$1"
	virsh -q inject-nmi "$(guest_domain "$1")"
	wait "$writer" || true
}

dumped() {
	dump=$(daemon_wait "$(guest_domain "$1"): stored:" 90 | sed 's/.*stored: //; s/,.*//') || true
	dump=$daemon_store/$(guest_domain "$1")/$dump
}

# ends GUEST INCIDENT: the hang ends, and there is a dump of the end
ends() {
	tap_like "$shape, $2: the log reports its end" "$(daemon_wait "$2: .* ran on after [0-9]+ s" 60 || true)" 'ran on'
	daemon_wait "$(guest_domain "$1"): stored:.* ended$" 60 >/dev/null || true
	dump=$(newest "$1")
	tap_is "$shape, $2: there is a dump of its end" "$(value '$.incident') $(value '$.stall.phase'): $(value '$.title')" \
		"$2 ended: ${2//-/ } ended"
}

num_dumps() {
	dumps "$1" | wc -l
}

# stalled_grace_period KERNEL SHAPE CPU
stalled_grace_period() {
	local title
	# A sleeping reader stalls a grace period if it may sleep (PREEMPT_RCU); otherwise a
	# spinning reader does.
	if [ "$1" = 5.10 ]; then
		spins g spin_preemptoff "$3"
		title='rcu stall in scenario_spin_loop [oopsbt_scenario]'
	else
		spins g rcu_sleep "$3"
		title='rcu stall in rcu_sleep_thread [oopsbt_scenario]'
	fi
	tap_is "$2, a stalled grace period: the incident is an RCU stall" "$(value '$.incident')" rcu-stall
	tap_is "$2, a stalled grace period: the title names the function of the reader" "$(value '$.title')" "$title"
	tap_like "$2, a stalled grace period: the report has the evidence" "$(cat "$dump/report.txt")" \
		'^Seen +an RCU grace period does not end: it has not moved for [3-6] s$'
	ends g rcu-stall
}

# begun KIND: the number of incidents of that kind, without the dumps of their ends
begun() {
	local dump num=0
	while read -r dump; do
		[ "$(value '$.incident') $(value '$.stall.phase')" = "$1 ended" ] || [ "$(value '$.incident')" != "$1" ] || num=$((num + 1))
	done < <(dumps g)
	echo "$num"
}

# counted_hangs SHAPE CPU: the guest's own detectors are on, and count what they see (6.16 and later). How much of the
# time the host gives to the guest decides whether oopsbtd has seen a lockup when the guest counts it.
counted_hangs() {
	local before
	guest_exec g 'echo 0 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
		echo 5 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout'
	before=$(begun rcu-stall)
	daemon_mark
	# The guest takes its limit when a grace period begins, oopsbtd takes the limit of now.
	guest_exec g "echo rcu_sleep $2 60000 >/sys/kernel/debug/oopsbt_scenario/run; sleep 1
		echo 300 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout"
	dumped g
	tap_is "$1, a counted RCU stall: oopsbtd does not see it, but the guest's words say what it is" \
		"$(value '$.signal') $(value '$.incident'): $(value '$.title')" 'lockup rcu-stall: RCU stall in rcu_sleep_thread [oopsbt_scenario]'
	tap_is "$1, a counted RCU stall: the report says who has noticed it" "$(value '$.stall.evidence')" \
		"the guest's own detector counted an RCU stall"
	tap_like "$1, a counted RCU stall: the guest has counted it" "$(guest_exec g 'cat /sys/kernel/rcu_stall_count')" '^[1-9]'
	virsh -q inject-nmi "$(guest_domain g)"
	guest_exec g 'echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress; sleep 5; echo 1 >/proc/sys/kernel/watchdog'
	tap_is "$1, a counted RCU stall: there is one dump of it" $(($(begun rcu-stall) - before)) 1

	before=$(begun soft-lockup)
	daemon_mark
	guest_exec g "echo spin_preemptoff $2 60000 >/sys/kernel/debug/oopsbt_scenario/run" >/dev/null &
	dumped g
	tap_like "$1, a counted soft lockup: the title names the function" "$(value '$.title')" \
		'^soft lockup in (scenario_spin_loop|spin_preemptoff_thread) \[oopsbt_scenario\]$'
	sleep 15 # the guest counts it again
	virsh -q inject-nmi "$(guest_domain g)"
	wait $! || true
	tap_like "$1, a counted soft lockup: the guest has counted it" "$(guest_exec g 'cat /sys/kernel/softlockup_count')" '^[1-9]'
	guest_exec g 'echo 0 >/proc/sys/kernel/watchdog; sleep 5'
	tap_is "$1, a counted soft lockup: there is one dump of it, whoever noticed it first" $(($(begun soft-lockup) - before)) 1
}

# try KERNEL VCPUS: runs all tests on a guest of that shape
try() {
	local kernel=$1 smp=$2 shape="$1, $2 vCPUs" seen
	local a=$((smp > 1 ? 1 : 0)) b=$((smp > 2 ? 2 : smp - 1)) c=$((smp - 1)) # three CPUs, if there are so many
	guest_start g kernel="$kernel" smp="$smp" memory=384 kaslr=no
	# Some scenarios also make the kernel warn.
	daemon_mark # not the guest before, of the same name
	daemon_follow g "budget='10000' keep='1000' kinds='$hangs'" >/dev/null
	# Two seconds of processor time for a hard lockup, four for a soft one: on a busy machine
	# that takes longer. The guest itself notices neither.
	guest_exec g 'echo 0 >/proc/sys/kernel/watchdog; echo 2 >/proc/sys/kernel/watchdog_thresh
		echo 60 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
		echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
		echo spin_until_nmi >/sys/kernel/debug/oopsbt_scenario/run'

	spins g spin_irqoff "$a"
	tap_is "$shape, interrupts off: the incident is a hard lockup of the CPU" "$(value '$.incident') on CPU $(value '$.stall.cpu')" "hard-lockup on CPU $a"
	tap_like "$shape, interrupts off: the guest is to blame" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		"^guest: .* CPU $a runs oopsbt/$a \\(pid [0-9]+\\) in scenario_spin_loop \\[oopsbt_scenario\\], with interrupts off"
	tap_is "$shape, interrupts off: the title names the function" "$(value '$.title')" \
		'hard lockup in scenario_spin_loop [oopsbt_scenario]'
	tap_like "$shape, interrupts off: the report has the evidence: it is reported within two seconds after its threshold" \
		"$(cat "$dump/report.txt")" "^Seen +CPU $a used [2-4] s of processor time without a timer interrupt\$"
	ends g hard-lockup
	tap_is "$shape, interrupts off: there are no other dumps of it" "$(num_dumps g)" 2

	# A task that would run there if it could.
	guest_exec g "taskset $((1 << b)) sh -c 'while :; do :; done' >/dev/null 2>&1 & echo \$! >/tmp/busy"
	spins g spin_preemptoff "$b"
	tap_is "$shape, preemption off: the incident is a soft lockup of the CPU" "$(value '$.incident') on CPU $(value '$.stall.cpu')" "soft-lockup on CPU $b"
	tap_is "$shape, preemption off: the title names the function" "$(value '$.title')" \
		'soft lockup in scenario_spin_loop [oopsbt_scenario]'
	ends g soft-lockup
	# shellcheck disable=SC2016
	guest_exec g 'kill -9 $(cat /tmp/busy)'

	# A lockup would be reported instead of an RCU stall.
	guest_exec g 'echo 3 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout; echo 30 >/proc/sys/kernel/watchdog_thresh'
	# On 5.10's only CPU a spinner also keeps the thread from running that starts grace periods.
	[ "$kernel $smp" = "5.10 1" ] || stalled_grace_period "$kernel" "$shape" "$c"

	spins g spin_rcu "$c"
	tap_is "$shape, a spinning RCU reader: the incident is an RCU stall" "$(value '$.incident')" rcu-stall
	tap_is "$shape, a spinning RCU reader: the title names the function" "$(value '$.title')" \
		'rcu stall in scenario_spin_loop [oopsbt_scenario]'
	# It may be in an interrupt at this moment or, if the kernel has PREEMPT_RCU, preempted.
	tap_like "$shape, a spinning RCU reader: the guest is to blame, and the reader is named" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		"^guest: .* (CPU $c runs )?oopsbt/$c \\(pid [0-9]+\\)( waits for a CPU)? in scenario_spin_loop \\[oopsbt_scenario\\], "
	ends g rcu-stall
	guest_exec g 'echo 2 >/proc/sys/kernel/watchdog_thresh'

	if guest_exec g 'test -e /sys/kernel/softlockup_count && echo yes' | grep -q yes; then
		counted_hangs "$shape" "$c"
	fi

	guest_exec g 'echo 60 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout'
	guest_exec g 'echo 2 >/proc/sys/kernel/hung_task_timeout_secs'
	stalls g completion
	tap_is "$shape, a waiting task: the incident is a hung task" "$(value '$.incident')" hung-task
	tap_like "$shape, a waiting task: the verdict names the task" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		'^guest: .* oopsbt-never \(pid [0-9]+\) waits for a completion in .* by now'
	tap_like "$shape, a waiting task: the guest is not frozen, because the task may wait for a disk" "$(cat "$dump/report.txt")" \
		'timeline.frozen: the guest ran while it was read: a suspend would wait for the disk'
	# The detector counts the task repeatedly, and the next daemon knows what this one reported.
	daemon_stop
	daemon_start
	daemon_wait "$(guest_domain g): runs Linux" >/dev/null
	guest_exec g 'sleep 5; echo complete >/sys/kernel/debug/oopsbt_scenario/run'
	ends g hung-task
	tap_is "$shape, a waiting task: there is one dump of the hang, and one of its end" \
		"$(dumps g | while read -r dump; do value '$.incident'; done | grep -c hung-task)" 2
	guest_exec g 'echo 0 >/proc/sys/kernel/hung_task_timeout_secs'

	daemon_change g "budget='10000' keep='1000' kinds='warning'"
	stalls g warn
	tap_is "$shape, WARN_ON(): the incident is a warning" "$(value '$.incident'): $(value '$.title')" \
		'warning: WARNING in run_warn [oopsbt_scenario]'

	# A disabled kind is not reported.
	seen=$(num_dumps g)
	daemon_change g "budget='10000' keep='1000' kinds='oops,panic'"
	guest_exec g "echo spin_irqoff $a 4000 >/sys/kernel/debug/oopsbt_scenario/run"
	sleep 5 # for as long as it would take to notice, and more
	daemon_change g "budget='10000' keep='1000' kinds='$hangs'"

	# Looks hung but is not: a pause, an idle guest, user tasks that use all of a CPU while
	# another one waits.
	virsh -q suspend "$(guest_domain g)"
	sleep 6
	virsh -q resume "$(guest_domain g)"
	guest_exec g "for i in $(for ((i = 0; i < smp && i < 4; i++)); do echo $((1 << i)); done | xargs); do
		for j in 0 19; do timeout 18 taskset \$i sh -c 'renice -n \$0 -p \$\$; while :; do :; done' \$j >/dev/null 2>&1 & done; done; sleep 20"
	sleep 4
	tap_is "$shape: a disabled kind of hang, a pause, an idle guest and a computing guest make no dump" "$(num_dumps g)" "$seen"

	# Nobody answers after that. It is noticed by default.
	daemon_change g "budget='10000' keep='1000' kinds='auto'"
	daemon_mark
	guest_exec g '(sleep 1; echo halt >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1 &'
	dumped g
	tap_is "$shape, all CPUs halted: the incident is a dead guest" "$(value '$.incident'): $(value '$.title')" 'dead: dead: no vCPU runs'
	tap_like "$shape, all CPUs halted: the guest is to blame" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		"^guest: .* Of $smp vCPUs $smp are halted, $smp of them with interrupts off"
	daemon_stop
	daemon_start
	daemon_wait "$(guest_domain g): runs Linux" >/dev/null
	sleep 20 # the guest's next timer is late after 10 s, and dead_s
	tap_is "$shape, all CPUs halted: another daemon makes no second dump of it" \
		"$(dumps g | while read -r dump; do value '$.incident'; done | grep -c dead)" 1
	daemon_stop
	rm -r "$daemon_runtime/maps"
	daemon_start
	dumped g
	tap_is "$shape, all CPUs halted before the daemon started: the incident is a dead guest" "$(value '$.incident'): $(value '$.title')" \
		'dead: dead: no vCPU runs'
	guest_destroy g
}

# watches NUM: the daemon has the times of that many vCPUs open
watches() {
	[ "$(find "/proc/$daemon_pid/fd" -lname '*/schedstat' | wc -l)" = "$1" ]
}

# late_cpu KERNEL: a CPU that starts after oopsbtd has searched the kernel
late_cpu() {
	guest_start g kernel="$1" smp=2 memory=384 kaslr=no append='maxcpus=1'
	daemon_mark
	daemon_follow g "budget='10000' keep='1000' kinds='$hangs'" >/dev/null
	guest_exec g 'echo 0 >/proc/sys/kernel/watchdog; echo 2 >/proc/sys/kernel/watchdog_thresh
		echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
		echo spin_until_nmi >/sys/kernel/debug/oopsbt_scenario/run
		echo 1 >/sys/devices/system/cpu/cpu1/online'
	tap_ok "$1, a CPU that starts after the kernel was searched is watched" eventually 120 watches 2
	spins g spin_irqoff 1
	tap_is "$1, a CPU that starts after the kernel was searched: its hard lockup is noticed" \
		"$(value '$.incident') on CPU $(value '$.stall.cpu')" 'hard-lockup on CPU 1'
	guest_destroy g
}

for kernel in ${STALL_KERNELS:-6.1}; do
	late_cpu "$kernel"
	for cpus in ${STALL_CPUS:-4}; do
		try "$kernel" "$cpus"
	done
done
tap_done
