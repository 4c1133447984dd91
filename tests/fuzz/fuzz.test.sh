#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every fuzz target runs its corpus and some seconds more; `make fuzz` runs longer.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
seconds_each=5

tap_ok "the fuzz targets build" make -C "$here/../.." -j"$(nproc)" fuzz-targets
targets=$(find "$here" -name '*.c' ! -name 'fuzz*.c' -printf '%f\n' | sed 's/\.c$//' | sort | xargs)
tap_is "every target has a corpus" "$(cd "$here/corpus" && echo *)" "$targets"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
# Runs one target per processor at a time. The seed is fixed: new findings are for `make fuzz`, not
# for an unrelated change that is being checked.
# shellcheck disable=SC2016 # the inner shell expands
xargs -n 1 -P "$(nproc)" env FUZZ_FRESH=1 FUZZ_SEED=1 sh -c '"$0" "$1" "$3" >"$2/$3" 2>&1 && touch "$2/$3.good"' \
	"$here/run" "$seconds_each" "$logs" <<<"$targets" || true
# looked_at TARGET: prints the output of its run; fails if there was a finding
looked_at() {
	cat "$logs/$1"
	[ -e "$logs/$1.good" ]
}
for target in $targets; do
	tap_ok "$target: its corpus and $seconds_each s more break nothing" looked_at "$target"
done
tap_done
