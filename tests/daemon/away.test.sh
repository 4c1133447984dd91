#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What oopsbtd knows of guests that were saved and never restored is limited. Without a guest.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"

states() {
	find "$daemon_runtime/maps" -type f -printf '%f\n' | sort -V | xargs
}

are_states() {
	states
	[ "$(states)" = "$1" ]
}

libvirt_start
mkdir -m 0700 "$daemon_runtime" "$daemon_runtime/maps"
for ((i = 0; i < 105; i++)); do
	touch -d "@$((1000 + i))" "$daemon_runtime/maps/away-$i"
done
daemon_start
tap_ok "what is known of the newest 100 guests without a domain is kept" \
	eventually 20 are_states "$(printf 'away-%s\n' {5..104} | xargs)"
tap_done
