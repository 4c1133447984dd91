#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the Makefile builds, and how; it builds nothing.
#
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/tap.sh"
cd "$here/../.."

# commands GOAL...: the commands with which make would build it from scratch
commands() {
	make -nB V=1 "$@" 2>/dev/null
}

plain=$(commands all)
tap_like "plain make builds the daemon" "$plain" '-o build/host-tool/oopsbtd( |$)'
tap_unlike "plain make builds no test program" "$plain" '-o build/tests/'
tap_unlike "plain make does not treat warnings as errors" "$plain" '-Werror( |$)'
tests=$(commands tests)
tap_like "make tests builds the unit tests" "$tests" '-o build/tests/unit/common-store( |$)'
tap_like "make tests builds the programs of the shell tests" "$tests" '-o build/tests/report/query( |$)'
tap_like "make tests builds the daemon" "$tests" '-o build/host-tool/oopsbtd( |$)'
tap_like "make tests treats warnings as errors" "$tests" '-Werror( |$)'
tap_like "WERROR=1 treats warnings as errors" "$(commands all WERROR=1)" '-Werror( |$)'
tap_like "make bench builds what it runs" "$(commands bench)" '-o build/tests/bench/collect( |$)'
tap_done
