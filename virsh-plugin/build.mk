# SPDX-License-Identifier: GPL-2.0-or-later
# virsh oopsbt: the front end, which needs only libc, the verbs, and the manual pages.

# The page of a report; its fixed parts are compiled in.
PLUGIN_HTML := $(addprefix virsh-plugin/html/, \
	html_fault.c html_graph.c html_head.c html_icicle.c html_lanes.c html_log.c html_page.c html_parts.c html_report.c \
	html_rest.c html_tasks.c html_timeline.c html_writer.c resource.c)
HTML_RESOURCE := virsh-plugin/html/html.gresource.xml
GLIB_COMPILE_RESOURCES ?= glib-compile-resources

$(BUILD)/virsh-plugin/html/resource.c: $(HTML_RESOURCE) $(addprefix virsh-plugin/html/,page.html style.css script.js)
	@mkdir -p $(@D)
	$(call say,GEN  $@)
	$(Q)$(GLIB_COMPILE_RESOURCES) --generate-source --internal --c-name oopsbt_html --sourcedir=$(dir $<) --target=$@ $<

$(BUILD)/virsh-plugin/html/resource.o: $(BUILD)/virsh-plugin/html/resource.c
	$(call say,CC   $<)
	$(Q)$(CC) $(OOPSBT_CFLAGS) -Wno-missing-prototypes -Wno-shadow $(OOPSBT_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

PLUGIN_SOURCES := $(PLUGIN_HTML) virsh-plugin/html/html_store.c $(addprefix virsh-plugin/, \
	archive.c cli.c code_view.c complete.c cpu_view.c daemon_status.c definition.c domain.c domains.c dumps.c groups.c health.c \
	journal_source.c lines.c lines_text.c mail.c main.c \
	manual.c members.c new_file.c outlook.c output.c panic_events.c progress.c remote.c repeats_view.c report_file.c selection.c session.c story.c survey.c task_view.c \
	trace.c verbs.c vmcore_progress.c when.c \
	verb_analyze.c verb_collect.c verb_debug.c verb_disable.c verb_enable.c verb_export.c \
	verb_info.c verb_list.c verb_rm.c verb_stats.c verb_status.c verb_watch.c)

$(eval $(call program,virsh-plugin/virsh-oopsbt,$(PLUGIN_SOURCES),$(COLLECT_PACKAGES) libsystemd,$(COLLECT_ARCHIVES)))
$(BUILD)/virsh-plugin/virsh-oopsbt: LDLIBS += -lm

PROGRAMS += $(BUILD)/virsh-plugin/virsh
OBJECTS += $(BUILD)/virsh-plugin/virsh.o
$(BUILD)/virsh-plugin/virsh: $(BUILD)/virsh-plugin/virsh.o
	$(call say,LINK $@)
	$(Q)$(CC) $(CFLAGS) $(OOPSBT_LDFLAGS) $(LDFLAGS) -o $@ $^

# Source lines: a separate program with elfutils (lines/README.md says why).
PLUGIN_LINES := $(addprefix virsh-plugin/lines/, \
	annotate.c build_id.c chain.c debug_file.c debug_finder.c debug_server.c module_info.c packages.c source_path.c \
	source_tree.c symbols.c)
LINES_PACKAGES := libdw libelf libdebuginfod

$(eval $(call program,virsh-plugin/oopsbt-lines,virsh-plugin/lines/main.c $(PLUGIN_LINES) \
	virsh-plugin/members.c virsh-plugin/report_file.c,$(COMMON_PACKAGES) $(LINES_PACKAGES),host-tool/libcommon.a))

PLUGIN_VIEWS := $(addprefix virsh-plugin/,cli.c code_view.c cpu_view.c lines_text.c mail.c members.c story.c task_view.c trace.c)
$(eval $(call unit_test,plugin-panic-events,$(addprefix virsh-plugin/,definition.c panic_events.c),glib-2.0 libxml-2.0,))
$(eval $(call unit_test,plugin-views,$(PLUGIN_VIEWS),$(COMMON_PACKAGES),host-tool/libcommon.a))
$(eval $(call unit_test,plugin-html,$(PLUGIN_VIEWS) $(PLUGIN_HTML),$(COMMON_PACKAGES),host-tool/libcommon.a))
$(BUILD)/tests/unit/plugin-html: LDLIBS += -lm
$(eval $(call unit_test,plugin-when,virsh-plugin/when.c,glib-2.0))

# --- manual pages, from the same source as the help ---

MAN_PAGES := $(patsubst virsh-plugin/man/%.md,$(BUILD)/man/%,$(wildcard virsh-plugin/man/*.md))
MAN_INCLUDES := $(BUILD)/man/verbs.md $(BUILD)/man/oopsbtd-help.txt

$(BUILD)/man/verbs.md: $(BUILD)/virsh-plugin/virsh-oopsbt
	@mkdir -p $(@D)
	$(Q)$< manual > $@

$(BUILD)/man/oopsbtd-help.txt: $(BUILD)/host-tool/oopsbtd
	@mkdir -p $(@D)
	$(Q)$< --help > $@ && sed -i 's/…/.../' $@

$(BUILD)/man/%: virsh-plugin/man/%.md virsh-plugin/man/md2man $(MAN_INCLUDES) \
		host-tool/oopsbtd.conf host-tool/report.md
	$(call say,MAN  $@)
	$(Q)sed -e 's,@verbs@,$(BUILD)/man/verbs.md,' -e 's,@oopsbtd-help@,$(BUILD)/man/oopsbtd-help.txt,' $< | \
		awk -f virsh-plugin/man/md2man -v title='$(basename $(@F))($(subst .,,$(suffix $(@F))))' \
			-v version=$(VERSION) > $@

.PHONY: man
man: $(MAN_PAGES)
all: man

# --- installation ---

BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
# The folder of commands of a virsh with our libvirt patch, for the same prefix.
VIRSH_COMMAND_DIR ?= $(PREFIX)/libexec/virsh

.PHONY: install-plugin
install: install-plugin
install-plugin: all
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 $(MANDIR)/man8 \
		$(BASHCOMPDIR) $(ZSHCOMPDIR) $(VIRSH_COMMAND_DIR))
	install -m 0755 $(BUILD)/virsh-plugin/virsh $(BUILD)/virsh-plugin/virsh-oopsbt $(DESTDIR)$(BINDIR)
	install -d $(DESTDIR)$(LIBEXECDIR)
	install -m 0755 $(BUILD)/virsh-plugin/oopsbt-lines $(DESTDIR)$(LIBEXECDIR)
	$(foreach page,$(MAN_PAGES),install -m 0644 $(page) \
		$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page))) &&) true
	install -m 0644 virsh-plugin/completion/virsh-oopsbt.bash $(DESTDIR)$(BASHCOMPDIR)/virsh-oopsbt
	install -m 0644 virsh-plugin/completion/_virsh-oopsbt $(DESTDIR)$(ZSHCOMPDIR)
	ln -sf $(BINDIR)/virsh-oopsbt $(DESTDIR)$(VIRSH_COMMAND_DIR)/virsh-oopsbt

.PHONY: uninstall-plugin
uninstall: uninstall-plugin
uninstall-plugin:
	rm -f $(DESTDIR)$(BINDIR)/virsh $(DESTDIR)$(BINDIR)/virsh-oopsbt \
		$(foreach page,$(MAN_PAGES),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
		$(DESTDIR)$(BASHCOMPDIR)/virsh-oopsbt $(DESTDIR)$(ZSHCOMPDIR)/_virsh-oopsbt \
		$(DESTDIR)$(VIRSH_COMMAND_DIR)/virsh-oopsbt
	-rmdir $(DESTDIR)$(VIRSH_COMMAND_DIR) 2>/dev/null

# --- tests ---

PLUGIN_TESTS := $(filter-out %/native.test.sh,$(wildcard tests/plugin/*.test.sh))

.PHONY: check-plugin check-plugin-native
check-plugin: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run $(PLUGIN_TESTS)
check-plugin-native: tests
	OOPSBT_BUILD=$(CURDIR)/$(BUILD) tests/run tests/plugin/native.test.sh
