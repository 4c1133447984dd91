#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each check of tap.sh passes and fails when it should.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/tap.sh"

# outcome CHECK TITLE ARG...: its first output, with a count of its own
outcome() {
	(
		tap_count=0
		"$@"
	) | head -n 1
}

passes() {
	tap_is "$1" "$(shift && outcome "$@")" 'ok 1 - t'
}

fails() {
	tap_is "$1" "$(shift && outcome "$@")" 'not ok 1 - t'
}

passes "tap_ok passes if the command succeeds" tap_ok t true
fails "tap_ok fails if the command fails" tap_ok t false
fails "tap_ok fails if there is no such command" tap_ok t no-such-command
passes "tap_is passes for the same text" tap_is t a a
fails "tap_is fails for another text" tap_is t a b
fails "tap_is fails for no text" tap_is t '' b
passes "tap_like passes if a line matches" tap_like t $'a\nb' '^b$'
fails "tap_like fails if no line matches" tap_like t $'a\nb' '^c$'
fails "tap_like fails for no text" tap_like t '' 'a'
passes "tap_unlike passes if no line matches" tap_unlike t $'a\nb' '^c$'
fails "tap_unlike fails if a line matches" tap_unlike t $'a\nb' '^b$'
fails "tap_unlike fails for no text" tap_unlike t '' 'a'
fails "tap_unlike fails for a text of spaces" tap_unlike t $' \n ' 'a'

status=0
(
	tap_fail t
	tap_done
) >/dev/null || status=$?
tap_is "tap_done fails after a failure" "$status" 1
status=0
("$BASH" -c ". '$here/tap.sh'; tap_pass t; tap_done") >/dev/null || status=$?
tap_is "tap_done succeeds without a failure" "$status" 0
tap_done
