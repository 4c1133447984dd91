# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/bench/collect,tests/bench/collect.c,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call program,tests/bench/child,tests/bench/child.c,glib-2.0,))
$(eval $(call program,tests/bench/publish,tests/bench/publish.c,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call program,tests/bench/scatter,tests/bench/scatter.c,glib-2.0,))
$(eval $(call program,tests/bench/summary,tests/bench/summary.c,$(PACKAGES),))

# Calls of a collection are timed from outside: collect.c has a wrapper for each of these.
$(BUILD)/tests/bench/collect: LDFLAGS += -Wl,--wrap=virDomainSuspend -Wl,--wrap=virDomainResume \
	-Wl,--wrap=virDomainQemuMonitorCommand -Wl,--wrap=store_dump_commit

.PHONY: bench
bench: tests
	$(Q)OOPSBT_BUILD=$(abspath $(BUILD)) tests/bench/run
