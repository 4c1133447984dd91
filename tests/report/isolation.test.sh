#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests with page-table isolation, as on most Intel processors: freed parts of the kernel image are
# not mapped any more, and in user mode CR3 has page tables without most of the kernel. With PCID
# these map only its entry code; without PCID they map its text and its constants, and so its symbol
# table.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

# The analyser's sandbox does not let LeakSanitizer look at its own process.
case $build in *sanitized*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

# collect WHAT: sets $report
collect() {
	local id
	id=$("$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" -q -D "$daemon_store" \
		collect --budget 10000 "$(guest_domain g)")
	report=$daemon_store/$(guest_domain g)/$id/report.json
	tap_is "$shape, $1: the kernel is found" "$("$query" value "$report" '$.guest.release')" "$release"
	tap_is "$shape, $1: the log is read" "$("$query" value "$report" '$.log.records[*].text' | grep -c '^Linux version')" 1
	tap_is "$shape, $1: both CPUs are known" "$("$query" value "$report" '$.vcpus[*].cpu' | sort | xargs)" '0 1'
	tap_ok "$shape, $1: every symbol is the guest's" "$query" symbols "$report" "$test_dir/kallsyms"
	tap_unlike "$shape, $1: every backtrace ends where its stack does" "$(cat "${report%.json}.txt")" 'ends early'
}

# busy COMMAND: keeps both CPUs in it
busy() {
	guest_exec g "for mask in 1 2; do taskset \$mask $1 >/dev/null 2>&1 & echo \$!; done >/tmp/busy"
}

libvirt_start
for kernel in 5.10 6.1 6.12; do
	for append in pti=on 'pti=on nopcid'; do
		shape="$kernel $append"
		guest_start g kernel="$kernel" smp=2 append="$append" module=no
		guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
		release=$(guest_exec g 'uname -r')
		busy "sh -c 'while :; do :; done'"
		collect 'CPUs in user mode'
		# shellcheck disable=SC2016 # for the guest's shell
		guest_exec g 'kill -9 $(cat /tmp/busy)'
		busy 'dd if=/dev/urandom of=/dev/null bs=32M'
		collect 'CPUs in the kernel'
		tap_like "$shape: a system call is traced to its entry" \
			"$("$query" value "$report" '$.vcpus[*].frames[*].symbol' | xargs)" 'ksys_read .*do_syscall_64 entry_SYSCALL'
		guest_destroy g
	done
done
tap_done
