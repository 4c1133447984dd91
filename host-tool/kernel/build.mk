# SPDX-License-Identifier: GPL-2.0-or-later
# Layer 2: what Linux knows, found in guest memory.

$(eval $(call archive,host-tool/libkernel.a,$(sort $(wildcard host-tool/kernel/*.c))))

$(eval $(call unit_test,kernel-oops-log,,glib-2.0,host-tool/libkernel.a))
