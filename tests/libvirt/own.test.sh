#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt's own tests of the parts that our patches change.
set -eu
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

# own TREE TEST: runs one of libvirt's tests; prints its output if it fails
own() {
	local out
	out=$(cd "$1/build/tests" && env -u LIBVIRT_DEFAULT_URI abs_top_builddir="$1/build" abs_top_srcdir="$1" \
		LC_ALL=C.UTF-8 VIR_TEST_DEBUG=1 "./$2" 2>&1) && return
	tap_note "$(grep -B20 FAILED <<<"$out" | tail -n 60)"
	return 1
}

for release in ${RELEASES:-9.0 11.3}; do
	if ! tree=$("$here/../plugin/build-virsh" "$release" daemon 2>&1); then
		tap_note "$tree"
		tap_fail "libvirt $release can be built with the patches"
		continue
	fi
	for test in qemuxmlconftest qemuxml2argvtest qemuxml2xmltest qemumonitorjsontest qemucapabilitiestest domaincapstest \
		virschematest; do
		[ ! -x "$tree/build/tests/$test" ] || tap_ok "$release: $test" own "$tree" "$test"
	done
done

tap_done
