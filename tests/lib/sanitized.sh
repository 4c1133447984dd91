# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#	sanitizers	from now on tests take the programs in build/sanitized. The sanitizers end a program at the
#			first finding; what it prints then is on its stderr.

sanitizers() {
	export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
	export UBSAN_OPTIONS=print_stacktrace=1
	export LSAN_OPTIONS=suppressions=tests/lib/lsan.supp:print_suppressions=0
	export OOPSBT_BUILD=$PWD/build/sanitized
}
