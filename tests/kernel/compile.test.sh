#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The files that each series changes compile in every configuration, without warnings, and hot paths
# stay unchanged.
set -eu

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

# Warnings without their positions, which the series moves.
warnings() {
	grep -E 'warning:|error:' "$1" | sed 's/:[0-9]*:[0-9]*:/:/; s|^.*/source/||' | sort
}

# Code that runs on an oops, when its task dies, on a lockup (khungtaskd's loop is 'watchdog'), on an unclaimed NMI,
# on pvpanic's own events, and when a mask of sys_info is written; nothing else may change.
expected='^(oops_(enter|exit|notify|sys_info)|notify_oops|make_task_dead|nbcon_cpu_emergency_exit_all|pvpanic_.*|devm_pvpanic_probe|unknown_nmi_.*|nmi_sysctl_init|'
expected+='(capability|events|oops_fallback)_(show|store)|sys_info(_tell_hypervisor)?|__sys_info|sysctl_sys_info_handler|.*hung_.*|watchdog(_hardlockup_check|_timer_fn)?)(\.(cold|part|constprop|isra)\.?[0-9]*)*$'

for series in $(kernel_series); do
	if ! results=$("$here/compile-touched" "$series"); then
		tap_fail "$series: its files compile"
		continue
	fi
	for variant in default up nopvpanic nosysctl module; do
		tap_is "$series, $variant: the changed files compile" "$(cat "$results/$variant.status")" 0
		tap_is "$series, $variant: the changed files compile without a warning" "$(cat "$results/$variant.log")" ''
	done
	for patch in "$kernel_patches/$series"/*.patch; do
		patch=$(basename "$patch" .patch)
		tap_is "$series: compiles with the patches up to $patch, without a warning" \
			"$(cat "$results/$patch.status" "$results/$patch.log")" 0
	done
	tap_is "$series: sparse adds no warning" \
		"$(comm -13 <(warnings "$results/base-sparse.log") <(warnings "$results/sparse.log"))" ''
	tap_is "$series: make W=1 adds no warning" \
		"$(comm -13 <(warnings "$results/base-w1.log") <(warnings "$results/w1.log"))" ''
	tap_is "$series: only code for an oops, an unknown NMI or pvpanic changes" \
		"$(grep -vE "$expected" "$results/changed-functions")" ''
	tap_ok "$series: the code for an oops changes" grep -qx oops_enter "$results/changed-functions"
done

tap_done
