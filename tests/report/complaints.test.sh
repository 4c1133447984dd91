#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The title of a panic names the complaint that caused it: a warning, a lockup, a hung task.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"


# panics KERNEL SETTINGS SCENARIO: with these sysctls the scenario makes a guest panic; sets $dump
panics() {
	local line id
	guest_start a kernel="$1" smp=2 memory=256 kaslr=no on_crash=preserve
	daemon_follow a "budget='10000'" >/dev/null
	guest_exec a "for setting in $2; do echo \${setting#*=} >/proc/sys/kernel/\${setting%=*}; done"
	daemon_mark
	guest_exec a "(sleep 0.2; echo '$3' >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1 & true"
	line=$(daemon_wait "$(guest_domain a): stored:" 60)
	id=${line#*: stored: }
	dump=$daemon_store/$(guest_domain a)/${id%%,*}
	guest_destroy a
}

# is_of LABEL TITLE INCIDENT FUNCTION
is_of() {
	tap_is "$1: the title names the complaint" "$(value '$.title')" "$2, then panic"
	tap_is "$1: the complaint has its kind of incident" "$(value '$.complaint.incident')" "$3"
	tap_is "$1: the function is the culprit" "$(value '$.culprit[0]')" "$4"
	tap_like "$1: the report has the log from the complaint on" "$(cat "$dump/report.txt")" \
		'^Guest log from the complaint on'
}

libvirt_start
daemon_start
for kernel in ${KERNELS:-6.1}; do
	panics "$kernel" panic_on_warn=1 warn
	is_of "$kernel, panic_on_warn" 'WARNING in run_warn [oopsbt_scenario]' warning run_warn

	panics "$kernel" 'softlockup_panic=1 watchdog_thresh=1' 'spin_preemptoff 1 9000'
	is_of "$kernel, softlockup_panic" 'soft lockup in spin_preemptoff_thread [oopsbt_scenario]' soft-lockup \
		spin_preemptoff_thread

	panics "$kernel" 'hung_task_panic=1 hung_task_timeout_secs=2' completion
	is_of "$kernel, hung_task_panic" 'hung task in scenario_wait_for_never [oopsbt_scenario]' hung-task scenario_wait_for_never

	panics "$kernel" '' panic
	tap_is "$kernel, panic(): the panic's text is the title" "$(value '$.title')" 'Kernel panic: asked for'
	# run_panic is skipped: by its name it panics for its caller.
	tap_is "$kernel, panic(): the caller of panic() is the culprit" "$(value '$.culprit[0]')" run_write
done
tap_done
