# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/oracle/frames,tests/oracle/frames.c,$(PACKAGES),))

# CORPUS: a folder of recorded reports that the user has, as tests/oracle/check-titles says.
.PHONY: check-titles
check-titles: $(BUILD)/tests/oracle/titles
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/oracle/check-titles $(CORPUS)

# What crash and drgn make of the same guest: large downloads, so not in `make check`.
.PHONY: check-oracle
check-oracle: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/oracle/check-oracle tests/oracle/check-lines

# The part of it that needs no guest: source lines, on recorded cores.
.PHONY: check-lines
check-lines: all
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/oracle/check-lines

$(eval $(call program,tests/oracle/titles,tests/oracle/titles.c,glib-2.0,host-tool/libkernel.a))
