# SPDX-License-Identifier: GPL-2.0-or-later
# Layer 2: finds and reads the Linux kernel in guest memory.

$(eval $(call archive,host-tool/libkernel.a,$(sort $(wildcard host-tool/kernel/*.c host-tool/kernel/*/*.c))))

FAKE_GUEST := tests/unit/fake_guest.c
FAKE_KERNEL := $(FAKE_GUEST) tests/unit/fake_kernel.c
FAKE_TABLES := $(FAKE_GUEST) tests/unit/fake_tables.c
KERNEL_TEST_ARCHIVES := host-tool/libkernel.a host-tool/libguest.a

$(eval $(call unit_test,kernel-btf,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-build-id,$(FAKE_TABLES),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-code-variables,$(FAKE_KERNEL),glib-2.0 libbpf capstone,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-cold,,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-cpu,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-find,$(FAKE_KERNEL),glib-2.0 libbpf capstone,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-fit,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-disks,$(FAKE_GUEST) tests/unit/fake_tasks.c,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-disassemble,,glib-2.0 capstone,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-hot-layout,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-kallsyms,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-livepatch,$(FAKE_TABLES),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-lock,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-map,,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-module-layout,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-modules,$(FAKE_TABLES),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-nmi-log,,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-complaint,,glib-2.0,host-tool/libkernel.a))
$(eval $(call unit_test,kernel-oops-log,,glib-2.0,host-tool/libkernel.a))
$(eval $(call unit_test,kernel-orc,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-printk,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-schedule,,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-settings,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-trampolines,$(FAKE_TABLES),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-unwind,$(FAKE_KERNEL),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-signatures,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-task-layout,$(FAKE_GUEST),glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-tasks,$(FAKE_GUEST) tests/unit/fake_tasks.c,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-blocked,$(FAKE_GUEST) tests/unit/fake_tasks.c,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
$(eval $(call unit_test,kernel-rcu,$(FAKE_GUEST) tests/unit/fake_tasks.c,glib-2.0 libbpf,$(KERNEL_TEST_ARCHIVES)))
