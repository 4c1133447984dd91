#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The tests of QEMU's own suite that the series adds or changes, with the patched QEMU: qtest.test.sh [SERIES]
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

qemu=$("$here/../../qemu-patches/build-qemu" "${1:-7.2}")
export QTEST_QEMU_BINARY=$qemu

for test in pvpanic-test pvpanic-pci-test inject-nmi-test; do
	status=0
	output=$(timeout 120 "${qemu%/bin/*}/qtest/$test" --tap -k 2>&1) || status=$?
	while read -r result title; do
		if [ "$result" = ok ]; then
			tap_pass "$title"
		else
			tap_fail "$title"
		fi
	done < <(sed -nE 's/^not ok [0-9]+ /failed /p; s/^ok [0-9]+ /ok /p' <<<"$output")
	tap_is "$test succeeds" "$status" 0
	[ "$status" = 0 ] || tap_note "$(grep -v '^# ' <<<"$output" | tail -n 20)"
done
tap_done
