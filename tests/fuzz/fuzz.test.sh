#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every fuzz target takes its corpus, and looks for more for some seconds; `make fuzz` looks longer.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
seconds_each=3

tap_ok "the fuzz targets build" make -C "$here/../.." -j"$(nproc)" fuzz-targets
targets=$(find "$here" -name '*.c' ! -name 'fuzz*.c' -printf '%f\n' | sed 's/\.c$//' | sort | xargs)
tap_is "every target has a corpus" "$(cd "$here/corpus" && echo *)" "$targets"
for target in $targets; do
	tap_ok "$target: its corpus and $seconds_each s more break nothing" \
		env FUZZ_FRESH=1 "$here/run" "$seconds_each" "$target"
done
tap_done
