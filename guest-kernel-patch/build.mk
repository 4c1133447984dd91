# SPDX-License-Identifier: GPL-2.0-or-later
# The guest module, as DKMS takes it: it is built in the guest, for the guest's kernel.

GUEST_MODULE := oopsbt-pvpanic-$(VERSION)
GUEST_MODULE_FILES := $(addprefix guest-kernel-patch/module/,Kbuild Makefile README.md dkms.conf \
	$(notdir $(wildcard guest-kernel-patch/module/*.[ch])))
# The version stands in the Makefile; the module takes it from dkms.conf.
dkms_conf = sed 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="$(VERSION)"/' guest-kernel-patch/module/dkms.conf

.PHONY: guest-module
guest-module: $(BUILD)/$(GUEST_MODULE).tar.gz

$(BUILD)/$(GUEST_MODULE).tar.gz: $(GUEST_MODULE_FILES)
	@rm -rf $(BUILD)/$(GUEST_MODULE)
	@mkdir -p $(BUILD)/$(GUEST_MODULE)
	$(Q)cp $^ $(BUILD)/$(GUEST_MODULE)/
	$(Q)$(dkms_conf) > $(BUILD)/$(GUEST_MODULE)/dkms.conf
	$(call say,TAR  $@)
	$(Q)tar -C $(BUILD) --owner=0 --group=0 -czf $@ $(GUEST_MODULE)
