#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Three hosts and a collector of their journals, each a machine container with its own systemd, in a
# separate network: guests of two hosts oops, and the collector lists the bugs. docs/fleet.md
# describes the setup.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"
. "$here/collector.sh"

remote=$collector_journals
incident=$(sed -n 's/^#define LOG_ID_INCIDENT "\(.*\)".*/\1/p' "$here/../../host-tool/daemon/log.h")

oops() {
	guest_exec "$1" "(echo $2 >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true" 2>/dev/null
}

# --- queries to the collector ---

# answer EXPRESSION VERB [OPTION...]: a value in the JSON of the verb for all journals
answer() {
	local expression=$1 verb=$2
	shift 2
	on_collector virsh oopsbt "$verb" --journal "$remote" --json "$@" 2>/dev/null |
		python3 -c "import json, sys; data = json.load(sys.stdin); print($expression)"
}

# has_dumps NUMBER: they have arrived at the collector
has_dumps() {
	[ "$(answer 'len(data)' list)" = "$1" ]
}

collector_certificates alpha beta gamma
# A separate network: only loopback.
unshare --net sleep infinity &
at_exit "end_process $!"
network=/proc/$!/ns/net
for name in alpha beta gamma collector; do
	host_make "$name"
	host_boot "$name" --network-namespace-path="$network"
done
for name in alpha beta gamma collector; do
	host_wait "$name"
done

tap_ok "the collector listens" collector_listens
tap_like "list of an empty collector is an error" "$(on_collector virsh oopsbt list --journal "$remote" 2>&1 || true)" \
	'^error: .*/var/log/journal/remote'

for name in alpha beta gamma; do
	tap_ok "$name sends its journal" collector_gets "$name"
	host_use "$name"
	host systemctl start oopsbtd
done
host_use alpha
guest_start a smp=1 kaslr=no wait=no
host_use beta
guest_start b smp=1 kaslr=no wait=no
host_use alpha
guest_ready a
host virsh oopsbt enable "$(guest_domain a)" --kinds "$host_kinds" >/dev/null
host_log ': runs Linux' >/dev/null
host_use beta
guest_ready b
host virsh oopsbt enable "$(guest_domain b)" --kinds "$host_kinds" >/dev/null
host_log ': runs Linux' >/dev/null

# --- a shared bug ---

host_use alpha
oops a null
tap_ok "an oops of a guest of the first host is stored there" host_log ': oops: .*\(dump '
sleep 1.1 # dumps of one second have no order across hosts
host_use beta
host_mark
oops b null
tap_ok "the same bug of a guest of the second host is stored there" host_log ': oops: .*\(dump '
host_mark
oops b bug
tap_ok "another bug of a guest of the second host is stored there" host_log ': oops: .*\(dump '

tap_ok "the collector lists all three dumps" eventually 120 has_dumps 3
tap_is "the collector has the journals of all hosts" \
	"$(on_collector journalctl --directory="$remote" --field=_HOSTNAME | sort | xargs)" "alpha beta gamma"
tap_is "stats shows the bugs, their hosts and the number of domains" \
	"$(answer 'sorted((d["count"], d["hosts"], d["num_hosts"], d["num_domains"]) for d in data)' stats)" \
	"[(1, ['beta'], 1, 1), (2, ['alpha', 'beta'], 2, 2)]"
tap_like "the bug that two hosts share has its title" "$(answer '[d["newest"]["title"] for d in data if d["num_hosts"] == 2][0]' stats)" \
	'scenario_null'
tap_like "stats as a table says on how many hosts a bug was seen" "$(on_collector virsh oopsbt stats --journal "$remote")" '^ *2 .* 2 \(\+2\) .*scenario_null'
tap_is "stats by host has a line for each host" \
	"$(answer 'sorted((d["host"], d["count"], d["bugs"]) for d in data)' stats --by host)" \
	"[('alpha', 1, 1), ('beta', 2, 2)]"
tap_is "list has all dumps, oldest first" "$(answer '[d["host"] for d in data]' list)" "['alpha', 'beta', 'beta']"
tap_is "list of one bug has those of both hosts" \
	"$(answer '[d["host"] for d in data]' list --fingerprint "$(answer '[d["fingerprint"] for d in data if d["num_hosts"] == 2][0]' stats)")" \
	"['alpha', 'beta']"
id=$(answer 'data[0]["id"]' list)
tap_is "list has the command that fetches a dump" "$(answer 'data[0]["fetch"]' list)" \
	"virsh -c qemu+ssh://alpha/system oopsbt export $id $id.tar.gz"
host_use alpha
tap_like "the dump on its host has the id that list shows" "$(host virsh oopsbt info "$id")" 'scenario_null'
tap_is "list names the machine by its machine-id" "$(answer 'data[0]["machine_id"]' list)" "$(host cat /etc/machine-id)"
tap_is "list finds the default directory of the collector" \
	"$(on_collector virsh oopsbt list --journal --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" 3

# --- the collector is away ---

on_collector systemctl stop systemd-journal-remote.socket systemd-journal-remote.service
host_use beta
host_mark
oops b null
tap_ok "an oops is stored while the collector is away" host_log ': oops: .*\(dump '
upload_is_away() {
	! host systemctl is-active --quiet systemd-journal-upload
}
tap_ok "a host notices that the collector is away" eventually 60 upload_is_away
on_collector systemctl start systemd-journal-remote.socket
tap_ok "the collector that is back receives the oops of the meantime" eventually 120 has_dumps 4

# --- repeated and untrusted entries, newer versions ---

host_use alpha
host systemctl stop systemd-journal-upload
host rm /var/lib/systemd/journal-upload/state
host systemctl start systemd-journal-upload
host_use gamma
# shellcheck disable=SC2016 # for the shell in there
host setpriv --reuid=nobody --clear-groups sh -c 'printf "%s\n" "$@" | logger --journald' sh "MESSAGE_ID=$incident" \
	PRIORITY=4 MESSAGE=forged OOPSBT_DOMAIN=forged OOPSBT_DUMP=20260101T000000Z-1 OOPSBT_KIND=panic OOPSBT_TITLE=forged
# has_entries HOST NUMBER: the number of its incidents
has_entries() {
	[ "$(on_collector journalctl --directory="$remote" --output=cat "MESSAGE_ID=$incident" "_HOSTNAME=$1" | wc -l)" = "$2" ]
}
tap_ok "a host that has lost its place sends its journal again" eventually 120 has_entries alpha 2
tap_ok "an entry that a user of a host forged arrives" eventually 120 has_entries gamma 1
host_use collector
head -c 100000 /dev/urandom >"$host_root$remote/noise.journal"
# They share an address, so they share a file.
cp "$host_root$remote/remote-127.0.0.1.journal" "$host_root$remote/newer.journal"
printf '\xff' | dd of="$host_root$remote/newer.journal" bs=1 seek=12 conv=notrunc status=none
tap_is "a repeated entry counts once, a forged one does not count" \
	"$(answer 'sorted((d["count"], d["num_hosts"]) for d in data)' stats)" "[(1, 1), (3, 2)]"
warned=$(on_collector virsh oopsbt list --journal "$remote" 2>&1 >/dev/null || true)
tap_like "list warns of untrusted journals" "$warned" 'cannot read all of .*noise.journal'
tap_like "list names journals of newer versions" "$warned" 'cannot read all of .*newer.journal'
tap_done
