# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/daemon/rogue-analyze,tests/daemon/rogue-analyze.c,$(PACKAGES),host-tool/libcommon.a))
