# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/oracle/frames,tests/oracle/frames.c,$(PACKAGES),))

# What crash and drgn make of the same guest: large downloads, so not in `make check`.
.PHONY: check-oracle
check-oracle: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/oracle/check-oracle
