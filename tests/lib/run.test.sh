#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How tests/run handles tests that pass, fail, crash, skip, are interrupted or lose a guest to
# emulation.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/tap.sh"
run=$here/../run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The counts of the inner tests are separate from those of the run of this test.
unset TESTS_TOTAL

# fake NAME: a test whose script is stdin
fake() {
	{
		echo '#!/bin/bash'
		cat
	} >"$work/$1"
	chmod +x "$work/$1"
}

# outcome NAME...: runs these tests; sets $output, $status, and $counts (the last line)
outcome() {
	status=0
	output=$(cd "$work" && "$run" "${@/#/./}" 2>&1) || status=$?
	counts=$(tail -n 1 <<<"$output")
}

# --- results

fake passes <<<'echo "ok 1 - a"; echo "ok 2 - b # SKIP no machine"; echo 1..2'
outcome passes
tap_is "passed tests and skips are counted" "$counts" '1 passed, 0 failed, 1 skipped'
tap_is "the status of a run with passes and skips is 0" "$status" 0
tap_like "a skip is shown with its reason" "$output" '# SKIP no machine'

fake fails <<<'echo "not ok 1 - a"; echo "ok 2 - b"; echo 1..2; exit 1'
outcome fails
tap_is "a failed test is counted as failed" "$counts" '1 passed, 1 failed, 0 skipped'
tap_is "the status of a run with a failure is 1" "$status" 1
tap_like "the output of a failed test is shown" "$output" '^ +not ok 1 - a$'

fake skips <<<'echo "1..0 # SKIP not here"'
outcome skips
tap_is "a file that is skipped completely counts as one skip" "$counts" '0 passed, 0 failed, 1 skipped'

fake fails_then_skips <<<'echo "not ok 1 - a"; echo "1..0 # SKIP not here"'
outcome fails_then_skips
tap_is "a test that fails and then skips the rest counts as failed" "$counts" '0 passed, 2 failed, 0 skipped'
tap_is "the status of a test that fails and then skips is 1" "$status" 1

fake passes_then_skips <<<'echo "ok 1 - a"; echo "1..0 # SKIP not here"'
outcome passes_then_skips
tap_is "a test that skips everything after its first result is broken" "$counts" '1 passed, 1 failed, 0 skipped'

fake skips_with_status <<<'echo "1..0 # SKIP not here"; exit 3'
outcome skips_with_status
tap_is "a test that skips and exits with an error counts as failed" "$counts" '0 passed, 1 failed, 0 skipped'

fake no_plan <<<'echo "ok 1 - a"'
outcome no_plan
tap_is "a test without a plan is broken" "$counts" '1 passed, 1 failed, 0 skipped'

fake stops_early <<<'echo 1..3; echo "ok 1 - a"'
outcome stops_early
tap_is "a test that stops before its plan is done is broken" "$counts" '1 passed, 1 failed, 0 skipped'

fake says_nothing <<<':'
outcome says_nothing
tap_is "a test without output is broken" "$counts" '0 passed, 1 failed, 0 skipped'

# --- variables

# shellcheck disable=SC2016 # the fake test expands them
fake has_variables <<<'[ "$A$B" = 12 ] && echo "ok 1 - a" || echo "not ok 1 - a"; echo 1..1'
output=$(cd "$work" && "$run" -j 2 'A=1 B=2 ./has_variables' 'A=1 OOPSBT_BUILD=/x/sanitized B=3 ./has_variables' ./passes 2>&1) || true
tap_is "each test has its own variables, also beside others" "$(tail -n 1 <<<"$output")" '2 passed, 1 failed, 1 skipped'
tap_like "a test with the programs with sanitizers is named so" "$output" '^FAIL sanitized ./has_variables: 1 of 1 failed'
tap_like "variables are not a part of a test's name" "$output" '^ok   ./has_variables: 1 '

# --- crashes

# shellcheck disable=SC2016 # the fake test expands it
crash='kill -SEGV $$'
fake crashes <<<"echo 'ok 1 - a'; echo 1..1; $crash"
outcome crashes
tap_is "a test that crashes after all its tests passed counts as failed" "$counts" '1 passed, 1 failed, 0 skipped'
tap_like "the signal that ended a test is named" "$output" 'SEGV'

fake skips_and_crashes <<<"echo '1..0 # SKIP not here'; $crash"
outcome skips_and_crashes
tap_is "a test that skips and crashes counts as failed" "$counts" '0 passed, 1 failed, 0 skipped'

fake fails_and_crashes <<<"echo 'not ok 1 - a'; echo 1..1; $crash"
outcome fails_and_crashes
tap_is "a crash counts in addition to failures before it" "$counts" '0 passed, 2 failed, 0 skipped'
tap_like "a crash is named in addition to failures before it" "$output" 'SEGV'

# shellcheck disable=SC2016 # the fake test expands it
fake killed <<<'echo "ok 1 - a"; echo 1..1; kill -KILL $$'
outcome killed
tap_is "a killed test counts as failed" "$counts" '1 passed, 1 failed, 0 skipped'

# --- a guest lost to emulation

# tries NAME: the number of its runs
tries() {
	wc -l <"$work/$1.tries"
}

fake asserts <<<"echo >>'$work/asserts.tries'; echo 'not ok 1 - a'; echo 1..1; exit 1"
outcome asserts
tap_is "a failed test is not repeated" "$(tries asserts)" 1
tap_is "without a repeated test the last line but one says so" "$(tail -n 2 <<<"$output" | head -n 1)" '0 repeated'

fake loses <<EOT
echo >>'$work/loses.tries'
if [ \$(wc -l <'$work/loses.tries') = 1 ]; then
	echo 'guest a: int3 in text_poke' >>"\$TESTS_LOST"
	echo 'not ok 1 - a'
else
	echo 'ok 1 - a'
fi
echo 1..1
EOT
outcome loses
tap_is "a failed test that lost a guest to emulation is repeated, and counted" "$counts" \
	'1 passed, 0 failed, 0 skipped'
tap_is "a repeated test is counted in the last line but one" "$(tail -n 2 <<<"$output" | head -n 1)" '1 repeated'
tap_like "the output shows what was lost" "$output" 'guest a: int3 in text_poke'
tap_is "the status of a run whose repetition passed is 0" "$status" 0

fake loses_always <<EOT
echo >>'$work/loses_always.tries'
echo 'guest a: int3 in text_poke' >>"\$TESTS_LOST"
echo 'not ok 1 - a'
echo 1..1
EOT
outcome loses_always
tap_is "a test that loses guests repeatedly is tried twice" "$(tries loses_always)" 2
tap_is "a test that loses guests repeatedly counts as failed" "$counts" '0 passed, 1 failed, 0 skipped'

fake passes_and_loses <<EOT
echo >>'$work/passes_and_loses.tries'
echo 'guest a: int3 in text_poke' >>"\$TESTS_LOST"
echo 'ok 1 - a'
echo 1..1
EOT
outcome passes_and_loses
tap_is "a passed test is not repeated, whatever it lost" "$(tries passes_and_loses)" 1

fake fails_after <<<"echo >>'$work/fails_after.tries'; echo 'not ok 1 - a'; echo 1..1"
outcome passes_and_loses fails_after
tap_is "what one test lost does not excuse the next" "$(tries fails_after)" 1

fake boots_again <<<'echo "guest a: started again (it did not get ready)"; echo "ok 1 - a"; echo 1..1'
outcome boots_again
tap_like "repeated boots are listed with their test" "$output" '^ok .*guests started again: 1'

# --- several calls, one sum

total=$work/total
(cd "$work" && TESTS_TOTAL=$total "$run" ./loses_always ./skips ./passes >"$work/first" 2>&1) || true
(cd "$work" && TESTS_TOTAL=$total "$run" ./skips >"$work/second" 2>&1)
tap_is "counts continue from call to call, including a skip at the end" \
	"$(TESTS_TOTAL=$total "$run" --summary | tail -n 2 | xargs)" '1 repeated 1 passed, 1 failed, 3 skipped'

# --- several at a time

mkfifo "$work/one" "$work/other"
fake meets_one <<<"echo >'$work/one'; read -r <'$work/other'; echo 'ok 1 - a'; echo 1..1"
fake meets_other <<<"read -r <'$work/one'; echo >'$work/other'; echo 'ok 1 - a'; echo 1..1"
output=$(cd "$work" && timeout 60 "$run" -j 2 ./meets_one ./meets_other) || true
tap_is "with -j 2 two tests run at the same time" "$(tail -n 1 <<<"$output")" '2 passed, 0 failed, 0 skipped'

status=0
output=$(cd "$work" && TESTS_TOTAL=$work/parallel "$run" -l many -j 3 ./passes ./fails ./crashes ./loses_always ./skips) ||
	status=$?
tap_is "with -j each test counts once, as it does without" \
	"$(TESTS_TOTAL=$work/parallel "$run" --summary | tail -n 2 | xargs)" '1 repeated 3 passed, 3 failed, 2 skipped'
tap_is "with -j the status of a run with a failure is 1" "$status" 1
tap_like "with -j the output of a failed test is shown, with its label" "$output" '^FAIL many ./fails: 1 of 2 failed'

fake quick <<<'echo "ok 1 - a"; echo 1..1'
fake slow <<<"until grep -q quick '$work/told'; do sleep 0.1; done; echo 'ok 1 - a'; echo 1..1"
(cd "$work" && timeout 60 "$run" -j 2 ./slow ./quick >"$work/told") || true
tap_is "with -j the end of each test is shown" "$(grep -oE '^ok +[^ ]*(slow|quick)' "$work/told" | xargs)" 'ok ./quick ok ./slow'

# Each runs for a while; one that requested to be alone checks for others.
for name in beside besides; do
	fake "$name" <<<"mkdir '$work/here.$name'; sleep 1; rmdir '$work/here.$name'; echo 'ok 1 - a'; echo 1..1"
done
# shellcheck disable=SC2016 # the fake test expands it
look='before=$(echo here.*); mkdir here.$$; sleep 0.5; after=$(echo here.*); rmdir here.$$; [ "$before $after" = "here.* here.$$" ] && echo "ok 1 - a" || echo "not ok 1 - $before $after"; echo 1..1'
for name in alone lonely; do
	fake "$name" <<<"# alone: it looks who else is here
cd '$work'; $look"
done
output=$(cd "$work" && "$run" -j 4 ./alone ./beside ./lonely ./besides) || true
tap_is "with -j a test that requests it runs alone" "$(tail -n 1 <<<"$output")" '4 passed, 0 failed, 0 skipped'

fake alone_fails <<<'# alone: for no reason
echo "not ok 1 - a"; echo 1..1'
fake alone_crashes <<<"# alone: for no reason
$crash"
status=0
output=$(cd "$work" && "$run" -j 2 ./alone_fails ./alone_crashes ./crashes ./skips ./passes) || status=$?
tap_is "with -j tests that run alone are counted like others" "$status $(tail -n 1 <<<"$output")" '1 2 passed, 3 failed, 2 skipped'

# --- the time of a test

fake takes_time <<<'echo "ok 1 - a"; sleep 2; echo "ok 2 - b"; echo 1..2'
output=$(cd "$work" && "$run" -v ./takes_time)
tap_like "with -v each line has the seconds since the previous one" "$output" '^ +[1-9][0-9]*\.[0-9]  ok 2 - b$'
tap_is "with -v all output of a test is shown" "$(grep -cE '^ +[0-9]+\.[0-9]  ' <<<"$output")" 3

# --- interrupts

# interrupted SIGNAL WHOM COMMAND...: runs it in its own session, as on a terminal, until the fake
# test waits; then signals its first process or its process group. Sets $status.
interrupted() {
	local signal=$1 whom=$2 leader fd
	shift 2
	rm -f "$work"/{ready,cleaned,went_on,output}
	mkfifo "$work/ready"
	(cd "$work" && exec setsid env --default-signal=INT,TERM,HUP "$@" >"$work/output" 2>&1) &
	leader=$!
	exec {fd}<>"$work/ready"
	read -r -t 60 -u "$fd" || true
	exec {fd}<&-
	if [ "$whom" = group ]; then
		kill "-$signal" -- "-$leader"
	else
		kill "-$signal" "$leader"
	fi
	status=0
	wait "$leader" || status=$?
}

fake waits <<EOT
trap 'echo >"$work/cleaned"; exit 130' INT TERM HUP
echo "ok 1 - a"
sleep 61 &
echo >"$work/ready"
wait \$!
kill \$!
echo 1..1
EOT
{ echo '# alone: for no reason'; tail -n +2 "$work/waits"; } | fake waits_alone
fake next_alone <<<"# alone: for no reason
echo >'$work/went_on'; echo 'ok 1 - a'; echo 1..1"
fake next <<<"echo >'$work/went_on'; echo 'ok 1 - a'; echo 1..1"
# As in tests/check: several calls in a row.
fake calls <<EOT
cd "$here/../.."
. tests/lib/check.sh
check_begin
run "$work/waits"
run "$work/next"
EOT

for signal in INT TERM HUP; do
	for whom in group one; do
		for what in run check several apart; do
			case $what in
			apart) interrupted "$signal" "$whom" "$run" -j 2 ./passes ./waits_alone ./next_alone ;;
			several) interrupted "$signal" "$whom" "$run" -j 2 ./waits ./meets_one ./next ;;
			run) interrupted "$signal" "$whom" "$run" ./waits ./next ;;
			check) interrupted "$signal" "$whom" ./calls ;;
			esac
			label="SIG$signal to $([ "$whom" = group ] && echo "the processes" || echo "the first process") of $what"
			tap_ok "$label: the interrupted test has cleaned up" [ -e "$work/cleaned" ]
			tap_ok "$label: no further test is run" [ ! -e "$work/went_on" ]
			tap_ok "$label: the status shows the signal ($status)" [ "$status" -gt 128 ]
		done
	done
done

fake is_interrupted <<<"exit 130"
rm -f "$work/went_on"
outcome is_interrupted next
tap_ok "an interrupted test ends the run" [ "$status" = 130 -a ! -e "$work/went_on" ]

tap_done
