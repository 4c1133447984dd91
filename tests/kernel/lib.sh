# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Source trees and objects of the patch series, in the cache.
#
#	kernel_series			the series there are
#	kernel_variant NAME		what it has in place of small.config's, as lines of .config
#	kernel_key SERIES [LINES]	what a build of the series depends on, as a hash
#	kernel_base SERIES FOLDER	put the source it is for there (hard links: don't edit it in place)
#	kernel_patch SERIES FOLDER	apply the series to that
#	kernel_config SOURCE OBJECTS [LINE...]	small.config and these lines as .config
#	kernel_make OBJECTS ARG...	make in an object folder, nicely

kernel_tests=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
kernel_patches=$(realpath "$kernel_tests/../../guest-kernel-patch")
# shellcheck disable=SC2034 # for those who source this
kernel_cache=${XDG_CACHE_HOME:-$HOME/.cache}/oopsbt

kernel_series() {
	awk '!/^#/ && NF { print $1 }' "$kernel_tests/series.conf"
}

kernel_variant() {
	local unwinder
	case $1 in
	'') return ;;
	frame-pointer) unwinder=FRAME_POINTER ;;
	guess) unwinder=GUESS ;;
	*)
		echo "there is no variant $1" >&2
		return 2
		;;
	esac
	# Without types as well: nothing but symbols is there to go by.
	printf 'CONFIG_%s\n' UNWINDER_ORC=n "UNWINDER_$unwinder=y" DEBUG_INFO_BTF=n DEBUG_INFO_DWARF4=n DEBUG_INFO_NONE=y
}

kernel_key() {
	local source
	source=$("$kernel_tests/fetch-source" "$1")
	{
		basename "$source"
		gcc --version | head -n 1
		cat "$kernel_patches/$1"/*.patch
		grep -v '^#' "$kernel_tests/small.config"
		[ -z "${2:-}" ] || echo "$2"
		[ "$1" != linux-5.4 ] || cat "$kernel_tests/linux-5.4-standin.patch"
	} | sha256sum | cut -c1-16
}

# No pre-5.8 source is packaged: its series is built on a stand-in, see linux-5.4-standin.patch. That has no
# documentation of its time.
kernel_base() {
	cp -al "$("$kernel_tests/fetch-source" "$1")" "$2" || return
	[ "$1" != linux-5.4 ] || (cd "$2" && GIT_DIR=/dev/null git apply "$kernel_tests/linux-5.4-standin.patch")
}

kernel_patch() {
	if [ "$1" = linux-5.4 ]; then
		(cd "$2" && cat "$kernel_patches/$1"/*.patch | GIT_DIR=/dev/null git apply --exclude='Documentation/*' -)
	else
		"$kernel_patches/apply" "$1" "$2"
	fi
}

kernel_config() {
	local source=$1 objects=$2
	shift 2
	mkdir -p "$objects"
	{
		cat "$kernel_tests/small.config"
		printf '%s\n' "$@"
	} >"$objects/all.config"
	make -s -C "$source" O="$objects" KCONFIG_ALLCONFIG="$objects/all.config" allnoconfig >"$objects/config.log" 2>&1 ||
		{ cat "$objects/config.log" >&2; return 1; }
}

kernel_make() {
	local objects=$1
	shift
	KBUILD_BUILD_USER=oopsbt KBUILD_BUILD_HOST=test KBUILD_BUILD_TIMESTAMP='2024-01-01' \
		nice -n 10 make -s -C "$objects" -j"$(nproc)" "$@"
}
