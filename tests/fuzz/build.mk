# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzz targets, built with clang, libFuzzer and sanitizers by `make fuzz-targets` into build/fuzz.

ifeq ($(FUZZ),1)

#   $(call fuzz_target,NAME,SOURCES,PKG-CONFIG PACKAGES,ARCHIVES): tests/fuzz/NAME.c and SOURCES
define fuzz_target
$(call program,tests/fuzz/$(1),tests/fuzz/$(1).c tests/fuzz/fuzz.c $(2),$(3),$(4))
FUZZ_TARGETS += $(BUILD)/tests/fuzz/$(1)
$(BUILD)/tests/fuzz/$(1): OOPSBT_LDFLAGS += -fsanitize=fuzzer
endef

FUZZ_KERNEL := $(addprefix host-tool/,libkernel.a libguest.a libcommon.a)

$(eval $(call fuzz_target,registers,,glib-2.0,host-tool/libguest.a))
$(eval $(call fuzz_target,layout,,glib-2.0,host-tool/libcollect.a))
$(eval $(call fuzz_target,disk-watch,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call fuzz_target,dump-file,,$(COMMON_PACKAGES) libelf libkdumpfile,host-tool/libguest.a))
$(eval $(call fuzz_target,flattened,,glib-2.0 libelf libkdumpfile,host-tool/libguest.a))
$(eval $(call fuzz_target,kernel-map,,glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,job,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call fuzz_target,protocol,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call fuzz_target,options,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call fuzz_target,json-head,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call fuzz_target,output,,$(COLLECT_PACKAGES) libelf,$(COLLECT_ARCHIVES)))
$(eval $(call fuzz_target,sanitize,,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call fuzz_target,oops-log,,glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,archive,virsh-plugin/archive.c virsh-plugin/new_file.c virsh-plugin/progress.c,$(COMMON_PACKAGES),host-tool/libcommon.a))
FUZZ_PAGE := $(filter-out %/html_store.c,$(wildcard virsh-plugin/html/*.c)) virsh-plugin/html/resource.c \
	$(addprefix virsh-plugin/,cli.c code_view.c cpu_view.c lines_text.c members.c report_file.c story.c task_view.c trace.c)
$(eval $(call fuzz_target,page,$(FUZZ_PAGE),$(COMMON_PACKAGES),host-tool/libcommon.a))
$(BUILD)/tests/fuzz/page: LDLIBS += -lm

FUZZ_IMAGE := tests/fuzz/fuzz_image.c tests/unit/fake_guest.c
$(eval $(call fuzz_target,printk,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,kallsyms,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,orc,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,btf,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,modules,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,disks,$(FUZZ_IMAGE),glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,tasks,tests/unit/fake_guest.c tests/unit/fake_tasks.c,glib-2.0 libbpf capstone,$(FUZZ_KERNEL)))
$(eval $(call fuzz_target,report,$(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))

fuzz-targets: $(FUZZ_TARGETS)

else

.PHONY: fuzz-targets
fuzz-targets:
	$(Q)$(MAKE) FUZZ=1 fuzz-targets

# SECONDS_EACH: the time each target runs beyond its corpus.
.PHONY: fuzz
SECONDS_EACH ?= 60
fuzz: fuzz-targets
	tests/fuzz/run $(SECONDS_EACH)

endif
