# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call unit_test,zoo,,$(PACKAGES),))
$(BUILD)/tests/unit/zoo: | $(BUILD)/host-tool/oopsbt-analyze

.PHONY: check-zoo
check-zoo: tests
	tests/zoo/check docs/zoo.md
