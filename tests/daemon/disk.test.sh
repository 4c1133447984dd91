#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A disk that the host does not serve: who waits for it, since when, and that the host is to blame. DISK_KERNELS: which
# kernels.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/lib.sh"

query=$build/tests/report/query
libvirt_start
daemon_start

value() {
	"$query" value "$dump/report.json" "$1"
}

# The disk of guest NAME, served by a process that can be stopped: sets $server
serve_disk() {
	local socket=$test_dir/$1.nbd
	qemu-storage-daemon --blockdev driver=null-co,node-name=disk,size=1048576,read-zeroes=on \
		--nbd-server addr.type=unix,addr.path="$socket" --export type=nbd,id=disk,node-name=disk,name=disk,writable=on &
	server=$!
	while [ ! -S "$socket" ]; do
		sleep 0.05
	done
	chmod 666 "$socket"
}

for kernel in ${DISK_KERNELS:-6.1}; do
	serve_disk g
	guest_start g kernel="$kernel" smp=2 memory=256 \
		qemu_args="-blockdev driver=nbd,node-name=disk,server.type=unix,server.path=$test_dir/g.nbd,export=disk -device virtio-blk-pci,drive=disk,addr=0x1b"
	daemon_follow g "budget='10000' kinds='hung-task'" >/dev/null
	guest_exec g 'modprobe virtio_blk; echo 3 >/proc/sys/kernel/hung_task_timeout_secs'
	daemon_mark
	kill -STOP "$server"
	# Not direct I/O: the kernel waits for that in short pieces, so that it is no hung task.
	guest_exec g 'dd if=/dev/zero of=/dev/vda bs=4096 count=1 conv=fsync >/dev/null 2>&1 &'
	dump=$(daemon_wait "$(guest_domain g): stored:" 60 | sed 's/.*stored: //; s/,.*//') || true
	dump=$daemon_store/$(guest_domain g)/$dump
	tap_is "$kernel: the guest is not frozen: a suspend would wait for that disk" "$(value '$.timeline.frozen')" null
	kill -CONT "$server"
	tap_is "$kernel: what it is" "$(value '$.incident')" hung-task
	tap_is "$kernel: the title names the function that waits, and none that helps it" "$(value '$.title')" 'hung task in blkdev_fsync'
	tap_is "$kernel: the blocked task comes before the CPUs that idle" \
		"$(grep -nE '^(Tasks|Backtraces)$' "$dump/report.txt" | sed 's/.*://' | xargs)" 'Tasks Backtraces'
	tap_like "$kernel: the host is to blame" "$(value '$.verdict.blame'): $(value '$.verdict.text')" \
		'^host: .* dd \(pid [0-9]+\) waits for a page writeback in blkdev_fsync, .* The host is to blame: of vda 1 request is not answered, the oldest for [0-9]+ s\.$'
	guest_destroy g
	end_process "$server"
done
tap_done
