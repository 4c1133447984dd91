#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd as installed, started by a real systemd, with a libvirtd as configured by Debian: it must
# work under the restrictions of the unit.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"

host_start
guest_start a smp=2 kaslr=no
domain=$(guest_domain a)

oops() {
	guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
}

# status_of COMMAND-NAME FIELD: of a process in the host, as in /proc/PID/status
status_of() {
	host sh -c "sed -n 's/^$2:[[:space:]]*//p' /proc/\$(pgrep -xo $1)/status" | tr '\t' ' '
}

# metrics_have LINE: read by a user like node_exporter's
metrics_have() {
	host setpriv --reuid=nobody --clear-groups grep -Fx -- "$1" /run/oopsbt-metrics/oopsbt.prom
}

# journal_of ID: the entries with this MESSAGE_ID, an object a line
journal_of() {
	host journalctl --output=json "MESSAGE_ID=$1"
}

# field NAME: of each entry on standard input
field() {
	python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line).get(sys.argv[1], ""))' "$1"
}

# id_of NAME: as in log.h
id_of() {
	sed -n "s/^#define LOG_ID_$1 \"\(.*\)\".*/\1/p" "$here/../../host-tool/daemon/log.h"
}

# stored NUMBER: waits until the domain has that many dumps
stored() {
	local i
	for ((i = 0; i < 300; i++)); do
		[ "$(host sh -c 'ls -d /var/lib/oopsbt/*/2*-* 2>/dev/null' | xargs -rn1 basename | sort -u | wc -l)" -lt "$1" ] || return 0
		sleep 0.1 # the journal, which would tell, stands still
	done
	return 1
}

# Waits until the guest runs: the event and the watch may both report an oops, and libvirt stops the
# guest while it writes a vmcore. So the guest may be frozen for a moment. A guest that is left
# frozen never runs.
runs() {
	virsh -q domstate "$domain" | tee /dev/stderr | grep -x running
}

bad=$host_root/usr/local/etc/oopsbtd.conf.d/bad.conf
mkdir -p "$(dirname "$bad")"
printf '[collection]\nfreeze_deadline_ms = soon\n' >"$bad"
host systemctl start oopsbtd 2>/dev/null || true
tap_is "a service with an invalid configuration is not restarted again and again" \
	"$(host systemctl is-failed oopsbtd) after $(host systemctl show --value -p NRestarts oopsbtd) restarts" "failed after 0 restarts"
rm "$bad"
tap_ok "systemd starts the service" host systemctl start oopsbtd
tap_ok "the exposure of the service is at most 2.5" host systemd-analyze security --threshold=25 oopsbtd.service
tap_ok "oopsbtd connects to libvirtd" host_log '^connected to qemu:///system'

tap_ok "a domain can be enabled" host virsh oopsbt enable "$domain" --vmcore on --kinds "$host_kinds"
tap_ok "the kernel of its guest is found" host_log "$domain: runs Linux"
tap_ok "all users can read the metrics" eventually 15 metrics_have 'oopsbt_libvirt_up 1'
tap_ok 'the metrics say that the guest is understood' eventually 15 metrics_have "oopsbt_domain_understood{domain=\"$domain\"} 1"
host systemctl reload oopsbtd
tap_ok "all users can read the metrics after a reload" eventually 15 metrics_have 'oopsbt_libvirt_up 1'
host_mark
oops
tap_ok "an oops is stored" host_log "$domain: stored: .*(NULL pointer|scenario)"
tap_ok "guest memory is read from the QEMU process of another user" \
	grep -F "$domain: analysed: the guest's log has settled; memory was read from the process" "$host_dir/log"
tap_ok "the metrics count the oops" eventually 15 metrics_have "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 1"
dump=$(host sh -c "ls -d /var/lib/oopsbt/*/2* | head -n 1")
tap_like "the report has the backtrace of the oops" "$(host cat "$dump/report.txt")" 'scenario_null_deref'
for ((i = 0; i < 100; i++)); do
	! host test -e "$dump/vmcore" || break
	sleep 0.1 # libvirt writes it after the dump is stored
done
tap_ok "libvirtd writes a vmcore into the dump" host test -s "$dump/vmcore"
tap_is "only root can read a dump" "$(host find "$dump" /var/lib/oopsbt -maxdepth 1 -perm /077 ! -type l)" ""

# --- the journal: oopsbt-journal(7) ---

tap_ok 'the journal has the incident' host_log "$domain: oops: .*\(dump ${dump##*/}\)"
entry=$(journal_of "$(id_of INCIDENT)")
tap_is "the journal has one entry for it" "$(wc -l <<<"$entry")" 1
tap_is "the entry of an oops is a warning of oopsbtd" "$(for i in PRIORITY SYSLOG_IDENTIFIER _SYSTEMD_UNIT; do field $i <<<"$entry"; done | xargs)" \
	"4 oopsbtd oopsbtd.service"
tap_is 'the entry has the domain' "$(field OOPSBT_DOMAIN <<<"$entry") $(field OOPSBT_DOMAIN_UUID <<<"$entry")" \
	"$domain $(virsh -q domuuid "$domain" | head -n 1)"
tap_is 'the entry has kind and dump' "$(field OOPSBT_KIND <<<"$entry") $(field OOPSBT_DUMP <<<"$entry")" "oops ${dump##*/}"
report_has() {
	host cat "$dump/report.json" | python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]: value = value[name]
print(value)' "$@"
}
tap_is 'the entry has the title of the report' "$(field OOPSBT_TITLE <<<"$entry")" "$(report_has title)"
tap_is 'the entry has the fingerprint of the report' "$(field OOPSBT_FINGERPRINT <<<"$entry")" "$(report_has fingerprint)"
tap_is 'the entry has the kernel of the report' "$(field OOPSBT_KERNEL <<<"$entry")" "$(report_has guest release)"
tap_is 'the entry has the CPU of the report' "$(field OOPSBT_CPU <<<"$entry")" "$(report_has oops cpu)"
tap_is 'the entry has the freeze time of the report' "$(field OOPSBT_FREEZE_US <<<"$entry")" "$(report_has timeline freeze_us)"
tap_is "the journal has the connection to libvirt" "$(journal_of "$(id_of LIBVIRT_FOUND)" | field OOPSBT_URI)" qemu:///system
host journalctl --update-catalog
explained=$(host journalctl --catalog --no-pager "MESSAGE_ID=$(id_of INCIDENT)")
tap_like "journalctl explains the incident" "$explained" "Subject: The guest $domain had an incident: oops"
tap_like 'journalctl names the command that shows more' "$explained" "virsh oopsbt info ${dump##*/}"

tap_like "virsh lists the dump" "$(host virsh oopsbt list "$domain")" 'NULL pointer'
host_mark
tap_ok "root can collect without the daemon's help" host virsh oopsbt collect "$domain"
tap_ok "the guest runs after the collections" eventually 30 runs

tap_is "the waiting analyser runs as nobody" "$(status_of oopsbt-analyze Uid)" "65534 65534 65534 65534"
tap_is 'the waiting analyser has no capability' "$(status_of oopsbt-analyze CapEff) $(status_of oopsbt-analyze CapPrm)" \
	"0000000000000000 0000000000000000"
tap_is 'the waiting analyser has a system call filter' "$(status_of oopsbt-analyze Seccomp)" 2
# The machine's limit may be lower than that of the unit.
tap_is "the soft limit of descriptors of oopsbtd equals its hard limit" \
	"$(host cat "/proc/$(host pgrep -xo oopsbtd)/limits" | awk '/^Max open files/ { print $4 - $5 }')" 0
tap_is "memory and tasks of the service are limited" \
	"$(host systemctl show --value -p MemoryMax -p TasksMax -p OOMPolicy -p LimitNOFILE oopsbtd | grep . | sort | xargs)" \
	"2147483648 512 524288 continue"
tap_like "the unit allows the analyser to give up its priority" \
	" $(host systemctl show --value -p SystemCallFilter oopsbtd) " ' setpriority '
tap_is "oopsbtd has five capabilities" "$(status_of oopsbtd CapEff)" 00000000000800e4

# A journal that hangs: writes more than its socket takes.
dumps=$(host sh -c 'ls -d /var/lib/oopsbt/*/2*-*' | xargs -n1 basename | sort -u | wc -l)
host_mark
host systemctl kill --kill-whom=main --signal=STOP systemd-journald
for ((i = 0; i < 20; i++)); do host systemctl kill --signal=HUP --kill-who=main oopsbtd; done
oops
tap_ok "an oops is stored while the journal hangs" stored $((dumps + 1))
tap_ok 'the guest runs while the journal hangs' eventually 30 runs
host systemctl kill --kill-whom=main --signal=CONT systemd-journald
tap_ok 'the journal has the oops after it continues' host_log "$domain: oops: .*\(dump "

host_mark
host systemctl kill --signal=KILL --kill-who=main oopsbtd
tap_ok "systemd restarts a killed oopsbtd" host_log "$domain: runs Linux"
host_mark
oops
tap_ok "an oops after the restart is stored" host_log "$domain: stored: "
host_mark
host systemctl restart libvirtd
tap_ok "oopsbtd connects again after a restart of libvirtd" host_log '^connected to'
tap_like "the journal has the lost connection to libvirt" "$(journal_of "$(id_of LIBVIRT_LOST)" | field OOPSBT_REASON)" '.'
host_mark
oops
tap_ok "an oops after the restart of libvirtd is stored" host_log "$domain: stored: "

# virtqemud instead of libvirtd; each stops the other. Here it is the same program in another unit.
cat >"$host_root/etc/systemd/system/virtqemud.service" <<-'UNIT'
	[Unit]
	Conflicts=libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
	[Service]
	Type=notify
	ExecStart=/usr/sbin/libvirtd
	KillMode=process
UNIT
host systemctl daemon-reload
host systemctl start virtqemud
host_mark
host systemctl restart oopsbtd
tap_ok "if virtqemud runs, oopsbtd connects to it" host_log '^connected to'
host_log "$domain: runs Linux" >/dev/null
tap_is "oopsbtd does not start libvirtd, which would stop virtqemud" "$(host systemctl is-active virtqemud libvirtd | xargs)" \
	"active inactive"
host_mark
oops
tap_ok "an oops with virtqemud is stored" host_log "$domain: stored: "

tap_ok "systemd stops the service" host systemctl stop oopsbtd
tap_is 'no metrics are left when the service has stopped' "$(host find /run/oopsbt-metrics -name '*.prom' 2>/dev/null)" ""
tap_is 'the service is inactive when it has stopped' "$(host systemctl is-active oopsbtd || true)" inactive
tap_ok 'the guest runs on without the service' eventually 30 runs
tap_unlike "the unit refused nothing that oopsbtd requested" "$(cat "$host_dir/log")" \
	'(Operation not permitted|Permission denied|Read-only file system)'
tap_done
