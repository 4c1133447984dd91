#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests of several shapes oops in several places; every report is held against what the guest
# itself says: its symbol table, its log, its own backtraces.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../daemon/lib.sh"

query=$build/tests/report/query
analyze=$build/host-tool/oopsbt-analyze

# collect GUEST SCENARIO: have it oops and wait for the dump; sets $dump
collect() {
	daemon_mark
	oops "$1" "$2"
	stored "$1"
}

# The same where the oops becomes a panic: the shell never answers.
collect_last() {
	daemon_mark
	oops "$1" "$2" &
	stored "$1"
}

# stored GUEST: the next dump since the mark; sets $dump
stored() {
	local line id
	line=$(daemon_wait "$(guest_domain "$1"): stored:" 60)
	id=${line#*: stored: }
	dump=$daemon_store/$(guest_domain "$1")/${id%%,*}
}

value() {
	"$query" value "$dump/report.json" "$1"
}

# Each line of dmesg.txt is the guest's; its log may have gone on since.
log_agrees() {
	guest_exec "$1" dmesg | tr -d '\r' >"$test_dir/dmesg"
	awk 'NR == FNR { wanted[NR] = $0; last = NR; next }
		!at && $0 == wanted[1] { at = 1 }
		at && at <= last { if ($0 != wanted[at]) { print "guest: " $0; print "dump:  " wanted[at]; exit bad = 1 } at++ }
		END { if (at <= last) bad = 1; exit bad }' "$dump/dmesg.txt" "$test_dir/dmesg"
}

reproducible() {
	"$analyze" --json "$dump/core" | cmp - "$dump/report.json"
}

# check GUEST LABEL TITLE VCPUS: what holds for every report
check() {
	tap_is "$2: the title names the bug" "$(value '$.title' | sed 's/\.c:[0-9]* /.c:LINE /')" "$3"
	tap_is "$2: every vCPU has registers and a symbol or is in user mode" \
		"$(value '$.vcpus[*].frames[0].pc' | wc -l)" "$4"
	tap_ok "$2: all symbols are where the guest's /proc/kallsyms has them" \
		"$query" symbols "$dump/report.json" "$test_dir/$1.kallsyms"
	tap_ok "$2: no field is missing without a reason" "$query" whole "$dump/report.json"
	tap_ok "$2: dmesg.txt is the guest's own log" log_agrees "$1"
	tap_ok "$2: the core gives the same report again" reproducible
	tap_unlike "$2: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
}

# begin NAME OPTIONS...: a guest that is followed
begin() {
	local name=$1
	shift
	guest_start "$name" "$@"
	guest_exec "$name" 'cat /proc/kallsyms' >"$test_dir/$name.kallsyms"
	# The default budget is for a machine that is not busy testing.
	daemon_follow "$name" "budget='10000'" >/dev/null
}

libvirt_start
daemon_start

null='BUG: kernel NULL pointer dereference in scenario_null_deref [oopsbt_scenario]'

shape="6.1, 4 vCPUs"
begin a kernel=6.1 smp=4 pvpanic=isa append='oops_all_cpu_backtrace' on_crash=preserve
collect a null
check a "$shape, in a system call" "$null" 4
tap_is "$shape: the oopsing task is named" "$(value '$.oops.comm')" sh
tap_is "$shape: the module is named" "$(value '$.oops.module')" oopsbt_scenario
tap_is "$shape: the faulting address is told" "$(value '$.oops.address')" 0x0
collect a bug
check a "$shape, BUG()" 'kernel BUG at oopsbt_scenario.c:LINE in scenario_bug [oopsbt_scenario]' 4
collect a gpf
check a "$shape, a non-canonical address" 'general protection fault in scenario_gpf [oopsbt_scenario]' 4
collect a kthread
check a "$shape, in a kernel thread" "$null" 4
collect a indirect
check a "$shape, called back by the core kernel" "$null" 4

# The CPUs that spin while another one oopses stay where they are until the guest has printed its own view.
guest_exec a 'echo 1 >/proc/sys/kernel/oops_all_cpu_backtrace'
collect a 'spinlock 3000'
check a "$shape, others spin on a lock" "$null" 4
mapfile -t spinning < <(value '$.vcpus[*].cpu' | grep -vx "$(value '$.oops.cpu')")
tap_ok "$shape: what the guest's NMIs saw of spinning CPUs is what the host saw" \
	"$query" agrees "$dump/report.json" "${spinning[@]}"
tap_like "$shape: they wait for the lock that the oopsing CPU holds" "$(cat "$dump/report.txt")" \
	'contended'

collect_last a 'softirq 1'
tap_is "$shape: an oops in a softirq is told before the panic that it becomes" "$(value '$.title')" "$null"
guest_destroy a

shape="6.12, 16 vCPUs, PCI"
begin b kernel=6.12 smp=16 pvpanic=pci module_args=nmi_backtrace=1 on_crash=preserve
collect b null
check b "$shape" "$null" 16
tap_is "$shape: the guest's NMI handler is seen, and an NMI sent" "$(value '$.nmi.result')" sent
tap_like "$shape: dmesg.txt has what the guest printed for it" "$(cat "$dump/dmesg.txt")" 'NMI backtrace for cpu 0'
collect b 'spinlock 1000'
check b "$shape, others spin on a lock" "$null" 16
collect_last b 'hardirq 3'
tap_is "$shape: an oops in a hard interrupt is told" "$(value '$.title')" "$null"
guest_destroy b

shape="5.10, 2 vCPUs"
begin c kernel=5.10 smp=2
collect c indirect
check c "$shape" "$null" 2
guest_destroy c

# The slow way to memory, which works where the QEMU process is out of reach.
daemon_stop
daemon_config '[daemon]' 'memory=libvirt'
daemon_start
shape="6.12, 1 vCPU, memory through libvirt"
begin d kernel=6.12 smp=1
collect d null
check d "$shape" "$null" 1
tap_is "$shape: it was read that way" "$(value '$.collector.memory')" libvirt
guest_destroy d

tap_done
