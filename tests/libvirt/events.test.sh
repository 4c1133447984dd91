#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# libvirtd with our patches: the events of <panic>, and its event for a guest's oopses and lockups, in
# virsh and in oopsbtd.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

top=$(realpath "$here/../..")
release=${RELEASES:-11.3}
tree=$("$here/../plugin/build-virsh" "$release" daemon)
qemu=$("$top/qemu-patches/build-qemu" 7.2)

# Uses its libvirtd, virsh and library instead of the machine's.
mkdir "$test_dir/bin"
for program in src/libvirtd tools/virsh; do
	cat >"$test_dir/bin/${program#*/}" <<-SH
		#!/bin/sh
		LD_LIBRARY_PATH=$tree/build/src exec $tree/build/$program "\$@"
	SH
done
chmod +x "$test_dir"/bin/*
PATH=$test_dir/bin:$PATH
# Its data about a QEMU differs from that of the machine's libvirtd.
libvirt_cache=$libvirt_cache-$release

# Builds oopsbtd and virsh oopsbt with its headers.
patched_build=$top/build/libvirt-$release
make -s -C "$top" -j"$(nproc)" BUILD="build/libvirt-$release" CPPFLAGS="-isystem $tree/include -isystem $tree/build/include" \
	LDFLAGS="-L$tree/build/src" all >"$test_dir/make.log" 2>&1 || {
	tap_note "$(tail -n 20 "$test_dir/make.log")"
	tap_fail "oopsbt can be built for libvirt $release with the patches"
	tap_done
	exit
}

libvirt_start
libvirt_events=yes guest_start g smp=2 kaslr=no events=27 emulator="$qemu" wait=no
tap_is "a panic device has the events that its definition lists" \
	"$(virsh dumpxml "$(guest_domain g)" | grep -oE "event name='[a-z]+" | cut -d"'" -f2 | xargs)" 'panicked crashloaded oops lockup'
tap_like "libvirt passes the events of the device to QEMU" "$(xargs -0 <"/proc/$(pgrep -f "guest=$(guest_domain g),")/cmdline")" '"?driver"?.*pvpanic.*"?events"?[:=]27'
guest_ready g
tap_is "the events of the device do not taint the domain" \
	"$(virsh dominfo "$(guest_domain g)" | grep -oE '^State: +running|custom-argv' | xargs)" 'State: running'
guest_events g
oops g
tap_ok "an oops is an event of libvirt" guest_events_wait g "event 'guest-failure' for domain .*: oops, run"
sleep 1.1 # QEMU holds an event back that comes within a second
for detail in 'count: 1' 'time: [0-9]{16}' 'vcpu: [01]'; do
	tap_like "the event of libvirt has its $detail" "$(guest_events_log g)" "$detail"
done
# lockup: the guest reports one, as its module does when a watchdog of the kernel finds one
lockup() {
	guest_exec g "printf '\\020' | dd of=/dev/port bs=1 seek=$((0x505)) 2>/dev/null"
}
lockup
tap_ok "a lockup is an event of libvirt" guest_events_wait g "event 'guest-failure' for domain .*: lockup, run"

# --- oopsbtd ---

# build_of FOLDER: uses the programs of that build
build_of() {
	build=$1
	export OOPSBT_FREEZE_GUARD=$build/host-tool/oopsbt-freeze-guard
	export OOPSBT_ANALYZER=$build/host-tool/oopsbt-analyze
}

# watches HOW: starts a daemon that receives oopses in that way
watched() {
	daemon_follow g "budget='2000' signal='event' keep='100' kinds='oops,soft-lockup'" >/dev/null
	daemon_wait "$(guest_domain g): its QEMU pauses" >/dev/null
	daemon_mark
	oops g
	daemon_wait "$(guest_domain g): stored:" 60 >/dev/null
}

build_of "$patched_build"
LD_LIBRARY_PATH=$tree/build/src daemon_start
tap_ok "an oopsbtd built for the patched libvirt uses its event" daemon_wait 'libvirt tells of oopses and lockups by an event of its own'
watched
tap_is "oopsbtd collects an oops after libvirt's event" "$(value '$.signal' g)" oops
tap_is "the guest was frozen from the instant of the oops on" "$(value '$.timeline.frozen' g)" "$(value '$.timeline.signalled' g)"
tap_ok "virsh prints the event of a pause" guest_events_wait g "event 'guest-failure' for domain .*: oops, pause"
tap_like "the event has the duration of the stop" "$(guest_events_log g)" 'stop_latency: [0-9]+'
tap_is "libvirt suspends nothing during QEMU's pause" "$(guest_events_log g | grep -c Suspended)" 0
tap_is "the guest runs after QEMU's pause" "$(guest_exec g 'echo alive')" alive
daemon_mark
lockup
daemon_wait "$(guest_domain g): stored:" 60 >/dev/null
tap_is "oopsbtd collects a lockup after libvirt's event" "$(value '$.signal' g)" lockup
daemon_stop

build_of "$top/build"
sleep 1.1
daemon_start
watched
tap_unlike "an oopsbtd built for stock libvirt uses QEMU's event" \
	"$(tail -n "+$daemon_from" "$daemon_log")" 'event of its own'
tap_is "an oopsbtd built for stock libvirt collects an oops, too" "$(value '$.signal' g)" oops
daemon_stop

# --- virsh oopsbt enable ---

# defined NAME EMULATOR: defines a domain with a panic device
defined() {
	cat >"$test_dir/$1.xml" <<-XML
		<domain type='qemu'>
		  <name>$1-$$</name>
		  <memory unit='MiB'>64</memory>
		  <os><type arch='x86_64' machine='pc'>hvm</type></os>
		  <devices><emulator>$2</emulator><panic model='isa'/></devices>
		</domain>
	XML
	virsh -q define "$test_dir/$1.xml"
	at_exit "virsh -q undefine $1-$$ >/dev/null 2>&1 || true"
	"$top/build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" enable "$1-$$" --add-oops-event >/dev/null
}

defined patched "$(libvirt_program "$qemu")"
tap_is "enable --add-oops-event uses libvirt's element" \
	"$(virsh dumpxml "patched-$$" | grep -oE "event name='[a-z]+|qemu:arg" | cut -d"'" -f2 | xargs)" 'panicked crashloaded oops lockup'
defined stock /usr/bin/qemu-system-x86_64
tap_is "enable --add-oops-event uses a QEMU argument if QEMU has no patches" \
	"$(virsh dumpxml "stock-$$" | grep -oE "event name|pvpanic.events=11")" 'pvpanic.events=11'
sed "s/<panic model='isa'\/>/<panic model='isa'><event name='oops'\/><\/panic>/; s/stock/refused/" \
	"$test_dir/stock.xml" >"$test_dir/refused.xml"
tap_like "libvirt refuses the event if QEMU has no patches" "$(virsh define "$test_dir/refused.xml" 2>&1 || true)" \
	'does not support the oops event'

tap_done
