#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests of several shapes oops in several places; every report is compared with the guest's own
# data: its symbol table, its log, its backtraces. SCENARIOS=few: two shapes; =all: each scenario on
# each.
#
# The guests have Intel CPU models, as most do: with page-table isolation. kvm64 has no PCID: no
# process uses its kernel's page tables.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"
. "$here/lib.sh"

# shape KERNEL SMP PVPANIC CPU SCENARIO...: survivable scenarios in one guest, then one guest each
shape() {
	local kernel=$1 smp=$2 pvpanic=$3 cpu=$4 label scenario
	local -a last=() guest
	label="$kernel, $smp vCPUs, $pvpanic, $cpu"
	guest=(kernel="$kernel" smp="$smp" pvpanic="$pvpanic" cpu="$cpu" on_crash=preserve append='no_timer_check'
		memory=$((smp > 16 ? 1024 : 512)))
	shift 4
	begin g "${guest[@]}"
	for scenario; do
		if is_last "$scenario"; then
			last+=("$scenario")
		else
			survives g "$label" "$smp" "$scenario"
		fi
	done
	[ ${#last[@]} != 0 ] || guest_destroy g
	for scenario in "${last[@]}"; do
		[ "$scenario" = "${last[0]}" ] || begin g "${guest[@]}"
		dies g "$label" "$smp" "$scenario"
		guest_destroy g
	done
}

libvirt_start
daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
daemon_start

if [ "${SCENARIOS:-}" = all ]; then
	for kernel in 5.10 6.1 6.12; do
		for smp in 1 4 16; do
			pvpanic=isa
			cpu=Skylake-Client
			[ "$smp" != 1 ] || cpu=kvm64
			[ "$smp" != 16 ] || cpu=Haswell
			# 5.10 has no driver that would report the panic through PCI.
			[ "$kernel" = 5.10 ] || [ "$smp" != 4 ] || pvpanic=pci
			shape "$kernel" "$smp" "$pvpanic" "$cpu" null bug gpf kthread indirect call_unmapped call_heap spinlock \
				hardirq softirq irq_in_softirq nmi stack_overflow
		done
	done
	shape 6.12 64 isa Cascadelake-Server null spinlock
	through_libvirt
	shape 6.12 4 isa Haswell null bug gpf kthread indirect spinlock nmi
	stacks_were_seen
	tap_done
	exit
fi

# The guest's own view: its NMI backtraces, and the lock that the others wait for.
label="6.1, 4 vCPUs, isa, Skylake-Client"
begin a kernel=6.1 smp=4 on_crash=preserve
for scenario in null bug gpf kthread indirect call_unmapped call_heap; do
	survives a "$label" 4 $scenario
	[ "$scenario" = null ] || continue
	tap_is "$label: the report names the oopsing task" "$(value '$.oops.comm')" sh
	tap_is "$label: the report names the module" "$(value '$.oops.module')" oopsbt_scenario
	tap_is "$label: the report has the faulting address" "$(value '$.oops.address')" 0x0
done
# Spinning CPUs stay in place except for the NMI: on a busy host the freeze may come during that.
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
tap_ok "$label: the guest's NMI backtraces of spinning CPUs equal the host's" \
	"$query" agrees "$dump/report.json" "${spinning[@]}"
tap_is "$label: the other CPUs wait for the lock that the oopsing CPU holds" \
	"$(value '$.vcpus[*].waits_for_lock.symbol' | sed 's/+.*//' | sort | uniq -c | xargs)" '3 contended'
dies a "$label" 4 softirq
guest_destroy a

if [ "${SCENARIOS:-}" = few ]; then
	through_libvirt
	shape 6.12 1 isa kvm64 null kthread stack_overflow
	stacks_were_seen
	tap_done
	exit
fi

label="6.12, 16 vCPUs, pci, Skylake-Client"
begin b kernel=6.12 smp=16 pvpanic=pci module_args=nmi_backtrace=1 on_crash=preserve append='no_timer_check'
survives b "$label" 16 null
tap_is "$label: the guest's NMI handler is found, and an NMI is sent" "$(value '$.nmi.result')" sent
tap_like "$label: dmesg.txt has what the guest printed for the NMI" "$(cat "$dump/dmesg.txt")" 'NMI backtrace for cpu 0'
survives b "$label" 16 spinlock
dies b "$label" 16 hardirq
guest_destroy b

# A guest that does not detect its hypervisor queues for a spinlock; others spin without a queue.
label="6.12, 4 vCPUs, isa, no hypervisor bit"
begin q kernel=6.12 smp=4 append='no_timer_check' in_cpu='<feature policy="disable" name="hypervisor"/>'
collect q 'spinlock 3000'
check q "$label" "$null" 4
guest_console_wait q 'turn 3 of the lock' 60 >/dev/null
tap_is "$label: the CPUs are queued in the order in which they then get the lock" \
	"$(value '$.vcpus[*]' | sed -nE 's/^\{"vcpu":[0-9]+,"cpu":([0-9]+),.*"position":([0-9]+).*/\2 \1/p' | sort -n | cut -d' ' -f2 | xargs)" \
	"$(guest_exec q dmesg | sed -nE 's/.*turn ([0-9]) of the lock: CPU ([0-9]+).*/\1 \2/p' | sort -n | cut -d' ' -f2 | xargs)"
guest_destroy q

shape 5.10 2 isa kvm64 indirect call_heap nmi
shape 6.1 1 pci kvm64 null irq_in_softirq
shape 6.1 16 pci Haswell null spinlock nmi
shape 6.12 4 isa Skylake-Server null bug indirect call_unmapped spinlock stack_overflow
through_libvirt
shape 6.12 1 isa kvm64 null kthread stack_overflow
tap_is "memory is read through libvirt if that is configured" "$(value '$.collector.memory')" libvirt
stacks_were_seen
tap_done
