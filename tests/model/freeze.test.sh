#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spin searches the complete model of a freeze. All faults together take too long for a test: each search excludes some. With MODEL=all in
# the environment (make check-model: minutes, 2 GiB) also everything that can die at once, and two freezes. The model includes
# the code's own table of transitions (freeze-guard/transitions.h).
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# How much gcc optimizes the search. -O1 takes 100 s to compile, and saves 13 s of a search of 26 s.
optimize=0

# search OPTION...: sets $found to spin's errors, and whether the search was complete
search() {
	(
		cd "$here"
		spin "$@" -a freeze.pml >"$work/spin" 2>&1
		mv pan.? "$work/"
		rm -f _spin_nvr.tmp
	)
	${CC:-cc} "-O$optimize" -w -DSAFETY -DCOLLAPSE -o "$work/pan" "$work/pan.c"
	found=$(cd "$work" && ./pan -m200000 -w24)
}

# clean WHAT OPTION...
clean() {
	local what=$1
	shift
	search "$@"
	tap_like "$what: no guest stays frozen, no other pause is ended" "$found" 'errors: 0$'
	tap_unlike "$what: the search is complete" "$found" 'max search depth too small|out of memory|not completed'
}

# mutant NAME WHAT: without it spin must find an error
mutant() {
	search -DONE_FREEZE -DGUARDS_LIVE -DLIBVIRTD_LIVES "-DMUTANT_$1"
	tap_like "$2: the model finds what goes wrong" "$found" 'errors: [1-9]'
}

clean 'one freeze, daemon and libvirtd die' -DONE_FREEZE -DNOBODY_ELSE -DGUARDS_LIVE
clean 'one freeze, the daemon dies, an administrator and a panic' -DONE_FREEZE -DGUARDS_LIVE -DLIBVIRTD_LIVES
mutant TAKEN_UNSEEN 'a daemon that does not see that its freeze was taken over'
mutant PANIC_UNSEEN 'a panic that is not seen before a resume'
mutant EARLIER_RESUME "a resume before the suspend call's answer, taken for the end of the freeze"
clean 'one freeze, the daemon and each freeze guard die' -DONE_FREEZE -DNOBODY_ELSE -DLIBVIRTD_LIVES
if [ "${MODEL:-}" = all ]; then
	optimize=2
	clean 'one freeze, the daemon, each freeze guard and libvirtd die' -DONE_FREEZE -DNOBODY_ELSE
	clean 'two freezes, the daemon dies' -DNOBODY_ELSE -DGUARDS_LIVE -DLIBVIRTD_LIVES
fi
tap_done
