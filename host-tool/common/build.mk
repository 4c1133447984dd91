# SPDX-License-Identifier: GPL-2.0-or-later
# Linked into several programs of the host tool; uses no other layer's archive.

COMMON_SOURCES := $(addprefix host-tool/common/,collection.c context.c incident.c json.c json_build.c json_check.c json_head.c options.c \
	protocol.c repeat_rule.c sanitize.c store.c store_catalogue.c store_directory.c store_domain.c store_entry.c store_id.c \
	store_keep.c store_pool.c store_quota.c store_repeats.c store_use.c)

$(eval $(call archive,host-tool/libcommon.a,$(COMMON_SOURCES)))

COMMON_PACKAGES := glib-2.0 gio-unix-2.0 json-glib-1.0

$(eval $(call unit_test,common-json,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-json-check,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-options,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-store,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,store-catalogue,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,store-faults,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-repeats,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-context,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-protocol,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,common-sanitize,,$(COMMON_PACKAGES),host-tool/libcommon.a))
