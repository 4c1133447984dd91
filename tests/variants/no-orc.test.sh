#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernels without ORC and without types: with frame pointers, and with neither. With frame pointers
# the trace equals the kernel's own, and is certain where they lead on without a gap. Everything
# else is a guess, and marked as one.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

qemu=$("$here/../../qemu-patches/build-qemu" 7.2)

# The certain frames in the kernel's trace of the oopsing task, below those of the module, whose
# layout is unknown
theirs() {
	sed -nE '/Call Trace:/,/<.TASK>/s/^\[[^]]*\] +([a-z_0-9.]+\+0x[0-9a-f]+\/0x[0-9a-f]+)$/\1/p' "$dump/dmesg.txt"
}

# The same in the report's first trace, that of the CPU that oopsed
ours() {
	sed -nE '/Call Trace:/,/^$/s/^ +(\? )?([a-z_0-9.]+\+0x[0-9a-f]+\/0x[0-9a-f]+)$/\2/p; /<.TASK>/q' "$dump/report.txt"
}

libvirt_start
daemon_start
for variant in frame-pointer guess; do
	guest_start g kernel="$("$here/../kernel/build-kernel" linux-6.1 "$variant")" smp=4 module=no events=11 emulator="$qemu"
	daemon_follow g "budget='10000'" >/dev/null
	daemon_wait "$(guest_domain g): its QEMU pauses" >/dev/null
	guest_exec g 'for mask in 2 4; do taskset $mask dd if=/dev/zero of=/dev/null bs=32M >/dev/null 2>&1 & done
		for dd in $(pidof dd); do until [ "$(cut -d" " -f15 /proc/$dd/stat)" -ge 5 ]; do :; done; done' # they read by then
	daemon_mark
	guest_exec g '(taskset 1 sh -c "echo null >/sys/kernel/debug/oopsbt_scenario/run") >/dev/null 2>&1; true' 2>/dev/null
	tap_ok "$variant: the title names the oops" \
		daemon_wait "$(guest_domain g): stored:.*NULL pointer dereference in scenario_null_deref \[oopsbt_scenario\]" 60
	dump=$(newest g)
	tap_ok "$variant: each missing field has a reason" "$query" whole "$dump/report.json"
	guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
	tap_ok "$variant: every symbol is the guest's, including those of modules" "$query" symbols "$dump/report.json" "$test_dir/kallsyms"
	tap_is "$variant: the innermost frame of each CPU is certain" "$(value '$.vcpus[*].frames[0].reliable' | xargs)" 'true true true true'
	case $variant in
	guess)
		# At a RET the return address is on top of the stack, whatever the kernel.
		tap_ok "$variant: all other frames are guesses, except the caller of a returning function" \
			[ "$(value '$.vcpus[*].frames[*].reliable' | grep -cx true)" -le 8 ]
		;;
	frame-pointer)
		tap_unlike "$variant: the oopsing CPU's trace is certain up to the fault" "$(sed -nE '/Call Trace:/,/asm_exc_page_fault/p' \
			"$dump/report.txt" | sed '/asm_exc_page_fault/q')" '\?'
		;;
	esac
	tap_unlike "$variant: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
	tap_like "$variant: the oopsing CPU's backtrace leads through notifier and oops to user mode" \
		"$(value '$.vcpus[0].frames[*].symbol' | xargs)" 'oops_enter .*vfs_write .*ksys_write .*do_syscall_64 .*null$'
	for cpu in 1 2; do
		tap_like "$variant: the backtrace of CPU $cpu leads from its system call to user mode" "$(value "\$.vcpus[$cpu].frames[*].symbol" | xargs)" \
			'vfs_read .*ksys_read .*do_syscall_64 .*null$'
	done
	if [ "$variant" = frame-pointer ]; then
		tap_is "$variant: the backtrace equals the kernel's own, frame by frame" "$(ours | tail -n "$(theirs | wc -l)")" "$(theirs)"
		tap_ok "$variant: the kernel's own backtrace has as many frames" [ "$(theirs | wc -l)" -ge 6 ]
	fi
	guest_destroy g
done
tap_done
