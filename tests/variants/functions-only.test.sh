#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A kernel without CONFIG_KALLSYMS_ALL, whose symbols are functions only, in a guest without a panic
# device: the data for the memory watch and the kernel's settings are still found.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"


# watched N: by the watch, which may report an oops before the kernel has printed all of it
watched() {
	daemon_mark
	oops g null
	tap_ok "oops $1: the memory watch notices it" \
		daemon_wait "$(guest_domain g): stored:.*NULL pointer dereference in scenario_null_deref" 60
	dump=$(newest g)
	tap_is "oops $1: the signal of the report is the watch" "$(value '$.signal')" watch
	tap_is "oops $1: the report has the kernel's count of oopses" "$(value '$.guest.die_counter')" "$1"
}

kernel=$("$here/../kernel/build-kernel" linux-6.1 kallsyms)
libvirt_start
daemon_start
guest_start g kernel="$kernel" smp=1 memory=256 module=no pvpanic=none
guest_exec g 'echo 1 >/proc/sys/kernel/panic_on_unrecovered_nmi; echo 1 >/proc/sys/kernel/oops_all_cpu_backtrace' || true
daemon_follow g "budget='10000'" >/dev/null
watched 1
tap_is "guest.taint has the value of the guest" "$(($(value '$.guest.taint')))" "$(guest_exec g 'cat /proc/sys/kernel/tainted')"
for sysctl in panic_on_oops oops_all_cpu_backtrace panic_on_unrecovered_nmi unknown_nmi_panic; do
	tap_is "kernel.$sysctl is the guest's" "$(value "\$.guest.$sysctl")" "$(guest_exec g "cat /proc/sys/kernel/$sysctl")"
done
tap_is "panic_cpu is -1 without a panic" "$(value '$.guest.panic_cpu')" -1
uptime=$(value '$.guest.uptime_s')
now=$(guest_exec g 'cut -d. -f1 /proc/uptime')
tap_ok "the uptime is positive and at most the guest's current uptime" [ "$uptime" -gt 0 -a "$uptime" -le "$now" ]
watched 2
tap_done
