# SPDX-License-Identifier: GPL-2.0-or-later

REPORT_SOURCES := $(addprefix host-tool/report/,core.c fingerprint.c json.c json_fault.c json_frame.c json_left_out.c json_tasks.c json_writer.c moment.c \
	report.c text.c text_fault.c text_frames.c text_left_out.c text_tasks.c text_writer.c)

$(eval $(call archive,host-tool/libreport.a,$(REPORT_SOURCES)))

REPORT_ARCHIVES := $(addprefix host-tool/,libreport.a libkernel.a libguest.a libcommon.a)

$(eval $(call unit_test,report-render,,$(COMMON_PACKAGES),$(REPORT_ARCHIVES)))
$(eval $(call unit_test,report-fingerprint,,$(COMMON_PACKAGES),$(REPORT_ARCHIVES)))
$(eval $(call unit_test,report-core,,$(COMMON_PACKAGES) libelf libkdumpfile,$(REPORT_ARCHIVES)))
