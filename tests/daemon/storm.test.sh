#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that does nothing but report oopses, some 100,000 a second, on a QEMU that sends events of them and pauses it:
# the daemon, libvirtd and the other domains have their peace.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../qemu/qemu.sh"
. "$here/lib.sh"

query=$build/tests/report/query
burst=5
seconds=10
built=$("$here/../../qemu-patches/build-qemu" 7.2)

libvirt_start
patched=$test_dir/qemu-system-x86_64
install -m 0755 "$built" "$patched" # where libvirt's user can reach it
guest_start other smp=2 kaslr=no
daemon_config '[rate-limit]' "domain_burst=$burst" 'domain_per_hour=1'
daemon_start
daemon_follow other >/dev/null

storm=$(guest_domain storm)
bare_domain "$storm" "$patched" storm oops=none >"$test_dir/storm.xml"
chmod 0644 "$(bare_guest storm)"
virsh -q create --paused "$test_dir/storm.xml"
at_exit 'virsh -q destroy "$storm" >/dev/null 2>&1 || true'
daemon_enable storm "keep='100'"
daemon_wait "$storm: its QEMU pauses" >/dev/null

status() {
	"$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" status "$@"
}

# size PID: its resident memory in KiB, and its open files
size() {
	echo "$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status") $(find "/proc/$1/fd" -type l | wc -l)"
}

writes() {
	virsh -q qemu-monitor-command "$storm" --hmp 'xp /4xw 0x9000' | tr -d '\r' | awk 'NF == 5 { print $2 }'
}

# grown BEFORE AFTER KIB FILES: by no more than that
grown() {
	local before after
	read -ra before <<<"$1"
	read -ra after <<<"$2"
	[ $((after[0] - before[0])) -le "$3" ] && [ $((after[1] - before[1])) -le "$4" ]
}

libvirtd_pid=$(cat "$libvirt_root/libvirtd.pid")
daemon_mark
virsh -q resume "$storm" >/dev/null
daemon_wait "$storm: skipping signals" >/dev/null
ours=$(size "$daemon_pid") libvirts=$(size "$libvirtd_pid") first=$(writes)
start=$EPOCHSECONDS asked=0 slowest=0
while [ $((EPOCHSECONDS - start)) -lt $seconds ]; do
	began=${EPOCHREALTIME//./}
	status "$(guest_domain other)" >/dev/null && asked=$((asked + 1))
	took=$((${EPOCHREALTIME//./} - began))
	[ "$took" -le "$slowest" ] || slowest=$took
	sleep 0.5 # the time is the storm's, not ours
done
tap_note "$((($(writes) - first) / seconds)) writes a second; the slowest answer took $((slowest / 1000)) ms"
tap_note "resident KiB and open files of oopsbtd: $ours, then $(size "$daemon_pid"); of libvirtd: $libvirts, then $(size "$libvirtd_pid")"
tap_ok "there was a storm" [ $((($(writes) - first) / seconds)) -gt 10000 ]
tap_ok "the daemon answers all the time" [ "$asked" -gt $((seconds / 2)) ]
daemon_mark
oops other
tap_ok "another guest's oops is collected meanwhile" daemon_wait "$(guest_domain other): stored:.*scenario_null_deref" 60
tap_is "the storm has as many dumps as the rate limit says" "$(dumps storm | wc -l)" "$burst"
status --json "$storm" >"$test_dir/status.json"
tap_ok "how many signals were left out is told" \
	[ "$("$query" value "$test_dir/status.json" '$.domains[0].guest.suppressed')" -ge "$seconds" ]
tap_like "... in words, too" "$(status --verbose "$storm")" '[1-9][0-9]* left out by the rate limit, 0 failed'
tap_ok "the daemon has not grown" grown "$ours" "$(size "$daemon_pid")" 4096 8
tap_ok "nor libvirtd" grown "$libvirts" "$(size "$libvirtd_pid")" 4096 8
tap_ok "the guest itself runs on" eventually [ "$(writes)" != "$first" ]
tap_done
