#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One guest never delays another.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

# libvirtd answers this many calls of a connection at a time (5 by default): as many hung QEMUs fill
# one connection.
mkdir -p "$test_dir/libvirt/etc/libvirt"
echo 'max_client_requests = 2' >"$test_dir/libvirt/etc/libvirt/libvirtd.conf"
libvirt_start
guest_start a smp=1 kaslr=no memory=256
guest_start other smp=1 kaslr=no memory=256
guest_start third smp=1 kaslr=no memory=256
rogue_analyzer
# The daemon's writes are counted below; these are periodic.
daemon_config '[daemon]' 'metrics=none'
daemon_start
# Without the watch no start looks for the count of oopses that the fake does not know.
daemon_follow a "signal='event'" >/dev/null

# --- domains that are not enabled ---

# sent PAUSES: bytes that the daemon writes while the other guest is paused that often. Events
# arrive in order: when the last one was seen, so were the earlier ones.
sent() {
	local before after i
	before=$(awk '/^wchar/ { print $2 }' "/proc/$daemon_pid/io")
	for ((i = 0; i < $1; i++)); do
		virsh -q suspend "$(guest_domain other)" >/dev/null
		virsh -q resume "$(guest_domain other)" >/dev/null
	done
	budget=$((budget + 1))
	daemon_change a "budget='$budget' signal='event'"
	after=$(awk '/^wchar/ { print $2 }' "/proc/$daemon_pid/io")
	echo $((after - before))
}
budget=200
few=$(sent 1)
budget=300
many=$(sent 41)
tap_note "bytes written with 1 pause: $few, with 41: $many"
# A lookup of a domain is a call of more than 40 bytes, and there are two calls; a wake-up is 8
# bytes.
tap_ok "after the first, events of a domain that is not enabled cause no calls" [ $((many - few)) -lt $((40 * 150)) ]
daemon_mark
daemon_enable other "signal='event'"
tap_like 'a domain is followed when it is enabled' "$(daemon_wait "$(guest_domain other): ")" 'enabled and running'

# --- QEMUs that hang ---

qemu_pid() {
	cat "$libvirt_root/run/libvirt/qemu/$(guest_domain "$1").pid"
}

# The kernels of the hung domains are searched first, and the search hangs.
daemon_follow third "signal='event'" >/dev/null
daemon_stop
kill -STOP "$(qemu_pid other)" "$(qemu_pid third)"
virsh -q metadata "$(guest_domain a)" https://oopsbt.org/xmlns/domain/1 --live --remove >/dev/null
daemon_start
for name in other third; do
	daemon_wait "$(guest_domain "$name"): cannot tell whether its QEMU pauses at an oops" >/dev/null
done
daemon_enable a "signal='event'"
tap_ok "while as many QEMUs hang as a connection has calls, another guest's kernel is found" \
	daemon_wait "$(guest_domain a): runs Linux" 60
oops a
tap_ok 'the oops of another guest is collected while QEMUs hang' daemon_wait "$(guest_domain a): stored:" 60
kill -CONT "$(qemu_pid other)" "$(qemu_pid third)"
for name in other third; do
	tap_ok "the kernel of $name is found when its QEMU continues" daemon_wait "$(guest_domain "$name"): runs Linux" 120
done
tap_done
