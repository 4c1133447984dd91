#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Which guests count as lost to emulation, by their console output.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/tap.sh"
. "$here/lost.sh"
console=$(mktemp)
trap 'rm -f "$console"' EXIT

# lost: the result of lost_in_console for stdin
lost() {
	cat >"$console"
	lost_in_console "$console" || echo "not lost"
}

ready='oopsbt-guest: ready 6.1.0'
asked='[    6.300903] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    6.300903] Oops: 0002 [#1] PREEMPT SMP NOPTI
[    6.300903] RIP: 0010:scenario_null_deref+0x13/0x30 [oopsbt_scenario]
[    6.300903] Modules linked in: oopsbt_pvpanic(OE) oopsbt_scenario(OE) pvpanic_pci
[    6.300903] ---[ end trace 0000000000000000 ]---'
half='[    7.100000] int3: 0000 [#2] PREEMPT SMP NOPTI
[    7.100000] RIP: 0010:update_load_avg+0x9e/0x650
[    7.100000] Modules linked in: oopsbt_pvpanic(OE) oopsbt_scenario(OE) pvpanic_pci
[    7.100000] ---[ end trace 0000000000000000 ]---'
stray='[    0.400000] BUG: unable to handle page fault for address: ffffffffff5d0000
[    0.400000] Oops: 0000 [#1] PREEMPT SMP NOPTI
[    0.400000] RIP: 0010:apply_alternatives+0x9e/0x650
[    0.400000] ---[ end trace 0000000000000000 ]---
[    0.500000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b'

tap_is "a healthy guest is not lost" "$(lost <<<"$ready")" 'not lost'
tap_is "a guest that printed nothing is not lost" "$(lost </dev/null)" 'not lost'
tap_is "a guest that oopses on request is not lost" "$(lost <<<"$ready"$'\n'"$asked")" 'not lost'
tap_is "a guest that oopses before the test requested it is lost" "$(lost <<<"$stray")" \
	'BUG: unable to handle page fault for address: ffffffffff5d0000'
tap_is "a guest that oopses in another way after a requested oops is not lost" \
	"$(lost <<<"$asked"$'\n'"$stray")" 'not lost'
tap_is "a guest with half an instruction after a requested oops is lost" \
	"$(lost <<<"$asked"$'\n'"$half")" 'int3: 0000 [#2] PREEMPT SMP NOPTI'
tap_is "an oops in the project's guest module is not a loss" "$(lost <<<"${half//update_load_avg+0x9e\/0x650/oops_entered+0x9e/0x650 [oopsbt_pvpanic]}")" \
	'not lost'
tap_is "an oops in a patched kernel function is not a loss" "$(lost <<<"${half//update_load_avg/pvpanic_notify}")" 'not lost'
tap_is "a BUG() is not half an instruction" "$(lost <<<"$asked
[    7.0] kernel BUG at mm/slub.c:435!
${half/int3/invalid opcode}")" 'not lost'
tap_is "a requested panic is not a loss" "$(lost <<<'[   11.4] Kernel panic - not syncing: asked for')" 'not lost'
tap_is "an unrequested panic is a loss" "$(lost <<<'[   11.4] Kernel panic - not syncing: Attempted to kill init!')" \
	'Kernel panic - not syncing: Attempted to kill init!'

echo '2026-11-25T01:57:53.029017Z qemu-system-x86_64: terminating on signal 15 from pid 32145 (libvirtd)' >"$console"
tap_is "a QEMU that was told to end is not a loss" "$(lost_in_log "$console" || echo "not lost")" 'not lost'
echo 'ERROR:../accel/tcg/tcg-accel-ops.c:82:tcg_handle_interrupt: assertion failed: (qemu_mutex_iothread_locked())' >"$console"
tap_like "a QEMU that failed its own assertion is a loss" "$(lost_in_log "$console" || echo "not lost")" '^ERROR:'
tap_done
