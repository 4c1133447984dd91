#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What -action oops=pause does to a guest's CPUs, with a guest of a few instructions, whose every step can be
# told: guest.test.sh [SERIES], under TCG in both of its threadings and under KVM.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/libvirt.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/qemu.sh"

qemu=$("$here/../../qemu-patches/build-qemu" "${1:-7.2}")
# shellcheck disable=SC2054 # commas are QEMU's
isa=(-device pvpanic,events=11)
# shellcheck disable=SC2054
pci=(-device pvpanic-pci,events=11,addr=4)
once=$(bare_guest once)
once_pci=$(bare_guest once --defsym PCI=1)

word() {
	cut -d' ' -f "$1" <<<"$2"
}

# moved NAME BEFORE: whether both CPUs have counted since
moved() {
	local now
	now=$(counts "$1")
	[ "$(word 1 "$now")" != "$(word 1 "$2")" ] && [ "$(word 2 "$now")" != "$(word 2 "$2")" ]
}

# both_went_on NAME: whether both have gone on after their write
both_went_on() {
	local now
	now=$(counts "$1")
	[ "$(word 3 "$now")" != 0x00000000 ] && [ "$(word 4 "$now")" != 0x00000000 ]
}

eip() {
	hmp "$1" 'info registers' | grep -oE 'EIP=[0-9a-f]+' | cut -d= -f2
}

# A guest that has written the register once, and what it shows while it is paused and afterwards
test_pause() {
	local how=$1 image=$2 event before after
	shift 2
	qemu_start pause -bios "$image" -action oops=pause,oops-timeout=60000 "$@"
	qmp pause cont >/dev/null
	event=$(qmp_event pause GUEST_OOPS)
	tap_is "$how: the guest is paused" "$(event_data "$event" action)" pause
	tap_is "$how: the event names the CPU that wrote" "$(event_data "$event" cpu-index)" 0
	tap_note "all CPUs stopped $(event_data "$event" stop-latency) us after the write"
	tap_is "$how: the CPU that wrote has stopped before its next instruction" "$(eip pause)" "$(bare_guest_after "$image")"
	before=$(counts pause)
	tap_is "$how: it has executed nothing after the write" "$(word 3 "$before")" 0x00000000
	tap_is "$how: no CPU executes anything" "$(counts pause)" "$before"
	tap_like "$how: query-status says so" "$(qmp pause query-status)" '"paused"'
	tap_like "$how: oops-resume ends the pause" "$(qmp pause oops-resume)" '"return": \{\}'
	qmp_event pause RESUME >/dev/null
	tap_ok "$how: both CPUs go on" eventually moved pause "$before"
	after=$(counts pause)
	tap_is "$how: the first does so behind the write" "$(word 3 "$after")" 0x00000001
	tap_is "$how: management has seen no STOP" "$(qmp_events pause '"STOP"')" 0
	qemu_stop pause
}

# Two CPUs that write at the same time: whichever is first pauses the guest, no write is lost or done twice.
test_both() {
	local how=$1 after
	shift
	qemu_start both -bios "$(bare_guest both)" -action oops=pause,oops-timeout=50 "${isa[@]}" "$@"
	qmp both cont >/dev/null
	tap_ok "$how, both CPUs at once: the guest is paused" qmp_event both 'GUEST_OOPS.*"pause"'
	qmp_event both RESUME >/dev/null
	eventually both_went_on both || true
	after=$(counts both)
	tap_is "$how, both CPUs at once: each goes on, after one write" "$(word 3 "$after") $(word 4 "$after")" "0x00000001 0x00000001"
	tap_is "$how, both CPUs at once: both writes are counted, none twice" \
		"$(sed -nE 's/.*GUEST_OOPS.*"count": ([0-9]+).*/\1/p' "$test_dir/both/out" | sort -n | tail -n 1)" 2
	qemu_stop both
}

test_timer() {
	local how=$1 event paused resumed
	shift
	qemu_start timer -bios "$once" -action oops=pause,oops-timeout=300 "${isa[@]}" "$@"
	qmp timer cont >/dev/null
	event=$(qmp_event timer GUEST_OOPS)
	paused=$(($(event_us "$event") - $(event_data "$event" stop-latency)))
	resumed=$(event_us "$(qmp_event timer RESUME)")
	tap_note "resumed $((resumed - paused)) us after the write"
	tap_ok "$how: with nobody there the guest goes on after 300 ms" [ $((resumed - paused)) -gt 250000 ]
	tap_ok "$how: and not much later" [ $((resumed - paused)) -lt 5000000 ]
	qemu_stop timer
}

# The guest's disk takes 3 s for the sector that it has begun to write when it oopses.
test_disk() {
	local how=$1 begin end
	# shellcheck disable=SC2054
	local disk=(-blockdev driver=null-co,node-name=slow,size=1048576,latency-ns=3000000000
		-device ide-hd,drive=slow,bus=ide.1,unit=0,cyls=2,heads=16,secs=63)
	shift
	qemu_start disk -bios "$(bare_guest disk)" -action oops=none "${isa[@]}" "${disk[@]}" "$@"
	qmp disk cont >/dev/null
	begin=$(event_us "$(qmp_event disk GUEST_OOPS)")
	qmp disk stop >/dev/null
	qmp disk cont >/dev/null
	end=$(event_us "$(qmp_event disk RESUME)")
	tap_ok "$how, slow disk: stop waits for the disk (this test can fail)" [ $((end - begin)) -gt 2000000 ]
	qemu_stop disk
	qemu_start disk -bios "$(bare_guest disk)" -action oops=pause,oops-timeout=60000 "${isa[@]}" "${disk[@]}" "$@"
	qmp disk cont >/dev/null
	begin=$(event_us "$(qmp_event disk GUEST_OOPS)")
	qmp disk oops-resume >/dev/null
	end=$(event_us "$(qmp_event disk RESUME)")
	tap_ok "$how, slow disk: the oops pause does not" [ $((end - begin)) -lt 2000000 ]
	tap_note "stopped for $((end - begin)) us"
	qemu_stop disk
}

test_storm() {
	local how=$1 event paused run seconds=4 begin
	shift
	qemu_start storm -bios "$(bare_guest storm)" -action oops=pause,oops-timeout=50 "${isa[@]}" "$@"
	qmp storm cont >/dev/null
	qmp_event storm GUEST_OOPS >/dev/null
	begin=$EPOCHSECONDS
	until [ $((EPOCHSECONDS - begin)) -ge $seconds ]; do
		event=$(qmp_event storm GUEST_OOPS)
	done
	paused=$(qmp_events storm 'GUEST_OOPS.*"pause"')
	run=$(qmp_events storm 'GUEST_OOPS.*"run"')
	tap_note "$paused events with a pause and $run without, for $(event_data "$event" count) writes"
	tap_ok "$how, storm: paused at most once a second" [ "$paused" -le $((seconds + 2)) ]
	tap_ok "$how, storm: at most one event without a pause a second" [ "$run" -le $((seconds + 2)) ]
	tap_ok "$how, storm: the writes without an event are counted" [ "$(event_data "$event" count)" -gt 1000 ]
	tap_like "$how, storm: the monitor answers" "$(qmp storm query-status)" '"status"'
	qemu_stop storm
}

for accel in tcg,thread=multi tcg,thread=single; do
	test_pause "$accel, ISA" "$once" -accel "$accel" "${isa[@]}"
	test_pause "$accel, PCI" "$once_pci" -accel "$accel" "${pci[@]}"
done
test_both TCG -accel tcg
test_timer TCG -accel tcg
test_disk TCG -accel tcg
test_storm TCG -accel tcg

# KVM may be there and not work (nested); a guest that reports an oops is one that runs.
kvm=works
if [ ! -w /dev/kvm ]; then
	kvm="no access to /dev/kvm"
elif ! qemu_start probe -bios "$once" -accel kvm "${isa[@]}"; then
	kvm="QEMU does not start with KVM"
else
	qmp probe cont >/dev/null
	qmp_event probe GUEST_OOPS 10 >/dev/null || kvm="a guest does not run under KVM"
	qemu_stop probe
fi
if [ "$kvm" = works ]; then
	test_pause "KVM, ISA" "$once" -accel kvm "${isa[@]}"
	test_pause "KVM, PCI" "$once_pci" -accel kvm "${pci[@]}"
	test_both KVM -accel kvm
	test_timer KVM -accel kvm
	test_disk KVM -accel kvm
	test_storm KVM -accel kvm
else
	tap_skip "the same under KVM" "$kvm"
fi
tap_done
