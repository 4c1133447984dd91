#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirt's own tests of the parts that our patches change, and its style checks. RELEASES: of which releases.
set -eu
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

# Tests that are scripts: symbols, the remote protocol, access control.
scripts='check-symfile check-symsorting check-drivername check-driverimpls check-aclrules check-aclperms check-remote_protocol'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

# meson_test TREE ARG...
meson_test() {
	local build=$1/build
	shift
	env -u LIBVIRT_DEFAULT_URI -u LC_ALL VIR_TEST_DEBUG=1 meson test -C "$build" --no-rebuild "$@"
}

# own TREE TEST: runs one of libvirt's tests; prints its output if it fails
own() {
	meson_test "$1" --timeout-multiplier 20 --print-errorlogs "$2" >"$log" 2>&1 && return
	tap_note "$(grep -E -B20 'FAILED|^Fail: ' "$log" | tail -n 60 | cut -c1-200)"
	return 1
}

# style TREE: prints what the checks find in a clone of the tree. They take every file in a folder "virsh" for one of virsh's.
# No time limit, as meson measures it by the clock: a busy machine is not a fault of style.
style() {
	local clone=$work/style check other
	rm -rf "$clone"
	git clone -q "$1" "$clone"
	# Another project, with another style. libvirt's git does not have it.
	git -C "$clone" rm -rq --cached --ignore-unmatch subprojects src/keycodemapdb build.log
	git -C "$clone" -c user.name=none -c user.email=none commit -qm "libvirt's own files"
	for other in subprojects src/keycodemapdb; do
		[ ! -e "$1/$other" ] || { mkdir -p "$clone/$other" && cp -r "$1/$other/." "$clone/$other/"; }
	done
	meson setup "$clone/build" "$clone" -Dauto_features=disabled -Dsystem=false -Ddocs=disabled -Dtests=enabled >"$log" 2>&1 ||
		tail -n 5 "$log"
	meson_test "$clone" --timeout-multiplier 0 --suite syntax-check >"$log" 2>&1 || true
	grep -qE '^Ok: +1[0-9][0-9] *$' "$log" || echo 'the checks do not run'
	sed -nE 's,.*syntax-check / ([a-zA-Z0-9_-]+) +(FAIL|TIMEOUT) .*,\1,p' "$log" | sort -u >"$work/failed"
	while read -r check; do
		make -s -C "$clone/build/build-aux" "sc_$check" </dev/null >"$work/found" 2>&1 || true
		case $check in
		po_check) missing_texts "$clone" ;;
		*) sed "s/^/$check: /" "$work/found" | head -n 5 ;;
		esac
	done <"$work/failed"
}

# missing_texts CLONE: prints files of git that po/POTFILES lacks or names in vain. Without a whole build some generated files
# are missing, and these do not count.
missing_texts() {
	sed -nE 's/^[-+](@?[A-Za-z][^ ]*)$/\1/p' "$work/found" | while read -r file; do
		[ ! -e "$1/${file#@SRCDIR@}" ] || echo "po_check: $file"
	done
}

for release in ${RELEASES:-9.0 11.3}; do
	if ! tree=$("$here/../plugin/build-virsh" "$release" daemon 2>"$log"); then
		tap_note "$(cat "$log")"
		tap_fail "libvirt $release can be built with the patches, without a warning"
		continue
	fi
	tap_ok "libvirt $release can be built with the patches, without a warning" true
	# The scripts also read files that are generated for drivers that are not built.
	ninja -C "$tree/build" src/lxc/lxc_monitor_protocol.h src/lxc/lxc_monitor_protocol.c src/lxc/lxc_monitor_dispatch.h >"$log" 2>&1
	known=$(meson_test "$tree" --list 2>/dev/null | sed 's/.* \/ //; s/^libvirt://')
	num=0
	for test in $("$here/own-tests") $scripts; do
		grep -qx "$test" <<<"$known" || continue
		case $test in
		check-*) ;;
		*) [ -x "$tree/build/tests/$test" ] || continue ;;
		esac
		num=$((num + 1))
		tap_ok "$release: $test" own "$tree" "$test"
	done
	tap_ok "$release: libvirt has these tests, $num" [ "$num" -ge 14 ]
	tap_is "$release: syntax-check" "$(style "$tree")" ''
done

tap_done
