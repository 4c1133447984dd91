# SPDX-License-Identifier: GPL-2.0-or-later
# oopsbtd with ThreadSanitizer in build/threads; `make check-tsan` runs the daemon's tests with it.

ifeq ($(THREADS),1)

$(BUILD)/host-tool/oopsbtd: $(BUILD)/tests/threads/glib.o
OBJECTS += $(BUILD)/tests/threads/glib.o

else

.PHONY: check-tsan
check-tsan: tests
	$(Q)$(MAKE) THREADS=1 build/threads/host-tool/oopsbtd
	tests/threads/check

endif
