# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,host-tool/oopsbt-freeze-guard,host-tool/freeze-guard/main.c host-tool/freeze-guard/thaw.c,glib-2.0 gio-unix-2.0 json-glib-1.0 libvirt libvirt-qemu,host-tool/libcollect.a host-tool/libcommon.a))
