# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# oopsbtd in a test: with its own store, runtime directory and log. Sources tests/lib's tap.sh,
# libvirt.sh and guest.sh.
#
#	daemon_start [OPTION...]	in the foreground, logging to $daemon_log; returns when it is connected
#	daemon_kill			kill -9
#	daemon_stop			SIGTERM, and wait
#	daemon_wait PATTERN [SECONDS [COUNT]]	until a line (or COUNT) is logged since the last start that matches
#	daemon_mark			from now on daemon_wait looks at later lines only
#	daemon_config LINE...		lines of its configuration file
#	daemon_follow NAME [ATTRIBUTES]	enable the guest NAME, with every dump in full unless full= says else, and wait until its
#					kernel is known
#	daemon_change NAME [ATTRIBUTES]	other options, and wait until they hold
#	rogue MODE			what the rogue analyser does in the next collection (rogue-analyze.c)
#	rogue_analyzer			use it, from the next start on
#	dumps NAME			the dumps of a guest, one path a line
#	newest NAME [FILE]		the newest dump of a guest, or what a file of it contains, without zeros
#	value JSONPATH [NAME]		of the report in \$dump, or in the newest dump of a guest
#	vcpu_ran NAME NUMBER		how long a vCPU's thread has run, in microseconds
#	oops NAME [SCENARIO...]		have the guest oops (null by default), without a pause between them

daemon_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source-path=SCRIPTDIR
. "$daemon_lib/../lib/tap.sh"
. "$daemon_lib/../lib/libvirt.sh"
. "$daemon_lib/../lib/guest.sh"

build=${OOPSBT_BUILD:-$daemon_lib/../../build}
build=$(realpath "$build")
query=$build/tests/report/query
daemon_store=$test_dir/store
daemon_runtime=$test_dir/run
daemon_log=$test_dir/daemon.log
daemon_pid=
daemon_from=1
export OOPSBT_RUNTIME_DIRECTORY=$daemon_runtime
export OOPSBT_FREEZE_GUARD=$build/host-tool/oopsbt-freeze-guard
export OOPSBT_ANALYZER=$build/host-tool/oopsbt-analyze
export OOPSBT_ROGUE=$test_dir/rogue
echo good >"$OOPSBT_ROGUE"
# QEMU may need more than the second of the default to stop its vCPUs if other tests keep the
# machine busy; then the guest is read while it runs.
printf '[collection]\nfreeze_deadline_ms=10000\n[store]\nroot=%s\n' "$daemon_store" >"$test_dir/oopsbtd.conf"
: >"$daemon_log"

daemon_config() {
	printf '%s\n' "$@" >>"$test_dir/oopsbtd.conf"
}

daemon_mark() {
	daemon_from=$(($(wc -l <"$daemon_log") + 1))
}

# Also finds earlier lines that are after the mark.
daemon_wait() {
	local tail status=0 fd
	exec {fd}< <(exec tail -n "+$daemon_from" -f "$daemon_log" 2>/dev/null)
	tail=$!
	timeout "${2:-120}" grep -Em"${3:-1}" -- "$1" <&"$fd" || status=$?
	kill "$tail" 2>/dev/null || true
	exec {fd}<&-
	if [ "$status" != 0 ]; then
		echo "oopsbtd does not log \"$1\":"
		tail -n "+$daemon_from" "$daemon_log" | tail -n 40
	fi >&2
	return "$status"
}

daemon_start() {
	daemon_mark
	"$build/host-tool/oopsbtd" --foreground --config "$test_dir/oopsbtd.conf" "$@" >>"$daemon_log" 2>&1 &
	daemon_pid=$!
	daemon_wait '^oopsbtd: connected to' >/dev/null
}

daemon_kill() {
	kill -KILL "$daemon_pid"
	wait "$daemon_pid" 2>/dev/null || true
	daemon_pid=
}

daemon_stop() {
	local status=0
	[ -n "$daemon_pid" ] || return 0
	kill "$daemon_pid" 2>/dev/null || true
	wait "$daemon_pid" || status=$?
	daemon_pid=
	return "$status"
}
at_exit daemon_stop
# Helps to find the cause of a failure.
# shellcheck disable=SC2016 # expanded at the end
at_exit '[ "$status$tap_failed" = 00 ] || tail -n 80 "$daemon_log" | sed "s/^/# /"'

daemon_enable() {
	local attributes=${2:-}
	# The tests cause many oopses, and count the dumps.
	[[ $attributes == *full=* ]] || attributes+=" full='1000'"
	# Guests on a machine that is busy with tests may hang; only the tests of hangs enable these
	# kinds.
	[[ $attributes == *kinds=* ]] || attributes+=" kinds='oops,panic,watchdog,kvm-error'"
	virsh -q metadata "$(guest_domain "$1")" https://oopsbt.org/xmlns/domain/1 --key oopsbt --live \
		--set "<oopsbt $attributes/>" >/dev/null
}

daemon_follow() {
	daemon_enable "$@"
	daemon_wait "$(guest_domain "$1"): runs Linux"
}

daemon_change() {
	daemon_mark
	daemon_enable "$@"
	daemon_wait "$(guest_domain "$1"): has other options" >/dev/null
}

rogue() {
	echo "$1" >"$OOPSBT_ROGUE"
}

rogue_analyzer() {
	export OOPSBT_ANALYZER=$build/tests/daemon/rogue-analyze
}

# Old dumps may be removed at this moment.
dumps() {
	{ find -H "$daemon_store/$(guest_domain "$1")" -mindepth 1 -maxdepth 1 -name '2*' 2>/dev/null || true; } | sort -V
}

newest() {
	local dump
	dump=$(dumps "$1" | tail -n 1)
	if [ $# = 1 ]; then
		echo "$dump"
	else
		tr -d '\000' <"$dump/$2"
	fi
}

value() {
	local report=${dump:-}
	[ $# = 1 ] || report=$(newest "$2")
	"$query" value "$report/report.json" "$1"
}

# Each oops kills its writer, so each has its own shell.
oops() {
	local name=$1 run=/sys/kernel/debug/oopsbt_scenario/run
	shift
	guest_exec "$name" "for scenario in ${*:-null}; do (echo \$scenario >$run) >/dev/null 2>&1; done; true" 2>/dev/null
}

state() {
	virsh -q domstate "$(guest_domain "$1")" --reason
}

vcpu_ran() {
	local thread
	thread=$(grep -l "^CPU $2/" "/proc/$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain "$1").pid")/task"/*/comm)
	awk '{ printf "%d\n", $1 / 1000 }' "${thread%comm}schedstat"
}
