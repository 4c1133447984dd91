#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A vCPU that KVM cannot run: QEMU stops the guest with an internal error. There is a dump of it,
# and the guest is left stopped. The guest is a firmware whose first instructions load a float from
# an address without memory, which KVM does not emulate.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

domain=$(guest_domain k)
rom=$test_dir/rom

put() {
	printf '%b' "$2" | dd of="$rom" bs=1 seek=$(($1)) conv=notrunc status=none
}

make_rom() {
	head -c 65536 /dev/zero | tr '\0' '\364' >"$rom"       # hlt
	put 0xfff0 '\xe9\x0d\xf0'                             # jmp 0xf000
	put 0xf000 '\xb8\x00\xa0\x8e\xd8\xd9\x06\x00\x00'     # mov $0xa000,%ax; mov %ax,%ds; flds 0
	chmod a+r "$rom"
}

start() {
	cat >"$test_dir/k.xml" <<-XML
		<domain type='kvm'>
		  <name>$domain</name>
		  <memory unit='MiB'>64</memory>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <loader readonly='yes' type='rom'>$rom</loader>
		  </os>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		  </devices>
		</domain>
	XML
	at_exit "virsh -q destroy $domain >/dev/null 2>&1"
	virsh -q create --paused "$test_dir/k.xml"
}

status() {
	virsh -q qemu-monitor-command "$domain" '{"execute": "query-status"}'
}

make_rom
libvirt_start kvm-as-root
if ! [ -w /dev/kvm ] || ! error=$(start 2>&1); then
	tap_skip 'a vCPU that KVM cannot run makes a dump' "no guest runs with KVM here: $(tail -n 1 <<<"${error:-no /dev/kvm}")"
	tap_done
	exit
fi
daemon_start
daemon_enable k
daemon_wait "$domain: enabled and running" >/dev/null
daemon_mark
virsh -q resume "$domain" >/dev/null
if daemon_wait "$domain: stored:" 30 >/dev/null; then
	dump=$(newest k)
	tap_is 'a vCPU that KVM cannot run: the incident is a KVM error' \
		"$("$query" value "$dump/report.json" '$.incident'): $("$query" value "$dump/report.json" '$.title')" \
		'kvm-error: KVM internal error'
	tap_like 'a vCPU that KVM cannot run: the report has the evidence' "$(cat "$dump/report.txt")" \
		'^Seen +QEMU has stopped the guest for an internal error'
	tap_is 'a vCPU that KVM cannot run: the report has its instruction' \
		"$("$query" value "$dump/report.json" '$.vcpus[0].regs.rip')" 0xf005
	tap_is 'a vCPU that KVM cannot run: there is one dump of it' "$(dumps k | wc -l)" 1
	tap_like 'a vCPU that KVM cannot run: the guest is left stopped' "$(status)" '"status": *"internal-error"'
	daemon_stop
	daemon_start
	daemon_wait "$domain: enabled and running" >/dev/null
	sleep 3 # for as long as a second dump would take, and more
	tap_is 'a vCPU that KVM cannot run: another daemon makes no second dump of it' "$(dumps k | wc -l)" 1

	daemon_stop
	virsh -q destroy "$domain"
	virsh -q create --paused "$test_dir/k.xml" # of the same name, and another one
	daemon_enable k
	virsh -q resume "$domain"
	daemon_start
	daemon_wait "$domain: stored:" 30 >/dev/null || true
	tap_is 'a vCPU that KVM could not run while there was no daemon: the incident is a KVM error' \
		"$(dumps k | wc -l): $(value '$.incident' k)" '1: kvm-error'
elif [[ $(status) == *internal-error* ]]; then
	tap_ok 'a vCPU that KVM cannot run makes a dump' false
else
	tap_skip 'a vCPU that KVM cannot run makes a dump' "KVM runs it here: $(status)"
fi
tap_done
