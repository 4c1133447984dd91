# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that the shell tests use. The unit tests are listed beside what they test.

include $(wildcard tests/*/build.mk)
