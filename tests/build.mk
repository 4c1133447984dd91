# SPDX-License-Identifier: GPL-2.0-or-later
# Programs for the shell tests. The unit tests are listed with the code that they test.

include $(wildcard tests/*/build.mk)
