#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that only reports oopses, about 100,000 a second, on a QEMU that sends events of them and
# pauses it: the daemon, libvirtd and the other domains must not suffer. Also tests what a report
# says of oopses without a dump.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../qemu/qemu.sh"

burst=5
seconds=10
built=$("$here/../../qemu-patches/build-qemu" 7.2)

libvirt_start
patched=$(libvirt_program "$built")
guest_start other smp=2 kaslr=no
daemon_config '[rate-limit]' "domain_burst=$burst" 'domain_per_hour=1'
daemon_start
daemon_follow other >/dev/null

storm=$(guest_domain storm)
bare_domain "$storm" "$patched" storm >"$test_dir/storm.xml"
chmod 0644 "$(bare_guest storm)"
virsh -q create --paused "$test_dir/storm.xml"
at_exit 'virsh -q destroy "$storm" >/dev/null 2>&1 || true'
daemon_enable storm "keep='100'"
daemon_wait "$storm: its QEMU pauses" >/dev/null

status() {
	"$build/virsh-plugin/virsh-oopsbt" -c "$LIBVIRT_DEFAULT_URI" status "$@"
}

# size PID: its resident memory in KiB, and its open files
size() {
	echo "$(awk '/^VmRSS/ { print $2 }' "/proc/$1/status") $(find "/proc/$1/fd" -type l | wc -l)"
}

writes() {
	virsh -q qemu-monitor-command "$storm" --hmp 'xp /4xw 0x9000' | tr -d '\r' | awk 'NF == 5 { print $2 }'
}

# grown BEFORE AFTER KIB FILES: it has grown by at most that
grown() {
	local before after
	read -ra before <<<"$1"
	read -ra after <<<"$2"
	[ $((after[0] - before[0])) -le "$3" ] && [ $((after[1] - before[1])) -le "$4" ]
}

libvirtd_pid=$(cat "$libvirt_root/libvirtd.pid")
daemon_mark
virsh -q resume "$storm" >/dev/null
daemon_wait "$storm: skipping signals" >/dev/null
ours=$(size "$daemon_pid") libvirts=$(size "$libvirtd_pid") first=$(writes)
start=$EPOCHSECONDS asked=0 slowest=0
while [ $((EPOCHSECONDS - start)) -lt $seconds ]; do
	began=${EPOCHREALTIME//./}
	status "$(guest_domain other)" >/dev/null && asked=$((asked + 1))
	took=$((${EPOCHREALTIME//./} - began))
	[ "$took" -le "$slowest" ] || slowest=$took
	sleep 0.5 # the time is the storm's, not ours
done
tap_note "$((($(writes) - first) / seconds)) writes a second; the slowest answer took $((slowest / 1000)) ms"
tap_note "resident KiB and open files of oopsbtd: $ours, then $(size "$daemon_pid"); of libvirtd: $libvirts, then $(size "$libvirtd_pid")"
tap_ok "the guest causes a storm of signals" [ $((($(writes) - first) / seconds)) -gt 1000 ]
tap_ok "the daemon answers during the storm" [ "$asked" -gt $((seconds / 2)) ]
daemon_mark
oops other
tap_ok "another guest's oops is collected during the storm" daemon_wait "$(guest_domain other): stored:.*scenario_null_deref" 60
tap_is "a storm has as many dumps as the rate limit allows" "$(dumps storm | wc -l)" "$burst"
status --json "$storm" >"$test_dir/status.json"
tap_is 'the manual page names each member of status --json' \
	"$("$here/../plugin/undocumented" 'The status' <"$test_dir/status.json")" ''
tap_ok 'the report has the number of skipped signals' \
	[ "$("$query" value "$test_dir/status.json" '$.domains[0].guest.suppressed')" -ge "$seconds" ]
tap_like 'report.txt has the number of skipped signals in words' "$(status --verbose "$storm")" '[1-9][0-9]* left out by the rate limit, 0 failed'
tap_ok "the daemon has not grown after the storm" grown "$ours" "$(size "$daemon_pid")" 4096 8
tap_ok 'libvirtd has not grown after the storm' grown "$libvirts" "$(size "$libvirtd_pid")" 4096 8
tap_ok "the guest runs after the storm" eventually [ "$(writes)" != "$first" ]

# --- oopses without a dump ---

# reload LINE...: adds lines to the configuration
reload() {
	daemon_config "$@"
	kill -HUP "$daemon_pid"
	daemon_wait '^oopsbtd: configuration ' 10 >/dev/null
}

virsh -q destroy "$storm" >/dev/null
daemon_stop
# The third is allowed half a minute after the first, enough for five oopses.
daemon_config '[rate-limit]' 'domain_burst=2' 'domain_per_hour=120'
daemon_start
daemon_wait "$(guest_domain other): runs Linux" 60 >/dev/null
had=$(dumps other | wc -l)
told=$(value '$.oops.number' other)
daemon_mark
for scenario in null null bug null gpf; do
	oops other "$scenario"
done
tap_ok "after the rate limit the last oops is collected, though no other follows" \
	daemon_wait "$(guest_domain other): collecting the last of the signals that the rate limit left out" 60
daemon_wait "$(guest_domain other): stored:.*scenario_gpf" 60 >/dev/null || true
tap_is "of five oopses with a burst of two there are three dumps" $(($(dumps other | wc -l) - had)) 3
tap_is "the third dump of five oopses is of the fifth" "$(value '$.title' other) $(($(value '$.oops.number' other) - told))" \
	'general protection fault in scenario_gpf [oopsbt_scenario] 5'
tap_is 'the report of a deferred signal has registers' "$(value '$.fault.symbol' other) $(value '$.fault.regs.*' other | grep -x 0x6f6f707362740000 | sort -u)" \
	'scenario_gpf 0x6f6f707362740000'
tap_is 'the report of a deferred signal says that it was deferred' "$(value '$.timeline.deferred' other)" true
tap_is "the report lists the two skipped oopses by number and title" \
	"$(value '$.suppressed.oopses[*].number' other | while read -r n; do echo $((n - told)); done | xargs) $(
		value '$.suppressed.oopses[*].title' other | grep -oE 'scenario_[a-z_]+' | grep -v oopsbt | xargs)" \
	'3 4 scenario_bug scenario_null_deref'
tap_is 'the report says why two oopses have no dump' "$(value '$.suppressed.count' other) $(value '$.suppressed.rate_limit' other) $(value '$.suppressed.failed' other)" '2 2 0'
tap_like 'report.txt lists the oopses without a dump' "$(newest other report.txt)" '2 signals: the rate limit was reached'

# The next one is collected at once: its stack must belong to its text.
reload 'domain_burst=100' '[store]' 'free_space_mib=1073741824'
daemon_mark
oops other bug
daemon_wait "$(guest_domain other): no dump of this signal" 60 >/dev/null
reload 'free_space_mib=0'
daemon_mark
oops other gpf
daemon_wait "$(guest_domain other): stored:" 60 >/dev/null
tap_is "after a failed collection the report is of the next oops" \
	"$(value '$.title' other) $(($(value '$.oops.number' other) - told))" \
	'general protection fault in scenario_gpf [oopsbt_scenario] 7'
# On a busy host the CPU may have moved on.
tap_like "after a failed collection no stack is of another oops" "$(value '$.vcpus[*].frames[*].symbol' other | grep ^scenario_ | sort -u | xargs)" \
	'^(scenario_gpf)?$'
tap_is "after a failed collection the registers are of the reported oops" "$(value '$.fault.symbol' other)" scenario_gpf
tap_like "the report lists the oops of a failed collection" "$(value '$.suppressed.oopses[*].title' other)" \
	'^kernel BUG at oopsbt_scenario.c:[0-9]+ in scenario_bug '
tap_is 'the report says that a collection failed' "$(value '$.suppressed.rate_limit' other) $(value '$.suppressed.failed' other)" '0 1'
tap_unlike "the report does not blame the rate limit for a failed collection" "$(newest other report.txt)" 'rate limit'
"$build/host-tool/oopsbt-analyze" --json "$(newest other)/core" >"$test_dir/again.json" || true
tap_ok "the core has the same list of oopses" cmp "$test_dir/again.json" "$(newest other)/report.json"

# --- repeats of a bug ---

# There are two dumps of gpf so far, none of bug.
daemon_change other "full='3'"
had=$(dumps other | wc -l)
for scenario in bug bug bug bug gpf bug; do
	daemon_mark
	oops other "$scenario"
	daemon_wait "$(guest_domain other): stored:" 60 >/dev/null
done
tap_like "the log names the dump of each record" "$(daemon_wait 'oops: .*[(]again; recorded in dump 2' 60 || true)" 'recorded in dump 2'
tap_is "of five oopses of one bug three have a dump, and another bug between them has one" $(($(dumps other | wc -l) - had)) 4
holder=$(dumps other | sed -n "$((had + 1))p")
tap_is "the other oopses are records in the first of these dumps, with CPU and title" \
	"$("$query" value "$holder/repeats.json" '$.count') $("$query" value "$holder/repeats.json" '$.records[*].cpu' | grep -c '[01]') $(
		"$query" value "$holder/repeats.json" '$.records[*].title' | sort -u)" "2 2 $("$query" value "$holder/report.json" '$.title')"
tap_like "list counts the records of repeats" "$("$build/virsh-plugin/virsh-oopsbt" --directory "$daemon_store" list)" \
	"$(basename "$holder") .* \(×3, last"
tap_is "no partial dump of a recorded oops is left" "$(find "$daemon_store" -name '.new-*')" ""
daemon_change other

# Another process collects the domain: it holds the lock.
uuid=$(virsh domuuid "$(guest_domain other)" | xargs)
had=$(dumps other | wc -l)
exec {lock}>"$daemon_runtime/locks/$uuid"
flock "$lock"
daemon_mark
oops other null
daemon_wait "$(guest_domain other): cannot collect yet: another process is collecting this domain" >/dev/null
sleep 8 # it is tried again after 2 s and 4 s more
exec {lock}>&-
tap_ok "an oops that another process kept from being collected is collected after it" \
	daemon_wait "$(guest_domain other): stored:.*scenario_null_deref" 60
tap_is "the log says once that a collection has to wait" "$(tail -n "+$daemon_from" "$daemon_log" | grep -c 'cannot collect yet')" 1
tap_is 'an oops that another process kept from being collected has one dump' $(($(dumps other | wc -l) - had)) 1
tap_is 'the dump of a delayed oops mentions no other' "$(value '$.suppressed' other)" null

# The next daemon knows which oopses were skipped.
daemon_stop
daemon_config '[rate-limit]' 'domain_burst=1' 'domain_per_hour=1'
daemon_start
daemon_wait "$(guest_domain other): runs Linux" 60 >/dev/null
for scenario in null bug gpf; do
	oops other "$scenario"
done
daemon_wait "$(guest_domain other): stored:" 60 >/dev/null
sleep 2 # the memory watch tells of what no event told of
daemon_kill
daemon_start
tap_ok "a signal that the daemon had deferred when it was killed is collected by the next one" \
	daemon_wait "$(guest_domain other): stored:.*scenario_gpf" 60
tap_like 'the next daemon lists the oopses skipped before' "$(value '$.suppressed.oopses[*].title' other)" scenario_bug

# The guest is gone before its oops is collected: another process holds the lock.
daemon_stop
daemon_config '[rate-limit]' 'domain_burst=10'
daemon_start
daemon_wait "$(guest_domain other): runs Linux" 60 >/dev/null
exec {lock}>"$daemon_runtime/locks/$uuid"
flock "$lock"
daemon_mark
oops other null
daemon_wait "$(guest_domain other): cannot collect yet: another process is collecting this domain" >/dev/null
virsh -q destroy "$(guest_domain other)"
tap_like "an oops that waits for its collection when its guest ends is logged with the reason" \
	"$(daemon_wait 'no dump of this signal' 60 || true)" 'the guest has ended or was reset$'
exec {lock}>&-
tap_done
