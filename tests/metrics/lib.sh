# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Shared by the tests of metrics. Source tests/daemon/lib.sh and tests/lib/eventually.sh first.
#
#	metrics_has LINE [SECONDS]	until the file has that line, for at most 30 s
#	metrics_lacks TEXT [SECONDS]	until it is there and no line has that text
#	promtool ARG...			of Prometheus
#	prometheus_start		node_exporter and Prometheus with our alert rules, on free ports of loopback
#	query EXPRESSION		what Prometheus answers now, one series a line
#	answers EXPRESSION [SECONDS]	until there is at least one with a number

metrics_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
metrics_shipped=$metrics_lib/../../host-tool/metrics
metrics_file=$daemon_runtime-metrics/oopsbt.prom
prometheus_programs=$("$metrics_lib/fetch-prometheus")/usr/bin

has_line() {
	grep -Fx -- "$1" "$metrics_file" || {
		cat "$metrics_file"
		return 1
	}
}

lacks_text() {
	[ -e "$metrics_file" ] && ! grep -F -- "$1" "$metrics_file"
}

metrics_has() {
	eventually "${2:-30}" has_line "$1"
}

metrics_lacks() {
	eventually "${2:-30}" lacks_text "$1"
}

promtool() {
	"$prometheus_programs/promtool" "$@"
}

# listening LOG: the address on which a Prometheus program listens, from its log
listening() {
	wait_line "$1" 'msg="Listening on"' 30 | grep -oE '127\.0\.0\.1:[0-9]+'
}

prometheus_start() {
	local folder=$test_dir/prometheus
	mkdir -p "$folder/textfiles"
	# The files are read before the programs start.
	touch "$folder/exporter.log" "$folder/prometheus.log"
	# As in docs/metrics.md for Debian's package.
	ln -s "$metrics_file" "$folder/textfiles/oopsbt.prom"
	"$prometheus_programs/prometheus-node-exporter" --web.listen-address=127.0.0.1:0 --collector.disable-defaults \
		--collector.textfile --collector.time --collector.textfile.directory="$folder/textfiles" \
		>"$folder/exporter.log" 2>&1 &
	at_exit "end_process $!"
	exporter=$(listening "$folder/exporter.log")
	cat >"$folder/prometheus.yml" <<-YAML
		global:
		  scrape_interval: 1s
		  evaluation_interval: 1s
		rule_files:
		  - $(realpath "$metrics_shipped/alerts.yml")
		scrape_configs:
		  - job_name: node
		    static_configs:
		      - targets: ['$exporter']
	YAML
	"$prometheus_programs/prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
		--web.listen-address=127.0.0.1:0 >"$folder/prometheus.log" 2>&1 &
	at_exit "end_process $!"
	prometheus=http://$(listening "$folder/prometheus.log")
	wait_line "$folder/prometheus.log" 'ready to receive web requests' 30 >/dev/null
}

query() {
	promtool query instant "$prometheus" "$1"
}

is_answered() {
	query "$1" | grep '=>' | grep -v '=> NaN'
}

answers() {
	eventually "${2:-60}" is_answered "$1"
}
