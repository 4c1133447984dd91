#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The effect of -action oops=pause on a guest's CPUs, with a guest of a few instructions whose
# progress can be seen exactly: guest.test.sh [SERIES], under TCG with both kinds of threads and
# under KVM. Tests the pause with each command and in each state, and that it never holds QEMU's
# main loop.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/libvirt.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/qemu.sh"

series=${1:-7.2}
series=${series#qemu-}
qemu=$("$here/../../qemu-patches/build-qemu" "$series")
# shellcheck disable=SC2054 # commas are QEMU's
isa=(-device pvpanic,oops=on)
# shellcheck disable=SC2054
pci=(-device pvpanic-pci,oops=on,addr=4)
once=$(bare_guest once)
once_pci=$(bare_guest once --defsym PCI=1)

# pausing MS: sets $pausing, the options of a QEMU that pauses for at most that long
pausing() {
	pausing=(-action "oops=pause" -global "pvpanic.oops-timeout=$1" -global "pvpanic-pci.oops-timeout=$1")
}

word() {
	cut -d' ' -f "$1" <<<"$2"
}

# moved NAME BEFORE: have both CPUs counted since?
moved() {
	local now
	now=$(counts "$1")
	[ "$(word 1 "$now")" != "$(word 1 "$2")" ] && [ "$(word 2 "$now")" != "$(word 2 "$2")" ]
}

# both_went_on NAME: have both CPUs continued after their write?
both_went_on() {
	local now
	now=$(counts "$1")
	[ "$(word 3 "$now")" != 0x00000000 ] && [ "$(word 4 "$now")" != 0x00000000 ]
}

eip() {
	hmp "$1" 'info registers' | grep -oE 'EIP=[0-9a-f]+' | cut -d= -f2
}

# A guest that has written the register once, and its state while paused and afterwards. QEMU 7.2's
# TCG is not exact for MMIO: the CPU continues to the end of its translation block
# (qemu-patches/qemu-7.2/README.md).
test_pause() {
	local how=$1 image=$2 event before after exact=yes
	shift 2
	[[ $series/$how != 7.2/tcg*PCI ]] || exact=no
	pausing 10000
	qemu_start pause -bios "$image" "${pausing[@]}" "$@"
	qmp pause cont >/dev/null
	event=$(qmp_event pause GUEST_OOPS)
	tap_is "$how: the guest is paused" "$(event_data "$event" action)" pause
	tap_is "$how: the event names the CPU that wrote" "$(event_data "$event" cpu-index)" 0
	tap_note "all CPUs stopped $(event_data "$event" stop-latency) us after the write"
	before=$(counts pause)
	if [ "$exact" = yes ]; then
		tap_is "$how: the CPU that wrote has stopped before its next instruction" "$(eip pause)" \
			"$(bare_guest_after "$image")"
		tap_is "$how: the CPU that wrote has executed nothing after the write" "$(word 3 "$before")" 0x00000000
	else
		tap_skip "$how: the CPU that wrote has stopped before its next instruction" "TCG of QEMU 7.2 ends the block first"
	fi
	tap_is "$how: no CPU executes anything" "$(counts pause)" "$before"
	tap_like "$how: query-status reports a running guest that is paused for an oops" "$(qmp pause query-status)" \
		'"oops-pause": true.*"status": "running"|"status": "running".*"oops-pause": true'
	tap_like "$how: oops-resume ends the pause" "$(qmp pause oops-resume)" '"return": \{\}'
	tap_like "$how: GUEST_OOPS_PAUSE_END tells of oops-resume" "$(qmp_event pause GUEST_OOPS_PAUSE_END)" '"reason": "resume"'
	tap_ok "$how: both CPUs continue after oops-resume" eventually moved pause "$before"
	after=$(counts pause)
	tap_is "$how: the CPU that wrote continues after the write" "$(word 3 "$after")" 0x00000001
	tap_is "$how: management receives no STOP, and no RESUME except of its own cont" \
		"$(qmp_events pause '"STOP"') $(qmp_events pause '"RESUME"')" '0 1'
	tap_unlike "$how: query-status shows nothing of an ended pause" "$(qmp pause query-status)" oops-pause
	qemu_stop pause
}

# Two CPUs that write at the same time: the first one pauses the guest, and no write is lost or done
# twice.
test_both() {
	local how=$1 after
	shift
	pausing 50
	qemu_start both -bios "$(bare_guest both)" "${pausing[@]}" "${isa[@]}" "$@"
	qmp both cont >/dev/null
	tap_ok "$how, both CPUs at once: the guest is paused" qmp_event both 'GUEST_OOPS".*"pause"'
	qmp_event both GUEST_OOPS_PAUSE_END >/dev/null
	eventually both_went_on both || true
	after=$(counts both)
	tap_is "$how, both CPUs at once: each CPU continues after one write" "$(word 3 "$after") $(word 4 "$after")" "0x00000001 0x00000001"
	tap_is "$how, both CPUs at once: both writes are counted once" \
		"$(sed -nE 's/.*GUEST_OOPS".*"count": ([0-9]+).*/\1/p' "$test_dir/both/out" | sort -n | tail -n 1)" 2
	qemu_stop both
}

test_timer() {
	local how=$1 event paused resumed
	shift
	pausing 300
	qemu_start timer -bios "$once" "${pausing[@]}" "${isa[@]}" "$@"
	qmp timer cont >/dev/null
	event=$(qmp_event timer GUEST_OOPS)
	paused=$(($(event_us "$event") - $(event_data "$event" stop-latency)))
	event=$(qmp_event timer GUEST_OOPS_PAUSE_END)
	resumed=$(event_us "$event")
	tap_note "resumed $((resumed - paused)) us after the write"
	tap_is "$how: GUEST_OOPS_PAUSE_END reports the timeout" "$(event_data "$event" reason)" timeout
	tap_ok "$how: without a client the guest continues after 300 ms" [ $((resumed - paused)) -gt 250000 ]
	tap_ok "$how: without a client the guest continues not much later than 300 ms" [ $((resumed - paused)) -lt 5000000 ]
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
	tap_ok "$how, slow disk: stop waits for the disk (so this test can fail)" [ $((end - begin)) -gt 2000000 ]
	qemu_stop disk
	pausing 10000
	qemu_start disk -bios "$(bare_guest disk)" "${pausing[@]}" "${isa[@]}" "${disk[@]}" "$@"
	qmp disk cont >/dev/null
	begin=$(event_us "$(qmp_event disk GUEST_OOPS)")
	qmp disk oops-resume >/dev/null
	end=$(event_us "$(qmp_event disk GUEST_OOPS_PAUSE_END)")
	tap_ok "$how, slow disk: the oops pause does not wait for the disk" [ $((end - begin)) -lt 2000000 ]
	tap_note "stopped for $((end - begin)) us"
	qemu_stop disk

	# A command that waits for the disk in its own event loop, in which no timer of the main
	# loop runs
	pausing 300
	qemu_start disk -bios "$(bare_guest disk)" "${pausing[@]}" "${isa[@]}" "${disk[@]}" "$@"
	qmp disk cont >/dev/null
	begin=$(event_us "$(qmp_event disk GUEST_OOPS)")
	qmp disk blockdev-reopen '{"options": [{"driver": "null-co", "node-name": "slow", "size": 1048576, "latency-ns": 3000000000}]}' \
		>/dev/null
	tap_ok "$how, slow disk: the command waits for the disk (so this test can fail)" [ $((${EPOCHREALTIME/./} - begin)) -gt 2000000 ]
	end=$(event_us "$(qmp_event disk GUEST_OOPS_PAUSE_END)")
	tap_ok "$how, slow disk: the pause ends in time while a command waits for the disk" [ $((end - begin)) -lt 2000000 ]
	tap_note "stopped for $((end - begin)) us"
	qemu_stop disk
}

# hold NAME CPU: stops this vCPU's thread on the host until let_go
hold() {
	local thread
	thread=$(qmp "$1" query-cpus-fast |
		python3 -c "import json, sys; print(*(c['thread-id'] for c in json.load(sys.stdin)['return'] if c['cpu-index'] == $2))")
	rm -f "$test_dir/release"
	mkfifo "$test_dir/release"
	"$here/hold-thread" "$thread" <"$test_dir/release" >"$test_dir/thread" 2>&1 &
	holder=$!
	exec {hold_fd}>"$test_dir/release"
	eventually test -s "$test_dir/thread" && [ "$(cat "$test_dir/thread")" = held ]
}

let_go() {
	exec {hold_fd}>&-
	wait "$holder" || true
}

paused_more_than() {
	[ "$(qmp_events "$1" 'GUEST_OOPS".*"pause"')" -gt "$2" ]
}

test_held() {
	local how=$1 paused before begin answered
	shift
	pausing 200
	qemu_start held -bios "$(bare_guest storm)" "${pausing[@]}" "${isa[@]}" "$@"
	qmp held cont >/dev/null
	qmp_event held GUEST_OOPS_PAUSE_END >/dev/null
	if ! hold held 1; then
		tap_skip "$how: a vCPU that does not stop" "a thread can't be held: $(cat "$test_dir/thread")"
		let_go
		qemu_stop held
		return
	fi
	paused=$(qmp_events held 'GUEST_OOPS".*"pause"')
	sleep 2.5 # two pauses begin
	begin=${EPOCHREALTIME/./}
	before=$(counts held)
	answered=$((${EPOCHREALTIME/./} - begin))
	tap_ok "$how: the monitor answers while a vCPU does not stop" [ "$answered" -lt 5000000 ]
	tap_is "$how: an incomplete pause sends no event" "$(qmp_events held 'GUEST_OOPS".*"pause"')" "$paused"
	sleep 0.5 # longer than the pause, which may have begun
	tap_ok "$how: the other CPU continues while a vCPU does not stop" [ "$(word 1 "$(counts held)")" != "$(word 1 "$before")" ]
	let_go
	tap_ok "$how: pauses work again when the vCPU runs again" eventually paused_more_than held "$paused"
	qemu_stop held
}

# Commands during the pause that QEMU's own tests of pvpanic omit
test_commands() {
	local how=$1 before
	shift
	pausing 10000
	# shellcheck disable=SC2054
	local snapshots=(-blockdev "driver=file,node-name=file,filename=$test_dir/snapshots" -blockdev driver=null-co,node-name=none)
	truncate -s 0 "$test_dir/snapshots"
	qemu_start command -bios "$once" -smp 2,maxcpus=3,sockets=3 "${pausing[@]}" "${isa[@]}" "${snapshots[@]}" "$@"
	qmp command blockdev-create '{"job-id": "create", "options": {"driver": "qcow2", "file": "file", "size": 1048576}}' >/dev/null
	eventually grep -q '"status": "concluded", "id": "create"' "$test_dir/command/out" || true
	qmp command job-dismiss '{"id": "create"}' >/dev/null
	qmp command blockdev-add '{"driver": "qcow2", "node-name": "disk", "file": "file"}' >/dev/null
	qmp command cont >/dev/null
	qmp_event command GUEST_OOPS >/dev/null
	before=$(counts command)
	qmp command snapshot-save '{"job-id": "save", "tag": "s", "vmstate": "disk", "devices": ["disk"]}' >/dev/null
	tap_like "$how: snapshot-save turns the pause into an ordinary stop" "$(qmp_event command GUEST_OOPS_PAUSE_END)" '"stop"'
	tap_ok "$how: snapshot-save during the pause sends STOP" qmp_event command '"STOP"'
	tap_ok "$how: snapshot-save during the pause sends RESUME when it is done" qmp_event command '"RESUME"'
	tap_ok "$how: the guest runs after snapshot-save during the pause" eventually moved command "$before"
	tap_ok "$how: snapshot-save during the pause ends" eventually grep -q '"status": "concluded", "id": "save"' "$test_dir/command/out"
	tap_unlike "$how: snapshot-save during the pause has no error" "$(qmp command query-jobs)" '"error"'

	# The snapshot is from after the write, so there is no second oops, and no second pause.
	qmp command snapshot-load '{"job-id": "load", "tag": "s", "vmstate": "disk", "devices": ["disk"]}' >/dev/null
	eventually grep -q '"status": "concluded", "id": "load"' "$test_dir/command/out" || true
	qmp command cont >/dev/null
	before=$(counts command)
	tap_ok "$how: a guest that is restored from a snapshot of the pause runs" eventually moved command "$before"
	tap_is "$how: a guest that is restored from a snapshot of the pause continues after the write" "$(word 3 "$(counts command)")" 0x00000001
	qemu_stop command

	# A CPU that is plugged in during the pause executes nothing, and the next pause stops it,
	# too.
	pausing 1000
	qemu_start command -bios "$(bare_guest storm)" -smp 2,maxcpus=3,sockets=3 "${pausing[@]}" "${isa[@]}" "$@"
	qmp command cont >/dev/null
	qmp_event command 'GUEST_OOPS".*"pause"' >/dev/null
	qmp command device_add '{"driver": "qemu64-x86_64-cpu", "id": "third", "socket-id": 2, "core-id": 0, "thread-id": 0}' >/dev/null
	tap_is "$how: a CPU can be plugged in during the pause" "$(qmp command query-cpus-fast | grep -o '"cpu-index"' | wc -l)" 3
	qmp_event command GUEST_OOPS_PAUSE_END >/dev/null
	tap_ok "$how: the pause after a CPU was plugged in is complete" qmp_event command 'GUEST_OOPS".*"pause"'
	tap_like "$how: quit during the pause ends QEMU" "$(qmp command quit)" '"return"'
	tap_ok "$how: QEMU exits at once when it is told to during the pause" eventually gone "${qemu_pid[command]}"
	qemu_stop command
}

test_gdb() {
	local how=$1 before
	shift
	pausing 10000
	qemu_start gdb -bios "$once" "${pausing[@]}" "${isa[@]}" -gdb "unix:$test_dir/gdb.socket,server=on,wait=off" "$@"
	qmp gdb cont >/dev/null
	qmp_event gdb GUEST_OOPS >/dev/null
	before=$(counts gdb)
	gdb -nx -batch -ex "target remote $test_dir/gdb.socket" -ex detach >"$test_dir/gdb.out" 2>&1 </dev/null || true
	tap_like "$how: gdb that attaches during the pause stops the guest" "$(qmp_event gdb GUEST_OOPS_PAUSE_END)" '"stop"'
	tap_ok "$how: gdb that attaches during the pause makes QEMU send STOP" qmp_event gdb '"STOP"'
	tap_ok "$how: gdb that detaches makes QEMU send RESUME" qmp_event gdb '"RESUME"'
	tap_ok "$how: the guest runs after gdb has detached" eventually moved gdb "$before"
	qemu_stop gdb
}

test_record() {
	pausing 10000
	if qemu_start record -bios "$once" "${pausing[@]}" "${isa[@]}" -accel tcg \
		-icount "shift=3,rr=record,rrfile=$test_dir/record" -net none >"$test_dir/record.note" 2>&1; then
		qmp record cont >/dev/null
		tap_like "recording: an oops does not pause the guest" "$(qmp_event record GUEST_OOPS)" '"run"'
	else
		tap_skip "recording: the oops pauses nothing" "this QEMU can't record"
	fi
	qemu_stop record
}

post_copy() {
	qmp target query-migrate | grep -q '"postcopy-active"'
}

# The target of a post-copy migration: it runs before most of its memory has arrived. With a limit of 10 bytes a second the
# source sends little, and the pages that the target asks for, until the test takes the limit away: QEMU 7.2 one page each
# 100 ms; later ones, which count when they have filled a buffer of 32 KiB, 3600 empty pages. With these 2 GiB take 14 s.
# Empty pages need no memory of the host.
test_post_copy() {
	local how=$1 on='{"capabilities": [{"capability": "postcopy-ram", "state": true}, {"capability": "events", "state": true}]}'
	local socket=unix:$test_dir/migration paused
	shift
	set -- "$@" -m 2048
	pausing 100
	qemu_start target -bios "$(bare_guest storm)" "${pausing[@]}" "${isa[@]}" -incoming defer "$@"
	if ! qmp target migrate-set-capabilities "$on" | grep -q '"return"'; then
		tap_skip "$how: no pause during a post-copy migration" "the host has no userfaultfd"
		qemu_stop target
		return
	fi
	qemu_start source -bios "$(bare_guest storm)" -action oops=none "${isa[@]}" "$@"
	qmp source migrate-set-capabilities "$on" >/dev/null
	qmp source migrate-set-parameters '{"max-bandwidth": 10, "max-postcopy-bandwidth": 10}' >/dev/null
	qmp source cont >/dev/null
	qmp_event source GUEST_OOPS >/dev/null
	qmp target migrate-incoming "{\"uri\": \"$socket\"}" >/dev/null
	qmp source migrate "{\"uri\": \"$socket\"}" >/dev/null
	qmp source migrate-start-postcopy >/dev/null
	eventually post_copy || true
	qmp target cont >/dev/null
	tap_like "$how, post-copy: the guest oopses before all its memory has arrived" \
		"$(qmp_event target GUEST_OOPS) $(qmp target query-migrate)" '"postcopy-active"'
	sleep 1.5 # longer than the interval of pauses
	paused=$(qmp_events target 'GUEST_OOPS".*"pause"')
	tap_like "$how, post-copy: the migration takes some time (so this test can fail)" "$(qmp target query-migrate)" '"postcopy-active"'
	tap_is "$how, post-copy: the guest is not paused for an oops before all memory has arrived" "$paused" 0
	qmp source migrate-set-parameters '{"max-postcopy-bandwidth": 0}' >/dev/null
	tap_ok "$how, post-copy: the guest is paused for an oops after all memory has arrived" qmp_event target 'GUEST_OOPS".*"pause"' 60
	tap_unlike "$how, post-copy: the first pause is after the migration" "$(qmp target query-migrate)" '"postcopy-active"'
	qemu_stop source
	qemu_stop target
}

# nmis NAME: the number of NMIs of each CPU
nmis() {
	hmp "$1" 'xp /2dw 0x9014' | sed 's/^[0-9a-f]*: //' | xargs
}

got_nmis() {
	[ "$(nmis nmi)" = "$1" ]
}

# inject TITLE ARGUMENTS NMIS
inject() {
	qmp nmi inject-nmi "$2" >/dev/null
	tap_ok "$1" eventually got_nmis "$3"
}

test_nmi() {
	local how=$1
	shift
	qemu_start nmi -bios "$once" "${isa[@]}" "$@"
	qmp nmi cont >/dev/null
	qmp_event nmi GUEST_OOPS >/dev/null
	inject "$how: inject-nmi reaches the CPU that does not mask it" '{}' '1 0'
	qmp nmi inject-nmi >/dev/null
	if ! eventually got_nmis '2 0' && [ "$how" = KVM ]; then
		tap_skip "$how: inject-nmi by argument" "this KVM delivers no second NMI, without an argument either"
		qemu_stop nmi
		return
	fi
	inject "$how: inject-nmi reaches the CPU that it names" '{"cpu-index": 0}' '3 0'
	qmp nmi inject-nmi '{"cpu-index": 1}' >/dev/null
	inject "$how: inject-nmi with ignore-mask reaches a CPU that masks NMIs" '{"cpu-index": 1, "ignore-mask": true}' '3 1'
	inject "$how: inject-nmi with ignore-mask reaches all CPUs" '{"ignore-mask": true}' '4 2'
	tap_like "$how: inject-nmi refuses a CPU that does not exist" "$(qmp nmi inject-nmi '{"cpu-index": 2}')" '"error"'
	qemu_stop nmi
}

test_registers() {
	local how=$1 event
	shift
	pausing 10000
	qemu_start registers -bios "$once" "${pausing[@]}" -global pvpanic.oops-registers=on "${isa[@]}" "$@"
	qmp registers cont >/dev/null
	event=$(qmp_event registers GUEST_OOPS)
	tap_like "$how: the event has the registers of the CPU that wrote" "$event" "\"registers\": .*EIP=$(bare_guest_after "$once")"
	tap_is "$how: the event has the registers of all CPUs" "$(grep -o 'CPU#[0-9]*' <<<"$event" | xargs)" 'CPU#0 CPU#1'
	qemu_stop registers
}

# at_most_one_a_second NAME PATTERN: by QEMU's own times: an event may be read late
at_most_one_a_second() {
	local -a events
	mapfile -t events < <(grep -E "\"event\": .*$2" "$test_dir/$1/out")
	[ ${#events[@]} -gt 1 ] || return 1
	[ ${#events[@]} -le $((($(event_us "${events[-1]}") - $(event_us "${events[0]}")) / 1000000 + 2)) ]
}

test_storm() {
	local how=$1 event seconds=4 begin
	shift
	pausing 50
	qemu_start storm -bios "$(bare_guest storm)" "${pausing[@]}" "${isa[@]}" "$@"
	qmp storm cont >/dev/null
	qmp_event storm GUEST_OOPS >/dev/null
	begin=$EPOCHSECONDS
	until [ $((EPOCHSECONDS - begin)) -ge $seconds ]; do
		event=$(qmp_event storm 'GUEST_OOPS"')
	done
	tap_note "$(qmp_events storm 'GUEST_OOPS".*"pause"') events with a pause and $(qmp_events storm 'GUEST_OOPS".*"run"') without," \
		"for $(event_data "$event" count) writes"
	tap_ok "$how, storm: the guest is paused at most once a second" at_most_one_a_second storm 'GUEST_OOPS".*"pause"'
	tap_ok "$how, storm: at most one event without a pause a second" at_most_one_a_second storm 'GUEST_OOPS".*"run"'
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
test_held TCG -accel tcg
test_commands TCG -accel tcg
test_gdb TCG -accel tcg
test_record
test_post_copy TCG -accel tcg
test_registers TCG -accel tcg
for accel in tcg,thread=multi tcg,thread=single; do
	test_nmi "$accel" -accel "$accel"
done

# KVM may exist and not work (nested); it works if the guest reports an oops.
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
	test_held KVM -accel kvm
	test_commands KVM -accel kvm
	test_post_copy KVM -accel kvm
	test_registers KVM -accel kvm
	test_nmi KVM -accel kvm
else
	tap_skip "the same under KVM" "$kvm"
fi
tap_done
