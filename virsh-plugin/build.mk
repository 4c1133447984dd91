# SPDX-License-Identifier: GPL-2.0-or-later
# virsh oopsbt: the front end, which needs nothing but libc, and the verbs.

PLUGIN_SOURCES := $(addprefix virsh-plugin/, \
	archive.c cli.c complete.c cpu_view.c daemon_status.c domain.c domains.c dumps.c main.c \
	outlook.c output.c session.c survey.c verbs.c when.c \
	verb_analyze.c verb_collect.c verb_debug.c verb_disable.c verb_enable.c verb_export.c \
	verb_info.c verb_list.c verb_rm.c verb_status.c verb_watch.c)

PROGRAMS += $(BUILD)/virsh-plugin/virsh
OBJECTS += $(BUILD)/virsh-plugin/virsh.o
$(BUILD)/virsh-plugin/virsh: $(BUILD)/virsh-plugin/virsh.o
	$(CC) $(CFLAGS) $(OOPSBT_LDFLAGS) $(LDFLAGS) -o $@ $^

$(eval $(call program,virsh-plugin/virsh-oopsbt,$(PLUGIN_SOURCES),$(COLLECT_PACKAGES),$(COLLECT_ARCHIVES)))
