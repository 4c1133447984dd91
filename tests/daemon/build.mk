# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/daemon/rogue-analyze,tests/daemon/rogue-analyze.c,$(PACKAGES),host-tool/libcommon.a))
$(eval $(call program,tests/daemon/hold-search,tests/daemon/hold-search.c,$(PACKAGES),host-tool/libcommon.a))

PRELOADED := $(patsubst %,$(BUILD)/tests/daemon/%.so,fail-call late-clock)
TEST_LIBRARIES += $(PRELOADED)
$(PRELOADED): $(BUILD)/tests/daemon/%.so: tests/daemon/%.c
	@mkdir -p $(@D)
	$(call say,LINK $@)
	$(Q)$(CC) $(OOPSBT_CFLAGS) -fPIC -shared $(CFLAGS) -o $@ $<
