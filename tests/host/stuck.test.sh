#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A collection that never ends, because the disk of the store hangs: systemd's watchdog restarts
# oopsbtd, no guest stays frozen and no oops is lost. Takes six minutes of waiting.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"
. "$here/frozen-disk.sh"

host_start
mkdir -p "$host_root/var/lib/oopsbt" "$host_root/usr/local/etc/oopsbtd.conf.d" "$host_root/etc/systemd/system/oopsbtd.service.d"
printf '[analyzer]\nwall_seconds = 1\n' >"$host_root/usr/local/etc/oopsbtd.conf.d/test.conf"
printf '[Service]\nWatchdogSec=12\n' >"$host_root/etc/systemd/system/oopsbtd.service.d/test.conf"
host systemctl daemon-reload
frozen_disk /var/lib/oopsbt
host chmod 0700 /var/lib/oopsbt
guest_start a smp=1 kaslr=no
domain=$(guest_domain a)
host systemctl start oopsbtd
host virsh oopsbt enable "$domain" --kinds "$host_kinds" >/dev/null
host_log "$domain: runs Linux" >/dev/null

frozen_disk_stop 600
host_mark
guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
tap_ok "while the store's disk hangs the guest is frozen and thawed" host_log "$domain: thawed: "
tap_like "the guest runs while the store's disk hangs" "$(virsh -q domstate "$domain")" '^running'
tap_ok "oopsbtd answers while the store's disk hangs" host timeout 30 virsh oopsbt status "$domain"
tap_ok "a collection that does not end is noticed" host_log "collections do not end; systemd's watchdog restarts oopsbtd" 420
killed() {
	host journalctl --quiet --output=cat --unit=oopsbtd | grep -i 'watchdog timeout'
}
tap_ok "systemd ends an oopsbtd whose collections do not end" eventually 60 killed
host_mark
frozen_disk_go
tap_ok "when the disk continues the next oopsbtd follows the guest" host_log "$domain: runs Linux" 120
tap_ok "the next oopsbtd collects the oops that has no dump" host_log "$domain: stored: .*NULL pointer" 60
tap_is "an oops that was collected by the next oopsbtd has one dump" "$(host find /var/lib/oopsbt -mindepth 2 -maxdepth 2 -type d -name '2*' | wc -l)" 1
tap_done
