# SPDX-License-Identifier: GPL-2.0-or-later
# libcollect.a is one collection, for the daemon and for `virsh oopsbt collect`; the rest is oopsbtd.

COLLECT_SOURCES := $(addprefix host-tool/daemon/,analyzer.c clock.c collection.c config.c config_file.c dialogue.c \
	disk_watch.c fallback.c freeze.c guard.c guest_clock.c kernel_state.c layout.c layout_text.c log.c nmi.c oops_pause.c output.c pauses.c peek.c program.c qmp.c \
	ratelimit.c runtime.c summary.c virt.c vmcore.c writer.c) $(addprefix host-tool/freeze-guard/,record.c state.c)
COLLECT_ARCHIVES := $(addprefix host-tool/,libcollect.a libreport.a libkernel.a libguest.a libcommon.a)
COLLECT_PACKAGES := $(COMMON_PACKAGES) libvirt libvirt-qemu libxml-2.0

OOPSBTD_SOURCES := $(addprefix host-tool/daemon/,connection.c domain_clock.c domain_collect.c domain_disks.c domain_error.c domain_kernel.c \
	domain_oops.c domain_refresh.c domain_signals.c domain_stall.c domain_watch.c domain_watchdog.c domains.c failure_event.c guest_settings.c \
	histogram.c hook.c incident_log.c main.c metrics.c metrics_file.c metrics_text.c progress.c publication.c signal.c spares.c stall.c \
	stall_watch.c status.c trim.c vcpu_thread.c watch.c)

$(eval $(call archive,host-tool/libcollect.a,$(COLLECT_SOURCES)))
$(eval $(call program,host-tool/oopsbtd,$(OOPSBTD_SOURCES),$(COLLECT_PACKAGES) libvirt-glib-1.0 libsystemd,$(COLLECT_ARCHIVES)))

$(eval $(call unit_test,daemon-layout,,glib-2.0,host-tool/libcollect.a))
$(eval $(call unit_test,daemon-encrypted,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-peek,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-watch,host-tool/daemon/watch.c,glib-2.0,))
$(eval $(call unit_test,daemon-stall,host-tool/daemon/stall.c,$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,daemon-stall-watch,$(addprefix host-tool/daemon/,stall.c stall_watch.c vcpu_thread.c),$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-disk-watch,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-metrics,$(addprefix host-tool/daemon/,histogram.c metrics_file.c metrics_text.c),$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,daemon-metrics-writes,$(addprefix host-tool/daemon/,histogram.c metrics.c metrics_file.c metrics_text.c),$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-config-file,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-hook,$(addprefix host-tool/daemon/,hook.c incident_log.c),$(COLLECT_PACKAGES) libsystemd,$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-oops-pause,$(addprefix host-tool/daemon/,oops_pause.c qmp.c),$(COLLECT_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,daemon-progress,host-tool/daemon/progress.c,glib-2.0,))
$(eval $(call unit_test,daemon-pauses,host-tool/daemon/pauses.c,glib-2.0,))
$(eval $(call unit_test,daemon-kernel-state,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-domain-kernel,$(addprefix host-tool/daemon/,domain_kernel.c guest_settings.c watch.c),$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
DOMAIN_TEST := $(addprefix host-tool/daemon/,domain_clock.c domain_collect.c domain_disks.c domain_error.c domain_kernel.c domain_oops.c \
	domain_refresh.c domain_signals.c domain_stall.c domain_watch.c domain_watchdog.c guest_settings.c histogram.c incident_log.c progress.c \
	signal.c stall.c stall_watch.c vcpu_thread.c watch.c)
$(eval $(call unit_test,daemon-domain-collect,$(DOMAIN_TEST),$(COLLECT_PACKAGES) libsystemd,$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-analyzer,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-decisions,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-output,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-freeze,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-no-process,,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-carried,tests/unit/fake_guard.c host-tool/freeze-guard/thaw.c,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-freeze-others,tests/unit/fake_guard.c,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
$(eval $(call unit_test,daemon-log,host-tool/daemon/incident_log.c,$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
