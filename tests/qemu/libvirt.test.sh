#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How libvirt handles a guest that QEMU pauses for an oops: the machine's libvirtd, the patched
# QEMU, and the guest of guest.S: libvirt.test.sh [SERIES]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/libvirt.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/qemu.sh"

built=$("$here/../../qemu-patches/build-qemu" "${1:-7.2}")
libvirt_start
patched=$(libvirt_program "$built")
stock=/usr/bin/qemu-system-x86_64
name=oopsbt-qemu-$$

# listen NAME: records its events, libvirt's and QEMU's, in test_dir/events. virsh does not report
# when it listens, so this triggers events until it prints one.
listen() {
	local i
	: >"$test_dir/events"
	stdbuf -oL virsh -q event "$1" --all --loop >>"$test_dir/events" 2>&1 &
	listeners=$!
	stdbuf -oL virsh -q qemu-monitor-event "$1" --loop >>"$test_dir/events" 2>&1 &
	listeners+=" $!"
	for ((i = 0; i < 100; i++)); do
		virsh -q metadata "$1" urn:oopsbt:test --key test --live --set "<listening try='$i'/>" >/dev/null
		virsh -q qemu-monitor-command "$1" '{"execute": "system_reset"}' >/dev/null
		if heard metadata-change 0.3 && heard 'event RESET' 0.3; then
			return
		fi
	done
	echo "virsh hears no events of $1" >&2
	return 1
}

heard() {
	qemu_wait_line "$test_dir/events" 1 "$1" "${2:-20}" >/dev/null
}

# begin WAY MS: a domain that runs until its oops, which pauses it for at most that long
begin() {
	bare_domain "$name" "$patched" "$1" "$2" >"$test_dir/domain.xml"
	virsh -q create --paused "$test_dir/domain.xml"
	at_exit "virsh -q destroy $name >/dev/null 2>&1 || true"
	listen "$name"
	virsh -q resume "$name" >/dev/null
	heard GUEST_OOPS
}

end() {
	virsh -q destroy "$name" >/dev/null
	# shellcheck disable=SC2086
	end_process $listeners
}

monitor() {
	virsh -q qemu-monitor-command "$name" "{\"execute\": \"$1\"}"
}

state() {
	virsh -q domstate "$name"
}

# The loops of the first CPU and its writes so far
words() {
	virsh -q qemu-monitor-command "$name" --hmp 'xp /4xw 0x9000' | tr -d '\r' | awk 'NF == 5 { print $2, $4 }'
}

# differs WORDS: has the guest made progress?
differs() {
	[ "$(words)" != "$1" ]
}

runs() {
	eventually differs "$(words)"
}

in_state() {
	[ "$(state)" = "$1" ]
}

wrote() {
	[ "$(words | cut -d' ' -f2)" = 0x00000001 ]
}

begin once 1500
tap_like "libvirt's clients receive GUEST_OOPS" "$(cat "$test_dir/events")" 'GUEST_OOPS.*"action":"pause"'
tap_like "QEMU says that the guest is paused for an oops" "$(monitor query-status)" '"oops-pause":true'
tap_is 'libvirt reports the paused guest as running' "$(state)" running
heard 'event GUEST_OOPS_PAUSE_END.*timeout'
tap_unlike "the guest continues by itself" "$(monitor query-status)" 'oops-pause'
tap_ok 'the guest does run after the pause' runs
tap_is "libvirt reported the guest as running all the time" "$(state)" running
tap_unlike "libvirt sent no event of a suspend" "$(cat "$test_dir/events")" "'lifecycle'.*Suspended"
end

begin once 10000
monitor oops-resume >/dev/null
tap_ok "oops-resume through libvirt resumes the guest" runs
# Without a pause: libvirt, up to 11.3 at least, gives migrate an argument that QEMU 11.0 has removed (detach).
saves=no
if virsh -q save "$name" "$test_dir/saved" >/dev/null 2>"$test_dir/no-save"; then
	saves=yes
	virsh -q restore "$test_dir/saved" >/dev/null
fi
end

begin once 1500
virsh -q suspend "$name" >/dev/null
tap_is "a domain that is suspended during the pause is paused" "$(state)" paused
tap_like "oops-resume does not undo somebody's suspend" "$(monitor oops-resume 2>&1)" 'not paused for an oops'
heard 'event STOP'
sleep 2 # longer than the timer: that nothing happens is no event
tap_is "the timer of the pause does not undo somebody's suspend" "$(state) $(monitor query-status | grep -o '"paused"')" 'paused "paused"'
virsh -q resume "$name" >/dev/null
tap_is "resume ends the suspend" "$(state)" running
tap_ok 'the domain does run after resume' runs
end

if [ "$saves" = yes ]; then
	begin once 10000
	virsh -q save "$name" "$test_dir/saved" >/dev/null
	virsh -q restore "$test_dir/saved" >/dev/null
	tap_is "a domain that is saved during the pause runs after the restore" "$(state)" running
	tap_ok 'the domain does run after the restore' runs
	tap_is 'the CPU continues after the write' "$(words | cut -d' ' -f2)" 0x00000001
	end
else
	tap_skip "a domain that is saved during the pause runs after the restore" \
		"this libvirt saves no guest of this QEMU, paused or not: $(sed -n '$s/^error: //p' "$test_dir/no-save")"
fi

begin once 10000
virsh -q dump --memory-only "$name" "$test_dir/core" >/dev/null
tap_ok "a domain that is dumped during the pause runs afterwards" runs
end

begin once 10000
libvirt_kill
libvirt_again
# It answers before it has asked QEMU.
tap_ok "a libvirtd that starts during the pause finds the domain running" eventually in_state running
monitor oops-resume >/dev/null 2>&1 || true # the pause may be over by now
tap_ok "a guest that was paused when libvirtd started continues" runs
tap_is "a guest that was paused when libvirtd started is running for libvirt" "$(state)" running
end

begin once 0
heard "Suspended"
tap_is "without a timeout libvirt reports the domain as paused" "$(state)" paused
virsh -q resume "$name" >/dev/null
tap_ok 'resume resumes a domain without a timeout' runs
end

# The same domain on the machine's QEMU, which does not know the bit: the guest reads it and writes
# it without effect.
bare_domain "$name" "$stock" once >"$test_dir/domain.xml"
virsh -q create "$test_dir/domain.xml"
tap_ok "on stock QEMU the guest writes the bit" eventually wrote
tap_is "a domain with the event bit runs on stock QEMU and ignores the event" "$(state)" running
virsh -q destroy "$name" >/dev/null

# cpu_ms: processor time of libvirtd
cpu_ms() {
	awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) * 1000 / tick }' \
		"/proc/$(cat "$libvirt_root/libvirtd.pid")/stat"
}

begin storm 100
bare_domain "$name-other" "$patched" once >"$test_dir/other.xml"
virsh -q create "$test_dir/other.xml"
at_exit "virsh -q destroy $name-other >/dev/null 2>&1 || true"
count() {
	grep -oE 'GUEST_OOPS.*"count":[0-9]+' "$test_dir/events" | sed 's/.*://' | tail -n 1
}
seconds=10 events=$(grep -c 'event ' "$test_dir/events") writes=$(count) cpu=$(cpu_ms) start=$EPOCHREALTIME slowest=0
while [ $((${EPOCHREALTIME//./} - ${start//./})) -lt $((seconds * 1000000)) ]; do
	before=${EPOCHREALTIME//./}
	virsh -q qemu-monitor-command "$name-other" --hmp 'info status' >/dev/null
	took=$((${EPOCHREALTIME//./} - before))
	[ "$took" -le "$slowest" ] || slowest=$took
	sleep 0.2 # so that libvirtd's processor time is the storm's rather than ours
done
events=$(($(grep -c 'event ' "$test_dir/events") - events))
cpu=$(($(cpu_ms) - cpu))
writes=$(($(count) - writes))
tap_note "in $seconds s: $writes writes, $events events, $cpu ms of libvirtd, slowest answer for another domain $slowest us"
tap_ok "storm: there are a thousand writes a second at least" [ "$writes" -ge $((seconds * 1000)) ]
tap_ok "storm: no more than four events a second reach libvirt's clients" [ "$events" -le $((seconds * 4)) ]
tap_ok "storm: libvirtd is busy less than a tenth of the time" [ "$cpu" -lt $((seconds * 100)) ]
tap_ok "storm: another domain's monitor answers within three seconds" [ "$slowest" -lt 3000000 ]
tap_is "storm: libvirt reports the domain as running" "$(state)" running
end
tap_done
