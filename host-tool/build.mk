# SPDX-License-Identifier: GPL-2.0-or-later
# What the host tool is made of; a list per layer.

include $(wildcard host-tool/*/build.mk)
