#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest module in real guests: it loads where it can work and otherwise says why not, signals
# oopses, answers NMIs if enabled, and unloads cleanly.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"

cpus=3
run=/sys/kernel/debug/oopsbt_scenario/run
parameters=/sys/module/oopsbt_pvpanic/parameters

# begin NAME OPTION...: starts a guest without the module; its QEMU runs
begin() {
	local name=$1
	shift
	guest_start "$name" smp=$cpus kaslr=no module=no append=loglevel=8 "$@" wait=no
}

# ready NAME: waits for its kernel. "virsh event" prints each event once.
ready() {
	guest_ready "$1"
	guest_events "$1"
}

# load NAME [PARAMETER...]: prints its messages without time stamps. busybox tries a refused module
# twice, with another system call.
load() {
	local name=$1
	shift
	guest_exec "$name" "dmesg -c >/dev/null; insmod /lib/oopsbt/oopsbt_pvpanic.ko $* 2>/dev/null
		dmesg | sed -n 's/.* oopsbt_pvpanic: //p' | uniq"
}

loaded() {
	guest_exec "$1" 'grep -c ^oopsbt_pvpanic /proc/modules' || true
}

# oops NAME: the oops kills the writer. Events before a later one have arrived with it.
oops() {
	guest_exec "$1" "echo null >$run" 2>/dev/null || true
}

# crashloaded NAME: the number of events so far; a suspend and resume marks the end
crashloaded() {
	local domain mark
	domain=$(guest_domain "$1")
	mark=$(guest_events_log "$1" | grep -c Resumed || true)
	virsh -q suspend "$domain" >/dev/null
	virsh -q resume "$domain" >/dev/null
	until [ "$(guest_events_log "$1" | grep -c Resumed || true)" -gt "$mark" ]; do
		sleep 0.05
	done
	guest_events_log "$1" | grep -c Crashloaded || true
}

nmi() {
	virsh -q inject-nmi "$(guest_domain "$1")" >/dev/null
}

# monitor NAME COMMAND...: runs a command of the human monitor
monitor() {
	local domain
	domain=$(guest_domain "$1")
	shift
	virsh -q qemu-monitor-command "$domain" --hmp "$*" >/dev/null
}

# said NAME PATTERN: waits for the module's line that matches
said() {
	dmesg_until "$1" "oopsbt_pvpanic: .*$2" | sed -n 's/.* oopsbt_pvpanic: //p' | grep -E "$2" | tail -n 1
}

# dmesg_until NAME PATTERN: the guest's log once a line of it matches
dmesg_until() {
	guest_exec "$1" "for i in \$(seq 600); do dmesg | grep -Eq '$2' && break; usleep 100000; done; dmesg"
}

# --- lockups: writes to pvpanic, by QEMU's trace of device writes A stock QEMU ignores the event
# LOCKUP, but lets the device offer it.
lockup_trace=$test_dir/trace

# writes_until NAME COMMAND PATTERN: waits while COMMAND runs in the guest and until its console has
# a new line that matches; sets $writes: lines "VALUE DEVICE".
writes_until() {
	local name=$1 traced
	traced=$(wc -l <"$lockup_trace/$name")
	monitor "$name" trace-event memory_region_ops_write on
	guest_exec "$name" "dmesg -c >/dev/null; $2" >/dev/null
	dmesg_until "$name" "$3" >/dev/null
	guest_exec "$name" true # the line is printed, too
	monitor "$name" trace-event memory_region_ops_write off
	writes=$(tail -n "+$((traced + 1))" "$lockup_trace/$name" | sed -n "s/.* addr \(0x505\|0x3f8\) value \([^ ]*\) size .* name '\(.*\)'/\2 \3/p")
}

events_written() {
	awk '$2 == "pvpanic" { print $1 }' <<<"$writes" | xargs
}

# text_behind: the console text after the first event
text_behind() {
	local value
	for value in $(printf '%s\n' "$writes" | awk '$2 == "pvpanic" { behind = 1 } behind && $2 == "serial" { print $1 }'); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x${value#0x}"
	done
}

# lockup NAME WHAT EVENT COMMAND PATTERN
lockup() {
	writes_until "$1" "$4" "$5"
	# A detector repeats its report.
	tap_is "$kernel: $2 writes the event once, and no other" "$(events_written | tr ' ' '\n' | sort -u)" "$3"
	tap_like "$kernel: $2: the event comes before the text" "$(text_behind)" "$5"
}

# hung_tasks_off NAME: the detector repeats its report each second, and may be at it
hung_tasks_off() {
	# shellcheck disable=SC2016 # for the guest's shell
	guest_exec "$1" 'echo 0 >/proc/sys/kernel/hung_task_timeout_secs
		until grep -q "^State:.S" "/proc/$(pidof khungtaskd)/status"; do usleep 20000; done'
}

lockups() {
	local kernel=$1
	begin lock kernel="$kernel" events=31 smp=2 memory=256 qemu_args="-D $lockup_trace/lock"
	ready lock
	tap_like "$kernel: the module uses LOCKUP if the device offers it" "$(load lock)" 'a lockup or a hung task is signalled, too'
	lockup lock 'a soft lockup' 0x10 "echo 1 >/proc/sys/kernel/watchdog_thresh; echo spin_preemptoff 1 4500 >$run" 'BUG: soft lockup'
	guest_exec lock 'echo 0 >/proc/sys/kernel/watchdog; echo 3 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout'
	lockup lock 'an RCU stall' 0x10 "echo spin_preemptoff 1 9000 >$run" 'rcu: INFO: .* stall'
	lockup lock 'a hung task' 0x10 "echo 60 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout
		echo 1 >/proc/sys/kernel/hung_task_timeout_secs; echo completion >$run" 'blocked for more than'
	hung_tasks_off lock
	writes_until lock "echo 'watchdog: BUG: soft lockup - CPU#0 stuck for 22s' >/dev/kmsg" 'CPU#0 stuck'
	tap_is "$kernel: text that a program writes to the log is not an event" "$(events_written)" ''
	guest_exec lock 'rmmod oopsbt_pvpanic'
	tap_is "$kernel: the unloaded module leaves no console hook" "$(guest_exec lock 'cat /sys/kernel/debug/kprobes/list')" ''
	guest_destroy lock
}

libvirt_start
mkdir -m 0777 "$lockup_trace"

# If the device does not offer LOCKUP.
begin fallback kernel=6.1 pvpanic=isa smp=2 memory=256
ready fallback
load fallback >/dev/null
hangs() {
	guest_exec fallback "dmesg -c >/dev/null; echo 1 >/proc/sys/kernel/hung_task_timeout_secs; echo $1 >$run"
}
hangs completion
dmesg_until fallback 'blocked for more than' >/dev/null
tap_is "a hung task is not signalled as a crash by default" "$(crashloaded fallback)" 0
guest_exec fallback 'echo 0 >/proc/sys/kernel/hung_task_timeout_secs; echo complete >/sys/kernel/debug/oopsbt_scenario/run; rmmod oopsbt_pvpanic'
tap_like 'a hung task is signalled as a crash if lockup_fallback asks for that' "$(load fallback lockup_fallback=Y)" 'a lockup or a hung task is signalled, too'
hangs semaphore
dmesg_until fallback 'blocked for more than' >/dev/null
tap_is 'a signalled hung task is one event' "$(crashloaded fallback)" 1
guest_destroy fallback

for kernel in 5.10 6.1 6.12; do
	lockups "$kernel"
	folder=$(guest_kernel "$kernel")
	info=$(modinfo "$("$here/build-module" "$folder" "$here/../../guest-kernel-patch/module")")
	tap_like "$kernel: modinfo describes oops_fallback" "$info" '^parm: *oops_fallback:.*default: Y'
	tap_like "$kernel: modinfo shows the version, for DKMS" "$info" '^version: *[0-9]'
	tap_like "$kernel: the module is loaded for an ACPI device" "$info" '^alias: *acpi\*:QEMU0001:\*'
	tap_like "$kernel: the module is loaded for a PCI device" "$info" '^alias: *pci:v00001B36d00000011'
	tap_like "$kernel: modinfo describes nmi_backtrace" "$info" '^parm: *nmi_backtrace:.*default: 0'

	begin isa kernel="$kernel" pvpanic=isa
	begin pci kernel="$kernel" pvpanic=pci smp=1 memory=256
	begin plug kernel="$kernel" machine=pc pvpanic=none smp=1 memory=256 qemu_args='-device pvpanic-pci,id=old,addr=0x1d'
	ready isa
	tap_is "$kernel: the module refuses to load, in one line, if no event of the device is allowed" \
		"$(load isa oops_fallback=N)" \
		"pvpanic offers events 0x3, none to signal an oops with (0x8; oops_fallback is off)"
	tap_is "$kernel: a module that refused is not loaded" "$(loaded isa)" 0
	tap_is "$kernel: with ISA pvpanic the module loads and says what it does" "$(load isa)" \
		"an oops is signalled as event 0x2 to pvpanic at I/O port 0x505"
	tap_like "$kernel: the host finds the NMI handler's state by name" "$(guest_exec isa 'cat /proc/kallsyms')" \
		' oopsbt_nmi_handler_ready\b.*\[oopsbt_pvpanic\]'

	oops isa
	tap_ok "$kernel: an oops is a crashloaded event" guest_events_wait isa Crashloaded
	tap_like "$kernel: the guest runs on after an oops" "$(guest_exec isa 'uname -r')" "^${kernel//./\\.}\\."
	guest_exec isa "echo N >$parameters/oops_fallback"
	oops isa
	tap_is "$kernel: without oops_fallback an oops is not signalled as a crash" "$(crashloaded isa)" 1
	guest_exec isa "echo Y >$parameters/oops_fallback"
	oops isa
	tap_is "$kernel: with oops_fallback an oops is signalled as a crash again" "$(crashloaded isa)" 2

	guest_exec isa 'dmesg -c >/dev/null'
	nmi isa
	log=$(dmesg_until isa 'unknown reason')
	tap_like "$kernel: with nmi_backtrace=0 the kernel handles an NMI" "$log" 'Uhhuh. NMI received'
	tap_unlike "$kernel: with nmi_backtrace=0 an NMI shows no CPU" "$log" 'NMI backtrace'
	tap_like "$kernel: nmi_backtrace accepts only 0 and 1" \
		"$(guest_exec isa "echo 2 >$parameters/nmi_backtrace" 2>&1 || true)" 'Invalid argument'

	guest_exec isa "dmesg -c >/dev/null; echo 1 >$parameters/nmi_backtrace"
	guest_exec isa "echo spin_irqoff 1 4000 >$run" &
	guest_console_wait isa 'CPUs 1 are busy' >/dev/null
	nmi isa
	wait $!
	# CPUs answer in any order.
	dmesg_until isa scenario_spin_outer >/dev/null
	log=$(dmesg_until isa "NMI backtrace for cpu 2")
	tap_like "$kernel: with nmi_backtrace=1 an NMI is announced" "$log" 'oopsbt_pvpanic: NMI received .* on CPU 0, showing all CPUs'
	tap_is "$kernel: an NMI shows every CPU once" \
		"$(echo "$log" | grep -o 'NMI backtrace for cpu .*' | sort | xargs)" \
		"NMI backtrace for cpu 0 NMI backtrace for cpu 1 NMI backtrace for cpu 2"
	tap_like "$kernel: an NMI shows a CPU with interrupts off" "$log" 'scenario_spin_outer'
	tap_unlike "$kernel: no other handler sees an answered NMI" "$log" 'Uhhuh'

	guest_exec isa 'dmesg -c >/dev/null'
	for ((i = 0; i < 20; i++)); do
		nmi isa
	done
	dumps=$(guest_exec isa 'dmesg | grep -c "showing all CPUs"' || true)
	tap_ok "$kernel: a storm of NMIs prints at most two more dumps ($dumps)" test "$dumps" -le 2

	guest_exec isa 'rmmod oopsbt_pvpanic'
	tap_is "$kernel: the module unloads" "$(loaded isa)" 0
	tap_is "$kernel: the unloaded module leaves no hook" "$(guest_exec isa 'cat /sys/kernel/debug/kprobes/list')" ''
	oops isa
	tap_is "$kernel: an oops is not signalled after the module was unloaded" "$(crashloaded isa)" 2
	guest_exec isa 'dmesg -c >/dev/null'
	nmi isa
	tap_like "$kernel: an NMI is not answered after the module was unloaded" "$(dmesg_until isa 'unknown reason')" 'Uhhuh. NMI received'
	tap_like "$kernel: the module can be loaded again" "$(load isa)" 'an oops is signalled'
	guest_exec isa "echo panic >$run" 2>/dev/null || true
	tap_ok "$kernel: a panic is still signalled as a panic" guest_events_wait isa Panicked
	guest_destroy isa

	ready pci
	tap_like "$kernel: with PCI pvpanic the module loads and says what it does" "$(load pci)" \
		'^an oops is signalled as event 0x2 to pvpanic at PCI device 0000:00:1e.0$'
	oops pci
	tap_ok "$kernel: with PCI pvpanic an oops is a crashloaded event" guest_events_wait pci Crashloaded
	tap_is "$kernel: with PCI pvpanic the module unloads" "$(guest_exec pci 'rmmod oopsbt_pvpanic' && loaded pci)" 0
	load pci >/dev/null
	guest_exec pci "echo panic >$run" 2>/dev/null || true
	tap_ok "$kernel: with PCI pvpanic a panic is signalled, with and without a driver" guest_events_wait pci Panicked
	guest_destroy pci

	ready plug
	load plug >/dev/null
	guest_exec plug 'dmesg -c >/dev/null; echo 1 >/sys/bus/pci/devices/0000:00:1d.0/remove'
	tap_is "$kernel: the module says that the device was removed" "$(said plug gone)" 'pvpanic at PCI device 0000:00:1d.0 is gone'
	tap_like "$kernel: the module says that there is no other device" "$(said plug 'no pvpanic')" '^no pvpanic device'
	oops plug
	tap_is "$kernel: nothing is written to the address of a removed device" "$(crashloaded plug)" 0
	guest_exec plug 'echo 1 >/sys/bus/pci/rescan'
	tap_like "$kernel: the module uses the device that is found again" "$(said plug 'an oops')" 'PCI device 0000:00:1d.0'
	oops plug
	tap_is "$kernel: an oops is signalled again to the device that was found again" "$(crashloaded plug)" 1
	guest_exec plug 'dmesg -c >/dev/null'
	monitor plug device_del old
	tap_is "$kernel: the module says that the host unplugged the device" "$(said plug gone)" \
		'pvpanic at PCI device 0000:00:1d.0 is gone'
	oops plug
	tap_is "$kernel: the guest survives an oops without the device" "$(crashloaded plug)" 1
	monitor plug device_add pvpanic-pci,id=new,addr=0x1c
	tap_like "$kernel: the module uses the device that is plugged in" "$(said plug 'an oops')" 'PCI device 0000:00:1c.0'
	oops plug
	tap_is "$kernel: an oops is signalled to the device that was plugged in" "$(crashloaded plug)" 2
	guest_destroy plug
done

# Each guest is for one test; they boot at the same time.
one=(kernel=6.1 pvpanic=isa smp=1 memory=256)
begin late kernel=6.1 pvpanic=isa
begin bare "${one[@]}" append=oopsbt.stock_pvpanic=no
begin driver "${one[@]}"
begin kdump "${one[@]}" append=elfcorehdr=0x1000
begin deaf "${one[@]}" events=1
begin none "${one[@]}" pvpanic=none

# Boots while the other guests are tested.
ready late
load late nmi_backtrace=1 >/dev/null
guest_exec late 'dmesg -c >/dev/null'
guest_exec late "echo spin_nmi 1 13000 >$run" &
spins=$!
guest_console_wait late 'CPUs 1 are busy' >/dev/null
nmi late

ready bare
load bare >/dev/null
guest_exec bare "echo panic >$run" 2>/dev/null || true
tap_ok "a panic is signalled without the kernel's own driver" guest_events_wait bare Panicked
guest_destroy bare

ready driver
load driver >/dev/null
guest_exec driver 'echo 0 >/sys/bus/platform/devices/QEMU0001:00/events'
guest_exec driver "echo panic >$run" 2>/dev/null || true
guest_events_wait driver Stopped 60 >/dev/null
tap_unlike "the kernel's driver signals a panic if there is one" "$(guest_events_log driver)" Panicked
guest_destroy driver

ready kdump
tap_is 'the module refuses to load in a kdump kernel' "$(load kdump)" \
	"not for a kdump kernel: the host would take its oops for the guest's"
guest_destroy kdump

ready deaf
tap_is 'the module refuses to load in one line if the device has no event for an oops' "$(load deaf)" \
	"pvpanic offers events 0x1, none to signal an oops with (0x8 or 0x2)"
guest_destroy deaf

ready none
tap_is 'the module refuses to load in one line if there is no device' "$(load none)" \
	"no pvpanic device (neither ACPI QEMU0001 nor PCI 1b36:0011 is there)"
tap_is 'a module that refused is not loaded' "$(loaded none)" 0
guest_destroy none

wait "$spins"
guest_exec late 'taskset 2 true'
log=$(dmesg_until late 'NMI backtrace for cpu 2')
tap_unlike "the backtrace of a CPU that answers after more than 10 s is dropped" "$log" 'NMI backtrace for cpu 1'
tap_unlike "no other handler sees the NMI of a slow CPU" "$log" 'Uhhuh'
guest_exec late 'dmesg -c >/dev/null'
nmi late
tap_like 'a slow CPU answers the next request' "$(dmesg_until late 'NMI backtrace for cpu 1')" 'NMI backtrace for cpu 1'
guest_destroy late

tap_done
