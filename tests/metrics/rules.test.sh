#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The installed alert rules and dashboard.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

promtool=$("$here/fetch-prometheus")/usr/bin/promtool
shipped=$here/../../host-tool/metrics
docs=$here/../../docs/metrics.md

tap_ok "Prometheus accepts the alert rules" "$promtool" check rules --lint-fatal "$shipped/alerts.yml"
tap_ok "each alert fires at its time, and not before" "$promtool" test rules "$shipped/alerts.test.yml"

untested=
undocumented=
for alert in $(sed -n 's/^ *- alert: //p' "$shipped/alerts.yml"); do
	grep -q "alertname: $alert\$" "$shipped/alerts.test.yml" || untested+="$alert "
	grep -q "\`$alert\`" "$docs" || undocumented+="$alert "
done
tap_is "each alert has a test" "$untested" ''
tap_is "docs/metrics.md has each alert" "$undocumented" ''

tap_ok "the dashboard is JSON, and its queries can be extracted" "$here/queries" "$shipped/dashboard.json"
undocumented=
for metric in $(grep -ohE 'oopsbt_[a-z_]+' "$shipped/dashboard.json" "$shipped/alerts.yml" | sed -E 's/_(bucket|count|sum)$//' | sort -u); do
	grep -q "\`$metric\`" "$docs" || undocumented+="$metric "
done
tap_is "docs/metrics.md has each metric that alerts and dashboard query" "$undocumented" ''
tap_done
