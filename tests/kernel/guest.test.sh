#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel with a patch series in a guest: guest.test.sh [SERIES [VARIANT]]; default: linux-6.1.
#
# QEMU's trace of device writes shows what the guest writes, and in which order. The devices offer
# the OOPS event by their events property; a stock QEMU ignores that event.
set -eu

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/libvirt.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/guest.sh"

series=${1:-linux-6.1}
kernel=$("$here/build-kernel" "$series" ${2:+"$2"})
strip -g -o "$test_dir/oops_context.ko" "$("$here/../guest/build-module" "$kernel" "$here/oops_context")"
# Two devices; before 5.13 there is no driver for the PCI one. SHUTDOWN is known since 6.10.
devices=2 known=b
# The sysctl of the NMI, and its values: nothing, all CPUs, the CPU that it reaches
nmi_sysctl=unknown_nmi_backtrace nmi_off=0 nmi_all=1 nmi_one=2
case $series in
linux-5.4 | linux-5.10) devices=1 ;;
mainline) known=1f nmi_sysctl=unknown_nmi_sys_info nmi_off='' nmi_all=all_bt nmi_one=cpu_bt ;;
esac
case $series in
linux-6.12 | linux-6.18) known=f ;;
esac
offered=31
# Bits of the register
panicked=0x1 crash_loaded=0x2 oops=0x8 lockup=0x10
pci=0xfe

libvirt_start
trace=$test_dir/trace
mkdir -m 0777 "$trace"

# start NAME OPTION...: a guest with that kernel, our module and a trace
start() {
	local name=$1
	shift
	guest_start "$name" kernel="$kernel" module=no "$@"
	guest_exec "$name" "
		chmod 755 / && echo user:x:1000:1000::/:/bin/sh >/etc/passwd
		echo $(gzip -9 -c "$test_dir/oops_context.ko" | base64 -w 0) | base64 -d | gunzip >/tmp/oops_context.ko
		insmod /tmp/oops_context.ko
		cat >/bin/context <<-'EOF'
			#!/bin/sh
			# context NAME [CPU]
			exec taskset \$((1 << \${2:-1})) sh -c \"echo \$1 >/sys/module/oops_context/parameters/run\"
		EOF
		cat >/bin/wait_log <<-'EOF'
			#!/bin/sh
			# wait_log PATTERN [LINES]: until so many lines of the log have it; prints the log
			tries=0
			until [ \$(dmesg | grep -c -- \"\$1\") -ge \${2:-1} ]; do
				tries=\$((tries + 1))
				[ \$tries -lt 3000 ] || break
				usleep 20000
			done
			dmesg
		EOF
		chmod +x /bin/context /bin/wait_log"
}

hmp() {
	virsh -q qemu-monitor-command "$(guest_domain "$1")" --hmp "$2" >/dev/null
}

# trace_begin NAME, trace_end NAME: sets $writes to the guest's device writes between these: lines
# "ADDRESS VALUE DEVICE", as in "0x505 0x8 pvpanic"
trace_begin() {
	traced=$(wc -l <"$trace/$1")
	hmp "$1" 'trace-event memory_region_ops_write on'
}

trace_end() {
	hmp "$1" 'trace-event memory_region_ops_write off'
	writes=$(tail -n "+$((traced + 1))" "$trace/$1" |
		sed -n "s/.* addr \([^ ]*\) value \([^ ]*\) size .* name '\(.*\)'/\1 \2 \3/p")
}

# writes NAME COMMAND: the writes while COMMAND runs in the guest, and until all that it logged is printed; sets $log to its
# output
printed=100
writes() {
	trace_begin "$1"
	log=$(guest_exec "$1" "dmesg -c >/dev/null; $2")
	# Newer kernels print in a thread of the console.
	printed=$((printed + 1))
	guest_exec "$1" "echo '<0>printed $printed' >/dev/kmsg"
	guest_console_wait "$1" "printed $printed" >/dev/null || tap_fail 'the console prints all that is logged'
	trace_end "$1"
}

# values ADDRESS: the values written to the pvpanic register at that address (for the PCI device its
# own)
values() {
	printf '%s\n' "$writes" | awk -v at="$1" '$3 == "pvpanic" && index($1, at) == 1 { print $2 }' | xargs
}

# first PATTERN: number of the first write that matches
first() {
	printf '%s\n' "$writes" | grep -nEm1 -- "$1" | cut -d: -f1
}

# before FIRST SECOND: both were written, in this order
before() {
	local a b
	a=$(first "$1") && b=$(first "$2") && [ "$a" -lt "$b" ]
}

# serial_text: the text that these writes print on the serial console
serial_text() {
	awk '$1 == "0x3f8" && $3 == "serial" { print $2 }' | while read -r value; do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\x${value#0x}"
	done
}

# told_first EVENT TEXT: the event was written before the first byte of TEXT. Other text may come before it: on a busy
# host the kernel complains of stalls at any time.
told_first() {
	local event="^0x505 $1 pvpanic" early
	early=$(printf '%s\n' "$writes" | sed "/$event/,\$d" | serial_text)
	[ -z "$early" ] || tap_note "printed before the event: $(printf %s "$early" | tr -d '\r' | tr '\n' '|')"
	! grep -q "$2" <<<"$early" &&
		printf '%s\n' "$writes" | sed -n "/$event/,\$p" | serial_text | grep -q "$2"
}

# A write of delivery mode 4 (bits 8 to 10; 11 is another) to the local APIC sends an NMI to other
# CPUs.
nmi_ipi='^0xfee00300 0x[0-9a-f]*[4c][0-9a-f][0-9a-f] '
end='end trace'
# What a task that died of a nested oops prints last; up to 5.10 it is not mentioned.
died='exited with'
[ "$devices" = 2 ] || died=$end
oops_text='BUG: kernel NULL pointer dereference'

# per_device VALUE...: each device was written these values
tap_written() {
	local title=$1 wanted=$2
	tap_is "$title" "$(values 0x505)" "$wanted"
	[ "$devices" = 1 ] || tap_is "$title (PCI)" "$(values $pci)" "$wanted"
}

# --- sysctls

start all smp=4 events=$offered qemu_args="-device pvpanic-pci,events=$offered,addr=0x10 -D $trace/all"

for sysctl in unknown_nmi_backtrace oops_all_cpu_backtrace; do
	[ "$series,$sysctl" != mainline,unknown_nmi_backtrace ] || continue
	file=/proc/sys/kernel/$sysctl
	tap_is "$sysctl is 0 by default" "$(guest_exec all "cat $file")" 0
	tap_is "$sysctl takes 1 and 0" "$(guest_exec all "echo 1 >$file; cat $file; echo 0 >$file; cat $file" | xargs)" '1 0'
	for value in 3 -1 text; do
		tap_like "$sysctl refuses $value" \
			"$(guest_exec all "echo $value 2>&1 >$file || cat $file" 2>&1 | xargs)" 'Invalid argument 0$'
	done
	tap_like "all users can read $sysctl, only root can change it" \
		"$(guest_exec all "su user -c 'cat $file; echo 1 >$file' 2>&1; cat $file" | tr '\n' ' ')" '^0 .*Permission denied 0 $'
done

if [ "$series" = mainline ]; then
	for sysctl in oops_sys_info unknown_nmi_sys_info; do
		file=/proc/sys/kernel/$sysctl
		tap_is "$sysctl is empty by default" "$(guest_exec all "cat $file")" ''
		tap_is "$sysctl accepts the same values as similar sysctls" \
			"$(guest_exec all "echo mem,all_bt,cpu_bt,hypervisor >$file; cat $file; echo >$file; cat $file" | xargs)" \
			'mem,all_bt,cpu_bt,hypervisor'
	done
fi

# --- the event

events=$(guest_exec all 'ls -d /sys/bus/*/drivers/pvpanic*/*/events')
isa=$(printf '%s\n' "$events" | grep QEMU0001)
tap_is 'every device has an events attribute' "$(printf '%s\n' "$events" | wc -l)" "$devices"
tap_is 'the attribute shows the events that device and kernel both know' \
	"$(guest_exec all "cat $isa $(dirname "$isa")/capability" | xargs)" "$known $known"
tap_like 'the attribute refuses events that the device does not offer' "$(guest_exec all "echo 3f 2>&1 >$isa || cat $isa" 2>&1 | xargs)" \
	"Invalid argument $known\$"

writes all "context process; wait_log '$end'"
tap_written 'an oops in process context is one event' $oops
tap_ok 'the event comes before the first byte of the oops' told_first $oops "$oops_text"
tap_unlike 'without oops_all_cpu_backtrace no CPU gets an NMI' "$writes" "$nmi_ipi"
tap_unlike 'without oops_all_cpu_backtrace no other CPU is shown' "$log" 'NMI backtrace'

# keep_busy, rest: all CPUs of the guest run in user mode, or are idle again
keep_busy() {
	# shellcheck disable=SC2016 # the guest expands
	guest_exec all 'for cpu in 0 1 2 3; do
		taskset $((1 << cpu)) sh -c "while :; do :; done" & echo $!
	done >/tmp/busy'
}

rest() {
	# shellcheck disable=SC2016
	guest_exec all 'kill $(cat /tmp/busy)'
}

guest_exec all 'echo 1 >/proc/sys/kernel/oops_all_cpu_backtrace'
keep_busy
writes all "context process; wait_log '$end'"
tap_ok 'with oops_all_cpu_backtrace the event comes before any CPU is interrupted' before '0x505 0x8 pvpanic' "$nmi_ipi"
tap_is 'with oops_all_cpu_backtrace every busy CPU is shown' "$(printf '%s\n' "$log" | grep -oE 'NMI backtrace for cpu [0-9]+$' | sort | xargs)" \
	"$(printf 'NMI backtrace for cpu %s ' 0 1 2 3 | xargs)"
rest
guest_exec all 'echo 0 >/proc/sys/kernel/oops_all_cpu_backtrace'

if [ "$series" = mainline ]; then
	guest_exec all 'echo mem,all_bt >/proc/sys/kernel/oops_sys_info'
	writes all "context process; wait_log '$end'"
	tap_like 'with all_bt in oops_sys_info all CPUs are shown before the oops' "$(printf '%s\n' "$log" | xargs)" \
		'NMI backtrace.*RIP: 0010:write_null'
	tap_like 'other parts of oops_sys_info are shown after the oops, before its end' "$(printf '%s\n' "$log" | xargs)" \
		'RIP: 0010:write_null.*Mem-Info:.*end trace'
	guest_exec all 'echo >/proc/sys/kernel/oops_sys_info'
fi

lkdtm='EXCEPTION BUG WRITE_RO WRITE_RO_AFTER_INIT EXEC_DATA EXEC_NULL ACCESS_NULL EXEC_USERSPACE ACCESS_USERSPACE'
writes all "for crash in $lkdtm; do
		sh -c \"echo \$crash >/sys/kernel/debug/provoke-crash/DIRECT\" 2>/dev/null
	done; dmesg"
oopses=$(printf '%s\n' "$log" | grep -cE '\[#[0-9]+\]' || true)
tap_note "LKDTM: $oopses oopses from $(echo "$lkdtm" | wc -w) crash types"
tap_ok 'LKDTM oopses' [ "$oopses" -ge 7 ]
tap_written 'each oops of LKDTM is one event' "$(yes $oops | head -n "$oopses" | xargs)"

writes all "echo 3 >$isa; context process; wait_log '$end'"
tap_is 'a masked device gets no event' "$(values 0x505)" ''
[ "$devices" = 1 ] || tap_is 'an unmasked device gets the event' "$(values $pci)" $oops
tap_is 'the attribute of a device shows its mask' "$(guest_exec all "cat $isa; echo $known >$isa")" 3

driver=$(dirname "$(dirname "$isa")")
device=$(basename "$(dirname "$isa")")
writes all "echo $device >$driver/unbind; context process; wait_log '$end'"
tap_is 'an unbound device gets no event' "$(values 0x505)" ''
[ "$devices" = 1 ] || tap_is 'the device that is still bound gets the event' "$(values $pci)" $oops
writes all "echo $device >$driver/bind; context process; wait_log '$end'"
tap_is 'a device that is bound again gets the event' "$(values 0x505)" $oops

writes all "
	(for i in \$(seq 40); do echo $device >$driver/unbind; echo $device >$driver/bind; done) &
	binder=\$!
	for i in \$(seq 10); do
		context process
		wait_log '$end' >/dev/null
		dmesg -c >/dev/null
	done
	wait \$binder
	context process
	wait_log '$end'"
tap_like 'the guest survives oopses while a device is bound and unbound' "$log" 'RIP: 0010:write_null'
tap_is 'the device that was bound last gets the event' "$(values 0x505 | grep -o '[^ ]*$')" $oops

tap_like 'the guest module says that it is not needed' \
	"$(guest_exec all 'dmesg -c >/dev/null; insmod /lib/oopsbt/oopsbt_pvpanic.ko 2>&1; dmesg')" 'oopsbt_pvpanic: not needed'

# --- NMI

inject() {
	virsh -q inject-nmi "$(guest_domain "$1")"
}

# nmi_log NAME PATTERN [LINES]: injects an NMI, and prints the log once PATTERN matches that many
# lines
nmi_log() {
	guest_exec "$1" 'dmesg -c >/dev/null'
	inject "$1"
	guest_exec "$1" "wait_log '$2' ${3:-1}"
}

log=$(nmi_log all Dazed)
tap_like "with $nmi_sysctl=$nmi_off an NMI gives the usual warning" "$log" 'Uhhuh. NMI received for unknown reason'
tap_unlike "with $nmi_sysctl=$nmi_off an NMI shows no CPU" "$log" 'NMI backtrace'

guest_exec all "echo $nmi_all >/proc/sys/kernel/$nmi_sysctl"
keep_busy
first_shown=$EPOCHSECONDS
# Of each CPU there is one line with FS.
log=$(nmi_log all 'FS: ' 4)
tap_is "with $nmi_sysctl=$nmi_all an NMI shows every busy CPU" \
	"$(printf '%s\n' "$log" | grep -oE 'NMI backtrace for cpu [0-9]+$' | sort | xargs)" \
	"$(printf 'NMI backtrace for cpu %s ' 0 1 2 3 | xargs)"
tap_unlike 'an NMI that shows CPUs gives no warning' "$log" 'Uhhuh|Dazed'
# One of them may be in the kernel, for the shell that waits for this log.
tap_ok 'an NMI shows all CPUs where it found them, in user mode, except at most one' \
	[ "$(printf '%s\n' "$log" | grep -cE 'RIP: 0033:')" -ge 3 ]

rest
# shellcheck disable=SC2016
nmis='awk "/NMI:/ { print \$2 }" /proc/interrupts'
before=$(guest_exec all "dmesg -c >/dev/null; $nmis")
started=$EPOCHREALTIME
for ((i = 0; i < 100; i++)); do
	echo "inject-nmi $(guest_domain all)"
done | virsh -q >/dev/null
took=$((${EPOCHREALTIME//[!0-9]/} - ${started//[!0-9]/}))
after=$(guest_exec all "$nmis")
log=$(guest_exec all dmesg)
tap_note "100 NMIs in $((took / 1000)) ms, of which $((after - before)) reached CPU 0 apart"
tap_ok 'the guest survives 100 NMIs in a row' [ "$after" -gt "$before" ]
shown=$((1 + $(printf '%s\n' "$log" | grep -c 'showing all CPUs')))
limit=$((3 * (1 + (EPOCHSECONDS - first_shown) / 30)))
tap_ok '100 NMIs in a row show all CPUs at most three times in 30 s' [ "$shown" -ge 3 -a "$shown" -le "$limit" ]

guest_exec all "echo $nmi_one >/proc/sys/kernel/$nmi_sysctl"
log=$(nmi_log all 'showing this CPU')
tap_is "with $nmi_sysctl=$nmi_one an NMI shows only the CPU that it reaches" \
	"$(printf '%s\n' "$log" | grep -oE 'NMI backtrace for cpu [0-9]+.*' | xargs)" 'NMI backtrace for cpu 0'
guest_exec all "echo $nmi_all >/proc/sys/kernel/$nmi_sysctl"

log=$(guest_exec all 'dmesg -c >/dev/null; context claim_nmi; dmesg')
inject all
log=$(guest_exec all dmesg)
tap_is 'an NMI that a handler claims shows nothing' "$(grep -E 'NMI received|NMI backtrace' <<<"$log" || true)" ''

# --- oopses of notifiers

writes all "context notifier; context process 3; wait_log '$died'"
tap_written 'an oops of a notifier is not signalled on top of the first' $oops
tap_like 'the second of two nested oopses is printed, with the first in its trace' "$(printf '%s\n' "$log" | xargs)" \
	'notifier_oops.*oops_enter.*process_oops'
# The task of the first may print its exit only now.
writes all "context process 3; wait_log process_oops"
tap_written 'the next oops on the CPU where the notifier died is signalled' $oops
writes all "context process 2; wait_log '$died'"
tap_written 'and so is one of another CPU' $oops
guest_destroy all

start nested smp=2 events=$offered qemu_args="-device pvpanic-pci,events=$offered,addr=0x10 -D $trace/nested"
# In the variant debug lockdep is active up to the first oops.
guest_exec nested "echo $nmi_all >/proc/sys/kernel/$nmi_sysctl"
log=$(nmi_log nested 'showing all CPUs')
complaint='WARNING: |BUG: (sleeping|scheduling|using|spinlock|Invalid wait)|hard LOCKUP|suspicious RCU'
tap_unlike 'no check of the kernel complains of an NMI that shows all CPUs' "$log" "$complaint"
writes nested "context nested; context process; wait_log '$end'"
tap_written 'an oops while an oops is printed is one more event' "$oops $oops"
tap_unlike 'no check of the kernel complains of it' "$log" "$complaint"
tap_is 'the guest survives the NMIs' "$(guest_exec nested 'echo alive')" alive
guest_destroy nested

start kdump smp=2 events=$offered append=elfcorehdr=0x1000 qemu_args="-device pvpanic-pci,events=$offered,addr=0x10 -D $trace/kdump"
writes kdump "context process; wait_log '$end'"
tap_written 'an oops of a kdump kernel is not signalled' ''
guest_destroy kdump

# The kernel looks for hung tasks only before the first oops.
if [ "$series" = mainline ]; then
	start hung smp=2 events=$offered qemu_args="-device pvpanic-pci,events=$offered,addr=0x10 -D $trace/hung"
	hang='echo 1 >/proc/sys/kernel/hung_task_timeout_secs
		(echo HUNG_TASK >/sys/kernel/debug/provoke-crash/DIRECT) >/dev/null 2>&1 &
		wait_log "blocked for more than"'
	writes hung "$hang"
	tap_written 'a hung task is not told to the host unasked' ''
	guest_exec hung 'echo hypervisor >/proc/sys/kernel/hung_task_sys_info'
	writes hung "$hang"
	tap_is 'with hypervisor in hung_task_sys_info a hung task is the event LOCKUP' "$(values 0x505 | grep -o '^[^ ]*')" $lockup
	tap_ok 'the event LOCKUP comes before the first byte of the report' told_first $lockup 'INFO: task .* blocked for more than'

	guest_exec hung 'echo tasks >/proc/sys/kernel/oops_sys_info; context tasks'
	for nth in first second; do
		log=$(guest_exec hung "dmesg -c >/dev/null; context process; wait_log '$end'")
		tap_is "oops_sys_info is shown once, even if it oopses: $nth oops" \
			"$(sed "/$end/q" <<<"$log" | grep -c 'RIP: 0010:sched_show_task')" 1
	done
	guest_destroy hung
fi

# --- contexts that end in a panic

# The last line of a panic. Up to 5.10 the kernel keeps what it prints in an NMI in a buffer, and prints that for the last time
# here, after pvpanic has been called.
panicked_text='end Kernel panic'
[ "$devices" = 2 ] || panicked_text='Kernel Offset: '

# panics TITLE COMMAND [HOST-COMMAND]: the command makes a guest oops and panic. A command in the
# guest may not answer.
panics() {
	start panic smp=2 events=$offered on_crash=preserve append='panic=0' \
		qemu_args="-device pvpanic-pci,events=$offered,addr=0x10 -action panic=none -D $trace/panic"
	trace_begin panic
	if [ $# = 3 ]; then
		guest_exec panic "$2"
		$3
	else
		guest_exec panic "$2" >/dev/null 2>&1 &
	fi
	guest_console_wait panic "$panicked_text" >/dev/null
	trace_end panic
	tap_written "$1" "$oops $panicked"
	tap_ok 'the event comes before the first byte of the oops' told_first $oops "$oops_text"
	guest_destroy panic
	wait
}

panics 'an oops in a softirq is signalled, then the panic it is' 'context softirq'
panics 'an oops in a hard interrupt is signalled, then the panic it is' 'context hardirq'
panics 'an oops in an NMI is signalled, then the panic it is' 'context nmi' 'inject panic'
panics 'with panic_on_oops an oops is signalled, then the panic' 'echo 1 >/proc/sys/kernel/panic_on_oops; context process'

# --- a device without the event; what takes precedence over the sysctl of the NMI

start fallback smp=2 on_crash=preserve append='panic=0' qemu_args="-action panic=none -D $trace/fallback"
guest_events fallback

fallback=$(dirname "$isa")/oops_fallback
tap_is 'by default nothing replaces a missing event' "$(guest_exec fallback "cat $fallback")" 0
tap_like 'oops_fallback accepts only truth values' "$(guest_exec fallback "echo 2 2>&1 >$fallback || cat $fallback" 2>&1 | xargs)" \
	'Invalid argument 0$'
writes fallback "context process; wait_log '$end'"
tap_is 'by default a device that knows only CRASH_LOADED gets no event' "$(values 0x505)" ''
writes fallback "echo 1 >$fallback; context process; wait_log '$end'"
tap_is 'with oops_fallback such a device gets CRASH_LOADED' "$(values 0x505)" $crash_loaded
tap_is 'the attribute of a device shows oops_fallback' "$(guest_exec fallback "cat $fallback")" 1
tap_ok 'libvirt receives CRASH_LOADED' guest_events_wait fallback '[Cc]rashloaded' 10
writes fallback "echo 1 >$(dirname "$isa")/events; context process; wait_log '$end'"
tap_is 'a masked CRASH_LOADED is not sent' "$(values 0x505)" ''

guest_exec fallback "echo $nmi_all >/proc/sys/kernel/$nmi_sysctl; echo 1 >/proc/sys/kernel/unknown_nmi_panic"
inject fallback
tap_ok "unknown_nmi_panic takes precedence over $nmi_sysctl" guest_console_wait fallback 'Kernel panic - not syncing: NMI'
tap_unlike 'nothing is shown before the panic of unknown_nmi_panic' "$(guest_console fallback)" 'NMI backtrace'

tap_done
