#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each series applies to what it is made for, is formed as the kernel's own checker wants it, and guest-kernel-patch/apply
# does all or nothing.
set -eu

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
apply=$kernel_patches/apply

# Beside the sources, which are linked from there.
mkdir -p "$kernel_cache"
work=$(mktemp -d "$kernel_cache/series-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# touched SERIES: the files it changes
touched() {
	sed -n 's|^+++ b/||p' "$kernel_patches/$1"/*.patch | sort -u
}

# tree SERIES FOLDER: what the apply script looks at of the source it is for
tree() {
	local file source
	source=$("$here/fetch-source" "$1")
	for file in $(touched "$1"); do
		mkdir -p "$2/$(dirname "$file")"
		cp "$source/$file" "$2/$file"
	done
}

# state FOLDER: all its files and what is in them
state() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

# exact SERIES FOLDER: git's words on hunks that are not where the patches say
exact() {
	(cd "$2" && cat "$kernel_patches/$1"/*.patch | GIT_DIR=/dev/null git apply --check -v - 2>&1 | grep -v '^Checking')
}

for series in $(kernel_series); do
	for patch in "$kernel_patches/$series"/*.patch; do
		tap_ok "$series/$(basename "$patch"): checkpatch --strict is content" \
			perl "$("$here/fetch-source" "$series")/scripts/checkpatch.pl" --no-tree --strict --terse "$patch"
		tap_like 'it is signed off' "$(cat "$patch")" '^Signed-off-by: .* <.*@.*>$'
	done
	[ "$series" != linux-5.4 ] || continue

	tree "$series" "$work/$series"
	tap_is "$series applies without fuzz or offset" "$(exact "$series" "$work/$series")" ''
	before=$(state "$work/$series")
	tap_ok "$series: --check says that it would apply" "$apply" --check "$series" "$work/$series"
	tap_is 'and changes nothing' "$(state "$work/$series")" "$before"
	cp -r "$work/$series" "$work/$series-am"
	(cd "$work/$series-am" && git init -q && git add -A && git -c user.name=t -c user.email=t@t commit -qm base)
	tap_ok "$series applies with git am" \
		git -C "$work/$series-am" -c user.name=t -c user.email=t@t am -q "$kernel_patches/$series"/*.patch
	rm -rf "$work/$series-am/.git"
	tap_ok "$series applies with the script" "$apply" "$series" "$work/$series"
	tap_is 'to the same' "$(state "$work/$series")" "$(state "$work/$series-am")"
	tap_like "$series is not applied twice" "$("$apply" "$series" "$work/$series" 2>&1)" 'already applied'
done

# No source of before 5.8 is packaged; with V5_4_SOURCE in the environment that one is used.
if [ -n "${V5_4_SOURCE:-}" ]; then
	tap_is 'linux-5.4 applies to the original source without fuzz or offset' "$(exact linux-5.4 "$V5_4_SOURCE")" ''
else
	tap_skip 'linux-5.4 applies to the original source' 'no such source is packaged: set V5_4_SOURCE to one'
fi
kernel_base linux-5.4 "$work/standin"
tap_ok 'linux-5.4 applies to its stand-in' kernel_patch linux-5.4 "$work/standin"

# --- trees that do not match

tree linux-6.1 "$work/other"
sed -i 's/pr_emerg("Uhhuh/pr_crit("Uhhuh/' "$work/other/arch/x86/kernel/nmi.c"
before=$(state "$work/other")
said=$("$apply" linux-6.1 "$work/other" 2>&1) && status=0 || status=$?
tap_is 'a tree that does not match is refused' "$status" 1
tap_like 'with the patch, the file and the hunk' "$said" \
	'0004-x86-nmi-[^ ]*\.patch fails at arch/x86/kernel/nmi\.c, hunk @@ -[0-9]+,[0-9]+ \+[0-9]+,[0-9]+ @@'
tap_is 'and left as it was, though the patches before would have applied' "$(state "$work/other")" "$before"

rm "$work/other/include/uapi/misc/pvpanic.h"
tap_like 'a file that is missing is named' "$("$apply" linux-6.1 "$work/other" 2>&1)" 'include/uapi/misc/pvpanic\.h'
tap_like 'an unknown series is refused with those there are' "$("$apply" linux-2.6 "$work/other" 2>&1)" \
	"no series 'linux-2.6'.*linux-5.4 linux-6.1 linux-6.12 mainline"
tap_like 'a folder that is no kernel source is refused' "$("$apply" linux-6.1 "$work" 2>&1)" 'not the top of a kernel source'
tap_like 'a folder that is not there is refused' "$("$apply" linux-6.1 "$work/none" 2>&1)" 'no such folder'
"$apply" linux-6.1 >/dev/null 2>&1 && status=0 || status=$?
tap_is 'a missing argument is a usage error' "$status" 2

tap_done
