# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/daemon/rogue-analyze,tests/daemon/rogue-analyze.c,$(PACKAGES),host-tool/libcommon.a))

TEST_LIBRARIES += $(BUILD)/tests/daemon/late-clock.so
$(BUILD)/tests/daemon/late-clock.so: tests/daemon/late-clock.c
	@mkdir -p $(@D)
	$(call say,LINK $@)
	$(Q)$(CC) $(OOPSBT_CFLAGS) -fPIC -shared $(CFLAGS) -o $@ $<
