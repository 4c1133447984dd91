#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests that are no Linux, or not yet: firmware, a boot sector in real mode, a 64-bit system of another kind. On
# request each gives a dump with its registers, and errors that say why there is no more.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../plugin/lib.sh"

query=${OOPSBT_BUILD:-$top/build}/tests/report/query
export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
export OOPSBT_FREEZE_GUARD=${plugin%/*}/host-tool/oopsbt-freeze-guard
export OOPSBT_ANALYZER=${plugin%/*}/host-tool/oopsbt-analyze
# Where the build has it: it looks for leaks by ptrace, which a sandbox forbids.
export ASAN_OPTIONS=detect_leaks=0

libvirt_start

# sector NAME [AS OPTION...]: a boot sector's disk
sector() {
	local name=$1
	shift
	as "$@" -o "$test_dir/$name.o" "$here/long-mode.S"
	ld -Ttext 0x7c00 --oformat binary -o "$test_dir/$name.img" "$test_dir/$name.o"
	chmod 0644 "$test_dir/$name.img"
}

disk() {
	echo "<disk type='file'><driver type='raw'/><source file='$test_dir/$1.img'/><target dev='hda'/></disk>"
}

start() {
	domain_xml "$@" >"$test_dir/domain.xml"
	"$real_virsh" -q create "$test_dir/domain.xml" >/dev/null
}

# arrived DOMAIN: the boot sector has said so
arrived() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$real_virsh" -q qemu-monitor-command --hmp "$1" 'xp /1hx 0x7e00' | grep -q 0x6b6f && return
		sleep 0.1 # nothing tells when a boot sector has run
	done
	echo "$1: the boot sector does not run" >&2
	return 1
}

# check DOMAIN WHY: collect it
check() {
	local dump
	run collect "$1"
	tap_is "$1: collect succeeds" "$status" 0
	dump=$(find -H "$dumps/$1" -mindepth 1 -maxdepth 1 -type d | head -n 1)
	tap_is "$1: the title says that guest memory was not understood" "$("$query" value "$dump/report.json" '$.title')" \
		"guest memory could not be understood"
	tap_like "$1: the report has the vCPU's registers" "$("$query" value "$dump/report.json" '$.vcpus[0].regs.rip')" '^0x'
	tap_like "$1: the errors give the reason" "$("$query" value "$dump/report.json" '$.errors[*].message')" "$2"
	tap_ok "$1: nothing is missing without a reason" "$query" whole "$dump/report.json"
	tap_ok "$1: the core gives the same report again" \
		sh -c "'$OOPSBT_ANALYZER' --json '$dump/core' | cmp - '$dump/report.json'"
	tap_is "$1: the guest runs after the collection" "$("$real_virsh" -q domstate "$1")" running
}

sector real --defsym REAL=1
sector long
start oopsbt-test-$$-firmware
start oopsbt-test-$$-real "$(disk real)"
start oopsbt-test-$$-long "$(disk long)"
check oopsbt-test-$$-firmware 'no vCPU is in 64-bit mode'
arrived oopsbt-test-$$-real
check oopsbt-test-$$-real 'no vCPU is in 64-bit mode'
arrived oopsbt-test-$$-long
check oopsbt-test-$$-long 'no Linux kernel found in guest memory'
tap_done
