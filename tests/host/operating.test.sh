#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guide of a new operator, docs/operating.md: the test extracts its blocks of commands and runs
# them, on a host with a real systemd, from the packages to an alert of a real Prometheus and to a
# collector. HOST_SUITE=trixie in the environment: on that release.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"
. "$here/collector.sh"

top=$here/../..
page=$top/docs/operating.md
source=$test_dir/source/oopsbt
domain=
id=

# block NAME: the commands of the page below "run: NAME"
block() {
	awk -v "mark=<!-- run: $1 -->" '$0 == mark { on = 1; next } on && /^    / { print substr($0, 5); next } on && NF { exit }' \
		"$page"
}

# walk NAME: runs these commands on the host, in the source tree, with the test's guest and dump
walk() {
	local commands
	commands=$(block "$1" | sed "s/\bweb1\b/$domain/g; s/\bID\b/$id/g")
	[ -n "$commands" ] || { echo "the page has no commands \"$1\""; return 1; }
	host env --chdir="$source" DEBIAN_FRONTEND=noninteractive bash -euxc "$commands"
}

# query EXPRESSION: the current answer of the host's Prometheus
query() {
	host promtool query instant http://localhost:9090 "$1"
}

answers() {
	query "$1" | grep '=>' | grep -v '=> NaN'
}

# The source as in git, and other files of the tree.
mkdir -p "$source"
(cd "$top" && git ls-files --cached --others --exclude-standard -z | xargs -0 ls -d 2>/dev/null |
	tar --no-recursion -T - -cf -) | tar -xf - -C "$source"

collector_certificates walker
host_make walker bare
host_boot walker
host_make collector bare
host_boot collector
host_wait collector
collector_listens
host_wait walker
collector_gets walker
echo 'APT::Get::Assume-Yes "true";' >"$host_root/etc/apt/apt.conf.d/90test" # the operator says yes
host apt-get update >"$host_dir/apt" 2>&1 || cat "$host_dir/apt" >&2

# --- 1 to 3 ---

tap_ok "the packages are built and installed" walk install
tap_ok "oopsbtd runs" eventually 30 walk health
guest_start a smp=1 kaslr=no
domain=$(guest_domain a)
tap_ok "a guest is enabled" walk enable
tap_ok "all guests are enabled" walk enable-all
host_mark
tap_ok "guests that come later are enabled" walk auto-enable
host_log 'configuration loaded again' >/dev/null
understood() {
	host virsh oopsbt status "$domain" | grep -E 'Linux|6\.'
}
tap_ok "the kernel of the guest is found" eventually 60 understood
tap_ok "a dump can be collected and read" walk try

# --- 4 ---

tap_ok "Prometheus is installed" walk prometheus
tap_ok "Prometheus has the metrics of the guest" eventually 90 answers "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} == 0"
host_mark
guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
tap_ok "an oops is in the journal" host_log "$domain: oops: .*\(dump "
tap_like "the oops has the priority that the page names" "$(host journalctl -u oopsbtd -p warning --output=cat)" "$domain: oops: "
tap_ok "an alert fires" eventually 120 answers "ALERTS{alertname=\"OopsbtGuestOops\",alertstate=\"firing\",domain=\"$domain\"}"
while IFS=$'\t' read -r title expression; do
	tap_ok "the dashboard's \"$title\" has data" eventually 60 answers "$expression"
done < <("$here/../metrics/queries" "$host_root/usr/share/oopsbt/dashboard.json")

# --- 5 ---

id=$(host virsh oopsbt list --last --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["id"])')
tap_ok "the dump can be read" walk look
tap_like "the list has the oops" "$(host virsh oopsbt list)" 'scenario_null|NULL pointer'

host_use collector
tap_ok "the packages are installed on the collector" host env DEBIAN_FRONTEND=noninteractive \
	apt-get install -y --no-install-recommends "${source%/*}"/oopsbt_*.deb "${source%/*}"/oopsbt-virsh_*.deb
collected() {
	walk collector | grep -E "walker.*$domain|$domain.*walker"
}
tap_ok "the collector lists the oops" eventually 120 collected
tap_like "the collector names the guest" "$(walk collector 2>/dev/null)" "$domain"
tap_done
