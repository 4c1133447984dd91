#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Format and static analysis of the project's own code.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
cd "$here/../.."

c_files() {
	git ls-files --cached --others --exclude-standard '*.c' '*.h' |
		grep -vE '^guest-kernel-patch/|^tests/(guest/scenario|kernel)/'
}

shell_files() {
	git ls-files --cached --others --exclude-standard | while read -r file; do
		[ ! -f "$file" ] || [ -L "$file" ] || echo "$file"
	done | xargs awk 'FILENAME ~ /\.sh$/ || /^#!.*[^a-z](ba)?sh( |$)/ { print FILENAME } { nextfile }'
}

formatted() {
	c_files | xargs clang-format --dry-run -Werror
}

# What cppcheck says of memory is left out: it does not know g_autofree, and that GLib ends the program without memory. The unit
# tests find leaks with ASan. Its assertions are compiled in always, so they may call functions.
analysed() {
	c_files | grep '\.c$' | xargs cppcheck -q -j"$(nproc)" --error-exitcode=1 --inline-suppr \
		--enable=warning,portability --library=gtk '-DG_DEFINE_QUARK(a,b)=' -Ihost-tool \
		--suppress=missingInclude --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches --suppress=assertWithSideEffect \
		--suppress=memleak --suppress=leakNoVarFunctionCall --suppress=leakReturnValNotUsed --suppress=leakUnsafeArgAlloc \
		--suppress=nullPointerOutOfMemory
}

shellchecked() {
	shell_files | xargs -P "$(nproc)" -n 20 shellcheck -x -S warning
}

# An include of host-tool/ only points upwards in the list of its README.
layered() {
	local wrong
	wrong=$(git ls-files --cached --others --exclude-standard 'host-tool/*.[ch]' | xargs tests/lint/layers host-tool/README.md)
	[ -z "$wrong" ] || { echo "$wrong" && return 1; }
}

# No file may contain the path of this checkout.
clean_of_names() {
	! git grep -nF "$PWD/"
}

version=$(clang-format --version | grep -oE '[0-9]+' | head -n 1)
if [ "$version" = 14 ]; then
	tap_ok "all C code has the format of .clang-format" formatted
else
	tap_skip "all C code has the format of .clang-format" "clang-format $version formats in another way than 14"
fi
tap_ok "cppcheck finds nothing" analysed
tap_ok "shellcheck finds nothing" shellchecked
tap_ok "includes keep the layers of host-tool/README.md" layered
tap_ok "no file contains the path of this checkout" clean_of_names
tap_ok "each test that docs/promises.md names exists" tests/lint/promises
tap_done
