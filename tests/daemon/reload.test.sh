#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd reads its configuration again on SIGHUP; a stopped libvirtd delays neither that nor the
# end of oopsbtd.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"

# reload: reloads, and prints the log of that
reload() {
	daemon_mark
	kill -HUP "$daemon_pid"
	daemon_wait '^oopsbtd: (error: )?configuration ' 10
}

# ended SECONDS: the daemon ends within that time
ended() {
	timeout "$1" tail --pid="$daemon_pid" -f /dev/null
}

libvirt_start
libvirtd=$(cat "$libvirt_root/libvirtd.pid")
guest_start a smp=1 memory=256 kaslr=no
daemon_start
daemon_follow a >/dev/null

daemon_config '[store]' 'free_space_mib=1073741824'
tap_like 'a changed configuration is loaded' "$(reload)" 'configuration loaded again$'
daemon_mark
oops a
tap_like 'a changed configuration is used from the next collection on' "$(daemon_wait "$(guest_domain a): no dump" 60)" 'free'

daemon_config '[store]' 'free_space_mib=plenty'
tap_like 'an invalid value changes nothing, and the log names it' "$(reload)" \
	'not loaded, still using the old one: .*free_space_mib: "plenty" is not a number'

printf '[store]\nroot=%s\n[daemon]\nuri=test:///default\nno_such_key=1\n' "$test_dir/elsewhere" >"$test_dir/oopsbtd.conf"
tap_like 'after an invalid configuration a valid one is loaded' "$(reload)" 'configuration loaded again$'
said=$(tail -n "+$daemon_from" "$daemon_log")
tap_like 'the log says that a new store is used from the next start on' "$said" 'root: still .*/store: restart oopsbtd'
tap_like 'the log says that a new connection is used from the next start on' "$said" 'uri: still qemu.*: restart oopsbtd'
tap_like 'the log names an unknown key' "$said" 'no_such_key is not known'
daemon_mark
oops a
daemon_wait "$(guest_domain a): stored:" 60 >/dev/null
tap_is 'after a reload dumps are stored in the old store' "$(dumps a | wc -l)" 1

daemon_config '[store]' 'max_use_mib=1'
reload >/dev/null
daemon_mark
oops a
tap_like 'dumps over the limit of the store are removed, and the journal says so' \
	"$(daemon_wait "$(guest_domain a): .* is removed" 60)" 'all dumps together take more than 1 MiB \(max_use_mib\)'
tap_is 'the newest dump stays although it is over the limit' "$(dumps a | wc -l)" 1

mkdir "$test_dir/oopsbtd.conf.d"
printf '[daemon]\nparallel=none\n' >"$test_dir/oopsbtd.conf.d/10-wrong.conf"
check_status=0
said=$("$build/host-tool/oopsbtd" --config "$test_dir/oopsbtd.conf" --check-config) || check_status=$?
tap_like '--check-config names a bad value with its file and line' "$said" \
	'oopsbtd.conf.d/10-wrong.conf:2: \[daemon\] parallel: "none" is not a number from'
tap_is '--check-config exits with 1 if a value is invalid' "$check_status" 1
printf '[daemon]\nlog_level=warning\n' >"$test_dir/oopsbtd.conf.d/10-wrong.conf"
daemon_mark
from=$daemon_from
kill -HUP "$daemon_pid"
daemon_wait 'root: still' 10 >/dev/null
printf '[daemon]\nlog_level=debug\n' >"$test_dir/oopsbtd.conf.d/10-wrong.conf"
reload >/dev/null
tap_is 'a reload takes the log level of a drop-in, which drops less important lines' \
	"$(tail -n "+$from" "$daemon_log" | grep -c 'configuration loaded again')" 1

daemon_mark
virsh -q metadata "$(guest_domain a)" https://oopsbt.org/xmlns/domain/1 --live --remove >/dev/null
daemon_wait "$(guest_domain a): disabled" >/dev/null
printf '[daemon]\nauto_enable=nobody oopsbt-test-*\n' >"$test_dir/oopsbtd.conf.d/10-wrong.conf"
reload >/dev/null
tap_ok 'a reload enables a domain whose name matches auto_enable' \
	daemon_wait "$(guest_domain a): enabled by auto_enable and running"
daemon_mark
daemon_enable a "enabled='no'"
tap_ok "a domain that says enabled='no' is disabled all the same" daemon_wait "$(guest_domain a): disabled"
daemon_mark
daemon_enable a "keep='3'"
tap_ok "options of its own enable a domain that said enabled='no'" daemon_wait "$(guest_domain a): enabled and running"
daemon_wait "$(guest_domain a): runs Linux" 60 >/dev/null

kill -STOP "$libvirtd"
tap_like 'a stopped libvirtd does not delay a reload' "$(reload)" 'configuration loaded again$'
kill "$daemon_pid"
tap_ok 'a stopped libvirtd does not delay the end of the daemon' ended 20
kill -CONT "$libvirtd"
tap_done
