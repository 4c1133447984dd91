# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Several calls of tests/run that count together. Run from the top of the tree.
#
#	check_begin			begin to count; from now on SIGINT, SIGTERM and SIGHUP end the test that runs, and the script
#	prepare COMMAND...		run a command that is no test; whether it fails does not count
#	run [-l LABEL] [-j N] TEST...	run these; sets check_status to 1 if one fails
#	sanitized [-j N] TEST...	the same with the programs in build/sanitized
#	check_end			print the counts; exit with what was found

# shellcheck source-path=SCRIPTDIR
. tests/lib/sanitized.sh

check_status=0
check_run=

check_begin() {
	TESTS_TOTAL=$(mktemp)
	export TESTS_TOTAL
	trap 'rm -f "$TESTS_TOTAL"' EXIT
	trap 'check_interrupt INT' INT
	trap 'check_interrupt TERM' TERM
	trap 'check_interrupt HUP' HUP
}

# A terminal also signals tests/run, but only the first signal counts. A process that has just been
# started may ignore that one.
check_interrupt() {
	trap '' INT TERM HUP
	while [ -n "$check_run" ] && kill "-$1" "$check_run" 2>/dev/null; do
		sleep 0.1
	done
	exit $((128 + $(kill -l "$1")))
}

# check_wait COMMAND...: runs it so that a signal ends it
check_wait() {
	local status
	env --default-signal=INT "$@" &
	check_run=$!
	wait "$check_run"
	status=$?
	check_run=
	[ "$status" -le 128 ] || exit "$status"
	return "$status"
}

prepare() {
	check_wait "$@" || true
}

run() {
	check_wait tests/run "$@" || check_status=1
}

sanitized() {
	sanitizers
	run -l sanitized "$@"
	unset ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS OOPSBT_BUILD
}

check_end() {
	tests/run --summary || check_status=1
	exit "$check_status"
}
