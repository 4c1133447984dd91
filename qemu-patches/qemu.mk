# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tests of the QEMU series. The first run builds QEMU 7.2 and compiles what the other series touch.

QEMU_TESTS := tests/qemu/series.test.sh tests/qemu/qtest.test.sh tests/qemu/guest.test.sh tests/qemu/libvirt.test.sh

.PHONY: check-qemu check-qemu-arm64 check-qemu-docs check-qemu-matrix

check-qemu:
	tests/run $(QEMU_TESTS)

# Builds a QEMU for arm64, and Debian's kernel's modules with a cross compiler
check-qemu-arm64:
	tools/install-deps run test cross
	tests/run tests/qemu/arm64

# QEMU's own checks of its schema, and its manual
check-qemu-docs:
	tools/install-deps test manual
	tests/run tests/qemu/docs

# Full builds of all series (15 minutes on two cores), and the results to docs/qemu-matrix.md
check-qemu-matrix:
	tests/qemu/matrix docs/qemu-matrix.md
