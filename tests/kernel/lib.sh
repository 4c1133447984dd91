# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Source trees and objects of the patch series, in the cache.
#
#	kernel_bases			the series there are, newest first
#	kernel_series			those of them whose source can be had, so that they can be built; of these the ones
#					in $KERNEL_SERIES, if that is set
#	kernel_variants			the variants there are
#	kernel_variant NAME		what it has in place of small.config's, as lines of .config
#	kernel_key SERIES [LINES]	what a build of the series depends on, as a hash
#	kernel_base SERIES FOLDER	put the source it is for there (hard links: don't edit it in place)
#	kernel_patch SERIES FOLDER	apply the series to that
#	kernel_config SOURCE OBJECTS [LINE...]	small.config and these lines as .config
#	kernel_make OBJECTS ARG...	make in an object folder, nicely
#
# With KERNEL_ARCH=arm64 or powerpc the last two are of that architecture, by Debian's cross compiler.

kernel_tests=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
kernel_patches=$(realpath "$kernel_tests/../../guest-kernel-patch")
# shellcheck disable=SC2034 # for those who source this
kernel_cache=${XDG_CACHE_HOME:-$HOME/.cache}/oopsbt

kernel_bases() {
	awk '!/^#/ && NF { print $1 }' "$kernel_patches/series/order"
}

kernel_series() {
	awk -v only="${KERNEL_SERIES:-}" '!/^#/ && NF && (only == "" || index(" " only " ", " " $1 " ")) { print $1 }' \
		"$kernel_tests/series.conf"
}

kernel_variants() {
	awk '!/^#/ && NF { print $1 }' "$kernel_tests/variants.conf"
}

kernel_variant() {
	[ -n "$1" ] || return 0
	awk -v name="$1" '$1 == name { for (i = 2; i <= NF; i++) print "CONFIG_" $i; found = 1 } END { exit !found }' \
		"$kernel_tests/variants.conf" && return
	echo "there is no variant $1 in variants.conf (there: $(kernel_variants | xargs))" >&2
	return 2
}

kernel_key() {
	local source
	source=$("$kernel_tests/fetch-source" "$1")
	{
		basename "$source"
		gcc --version | head -n 1
		case ${2:-} in
		*CC_IS_CLANG*) clang --version | head -n 1 ;;
		esac
		# Uses the diffs only: a changed message causes no rebuild.
		sed '/^diff --git/,$!d' -s "$kernel_patches/$1"/*.patch
		grep -v '^#' "$kernel_tests/small.config"
		[ -z "${2:-}" ] || echo "$2"
	} | sha256sum | cut -c1-16
}

kernel_base() {
	cp -al "$("$kernel_tests/fetch-source" "$1")" "$2"
}

# kernel_tools CONFIG: the arguments of make for that configuration
kernel_tools() {
	! grep -qx CONFIG_CC_IS_CLANG=y "$1" || echo LLVM=1
	case ${KERNEL_ARCH:-} in
	arm64) printf '%s\n' ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- ;;
	powerpc) printf '%s\n' ARCH=powerpc CROSS_COMPILE=powerpc64le-linux-gnu- ;;
	esac
}

kernel_patch() {
	"$kernel_patches/apply" "$1" "$2"
}

kernel_config() {
	local source=$1 objects=$2
	local -a tools=()
	shift 2
	# Before 5.18 there is no such choice, and no debug information unless enabled.
	grep -q '^config DEBUG_INFO_NONE' "$source/lib/Kconfig.debug" ||
		set -- "${@/#CONFIG_DEBUG_INFO_NONE=y/CONFIG_DEBUG_INFO=n}"
	mkdir -p "$objects"
	{
		cat "$kernel_tests/small.config"
		printf '%s\n' "$@"
	} >"$objects/all.config"
	# The tools are set before the configuration, which is made with them.
	mapfile -t tools < <(kernel_tools "$objects/all.config")
	make -s -C "$source" O="$objects" "${tools[@]}" KCONFIG_ALLCONFIG="$objects/all.config" allnoconfig >"$objects/config.log" 2>&1 ||
		{ cat "$objects/config.log" >&2; return 1; }
	kernel_config_took "$objects/.config" "$@"
}

# kernel_config_took CONFIG LINES...: checks the lines, since Kconfig silently drops options with
# missing dependencies
kernel_config_took() {
	local config=$1 line status=0
	shift
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%n}[ym]" "$config" ;;
		CONFIG_*) grep -qx -- "$line" "$config" ;;
		*) true ;;
		esac || { echo "Kconfig did not take $line" >&2; status=1; }
	done < <(printf '%s\n' "$@")
	return "$status"
}

kernel_make() {
	local objects=$1
	local -a tools=()
	shift
	mapfile -t tools < <(kernel_tools "$objects/.config")
	KBUILD_BUILD_USER=oopsbt KBUILD_BUILD_HOST=test KBUILD_BUILD_TIMESTAMP='2024-01-01' \
		nice -n 10 make -s -C "$objects" -j"$(nproc)" "${tools[@]}" "$@"
}
