# SPDX-License-Identifier: GPL-2.0-or-later
# The guest module, as DKMS takes it: it is built in the guest, for the guest's kernel.

GUEST_MODULE := oopsbt-pvpanic-$(VERSION)
GUEST_MODULE_FILES := Kbuild Makefile README.md dkms.conf nmi_backtrace.c nmi_backtrace.h oops_event.c

.PHONY: guest-module
guest-module: $(BUILD)/$(GUEST_MODULE).tar.gz

$(BUILD)/$(GUEST_MODULE).tar.gz: $(addprefix guest-kernel-patch/module/,$(GUEST_MODULE_FILES))
	@rm -rf $(BUILD)/$(GUEST_MODULE)
	@mkdir -p $(BUILD)/$(GUEST_MODULE)
	$(Q)cp $^ $(BUILD)/$(GUEST_MODULE)/
	$(Q)sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="$(VERSION)"/' $(BUILD)/$(GUEST_MODULE)/dkms.conf
	$(call say,TAR  $@)
	$(Q)tar -C $(BUILD) --owner=0 --group=0 -czf $@ $(GUEST_MODULE)
