# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# TAP from shell. A title is a sentence that is true of a correct program.
#
#	tap_ok TITLE COMMAND...		passes if the command succeeds; its output is shown if it does not
#	tap_is TITLE GOT WANTED		passes if both are the same text
#	tap_like TITLE TEXT PATTERN	passes if a line of the text matches the extended regular expression
#	tap_unlike TITLE TEXT PATTERN	passes if none does, and there is a text: none at all says nothing
#	tap_skip TITLE REASON		not tested here, and why: only what the machine can't do
#	tap_skip_all REASON		the same for the whole file; ends the script
#	tap_note TEXT			a line for the reader
#	tap_done			prints the plan; the exit status says whether all passed

tap_count=0
tap_failed=0

tap_note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

tap_pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

tap_fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
}

tap_ok() {
	tap_title=$1
	shift
	if tap_output=$("$@" 2>&1); then
		tap_pass "$tap_title"
	else
		tap_status=$?
		tap_fail "$tap_title"
		tap_note "status $tap_status of: $*"
		tap_note "$tap_output"
	fi
}

tap_is() {
	if [ "$2" = "$3" ]; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "got:    $2"
		tap_note "wanted: $3"
	fi
}

tap_like() {
	if printf '%s\n' "$2" | grep -E -- "$3" >/dev/null; then
		tap_pass "$1"
	else
		tap_fail "$1"
		tap_note "no line matches: $3"
		tap_note "$2"
	fi
}

tap_unlike() {
	if [ -z "$(printf '%s' "$2" | tr -d '[:space:]')" ]; then
		tap_fail "$1"
		tap_note "there is no text to look at"
	elif printf '%s\n' "$2" | grep -E -- "$3" >/dev/null; then
		tap_fail "$1"
		tap_note "a line matches: $3"
		tap_note "$2"
	else
		tap_pass "$1"
	fi
}

tap_skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

tap_skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

tap_done() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
