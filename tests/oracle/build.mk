# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/oracle/frames,tests/oracle/frames.c,$(PACKAGES),))

# CORPUS: a folder of recorded reports on the user's machine, see tests/oracle/check-titles.
.PHONY: check-titles
check-titles: $(BUILD)/tests/oracle/titles
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/oracle/check-titles $(CORPUS)

# Compares with crash and drgn: large downloads, so not in `make check`.
.PHONY: check-oracle
check-oracle: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/oracle/check-oracle tests/oracle/check-lines

# The part that needs no guest: source lines of recorded cores.
.PHONY: check-lines
check-lines: all
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/oracle/check-lines

$(eval $(call program,tests/oracle/titles,tests/oracle/titles.c,glib-2.0,host-tool/libkernel.a))
