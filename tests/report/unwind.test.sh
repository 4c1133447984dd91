#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stacks that are hard to unwind: BPF programs, and return addresses that tracers have replaced;
# with and without KASLR and page-table isolation, with 4- and 5-level paging. CPUs stay in such
# places while another one oopses, and each of their backtraces must be complete.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
libvirt_start
daemon_start

# look: an oops on CPU 0; sets $dump
look() {
	daemon_mark
	guest_exec g '(taskset 1 sh -c "echo null >/sys/kernel/debug/oopsbt_scenario/run") >/dev/null 2>&1; true' 2>/dev/null
	daemon_wait "$(guest_domain g): stored:" 60 >/dev/null
	dump=$(newest g)
}

# look_at COMM: the same, with CPU 1 in that program: kernel threads run there at times, too
look_at() {
	local i
	for ((i = 0; i < 10; i++)); do
		look
		[ "$("$query" value "$dump/report.json" '$.vcpus[1].task.comm')" != "$1" ] || return 0
	done
	tap_note "CPU 1 was never seen in $1"
}

# chain CPU: its functions, innermost first, in one line; "null" for a frame without a name
chain() {
	"$query" value "$dump/report.json" "\$.vcpus[$1].frames[*].symbol" | xargs
}

# whole WHAT: no backtrace of this report ends early
whole() {
	tap_unlike "$shape, $1: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
}

# busy COMMAND: keeps CPUs 1 and 2 in it from now on
busy() {
	guest_exec g "for mask in 2 4; do taskset \$mask $1 >/dev/null 2>&1 & echo \$!; done >/tmp/busy"
}

idle() {
	# shellcheck disable=SC2016 # for the guest's shell
	guest_exec g 'kill -9 $(cat /tmp/busy)'
}

# tracing COMMAND: with only one CPU online. It changes code; an emulated CPU may still see the
# kernel's temporary breakpoint after the kernel has removed it, and the guest would die of that.
tracing() {
	guest_exec g "for i in 1 2; do echo 0 >/sys/devices/system/cpu/cpu\$i/online; done
		cd /sys/kernel/tracing; $1
		for i in 1 2; do echo 1 >/sys/devices/system/cpu/cpu\$i/online; done"
}

# In one long system call, below two functions that a tracer can hook.
reading='dd if=/dev/urandom of=/dev/null bs=32M'
read_chain='(vfs_read|ksys_read) .*do_syscall_64 entry_SYSCALL_64_after_hwframe null$'
${CC:-cc} -O2 -static -nostdlib -fno-stack-protector -o "$test_dir/bpf-loop" "$here/bpf-loop.c"
strip "$test_dir/bpf-loop"

for shape in "6.1 nokaslr nopti mitigations=off" "6.12 pti=on la57"; do
	read -r kernel append <<<"$shape"
	la57=no kaslr=yes
	[ "${append#*la57}" = "$append" ] || la57=yes
	[ "${append#*nokaslr}" = "$append" ] || kaslr=no
	guest_start g kernel="$kernel" smp=3 memory=384 la57=$la57 kaslr=$kaslr append="${append% la57}"
	daemon_follow g "budget='10000'" >/dev/null

	guest_exec g "echo $(base64 -w 0 "$test_dir/bpf-loop") | base64 -d >/tmp/bpf-loop; chmod +x /tmp/bpf-loop"
	busy /tmp/bpf-loop
	# The kernel takes a while to check and compile it.
	for ((i = 0; i < 20; i++)); do
		look
		[[ $(chain 1) != *bpf_test_run* ]] || break
	done
	whole "in a BPF program"
	tap_like "$shape, in a BPF program: the backtrace has the program and its callers" "$(chain 1)" \
		'bpf_prog_[0-9a-f]{16} bpf_test_run .*do_syscall_64 entry_SYSCALL_64_after_hwframe null$'
	idle

	tracing 'echo "r:a vfs_read" >kprobe_events; echo "r:b ksys_read" >>kprobe_events; echo 1 >events/kprobes/enable'
	busy "$reading"
	look_at dd
	whole "with kretprobes"
	tap_like "$shape, with kretprobes: the backtrace has the original callers" "$(chain 1)" "vfs_read ksys_read $(
		)(__do_sys_[a-z_0-9]* |x64_sys_call )*do_syscall_64 entry_SYSCALL_64_after_hwframe null\$"
	tap_unlike "$shape, with kretprobes: the backtrace has no trampoline" "$(chain 1) $(chain 2)" 'rethook_trampoline|kretprobe'
	idle
	tracing 'echo 0 >events/kprobes/enable; echo >kprobe_events'

	tracing 'printf "vfs_read\nksys_read\n" >set_ftrace_filter; echo function_graph >current_tracer'
	busy "$reading"
	look_at dd
	whole "with the function graph tracer"
	tap_like "$shape, with the function graph tracer: the backtrace has the original callers" "$(chain 1)" "$read_chain"
	tap_unlike "$shape, with the function graph tracer: the backtrace has no trampoline" "$(chain 1) $(chain 2)" return_to_handler
	idle

	tracing 'echo nop >current_tracer; echo "vfs_* ksys_*" >set_ftrace_filter; echo function >current_tracer'
	busy 'dd if=/dev/zero of=/dev/null bs=1'
	for ((i = 1; i <= 3; i++)); do
		look
		whole "with the function tracer, look $i"
	done
	idle
	tracing 'echo nop >current_tracer; echo >set_ftrace_filter'
	guest_destroy g
done
tap_done
