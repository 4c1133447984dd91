# SPDX-License-Identifier: GPL-2.0-or-later
# What every program of the host tool links; depends on no other layer's archive. The report's
# structure is in it because the context (daemon to analyser) carries a part of it.

COMMON_SOURCES := $(addprefix host-tool/common/,context.c json.c protocol.c sanitize.c) \
	$(wildcard host-tool/common/options.c host-tool/common/store.c) host-tool/report/report.c

$(eval $(call archive,host-tool/libcommon.a,$(COMMON_SOURCES)))

COMMON_PACKAGES := glib-2.0 gio-unix-2.0 json-glib-1.0
