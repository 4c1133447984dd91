#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What one guest does or does not do holds up no other one.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/lib.sh"

libvirt_start
guest_start a smp=1 kaslr=no memory=256
guest_start other smp=1 kaslr=no memory=256
rogue_analyzer
daemon_start
daemon_follow a >/dev/null

# --- domains that are not enabled ---

# sent PAUSES: bytes that the daemon writes while the other guest is paused that often. Events come in their order:
# when the last one has been seen, so have those before it.
sent() {
	local before after i
	before=$(awk '/^wchar/ { print $2 }' "/proc/$daemon_pid/io")
	for ((i = 0; i < $1; i++)); do
		virsh -q suspend "$(guest_domain other)" >/dev/null
		virsh -q resume "$(guest_domain other)" >/dev/null
	done
	budget=$((budget + 1))
	daemon_change a "budget='$budget'"
	after=$(awk '/^wchar/ { print $2 }' "/proc/$daemon_pid/io")
	echo $((after - before))
}
budget=200
few=$(sent 1)
budget=300
many=$(sent 41)
tap_note "bytes written with 1 pause: $few, with 41: $many"
# Looking up a domain alone is a call of more than 40 bytes, and there are two calls; a wake-up is 8 bytes.
tap_ok "after the first, events of a domain that is not enabled cause no calls" [ $((many - few)) -lt $((40 * 150)) ]
daemon_mark
daemon_enable other
tap_like "it is followed when it is enabled" "$(daemon_wait "$(guest_domain other): ")" 'enabled and running'
tap_done
