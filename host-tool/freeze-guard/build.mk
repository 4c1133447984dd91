# SPDX-License-Identifier: GPL-2.0-or-later

GUARD_PACKAGES := glib-2.0 gio-unix-2.0 json-glib-1.0 libvirt libvirt-qemu
GUARD_ARCHIVES := host-tool/libcollect.a host-tool/libcommon.a

$(eval $(call program,host-tool/oopsbt-freeze-guard,$(addprefix host-tool/freeze-guard/,main.c serve.c thaw.c),$(GUARD_PACKAGES),$(GUARD_ARCHIVES)))

$(eval $(call unit_test,freeze-guard,host-tool/freeze-guard/serve.c,$(GUARD_PACKAGES),$(GUARD_ARCHIVES)))
