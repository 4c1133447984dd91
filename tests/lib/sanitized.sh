# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#	sanitizer_variables	prints the variables with which a test takes the programs in build/sanitized. The sanitizers
#				end a program at the first finding; what it prints then is on its stderr.
#	sanitizers		from now on tests do so

sanitizer_variables() {
	echo ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
		LSAN_OPTIONS=suppressions=tests/lib/lsan.supp:print_suppressions=0 "OOPSBT_BUILD=$PWD/build/sanitized"
}

sanitizers() {
	# shellcheck disable=SC2046 # no variable has spaces
	export $(sanitizer_variables)
}
