#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A disk that the host does not serve: the report says who waits for it, since when, and that the
# host is to blame. A guest that oopses meanwhile is not frozen, because a suspend would last until
# the disk answers. DISK_KERNELS: the kernels to test.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

libvirt_start
daemon_config '[daemon]' 'log_level=debug'
daemon_start

# The disk of guest NAME, served by a process that can be stopped: sets $server
serve_disk() {
	local socket=$test_dir/$1.nbd
	rm -f "$socket"
	qemu-storage-daemon --blockdev driver=null-co,node-name=disk,size=1048576,read-zeroes=on \
		--nbd-server addr.type=unix,addr.path="$socket" --export type=nbd,id=disk,node-name=disk,name=disk,writable=on &
	server=$!
	while [ ! -S "$socket" ]; do
		sleep 0.05
	done
	chmod 666 "$socket"
}

# The guest NAME oopses: sets $dump
oops_of_disk() {
	daemon_mark
	# A guest that stays frozen does not answer.
	guest_exec "$1" '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 30 2>/dev/null || true
	dump=$(daemon_wait "$(guest_domain "$1"): stored:" 60 | sed 's/.*stored: //; s/,.*//') || true
	dump=$daemon_store/$(guest_domain "$1")/$dump
}

for kernel in ${DISK_KERNELS:-6.1}; do
	serve_disk g
	guest_start g kernel="$kernel" smp=2 memory=256 \
		qemu_args="-blockdev driver=nbd,node-name=disk,server.type=unix,server.path=$test_dir/g.nbd,export=disk -device virtio-blk-pci,drive=disk,addr=0x1b"
	daemon_follow g "budget='10000' kinds='hung-task'" >/dev/null
	guest_exec g 'modprobe virtio_blk; echo 3 >/proc/sys/kernel/hung_task_timeout_secs'
	daemon_mark
	kill -STOP "$server"
	# Not direct I/O: the kernel waits for that in short pieces, so the task would not count as
	# hung.
	guest_exec g 'dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync >/dev/null 2>&1 &'
	dump=$(daemon_wait "$(guest_domain g): stored:" 60 | sed 's/.*stored: //; s/,.*//') || true
	dump=$daemon_store/$(guest_domain g)/$dump
	tap_is "$kernel, a hung task: the guest is not frozen, because a suspend would wait for the disk" "$(value '$.timeline.frozen')" null
	kill -CONT "$server"
	tap_is "$kernel, a hung task: the incident is a hung task" "$(value '$.incident')" hung-task
	tap_is "$kernel, a hung task: the title names the function that needs the result, not a helper" "$(value '$.title')" 'hung task in blkdev_fsync'
	tap_is "$kernel, a hung task: the blocked task comes before idle CPUs" \
		"$(grep -nE '^(Tasks|Backtraces)$' "$dump/report.txt" | sed 's/.*://' | xargs)" 'Tasks Backtraces'
	tap_like "$kernel, a hung task: the host is to blame" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		'^host: .* dd \(pid [0-9]+\) waits for a page writeback in blkdev_fsync, .* The host is to blame: vda has 1 unanswered request, the oldest for [0-9]+ s\.$'
	guest_destroy g
	end_process "$server"

	# An oops freezes a guest, but not one with a dead disk.
	serve_disk o
	guest_start o kernel="$kernel" smp=2 memory=256 \
		qemu_args="-blockdev driver=nbd,node-name=disk,server.type=unix,server.path=$test_dir/o.nbd,export=disk -device virtio-blk-pci,drive=disk,addr=0x1b"
	daemon_follow o >/dev/null
	# The disks are added when the kernel is already known.
	daemon_mark
	guest_exec o 'modprobe virtio_blk'
	daemon_wait "$(guest_domain o): looks for requests of [1-9][0-9]* disk queues" 60 >/dev/null || true
	guest_exec o 'dd if=/dev/vda of=/dev/null bs=4096 count=1 2>/dev/null'
	oops_of_disk o
	tap_ok "$kernel, an oops while the disk is served: the guest was frozen" \
		test "$(value '$.timeline.frozen')" != null
	tap_unlike "$kernel, an oops while the disk is served: no task waits for the disk" "$(cat "$dump/report.txt")" 'would wait for a disk'
	kill -STOP "$server"
	guest_exec o 'dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync >/dev/null 2>&1 &'
	sleep 4 # the watch sees the request twice
	oops_of_disk o
	tap_like "$kernel, an oops while the disk is dead: the guest runs" "$(state o)" '^running'
	tap_is "$kernel, an oops while the disk is dead: the guest answers" "$(guest_exec o 'echo alive' 20)" alive
	tap_is "$kernel, an oops while the disk is dead: the guest was not frozen" "$(value '$.timeline.frozen')" null
	tap_like "$kernel, an oops while the disk is dead: the report says why" "$(cat "$dump/report.txt")" \
		'timeline.frozen: the guest ran while it was read: a suspend would wait for a disk that has not answered for [0-9]+\.[0-9] s'
	tap_like "$kernel, an oops while the disk is dead: the journal says why" "$(tail -n "+$daemon_from" "$daemon_log")" \
		'was not frozen: a suspend would wait for a disk that has not answered for'
	tap_unlike "$kernel, an oops while the disk is dead: the report has the oops" "$(value '$.title')" '^(null|)$'
	asked=$("$build/virsh-plugin/virsh-oopsbt" --directory "$daemon_store" --quiet collect "$(guest_domain o)" 2>"$test_dir/said") || true
	tap_like "$kernel, collect while the disk is dead: the guest runs" "$(state o)" '^running'
	tap_like "$kernel, collect while the disk is dead: it says that the guest was not frozen" "$(cat "$test_dir/said")" \
		'was not frozen: a suspend would wait for a disk that has not answered for'
	tap_like "$kernel, collect while the disk is dead: there is a dump" "$asked" '^[0-9]{8}T[0-9]{6}Z-[0-9]+$'
	kill -CONT "$server"
	guest_exec o 'sync' 60
	sleep 2
	oops_of_disk o
	tap_ok "$kernel, an oops when the disk answers again: the guest was frozen" \
		test "$(value '$.timeline.frozen')" != null
	guest_destroy o
	end_process "$server"
done
tap_done
