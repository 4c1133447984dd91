# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Waits for things without events: a file that is replaced, a program that is queried.
#
#	eventually SECONDS COMMAND...	run COMMAND again and again until it succeeds, for at most SECONDS; what it said last
#					is shown if it never does

eventually() {
	local deadline=$((EPOCHSECONDS + $1)) output
	shift
	until output=$("$@" 2>&1); do
		if [ "$EPOCHSECONDS" -ge "$deadline" ]; then
			printf '%s\n' "$output"
			return 1
		fi
		sleep 0.1
	done
}
