#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A test that ends in any way leaves no guest, no daemon and no file.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/tap.sh"

# The inner test: prints its folder, and waits endlessly.
if [ "${1:-}" = inner ]; then
	. "$here/libvirt.sh"
	. "$here/guest.sh"
	libvirt_start
	guest_start a smp=1 memory=256 pvpanic=none persistent=yes wait=no
	echo "$$ $test_dir"
	[ "$2" = ends ] || guest_console_wait a 'this does not come' 100 || true
	exit
fi

# Inner test: the end of a process that goes on without its first thread
if [ "${1:-}" = leaderless ]; then
	. "$here/libvirt.sh"
	"${OOPSBT_BUILD:-$here/../../build}/tests/lib/leaderless" &
	until grep -q '^State:.Z' "/proc/$!/status"; do
		sleep 0.02
	done
	gone $! && echo gone || echo lives
	kill -KILL $!
	until gone $!; do
		sleep 0.02
	done
	echo gone
	exit
fi

# left FOLDER: processes and files that are left of its test
left() {
	ls -d "$1" 2>/dev/null || true
	pgrep -af "^[^ ]*(qemu|libvirtd|virtlogd|virsh|reaper).*$1" || true
}

# nothing_left FOLDER: waits until the processes are reaped and the reaper has run
nothing_left() {
	for ((i = 0; i < 600; i++)); do
		[ -n "$(left "$1")" ] || return 0
		sleep 0.1
	done
	left "$1"
	return 1
}

# Prepares the cache, so that this takes no time in the tests.
kernel=$("$here/../guest/fetch-kernel" 6.1)
"$here/../guest/make-initramfs" "$kernel" >/dev/null

for end in ends TERM INT HUP KILL; do
	exec {out}< <(exec env --default-signal=INT "$0" inner "$end" 2>/dev/null)
	read -r -t 60 -u "$out" pid folder
	tap_ok "the harness runs a QEMU" pgrep -f "qemu.*$folder"
	[ "$end" = ends ] || kill "-$end" "$pid"
	tap_ok "a test that $([ "$end" = ends ] && echo ends || echo "gets SIG$end") leaves nothing" nothing_left "$folder"
	exec {out}<&-
done
tap_is 'a process without its first thread lives until the last one ends' "$("$0" leaderless | xargs)" 'lives gone'
tap_done
