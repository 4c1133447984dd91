#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The patch series: make-series generates each; each applies to its source, and if that is Debian's to
# upstream's, too; has QEMU's style, and compiles; apply changes nothing if a series does not match.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/libvirt.sh"
patches=$(realpath "$here/../../qemu-patches")

# touched SERIES: the files of the source that it changes, without new ones
touched() {
	awk '$1 == "---" { from = $2 }
		$1 == "+++" { to = substr($2, 3); if (from == "/dev/null") new[to]; else if (!(to in new)) print to }' \
		"$patches/$1"/00{0[1-9],1[0-9]}-*.patch | sort -u
}

# tree SERIES source|upstream: a tree with only the needed files, of its source, or of the tarball that lies beside a package
tree() {
	local source files folder=$test_dir/$1-$2
	source=$("$patches/fetch-source" "$1")
	rm -rf "$folder"
	mkdir "$folder"
	mapfile -t files < <(echo VERSION; touched "$1")
	if [ "$2" = source ]; then
		(cd "$source" && cp --parents "${files[@]}" "$folder")
	else
		tar -xf "$source.orig.tar.xz" -C "$folder" --strip-components=1 --wildcards "${files[@]/#/*/}"
	fi
	echo "$folder"
}

sum() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort | sha256sum)
}

# exact SERIES FOLDER: git's messages on hunks that do not fit, or at other positions than in the patches
exact() {
	(cd "$2" && cat "$patches/$1"/00{0[1-9],1[0-9]}-*.patch | GIT_DIR=/dev/null git apply --check -v - 2>&1 | grep -v '^Checking')
}

# checkpatch SERIES SOURCE: with the checker of that source
checkpatch() {
	local patch
	for patch in "$patches/$1"/00{0[1-9],1[0-9]}-*.patch; do
		perl "$2/scripts/checkpatch.pl" --no-tree --quiet "$patch" >"$test_dir/checkpatch" || true
		# 0001 documents the manual import of a header.
		grep -vE 'imported from Linux|^#|^ #define|^total: 0 errors, 1 warnings|^$|style problems|are false positives|CHECKPATCH in' \
			"$test_dir/checkpatch" && return 1
	done
	return 0
}

mails() {
	local patch
	for patch in "$patches/$1"/00{0[1-9],1[0-9]}-*.patch; do
		grep -q '^Signed-off-by: .*@' "$patch" || { echo "$patch is not signed off"; return 1; }
		awk '/^Subject:/ { s = 1 } /^$/ { s = 0 } s && length > 90 { exit 1 }' "$patch" || { echo "$patch: long subject"; return 1; }
	done
}

# told SERIES: the schema's documentation of the new items in a patched tree, independent of its
# layout
told() {
	local name
	for name in OopsAction GuestOopsAction GuestOopsPauseEnd GUEST_OOPS GUEST_OOPS_PAUSE_END GUEST_LOCKUP; do
		sed -n "/^# @$name:\$/,/^# Since/p" "$test_dir/$1-source/qapi/run-state.json" |
			sed -E 's/Features:|(Notes?:|\.\. note::)( This event is rate-limited\.)?//' |
			tr -d '#@`' | xargs -d '\n' | tr -s ' '
	done
}

tap_ok "make-series generates the committed series" "$patches/make-series" --check
mapfile -t all < <("$patches/fetch-source" --list)
for series in "${all[@]}"; do
	source=$("$patches/fetch-source" "$series")
	patched=$(tree "$series" source)
	tap_is "$series fits $(cat "$patched/VERSION") without fuzz or offset" "$(exact "$series" "$patched")" ''
	tap_ok "$series applies to it" "$patches/apply" "$series" "$patched"
	if [ -e "$source.orig.tar.xz" ]; then
		upstream=$(tree "$series" upstream)
		tap_ok "$series applies to upstream's $(cat "$upstream/VERSION")" "$patches/apply" "$series" "$upstream"
	fi
	before=$(sum "$patched")
	tap_like "$series is not applied twice" "$("$patches/apply" "$series" "$patched" 2>&1)" 'is already applied'
	tap_is 'a series that is applied twice leaves the tree as it was' "$(sum "$patched")" "$before"
	tap_is "$series: the events are documented as in ${all[0]}" "$(told "$series")" "$(told "${all[0]}")"
	tap_ok "$series: checkpatch finds nothing" checkpatch "$series" "$source"
	tap_ok "$series: each patch is a signed-off mail" mails "$series"
done

# Without a source: only the mails, with the newest checker there is.
mapfile -t missing < <(awk '/^qemu/ { print $1 }' "$patches/series/order" | grep -vxF "$(printf '%s\n' "${all[@]}")")
for series in "${missing[@]}"; do
	tap_ok "$series: checkpatch finds nothing" checkpatch "$series" "$source"
	tap_ok "$series: each patch is a signed-off mail" mails "$series"
	tap_skip "$series applies to its base" 'no such source is packaged: set QEMU_TREES to a folder with it'
done

other=$(tree qemu-7.2 upstream)
before=$(sum "$other")
tap_like "apply names patch and file for a base that does not match" "$("$patches/apply" 10.0 "$other" 2>&1)" \
	'^apply: qemu-10.0 does not fit .*\(QEMU 7.2.0\)\. 0001-.*\.patch fails: .*pvpanic\.h.*Nothing was changed'
tap_is 'a base that does not match stays unchanged' "$(sum "$other")" "$before"
tap_like "a folder that is not a QEMU source is refused" "$("$patches/apply" 7.2 "$here" 2>&1)" 'not the top of a QEMU source'
tap_like "a series that does not exist is refused" "$("$patches/apply" 6.0 "$here" 2>&1)" "no series '6.0' .*qemu-7.2"

for series in "${all[@]:1}"; do # the first one is built anyway
	tap_ok "$series: the changed files compile" "$patches/build-qemu" --objects "$series"
done
tap_done
