#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd as it is installed, started by a real systemd, beside a libvirtd as Debian sets it up: what the unit takes
# away must not be missed.
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

# status_of COMMAND-NAME FIELD: of a process in the host, as /proc/PID/status has it
status_of() {
	host sh -c "sed -n 's/^$2:[[:space:]]*//p' /proc/\$(pgrep -xo $1)/status" | tr '\t' ' '
}

# metrics_have LINE: as a user like node_exporter's reads them
metrics_have() {
	host setpriv --reuid=nobody --clear-groups grep -Fx -- "$1" /run/oopsbt-metrics/oopsbt.prom
}

tap_ok "systemd starts the service" host systemctl start oopsbtd
tap_ok "its exposure is at most 2.5" host systemd-analyze security --threshold=25 oopsbtd.service
tap_ok "oopsbtd connects to libvirtd" host_log '^connected to qemu:///system'

tap_ok "a domain can be enabled" host virsh oopsbt enable "$domain" --vmcore on
tap_ok "the kernel of its guest is found" host_log "$domain: runs Linux"
tap_ok "everyone can read the metrics" eventually 15 metrics_have 'oopsbt_libvirt_up 1'
tap_ok "they say that the guest is understood" eventually 15 metrics_have "oopsbt_domain_understood{domain=\"$domain\"} 1"
host_mark
oops
tap_ok "an oops is stored" host_log "$domain: stored: .*(NULL pointer|scenario)"
tap_ok "guest memory is read from the QEMU process of another user" \
	grep -F "$domain: analysed: the guest's log has settled; memory was read from the process" "$host_dir/log"
tap_ok "an oops is counted" eventually 15 metrics_have "oopsbt_incidents_total{domain=\"$domain\",kind=\"oops\"} 1"
dump=$(host sh -c "ls -d /var/lib/oopsbt/*/2* | head -n 1")
tap_like "the report has the backtrace" "$(host cat "$dump/report.txt")" 'scenario_null_deref'
for ((i = 0; i < 100; i++)); do
	! host test -e "$dump/vmcore" || break
	sleep 0.1 # libvirt writes it after the dump is stored
done
tap_ok "libvirtd writes a vmcore into the dump" host test -s "$dump/vmcore"
tap_is "nobody but root can read a dump" "$(host find "$dump" /var/lib/oopsbt -maxdepth 1 -perm /077 ! -type l)" ""
tap_like "virsh lists the dump" "$(host virsh oopsbt list "$domain")" 'NULL pointer'
host_mark
tap_ok "root can collect without the daemon's help" host virsh oopsbt collect "$domain"
tap_like "the guest runs" "$(virsh -q domstate "$domain")" '^running'

tap_is "the analyser that stands by is nobody" "$(status_of oopsbt-analyze Uid)" "65534 65534 65534 65534"
tap_is "it has no capability" "$(status_of oopsbt-analyze CapEff) $(status_of oopsbt-analyze CapPrm)" \
	"0000000000000000 0000000000000000"
tap_is "it is filtered" "$(status_of oopsbt-analyze Seccomp)" 2
tap_is "oopsbtd has five capabilities" "$(status_of oopsbtd CapEff)" 00000000000800e4

host_mark
host systemctl kill --signal=KILL --kill-who=main oopsbtd
tap_ok "systemd starts it again after it was killed" host_log "$domain: runs Linux"
host_mark
oops
tap_ok "the next oops is stored" host_log "$domain: stored: "
host_mark
host systemctl restart libvirtd
tap_ok "oopsbtd connects again when libvirtd was restarted" host_log '^connected to'
host_mark
oops
tap_ok "an oops after that is stored" host_log "$domain: stored: "
tap_ok "systemd stops the service" host systemctl stop oopsbtd
tap_is "no metrics are left then" "$(host find /run/oopsbt-metrics -name '*.prom' 2>/dev/null)" ""
tap_is "the service is inactive then" "$(host systemctl is-active oopsbtd || true)" inactive
tap_like "the guest runs on without it" "$(virsh -q domstate "$domain")" '^running'
tap_unlike "nothing that oopsbtd asks for was refused by the unit" "$(cat "$host_dir/log")" \
	'(Operation not permitted|Permission denied|Read-only file system)'
tap_done
