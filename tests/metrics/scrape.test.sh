#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a guest's oops to an alert: oopsbtd's file, node_exporter, Prometheus, the dashboard's queries.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"

# value METRIC: of the line that begins with it
value() {
	sed -n "s/^$1 //p" "$metrics_file"
}

# at_most METRIC LIMIT
at_most() {
	value "$1" | awk -v limit="$2" '{ found = 1; exit !($1 <= limit) } END { if (!found) exit 1 }'
}

# rules: each with its health, from Prometheus
rules() {
	python3 - "$prometheus" <<-'PYTHON'
		import json, sys, urllib.request
		with urllib.request.urlopen(sys.argv[1] + "/api/v1/rules", timeout=20) as answer:
		    groups = json.load(answer)["data"]["groups"]
		for group in groups:
		    for rule in group["rules"]:
		        print(rule["name"], rule["health"], rule.get("lastError", ""))
	PYTHON
}

# all_rules_ran: no rule waits for its first evaluation
all_rules_ran() {
	! rules | grep unknown
}

has_no_answer() {
	[ -z "$(query "$1")" ]
}

libvirt_start
guest_start a smp=2 kaslr=no
domain=$(guest_domain a)
daemon_start
prometheus_start
daemon_follow a >/dev/null

tap_ok "a followed guest is understood" metrics_has "oopsbt_domain_understood{domain=\"$domain\"} 1"
tap_ok 'a followed guest is watched' metrics_has 'oopsbt_domains_watched 1'
tap_ok 'the watch has just looked at the guest' at_most oopsbt_watch_age_seconds 10
tap_ok 'a guest without an oops has a count of 0' has_line "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 0"
tap_ok 'Prometheus has the metrics of the guest' answers "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} == 0"
tap_is 'no alert fires without a problem' "$(query 'ALERTS{alertstate="firing"}')" ''

oops a
daemon_wait "$domain: stored:" 60 >/dev/null
tap_ok "the metrics count an oops" metrics_has "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 1"
tap_ok 'an oops is not counted as a panic' has_line "oopsbt_incidents_total{domain=\"$domain\",kind=\"panic\"} 0"
tap_ok 'the dump of an oops is counted' metrics_has 'oopsbt_store_dumps 1'
tap_is 'the freeze of an oops is timed' "$(value oopsbt_frozen_seconds_count) $(value oopsbt_signal_to_frozen_seconds_count)" "1 1"
tap_is 'the metrics have the time until the dump was stored' "$(value oopsbt_signal_to_stored_seconds_count)" 1
freeze_ms=$(grep -oE 'runs again, after [0-9.]+' "$daemon_log" | grep -oE '[0-9.]+$')
# Both values are rounded.
tap_ok "the metrics and the log have the same freeze time" \
	awk -v s="$(value oopsbt_frozen_seconds_sum)" -v ms="$freeze_ms" 'BEGIN { d = s * 1000 - ms; exit !(d < 0.1 && d > -0.1) }'
tap_ok 'the freeze is shorter than the time until the dump was stored' \
	awk -v a="$(value oopsbt_frozen_seconds_sum)" -v b="$(value oopsbt_signal_to_stored_seconds_sum)" 'BEGIN { exit !(a < b) }'
tap_ok "the metrics have the size of the dumps" awk -v bytes="$(value oopsbt_store_bytes)" 'BEGIN { exit !(bytes > 10000) }'
tap_ok "promtool accepts the file" promtool check metrics <"$metrics_file"
grep -vE '_bucket|^# HELP' "$metrics_file" | tap_note "$(cat)"

tap_ok "Prometheus sees the increased counter" answers "increase(oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"}[5m]) > 0"
tap_ok 'the alert of an oops fires' answers "ALERTS{alertname=\"OopsbtGuestOops\",alertstate=\"firing\",domain=\"$domain\"}"
# --- incidents without a dump ---

# reload LINE...: adds lines to the configuration
reload() {
	daemon_config "$@"
	daemon_mark
	kill -HUP "$daemon_pid"
	daemon_wait 'configuration loaded again' >/dev/null
}

reload '[store]' 'free_space_mib=1073741824'
oops a
tap_ok "an oops without a dump is counted as failed" metrics_has "oopsbt_failed_collections_total{domain=\"$domain\"} 1" 60
tap_ok 'an oops without a dump is counted as an incident' metrics_has "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 2"
tap_ok 'the metrics show the missing space' metrics_has 'oopsbt_store_needed_bytes 1125899906842624'
tap_ok 'missing space fires an alert' answers 'ALERTS{alertname="OopsbtCollectionFailed",alertstate="firing"}'
tap_ok 'a disk that fills up fires an alert' answers 'ALERTS{alertname="OopsbtStoreFull"}'
reload '[rate-limit]' 'domain_burst=1' 'domain_per_hour=1'
oops a
tap_ok "an oops beyond the rate limit is counted as suppressed" \
	metrics_has "oopsbt_suppressed_signals_total{domain=\"$domain\"} 1" 60
tap_ok 'an oops beyond the rate limit is counted as an incident' metrics_has "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 3"
tap_ok 'suppressed signals fire an alert' answers 'ALERTS{alertname="OopsbtRateLimited",alertstate="firing"}'

# --- all queries ---

tap_ok "the file is fresh for the alert rules" \
	answers 'node_time_seconds - on (job, instance) group_right node_textfile_mtime_seconds < 30'
tap_ok "every rule was evaluated" eventually 15 all_rules_ran
tap_unlike 'every rule was evaluated without an error' "$(rules)" ' err '

while IFS=$'\t' read -r title expression; do
	tap_ok "the dashboard's \"$title\" has data: $expression" answers "$expression"
done < <("$here/queries" "$metrics_shipped/dashboard.json")

guest_destroy a
tap_ok "the metrics of a removed domain disappear" metrics_lacks "$domain"
daemon_stop
tap_ok "Prometheus has no metrics of a stopped daemon" eventually 15 has_no_answer oopsbt_build_info
tap_done
