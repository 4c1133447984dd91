#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each libvirt call of the daemon and of its freeze guard fails once (fail-call.c). The guest runs
# afterwards, each oops has a dump or is counted with a reason, and the next one is collected.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"

faults=$test_dir/faults
problems=$test_dir/problems
preloaded=$build/tests/daemon/fail-call.so
mkdir -p "$faults/oopsbtd" "$faults/oopsbt-freeze-guard"
libvirt_start
guest_start a smp=1 kaslr=no memory=256
uuid=$(virsh -q domuuid "$(guest_domain a)" | tr -d ' \n')
daemon_config '[collection]' 'freeze_deadline_ms=1000' '[rate-limit]' 'domain_burst=10000' 'total_burst=10000'
options="budget='2000' nmi='always'"
daemon_enable a "$options"

# The sandbox of the analyser ends a process that opens files.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec "%s" "$@"\n' "$OOPSBT_ANALYZER" >"$test_dir/analyze"
chmod +x "$test_dir/analyze"
export OOPSBT_ANALYZER=$test_dir/analyze

# imported PROGRAM: the libvirt functions that it calls
imported() {
	nm -D --undefined-only "$build/host-tool/$1" | grep -oE '\bvir[A-Z][A-Za-z]*' | sort
}

# Functions of the client library alone: they read, copy or release what is there.
local_functions='virConnectClose virConnectRef virDomainFree virDomainGetConnect virDomainGetID virDomainGetName
	virDomainGetUUIDString virDomainRef virGetLastError virGetLastErrorCode virInitialize virResetLastError
	virSetErrorFunc virTypedParamsFree virTypedParamsGetInt'
can_fail=$(nm -D --defined-only "$preloaded" | grep -oE '\bvir[A-Z][A-Za-z]*' | sort)
for program in oopsbtd oopsbt-freeze-guard; do
	tap_is "this test lets each libvirt function fail that $program calls" \
		"$(imported "$program" | grep -vxFf <(tr -s ' \t\n' '\n' <<<"$local_functions $can_fail" | grep .))" ""
done

# --- the life of a daemon ---

clock=0
clock_ahead() {
	clock=$((clock + 40))
	echo "$clock" >"$test_dir/clock.new"
	mv "$test_dir/clock.new" "$test_dir/clock"
}
clock_ahead

start() {
	FAIL_CALLS=$faults LATE_CLOCK_FILE=$test_dir/clock LD_PRELOAD="$preloaded $build/tests/daemon/late-clock.so" \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 daemon_start --log-level debug
}

is_running() {
	local now
	now=$(state a)
	echo "the guest is $now"
	[[ $now == running* ]]
}

# Its guard may be at work.
runs() {
	eventually 5 is_running
}

# no_records FUNCTION
no_records() {
	local i
	for ((i = 0; i < 200; i++)); do
		[ -n "$(ls -A "$daemon_runtime/frozen" 2>/dev/null)" ] || return 0
		sleep 0.1 # the guard is another process, nothing tells of its end
		# libvirt may run a suspend call without an answer for half a minute.
		[ "$1" != virDomainSuspend ] || [ $((i % 10)) != 9 ] || clock_ahead
	done
	echo "there is a freeze record: $(cat "$daemon_runtime/frozen/"*)"
}

this_life() {
	tail -n "+$daemon_from" "$daemon_log"
}

# said FUNCTION: the log or a report of this life names the call, and its domain. Not if nothing is
# lost with the call: a dead connection is replaced, a closed one is forgotten, the guard knows its
# URI, without a known job the guest is frozen as always, and what a look could not read is read by
# the next one.
said() {
	local pattern="in $1"
	case $1 in
	virConnectIsAlive | virConnectGetURI | virDomainMemoryPeek | virDomainGetJobStats | *Deregister* | virConnectUnregisterCloseCallback) return ;;
	virConnectOpenAuth) pattern='connecting to ' ;;
	virConnectGetLibVersion) pattern='libvirt of unknown version' ;;
	virDomain*) pattern="($(guest_domain a)|$uuid).*$pattern" ;;
	esac
	! this_life | grep -E "$pattern" >/dev/null || return 0
	! dumps a | tail -n 2 | sed 's|$|/report.json|' | xargs grep -hE "${pattern##*\*}" >/dev/null || return 0
	echo "no message says that $1 failed"
}

accounted='oops: .*\(dump |no dump of'

# oopsed NUMBER: the guest oopses, until that many oopses of this life are accounted for
oopsed() {
	oops a
	# Not to /dev/null: with that grep does not stop at the second line.
	daemon_wait "$accounted" 120 "$1" >"$test_dir/heard" || echo "oops $1 is neither stored nor counted"
	runs
}

# life FUNCTION CALL: two oopses, with that call of the daemon failing; writes what is wrong. Status
# 1: it makes fewer calls.
life() {
	echo "$2" >"$faults/oopsbtd/$1"
	start
	daemon_wait "$(guest_domain a): runs Linux" 240 >/dev/null || echo "the guest is not followed"
	oopsed 1
	no_records "$1"
	oopsed 2
	daemon_stop || echo "the daemon ends with status $?"
	no_records "$1"
	[ "$(this_life | grep -cE "$accounted")" = 2 ] || echo "two oopses were collected otherwise: $(this_life | grep -E "$accounted")"
	if [ -e "$faults/oopsbtd/$1" ]; then
		rm "$faults/oopsbtd/$1"
		return 1
	fi
	said "$1"
}

# each_call FUNCTION: until it makes fewer calls
each_call() {
	local call=0
	while life "$1" "$call" >"$test_dir/life"; do
		sed "s/^/call $call: /" "$test_dir/life" >>"$problems"
		[ ! -s "$test_dir/life" ] || this_life | sed 's/^/	/' >>"$problems"
		call=$((call + 1))
		# A watched guest is asked without end.
		[ "$1" != virDomainMemoryPeek ] || [ "$call" -lt 2 ] || break
	done
	[ "$call" -gt 0 ] || echo "it is not called" >>"$problems"
	echo "$call" >"$test_dir/calls"
}

# survives FUNCTION
survives() {
	: >"$problems"
	each_call "$1"
	tap_is "whichever call of $1 fails, the guest runs and no oops is lost" "$(cat "$problems")" ""
	tap_note "$(cat "$test_dir/calls") calls"
}

for function in $(imported oopsbtd | grep -xFf <(echo "$can_fail")); do
	case $function in
	virDomainCoreDumpWithFormat)
		daemon_enable a "$options vmcore='on'"
		survives "$function"
		daemon_enable a "$options"
		;;
	virDomainMemoryPeek)
		daemon_config '[daemon]' 'memory=libvirt'
		survives "$function"
		daemon_config 'memory=auto'
		;;
	virDomainIsActive) ;; # is called after another call has failed: see below
	*) survives "$function" ;;
	esac
done

# --- more than one call fails ---

echo 0 >"$faults/oopsbtd/virDomainIsActive"
echo 0 100000 >"$faults/oopsbtd/virDomainQemuMonitorCommand"
start
daemon_wait "$(guest_domain a): is followed" >/dev/null
oops a
tap_like "an oops whose guest cannot be read is counted with the reason" \
	"$(daemon_wait 'no dump of')" "$(guest_domain a): no dump of .*finding the guest's memory: .*query-cpus-fast"
tap_ok 'it was asked whether the domain is gone' [ ! -e "$faults/oopsbtd/virDomainIsActive" ]
rm -f "$faults/oopsbtd/virDomainQemuMonitorCommand"
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
oopsed 2
tap_is "the next report counts it" "$(value '$.suppressed.failed' a)" 1

# restart: begins without what the last test has left to do
restart() {
	daemon_stop
	start
	daemon_wait "$(guest_domain a): runs Linux" >/dev/null
}

# A slow call that fails: the guest does not wait for it.
# slow FUNCTION DELAY_MS PATTERN
slow() {
	restart
	echo "0 1 $2" >"$faults/oopsbtd/$1"
	oopsed 1 >"$problems"
	tap_like "a call of $1 that fails after $2 ms: the report or the log says so" \
		"$(this_life; newest a report.txt)" "$3"
	no_records virDomainSuspend >>"$problems"
	runs >>"$problems"
	tap_is "a call of $1 that fails after $2 ms: the guest runs" "$(cat "$problems")" ""
}
slow virDomainSuspend 1500 'could not be frozen: .*more than 1000 ms'
slow virDomainInjectNMI 1500 'injecting an NMI: libvirt did not answer within 1000 ms'
slow virDomainResume 1500 'could not be resumed, .*more than a second'

# --- the freeze guard ---

# guard_life FUNCTION CALL: the daemon cannot resume its guest, and that call of the guard fails
guard_life() {
	restart
	echo "$2" >"$faults/oopsbt-freeze-guard/$1"
	echo 0 >"$faults/oopsbtd/virDomainResume"
	oopsed 1
	no_records "$1"
	[ ! -e "$faults/oopsbtd/virDomainResume" ] || echo 'the daemon could resume the guest'
	if [ -e "$faults/oopsbt-freeze-guard/$1" ]; then
		rm "$faults/oopsbt-freeze-guard/$1"
		return 1
	fi
}

for function in $(imported oopsbt-freeze-guard | grep -xFf <(echo "$can_fail")); do
	case $function in
	# These need a job or a save; the guard never calls the last two, which its library has.
	virDomainAbortJob | *ManagedSave* | virDomainInjectNMI | virDomainMemoryPeek) continue ;;
	esac
	: >"$problems"
	call=0
	while guard_life "$function" "$call" >>"$problems"; do
		call=$((call + 1))
	done
	[ "$call" -gt 0 ] || echo 'it is not called' >>"$problems"
	tap_is "whichever call of $function fails, the freeze guard resumes the guest" "$(cat "$problems")" ""
	tap_note "$call calls"
done

status=0
daemon_stop || status=$?
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_done
