# SPDX-License-Identifier: GPL-2.0-or-later

GUEST_SOURCES := $(addprefix host-tool/guest/,address_space.c core_file.c dump_file.c dump_read.c flattened.c kdump_file.c \
	memory.c notes.c snapshot.c x86_64/paging.c x86_64/registers.c x86_64/show.c)

$(eval $(call archive,host-tool/libguest.a,$(GUEST_SOURCES)))

$(eval $(call unit_test,guest-memory,,glib-2.0,host-tool/libguest.a))
$(eval $(call unit_test,guest-paging,,glib-2.0,host-tool/libguest.a))
$(eval $(call unit_test,guest-registers,,glib-2.0,host-tool/libguest.a))
$(eval $(call unit_test,guest-dump-file,,glib-2.0 libelf libkdumpfile,host-tool/libguest.a))
