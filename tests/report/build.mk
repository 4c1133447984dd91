# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/report/query,tests/report/query.c,$(PACKAGES),))
