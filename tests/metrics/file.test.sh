#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The file with oopsbtd's metrics: its permissions, the time of writes, and that nothing waits for
# it.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"

# define NAME: an enabled domain that does not run; NAME as in XML
define() {
	cat >"$test_dir/domain.xml" <<-XML
		<domain type='qemu'>
		  <name>$1</name>
		  <memory unit='MiB'>64</memory>
		  <os><type arch='x86_64'>hvm</type></os>
		  <metadata><oopsbt:oopsbt xmlns:oopsbt='https://oopsbt.org/xmlns/domain/1'/></metadata>
		</domain>
	XML
	virsh -q define "$test_dir/domain.xml"
}

# written_after STAMP: the file is newer
written_after() {
	[ "$metrics_file" -nt "$1" ]
}

# metrics_to VALUE: sets the key in the configuration and loads it
metrics_to() {
	printf '[store]\nroot=%s\n[daemon]\nmetrics=%s\n' "$daemon_store" "$1" >"$test_dir/oopsbtd.conf"
	daemon_mark
	kill -HUP "$daemon_pid"
	daemon_wait 'configuration loaded again' >/dev/null
}

# warnings: the number since the mark
warnings() {
	tail -n "+$daemon_from" "$daemon_log" | grep -c 'warning: no metrics'
}

is_empty() {
	[ -z "$(ls -A "$1")" ]
}

readable_to_nobody() {
	setpriv --reuid=nobody --clear-groups test -r "$1"
}

libvirt_start
cp "$OOPSBT_FREEZE_GUARD" "$test_dir/freeze-guard"
export OOPSBT_FREEZE_GUARD=$test_dir/freeze-guard
umask 077 # as in the service's unit
daemon_start
umask 022

tap_ok "oopsbtd writes its metrics" metrics_has 'oopsbt_libvirt_up 1'
tap_ok "promtool accepts the metrics" promtool check metrics <"$metrics_file"
tap_is "all users can read the file and its folder, and only the owner can write" \
	"$(stat -c %a "$metrics_file" "$(dirname "$metrics_file")" | xargs)" "644 755"
tap_ok "another user reads the file" readable_to_nobody "$metrics_file"
tap_ok "the metrics say that the freeze guard runs" has_line 'oopsbt_freeze_guard_up 1'
tap_ok "the metrics of an empty store have no dumps" metrics_has 'oopsbt_store_dumps 0'
tap_is "the folder contains nothing else" "$(ls -A "$(dirname "$metrics_file")")" oopsbt.prom

touch "$test_dir/stamp"
tap_ok "the file is written again while nothing changes" eventually 15 written_after "$test_dir/stamp"

# --- domains ---

define plain
tap_ok 'an enabled domain is in the metrics' metrics_has 'oopsbt_incidents_total{domain="plain",kind="oops"} 0'
tap_ok 'a domain that does not run is not counted as not understood' has_line 'oopsbt_domains_not_understood{reason="searching"} 0'
virsh -q domrename plain renamed >/dev/null
tap_ok 'a domain that is renamed has its new name in the metrics' metrics_has 'oopsbt_incidents_total{domain="renamed",kind="panic"} 0'
tap_ok 'a domain that is renamed does not have its old name in the metrics' metrics_lacks '"plain"'
virsh -q undefine renamed
tap_ok 'a removed domain disappears from the metrics' metrics_lacks renamed
tap_ok 'a removed domain is not counted' has_line 'oopsbt_domains_enabled 0'

define 'a&quot;} 1 \ b&#228;'
tap_ok "a domain's name cannot end its label" metrics_has 'oopsbt_incidents_total{domain="a\"} 1 \\ bä",kind="oops"} 0'
tap_ok "promtool accepts a domain's name with special characters" promtool check metrics <"$metrics_file"
prometheus_start
# shellcheck disable=SC2016 # a name
tap_ok "Prometheus has the domain's exact name" \
	answers 'oopsbt_incidents_total{domain=`a"} 1 \ bä`,kind="oops"} == 0'
tap_ok "node_exporter accepts the file" answers 'node_textfile_scrape_error == 0'

# --- the daemon's resources ---

rm "$test_dir/freeze-guard"
kill -KILL "$(pgrep -P "$daemon_pid" -f oopsbt-freeze-guard)"
tap_ok "the metrics show a freeze guard that cannot be started again" metrics_has 'oopsbt_freeze_guard_up 0' 20
cp "$build/host-tool/oopsbt-freeze-guard" "$test_dir/freeze-guard"
libvirt_kill
tap_ok 'the metrics show a lost connection to libvirt' metrics_has 'oopsbt_libvirt_up 0'
libvirt_again
tap_ok 'the metrics show a restored connection to libvirt' metrics_has 'oopsbt_libvirt_up 1' 30
tap_ok 'the metrics show a restored freeze guard' metrics_has 'oopsbt_freeze_guard_up 1' 20

# --- the file is not writable ---

metrics_to none
tap_ok "metrics=none removes the file" eventually 10 is_empty "$(dirname "$metrics_file")"

metrics_to "$test_dir/missing/oopsbt.prom"
tap_like "a folder that is missing is a warning that names it" "$(daemon_wait 'warning: no metrics')" "$test_dir/missing/"
define busy # each change is a try
virsh -q undefine busy
touch "$test_dir/stamp"
define busy
mkdir "$test_dir/missing"
tap_like "the file is written again when the folder exists" "$(daemon_wait 'metrics are written again' 15)" again
tap_is 'a missing folder gives one warning' "$(warnings)" 1
metrics_file=$test_dir/missing/oopsbt.prom
tap_ok 'the file is complete when the folder exists again' has_line 'oopsbt_domains_enabled 2'

mkdir "$test_dir/full"
mount -t tmpfs -o size=16k,mode=0755 full "$test_dir/full"
at_exit "umount $test_dir/full"
metrics_to "$test_dir/full/oopsbt.prom"
tap_ok "the file moves when another path is configured" eventually 10 is_empty "$test_dir/missing"
metrics_file=$test_dir/full/oopsbt.prom
tap_ok 'the file is at the new path' metrics_has 'oopsbt_domains_enabled 2'
dd if=/dev/zero of="$test_dir/full/filler" bs=4k count=16 2>/dev/null || true
cp "$metrics_file" "$test_dir/before"
daemon_mark
virsh -q undefine busy
tap_like "a folder that is full is a warning" "$(daemon_wait 'warning: no metrics' 15)" 'No space left'
define busy
touch "$test_dir/stamp"
tap_ok "with a full folder the old file stays complete" cmp "$metrics_file" "$test_dir/before"
tap_is 'a full folder contains no partial file' "$(cd "$test_dir/full" && find . -type f | sort | xargs)" "./filler ./oopsbt.prom"
rm "$test_dir/full/filler"
tap_ok 'the file is written again when there is space' eventually 15 written_after "$test_dir/stamp"
tap_is 'a full folder gives one warning' "$(warnings)" 1

echo 'metrics=relative.prom' >>"$test_dir/oopsbtd.conf"
daemon_mark
kill -HUP "$daemon_pid"
tap_like "an invalid value is named and changes nothing" "$(daemon_wait 'not loaded')" 'metrics: "relative.prom" is not none or the whole path'

# --- the end of the daemon ---

status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_is 'SIGTERM removes the metrics file' "$(ls -A "$test_dir/full")" ''
tap_done
