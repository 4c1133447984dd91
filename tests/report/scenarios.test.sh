#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests of several shapes oops in several places; every report is held against what the guest
# itself says: its symbol table, its log, its own backtraces. SCENARIOS=few: two shapes; =all: each
# scenario on each.
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

# chain: the functions of the oopsing CPU, the innermost first; "null" is user mode
chain() {
	local row
	row=$(value '$.vcpus[*].cpu' | grep -nx "$(value '$.oops.cpu')" | cut -d: -f1)
	value "\$.vcpus[$((row - 1))].frames[*].symbol" | xargs
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

null='BUG: kernel NULL pointer dereference in scenario_null_deref [oopsbt_scenario]'
null_chain='scenario_null_deref scenario_null_inner scenario_null_outer'
call='do_syscall_64 entry_SYSCALL_64_after_hwframe null$'

# survives NAME LABEL VCPUS SCENARIO: an oops after which the guest runs on
survives() {
	local name=$1 label="$2, $4" title=$null stack
	case $4 in
	null) stack="$null_chain run_null .*$call" ;;
	bug)
		title='kernel BUG at oopsbt_scenario.c:LINE in scenario_bug [oopsbt_scenario]'
		stack="scenario_bug .*$call"
		;;
	gpf)
		title='general protection fault in scenario_gpf [oopsbt_scenario]'
		stack="scenario_gpf .*$call"
		;;
	kthread) stack='' ;; # it may be gone already
	indirect) stack="$null_chain .*sort.* run_indirect .*$call" ;;
	spinlock) stack="$null_chain scenario_oops_with_lock run_spinlock .*$call" ;;
	esac
	collect "$name" "$4"
	check "$name" "$label" "$title" "$3"
	# The task that oopsed may have died of it before the guest stood; while it lives its whole stack is there.
	if [[ -n $stack && $(chain) == *scenario_* ]]; then
		tap_like "$label: the oopsing task's whole stack" "$(chain)" "$stack"
	fi
}

# dies NAME LABEL VCPUS SCENARIO: an oops that becomes a panic; the guest stays as the panic left it
dies() {
	local name=$1 label="$2, $4" title=$null stack
	case $4 in
	hardirq) stack="$null_chain scenario_hardirq .*irq_work_run.* asm_sysvec_irq_work .*scenario_raise_irq hardirq_thread kthread ret_from_fork" ;;
	softirq) stack="$null_chain scenario_softirq tasklet_action_common.* (__do_softirq|handle_softirqs) .*softirq_thread kthread ret_from_fork" ;;
	irq_in_softirq) stack="$null_chain scenario_hardirq .*asm_sysvec_irq_work .*scenario_raise_irq scenario_softirq_outer tasklet_action_common.* .*irq_in_softirq_thread kthread ret_from_fork" ;;
	nmi) stack="$null_chain scenario_nmi nmi_handle.* (asm_exc_nmi|end_repeat_nmi) .*scenario_raise_nmi nmi_thread kthread ret_from_fork" ;;
	stack_overflow)
		title='kernel stack overflow in scenario_recurse [oopsbt_scenario]'
		stack="asm_exc_double_fault (scenario_recurse )+run_stack_overflow .*$call"
		;;
	esac
	collect_last "$name" "$4"
	tap_is "$label: the title names the bug" "$(value '$.title')" "$title"
	tap_like "$label: the whole stack" "$(chain)" "$stack"
	tap_ok "$label: all symbols are where the guest's /proc/kallsyms has them" \
		"$query" symbols "$dump/report.json" "$test_dir/$name.kallsyms"
	tap_unlike "$label: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
	daemon_wait "$(guest_domain "$name"): signalled: panicked" 60 >/dev/null
	tap_is "$label: the guest is left as the panic left it" "$(state "$name")" 'crashed (panicked)'
}

# shape KERNEL SMP PVPANIC SCENARIO...: those that are survived in one guest, then one each
shape() {
	local kernel=$1 smp=$2 pvpanic=$3 label scenario
	local -a last=() guest
	label="$kernel, $smp vCPUs, $pvpanic"
	guest=(kernel="$kernel" smp="$smp" pvpanic="$pvpanic" on_crash=preserve append='no_timer_check'
		memory=$((smp > 16 ? 1024 : 512)))
	shift 3
	begin g "${guest[@]}"
	for scenario; do
		case $scenario in
		hardirq | softirq | irq_in_softirq | nmi | stack_overflow) last+=("$scenario") ;;
		*) survives g "$label" "$smp" "$scenario" ;;
		esac
	done
	[ ${#last[@]} != 0 ] || guest_destroy g
	for scenario in "${last[@]}"; do
		[ "$scenario" = "${last[0]}" ] || begin g "${guest[@]}"
		dies g "$label" "$smp" "$scenario"
		guest_destroy g
	done
}

# The slow way to memory, which works where the QEMU process is out of reach.
through_libvirt() {
	daemon_stop
	daemon_config '[daemon]' 'memory=libvirt'
	daemon_start
}

libvirt_start
daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
daemon_start

if [ "${SCENARIOS:-}" = all ]; then
	for kernel in 5.10 6.1 6.12; do
		for smp in 1 4 16; do
			pvpanic=isa
			# 5.10 has no driver that would tell of the panic through PCI.
			[ "$kernel" = 5.10 ] || [ "$smp" != 4 ] || pvpanic=pci
			shape "$kernel" "$smp" "$pvpanic" null bug gpf kthread indirect spinlock \
				hardirq softirq irq_in_softirq nmi stack_overflow
		done
	done
	shape 6.12 64 isa null spinlock
	through_libvirt
	shape 6.12 4 isa null bug gpf kthread indirect spinlock nmi
	tap_done
	exit
fi

# What the guest says of the same: its NMI backtraces, and the lock that the others wait for.
label="6.1, 4 vCPUs, isa"
begin a kernel=6.1 smp=4 on_crash=preserve
for scenario in null bug gpf kthread indirect; do
	survives a "$label" 4 $scenario
	[ "$scenario" = null ] || continue
	tap_is "$label: the oopsing task is named" "$(value '$.oops.comm')" sh
	tap_is "$label: the module is named" "$(value '$.oops.module')" oopsbt_scenario
	tap_is "$label: the faulting address is told" "$(value '$.oops.address')" 0x0
done
# The CPUs that spin stay where they are, but for the NMI: on a busy host the freeze may come in the middle of that.
for try in 1 2 3; do
	guest_exec a 'echo 1 >/proc/sys/kernel/oops_all_cpu_backtrace'
	collect a 'spinlock 3000'
	mapfile -t spinning < <(value '$.vcpus[*].cpu' | grep -vx "$(value '$.oops.cpu')")
	! "$query" agrees "$dump/report.json" "${spinning[@]}" >/dev/null || break
	tap_note "$label: look $try came in the middle of the guest's own NMIs"
	guest_destroy a
	begin a kernel=6.1 smp=4 on_crash=preserve
done
check a "$label, spinlock" "$null" 4
tap_ok "$label: what the guest's NMIs saw of spinning CPUs is what the host saw" \
	"$query" agrees "$dump/report.json" "${spinning[@]}"
tap_like "$label: they wait for the lock that the oopsing CPU holds" "$(cat "$dump/report.txt")" \
	'contended'
dies a "$label" 4 softirq
guest_destroy a

if [ "${SCENARIOS:-}" = few ]; then
	through_libvirt
	shape 6.12 1 isa null kthread stack_overflow
	tap_done
	exit
fi

label="6.12, 16 vCPUs, pci"
begin b kernel=6.12 smp=16 pvpanic=pci module_args=nmi_backtrace=1 on_crash=preserve append='no_timer_check'
survives b "$label" 16 null
tap_is "$label: the guest's NMI handler is seen, and an NMI sent" "$(value '$.nmi.result')" sent
tap_like "$label: dmesg.txt has what the guest printed for it" "$(cat "$dump/dmesg.txt")" 'NMI backtrace for cpu 0'
survives b "$label" 16 spinlock
dies b "$label" 16 hardirq
guest_destroy b

shape 5.10 2 isa indirect nmi
shape 6.1 1 pci null irq_in_softirq
shape 6.1 16 pci null spinlock nmi
shape 6.12 4 isa null bug indirect spinlock stack_overflow
through_libvirt
shape 6.12 1 isa null kthread stack_overflow
tap_is "memory through libvirt: it was read that way" "$(value '$.collector.memory')" libvirt
tap_done
