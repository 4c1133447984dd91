#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest starts another kernel by itself, without a reset that libvirt would report: by kexec, and
# by a panic with a loaded crash kernel, which keeps the first kernel's memory and leaves its CPUs
# stopped. The daemon follows, and no vCPU gets symbols of a kernel that it does not run.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

# The analyser's sandbox does not let LeakSanitizer look at its own process.
case $build in *sanitized*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

# other_kernel KERNEL FILE: makes a disk image with it, its initramfs and kexec-file
other_kernel() {
	local folder
	folder=$(guest_kernel "$1")
	mkdir "$test_dir/other"
	cp "$folder/boot/vmlinuz-$(cat "$folder/release")" "$test_dir/other/vmlinuz"
	cp "$("$guest_tools/make-initramfs" "$folder")" "$test_dir/other/initrd"
	${CC:-cc} -O2 -static -o "$test_dir/other/kexec-file" "$guest_tools/kexec-file.c"
	tar -C "$test_dir/other" -cf "$2" kexec-file vmlinuz initrd
	chmod 0644 "$2"
}

# start NAME OPTION...: a guest of 6.1 that has access to the other kernel
start() {
	local disk=$test_dir/other.tar
	guest_start "$1" kernel=6.1 devices="<disk type='file'><driver type='raw'/><source file='$disk'/><target dev='vda' bus='virtio'/><readonly/></disk>" "${@:2}"
	guest_exec "$1" 'modprobe virtio_blk; tar -C /tmp -xf /dev/vda; uname -r'
}

# collect NAME: sets $dump
collect() {
	local id
	id=$("$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" -q -D "$daemon_store" \
		collect --budget 10000 "$(guest_domain "$1")")
	dump=$daemon_store/$(guest_domain "$1")/$id
}

command_line='console=ttyS0 quiet panic=-1 oopsbt.module=no'
libvirt_start
other_kernel 6.12 "$test_dir/other.tar"
other=$(cat "$(guest_kernel 6.12)/release")

daemon_start
start g smp=4 memory=768
daemon_follow g >/dev/null
daemon_mark
# No answer comes: the kernel that would send it is gone.
guest_exec g "/tmp/kexec-file /tmp/vmlinuz /tmp/initrd '$command_line'" 1 2>/dev/null || true
tap_ok 'the other kernel runs after kexec' guest_console_wait g "ready ${other//+/\\+}" 180
before=$EPOCHSECONDS
tap_like 'the daemon finds the other kernel without an event' "$(daemon_wait "$(guest_domain g): runs Linux" 60)" "${other//+/\\+}"
tap_note "$((EPOCHSECONDS - before)) s after it was ready"
guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
daemon_mark
oops g
tap_like 'an oops of the other kernel is noticed' "$(daemon_wait "$(guest_domain g): stored:" 60)" 'null_deref'
dump=$(newest g)
tap_is 'the report is of the other kernel' "$(value '$.guest.release')" "$other"
tap_is 'all CPUs run the other kernel' "$(value '$.vcpus[*].context' | grep -c foreign)" 0
tap_ok "every symbol is the other kernel's" "$query" symbols "$dump/report.json" "$test_dir/kallsyms"
guest_destroy g

start g smp=4 memory=1024 append='crashkernel=256M' module=no
guest_exec g "/tmp/kexec-file /tmp/vmlinuz /tmp/initrd '$command_line maxcpus=1 oopsbt.stock_pvpanic=no' crash"
daemon_mark
daemon_follow g >/dev/null
daemon_mark
guest_exec g 'echo 1 >/proc/sys/kernel/sysrq; taskset 4 sh -c "echo c >/proc/sysrq-trigger"' 1 2>/dev/null || true
tap_ok 'the crash kernel runs after a panic' guest_console_wait g "ready ${other//+/\\+}" 180
before=$EPOCHSECONDS
tap_like 'the daemon finds the crash kernel' "$(daemon_wait "$(guest_domain g): runs Linux" 60)" "${other//+/\\+}"
tap_note "$((EPOCHSECONDS - before)) s after it was ready"
guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
collect g
tap_is 'the report is of the crash kernel' "$(value '$.guest.release')" "$other"
tap_is 'the CPUs of the first kernel are foreign' "$(value '$.vcpus[*].context' | grep -c foreign)" 3
tap_is 'a foreign CPU has its registers' "$(value '$.vcpus[*].regs.rip' | wc -l)" 4
tap_ok "every symbol is the crash kernel's" "$query" symbols "$dump/report.json" "$test_dir/kallsyms"
tap_ok 'nothing is missing without a reason' "$query" whole "$dump/report.json"
tap_ok 'the core gives the same report again' \
	sh -c "'$OOPSBT_ANALYZER' --json '$dump/core' | cmp - '$dump/report.json'"
daemon_stop
collect g
tap_is 'the crash kernel is found without a daemon' "$(value '$.guest.release')" "$other"
guest_destroy g
tap_done
