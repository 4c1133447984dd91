# SPDX-License-Identifier: GPL-2.0-or-later
# The analyser: the only program that interprets guest memory.

ANALYZE_SOURCES := $(addprefix host-tool/analyze/,analysis.c capture.c complaints.c cpu_facts.c culprit.c disk_facts.c disk_places.c fault.c file.c guest_traces.c left_out.c live.c log.c log_lines.c main.c \
	output.c relay.c sandbox.c stall_places.c task_chains.c task_facts.c verdict.c window.c)

ANALYZE_ARCHIVES := $(addprefix host-tool/,libreport.a libkernel.a libguest.a libcommon.a)
ANALYZE_PACKAGES := $(PACKAGES) libseccomp libbpf libelf libkdumpfile capstone

$(eval $(call program,host-tool/oopsbt-analyze,$(ANALYZE_SOURCES),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))

$(eval $(call unit_test,analyze-analysis,$(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-complaints,$(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-fault,tests/unit/fake_guest.c tests/unit/fake_tables.c $(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-left-out,tests/unit/fake_guest.c tests/unit/fake_tables.c $(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))

$(eval $(call unit_test,analyze-live,$(filter-out %/main.c,$(ANALYZE_SOURCES)),$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))

$(eval $(call unit_test,analyze-sandbox,host-tool/analyze/sandbox.c host-tool/analyze/window.c,\
	$(PACKAGES) libseccomp,$(addprefix host-tool/,libguest.a libcommon.a)))

$(eval $(call unit_test,analyze-verdict,host-tool/analyze/verdict.c host-tool/analyze/culprit.c host-tool/analyze/task_chains.c,$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-culprit,host-tool/analyze/culprit.c host-tool/analyze/task_chains.c,$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-task-chains,host-tool/analyze/task_chains.c,$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-task-facts,tests/unit/fake_guest.c tests/unit/fake_tasks.c host-tool/analyze/task_chains.c host-tool/analyze/task_facts.c,$(ANALYZE_PACKAGES),$(ANALYZE_ARCHIVES)))
$(eval $(call unit_test,analyze-relay,host-tool/analyze/relay.c,$(PACKAGES),$(addprefix host-tool/,libguest.a libcommon.a)))
