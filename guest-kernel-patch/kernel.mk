# SPDX-License-Identifier: GPL-2.0-or-later
# The patch series. series writes them from guest-kernel-patch/series/. check-kernel builds and boots linux-6.1, and compiles
# what the others touch; check-kernel-matrix builds and boots them all and writes docs/kernel-matrix.md.

.PHONY: series check-kernel check-kernel-arm64 check-kernel-debug check-kernel-matrix check-module-arm64
series:
	guest-kernel-patch/make-series

check-kernel:
	tests/run tests/kernel/made.test.sh tests/kernel/series.test.sh tests/kernel/compile.test.sh tests/kernel/guest.test.sh

check-kernel-arm64:
	tools/install-deps test cross
	tests/run tests/kernel/compile-arm64

check-module-arm64:
	tools/install-deps test cross
	tests/run tests/guest/module-arm64

check-kernel-debug:
	tests/kernel/guest.test.sh linux-6.12 debug

check-kernel-matrix:
	tests/kernel/matrix docs/kernel-matrix.md
