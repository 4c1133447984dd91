#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each series applies to its base and passes the kernel's own style checker, and
# guest-kernel-patch/apply applies all patches or none.
set -eu

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
apply=$kernel_patches/apply

# In a separate folder, which links to the sources.
mkdir -p "$kernel_cache"
work=$(mktemp -d "$kernel_cache/series-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# touched SERIES: the files that it changes
touched() {
	sed -n 's|^+++ b/||p' "$kernel_patches/$1"/*.patch | sort -u
}

# tree SERIES FOLDER: the files of its source that the apply script needs
tree() {
	local file source
	source=$("$here/fetch-source" "$1")
	for file in $(touched "$1"); do
		mkdir -p "$2/$(dirname "$file")"
		cp "$source/$file" "$2/$file"
	done
}

# state FOLDER: all its files and their contents
state() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

# exact SERIES FOLDER: git's messages on hunks at other positions than in the patches
exact() {
	(cd "$2" && cat "$kernel_patches/$1"/*.patch | GIT_DIR=/dev/null git apply --check -v - 2>&1 | grep -v '^Checking')
}

# checker SERIES: the source whose checkpatch is used: its own, or that of the next older base that
# has one. The oldest has none, and uses that of the next newer.
checker() {
	local base found=
	for base in $(kernel_bases); do
		[ "$base" != "$1" ] || found=yes
		kernel_series | grep -qx "$base" || continue
		"$here/fetch-source" "$base" >"$work/checker"
		[ -z "$found" ] || break
	done
	cat "$work/checker"
}

for series in $(kernel_bases); do
	# Without a git history it knows no commits.
	tap_is "$series: checkpatch --strict finds nothing" "$(cd / && GIT_DIR=/dev/null/none perl \
		"$(checker "$series")/scripts/checkpatch.pl" --no-tree --strict --terse --ignore UNKNOWN_COMMIT_ID \
		"$kernel_patches/$series"/*.patch 2>&1 | grep -v '^total: 0 errors, 0 warnings, 0 checks\|^$\|has no obvious style')" ''
done

for series in $(kernel_series); do
	tree "$series" "$work/$series"
	tap_is "$series applies without fuzz or offset" "$(exact "$series" "$work/$series")" ''
	before=$(state "$work/$series")
	tap_ok "$series: --check reports that it applies" "$apply" --check "$series" "$work/$series"
	tap_is '--check changes nothing' "$(state "$work/$series")" "$before"
	cp -r "$work/$series" "$work/$series-am"
	(cd "$work/$series-am" && git init -q && git add -A && git -c user.name=t -c user.email=t@t commit -qm base)
	tap_ok "$series applies with git am" \
		git -C "$work/$series-am" -c user.name=t -c user.email=t@t am -q "$kernel_patches/$series"/*.patch
	rm -rf "$work/$series-am/.git"
	tap_ok "$series applies with guest-kernel-patch/apply" "$apply" "$series" "$work/$series"
	tap_is 'guest-kernel-patch/apply and git am give the same tree' "$(state "$work/$series")" "$(state "$work/$series-am")"
	tap_like "$series is not applied twice" "$("$apply" "$series" "$work/$series" 2>&1)" 'already applied'
done

# A base without a Debian package: KERNEL_TREES=FOLDER in the environment provides FOLDER/SERIES as
# its source.
for series in $(kernel_bases | grep -vxF "$(kernel_series)"); do
	if [ -d "${KERNEL_TREES:-/none}/$series" ]; then
		tap_is "$series applies to its base without fuzz or offset" "$(exact "$series" "$KERNEL_TREES/$series")" ''
	else
		tap_skip "$series applies to its base" 'no such source is packaged: set KERNEL_TREES to a folder with it'
	fi
done

# --- trees that do not match

tree linux-6.1 "$work/other"
sed -i 's/pr_emerg("Uhhuh/pr_crit("Uhhuh/' "$work/other/arch/x86/kernel/nmi.c"
before=$(state "$work/other")
said=$("$apply" linux-6.1 "$work/other" 2>&1) && status=0 || status=$?
tap_is 'a tree that does not match is refused' "$status" 1
tap_like 'the refusal names the patch, the file and the hunk' "$said" \
	'0004-unknown-nmi-backtrace\.patch fails at arch/x86/kernel/nmi\.c, hunk @@ -[0-9]+,[0-9]+ \+[0-9]+,[0-9]+ @@'
tap_is 'a refused tree stays unchanged, even if earlier patches would apply' "$(state "$work/other")" "$before"

rm "$work/other/include/uapi/misc/pvpanic.h"
tap_like 'the message names a missing file' "$("$apply" linux-6.1 "$work/other" 2>&1)" 'include/uapi/misc/pvpanic\.h'
tap_like 'the message for an unknown series lists the series' "$("$apply" linux-2.6 "$work/other" 2>&1)" \
	"no series 'linux-2.6'.*linux-5.10 .*linux-6.1 linux-6.12 .*mainline"
tap_like 'a folder that is not a kernel source is refused' "$("$apply" linux-6.1 "$work" 2>&1)" 'not the top of a kernel source'
tap_like 'a missing folder is refused' "$("$apply" linux-6.1 "$work/none" 2>&1)" 'no such folder'
"$apply" linux-6.1 >/dev/null 2>&1 && status=0 || status=$?
tap_is 'a missing argument is a usage error' "$status" 2

tap_done
