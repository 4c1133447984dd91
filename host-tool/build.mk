# SPDX-License-Identifier: GPL-2.0-or-later
# The parts of the host tool, one list per layer.

include $(wildcard host-tool/*/build.mk)
