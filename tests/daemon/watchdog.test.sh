#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that does not serve its watchdog device: there is a dump if the device's action leaves the
# guest readable, and a guest that the action has stopped stays stopped. Each kind of incident has
# its own rate limit.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

daemon_config '[rate-limit]' 'domain_burst=2' 'domain_per_hour=1'
libvirt_start
daemon_start

# Opens the device and never serves it again. It is off after its expiry; the test then closes it
# properly, because otherwise the driver assumes that it still runs.
expires() {
	daemon_mark
	guest_exec g 'killall watchdog 2>/dev/null && while pidof watchdog; do usleep 50000; done
		watchdog -F -T 2 -t 3600 /dev/watchdog0 >/dev/null 2>&1 &'
	daemon_wait "$1" 60 >/dev/null || true
	dump=$(newest g)
}

action() {
	virsh -q qemu-monitor-command "$(guest_domain g)" \
		"{\"execute\": \"watchdog-set-action\", \"arguments\": {\"action\": \"$1\"}}" >/dev/null
}

guest_start g smp=2 memory=256 kaslr=no devices="<watchdog model='i6300esb' action='pause'/>"
guest_exec g 'modprobe i6300esb'
daemon_follow g "budget='10000'" >/dev/null

expires ': stored:'
tap_is 'a watchdog that pauses the guest: the incident is the watchdog' "$(value '$.incident') by $(value '$.signal'): $(value '$.title')" \
	'watchdog by watchdog: watchdog expired'
tap_like 'a watchdog that pauses the guest: the report has the evidence' "$(cat "$dump/report.txt")" \
	"^Seen +the guest did not serve its watchdog device in time; the device's action is pause\$"
tap_like 'a watchdog that pauses the guest: the report has its CPUs' "$(cat "$dump/report.txt")" 'Call Trace'
tap_is 'a watchdog that pauses the guest: the guest stays paused' "$(state g)" 'paused (watchdog)'

virsh -q resume "$(guest_domain g)"
action none
expires ': stored:'
tap_is 'a watchdog without an action: the incident is the watchdog' "$(value '$.incident'), $(dumps g | wc -l) dumps" 'watchdog, 2 dumps'
tap_like 'a watchdog without an action: the guest was frozen and runs' "$(value '$.timeline.thawed'), $(state g)" \
	'^20.*, running'

expires 'skipping signals: rate limit reached'
daemon_mark
oops g
daemon_wait ': stored:' 60 >/dev/null || true
tap_is "the rate limit of watchdogs does not keep an oops from being collected" \
	"$(dumps g | wc -l) dumps, $(value '$.incident' g)" '3 dumps, oops'

# paused_unseen: it expires while there is no daemon
paused_unseen() {
	guest_exec g 'killall watchdog 2>/dev/null && while pidof watchdog; do usleep 50000; done
		watchdog -F -T 2 -t 3600 /dev/watchdog0 >/dev/null 2>&1 &'
	for ((i = 0; i < 600; i++)); do
		[ "$(state g)" != 'paused (watchdog)' ] || return 0
		sleep 0.1
	done
}

# comes_back: runs the daemon for longer than a dump takes
comes_back() {
	daemon_start
	daemon_wait "$(guest_domain g): runs Linux" >/dev/null
	sleep 3
	daemon_stop
}

action pause
daemon_stop
paused_unseen
daemon_start
daemon_wait ': stored:' 60 >/dev/null || true
dump=$(newest g)
tap_is 'a guest that its watchdog paused while there was no daemon: there is a dump of it' \
	"$(dumps g | wc -l): $(value '$.incident') by $(value '$.signal'), $(state g)" '4: watchdog by watchdog, paused (watchdog)'
tap_like 'a guest that its watchdog paused while there was no daemon: the report has the evidence' "$(cat "$dump/report.txt")" \
	'^Seen +the guest did not serve its watchdog device in time, and the device has paused it$'
daemon_stop
comes_back
tap_is 'a guest that its watchdog paused while there was no daemon: the next one makes no second dump' "$(dumps g | wc -l)" 4
virsh -q resume "$(guest_domain g)"
comes_back
tap_is "a guest that runs again after its watchdog's pause: there is no further dump" "$(dumps g | wc -l)" 4
daemon_start
daemon_wait "$(guest_domain g): runs Linux" >/dev/null
expires ': stored:'
daemon_stop
comes_back
tap_is 'a guest that its watchdog paused while a daemon ran: the next daemon makes no second dump' "$(dumps g | wc -l)" 5
virsh -q resume "$(guest_domain g)"
paused_unseen
daemon_start
daemon_wait ': stored:' 60 >/dev/null || true
tap_is 'a guest that was resumed and paused by its watchdog again, both while there was no daemon: there is a dump of that' \
	"$(dumps g | wc -l), $(state g)" '6, paused (watchdog)'
daemon_stop
comes_back
tap_is 'a guest that was resumed and paused by its watchdog again: the next daemon makes no other dump' "$(dumps g | wc -l)" 6
virsh -q resume "$(guest_domain g)"
daemon_start
daemon_wait "$(guest_domain g): runs Linux" >/dev/null

action reset
expires 'the guest is gone, so there is no dump'
tap_like 'a watchdog that resets the guest: the log says that there is no dump' "$(tail -n "+$daemon_from" "$daemon_log")" \
	"watchdog device in time; the device's action is reset: the guest is gone"
guest_destroy g
tap_done
