#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A save or snapshot that begins and ends during a freeze keeps the pause: libvirt does not refuse or
# delay it. (freeze.test.sh has one that lasts longer, which is cancelled.)
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

libvirt_start
truncate -s 1M "$test_dir/disk"
guest_start a smp=1 kaslr=no memory=256 persistent=yes \
	devices="<disk type='file'><driver name='qemu' type='raw'/><source file='$test_dir/disk'/><target dev='vda' bus='virtio'/></disk>"
rogue_analyzer
daemon_config '[analyzer]' 'wall_seconds=12' '[rate-limit]' 'domain_burst=1000'
daemon_start
daemon_follow a "budget='9000' signal='event'" >/dev/null
mkdir -m 0777 "$test_dir/images"

# during_freeze COMMAND...: virsh runs it while a collection does not thaw its guest
during_freeze() {
	rogue hang-frozen
	daemon_mark
	oops a &
	daemon_wait "$(guest_domain a): frozen: the guest is frozen" >/dev/null
	rogue good
	timeout 60 virsh -q "$@"
	tap_unlike "libvirt finishes $1 during the freeze" "$(tail -n "+$daemon_from" "$daemon_log")" 'thawed: |could not be resumed'
	daemon_wait 'stored: ' >/dev/null # the collection has ended, and with it the freeze
}

restored() {
	guest_attach a
	state a
}

during_freeze managedsave "$(guest_domain a)"
daemon_wait 'freeze-guard: .* was saved while it was frozen: changed' >"$test_dir/said" || true
tap_like "the guard logs that it changed the managed save that was made during a freeze" "$(cat "$test_dir/said")" 'to running'
daemon_mark
virsh -q start "$(guest_domain a)" >/dev/null
tap_like "a guest whose managed save was made during its freeze runs when it is started" "$(restored)" '^running'
tap_is "a guest whose managed save was made during its freeze answers" "$(guest_exec a 'echo alive' 60)" alive

daemon_wait 'runs Linux' >/dev/null
during_freeze snapshot-create-as "$(guest_domain a)" one --memspec "file=$test_dir/images/snapshot,snapshot=external" --diskspec "vda,file=$test_dir/images/overlay"
tap_like "a guest whose snapshot was made during its freeze runs afterwards" "$(state a)" '^running'

during_freeze save "$(guest_domain a)" "$test_dir/images/saved"
tap_ok "the log says how to restore a guest that was saved to a file during its freeze" \
	daemon_wait 'freeze-guard: .* was saved while it was frozen: restore it with --running'
virsh -q restore --running "$test_dir/images/saved" >/dev/null
tap_like "a guest that is restored with --running runs" "$(restored)" '^running'
status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_done
