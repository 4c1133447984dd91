#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spin searches the complete model of a freeze, with two kinds of faults excluded at a time: all
# together take too long for a test. Dying guards are not in the model. It includes the code's own
# table of transitions (freeze-guard/transitions.h).
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# search OPTION...: sets $found to spin's errors, and whether the search was complete
search() {
	(
		cd "$here"
		spin "$@" -a freeze.pml >"$work/spin" 2>&1
		mv pan.? "$work/"
		rm -f _spin_nvr.tmp
	)
	${CC:-cc} -O0 -w -DSAFETY -DCOLLAPSE -o "$work/pan" "$work/pan.c"
	found=$(cd "$work" && ./pan -m100000 -w22)
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
tap_done
