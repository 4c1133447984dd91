# SPDX-License-Identifier: GPL-2.0-or-later
# The only entry point; `make help` lists the targets.

# The only place of the version: other files get it from here, or tests/host/unit.test.sh compares
# them with it.
VERSION := 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LIBEXECDIR ?= $(PREFIX)/libexec/oopsbt
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/oopsbt
UNITDIR ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,/etc/systemd/system)
CATALOGDIR ?= $(PREFIX)/lib/systemd/catalog

# AppArmor reads this folder, whatever the prefix.
APPARMORDIR ?= /etc/apparmor.d

# SANITIZE=1 builds everything with ASan and UBSan, in addition to the ordinary objects.
SANITIZE ?= 0
# FUZZ=1, for `make fuzz`, builds for libFuzzer; THREADS=1 builds everything with ThreadSanitizer.
FUZZ ?= 0
THREADS ?= 0
BUILD := build$(if $(filter 1,$(SANITIZE)),/sanitized)$(if $(filter 1,$(FUZZ)),/fuzz)$(if $(filter 1,$(THREADS)),/threads)

# V=1 shows the commands.
V ?= 0
ifneq ($(V),1)
Q := @
endif
say = $(if $(Q),@echo '  $(1)')

PKG_CONFIG ?= pkg-config
PACKAGES := glib-2.0 gio-unix-2.0 json-glib-1.0
LIBVIRT_PACKAGES := libvirt libvirt-qemu libvirt-glib-1.0 libsystemd

# WERROR=1 makes warnings errors: for developers, whose compiler is known.
WERROR ?= $(if $(filter tests check%,$(MAKECMDGOALS)),1,0)

CFLAGS ?= -O2 -g
# The path of the source tree does not appear in the build.
PREFIX_MAP ?= -ffile-prefix-map=$(CURDIR)=.
OOPSBT_CFLAGS := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Wvla -fno-strict-aliasing -fstack-protector-strong \
	-D_GNU_SOURCE -Ihost-tool $(PREFIX_MAP)
ifeq ($(WERROR),1)
OOPSBT_CFLAGS += -Werror
endif
ifeq ($(SANITIZE),1)
OOPSBT_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OOPSBT_LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(FUZZ),1)
CC := clang
OOPSBT_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	-Wno-gnu-variable-sized-type-not-at-end -Wno-unknown-warning-option
OOPSBT_LDFLAGS += -fsanitize=address,undefined
endif
ifeq ($(THREADS),1)
OOPSBT_CFLAGS += -fsanitize=thread -fno-omit-frame-pointer
OOPSBT_LDFLAGS += -fsanitize=thread
endif

.DELETE_ON_ERROR:

.PHONY: all
all:

# Each fragment adds its programs with $(eval $(call ...)) of these functions.
#   $(call program,NAME,SOURCES,PKG-CONFIG PACKAGES,ARCHIVES)
define program
PROGRAMS += $(BUILD)/$(1)
$(BUILD)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(2)) $(patsubst %,$(BUILD)/%,$(4)) $(BUILD)/host-tool/libbase.a
	$$(call say,LINK $$@)
	$$(Q)$$(CC) $$(CFLAGS) $$(OOPSBT_LDFLAGS) $$(LDFLAGS) -o $$@ $$^ $$$$($(PKG_CONFIG) --libs $(3)) $$(LDLIBS)
OBJECTS += $(patsubst %.c,$(BUILD)/%.o,$(2))
endef
#   $(call archive,NAME,SOURCES)
define archive
$(BUILD)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(2))
	@rm -f $$@
	$$(call say,AR   $$@)
	$$(Q)$$(AR) rcs $$@ $$^
OBJECTS += $(patsubst %.c,$(BUILD)/%.o,$(2))
endef
#   $(call unit_test,NAME,SOURCES,PKG-CONFIG PACKAGES,ARCHIVES): tests/unit/NAME.c and SOURCES
define unit_test
$(call program,tests/unit/$(1),tests/unit/$(1).c $(2),$(3),$(4))
endef

# COMPILER_CACHE=ccache takes objects from an earlier build, of any checkout; `make check` does that.
COMPILER_CACHE ?=

ALL_PACKAGES := $(PACKAGES) $(LIBVIRT_PACKAGES) libseccomp libbpf libelf libkdumpfile libxml-2.0 capstone \
	libdw libdebuginfod
OOPSBT_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags $(ALL_PACKAGES) 2>/dev/null)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC   $<)
	$(Q)$(COMPILER_CACHE) $(CC) $(OOPSBT_CFLAGS) $(OOPSBT_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Programs that contain the version and the paths of an installation are compiled again when one of
# these has changed. So `make && make install PREFIX=/usr` installs the same as with PREFIX=/usr for
# both.
CONFIGURED := $(addprefix $(BUILD)/,host-tool/analyze/file.o host-tool/analyze/main.o \
	$(addprefix host-tool/daemon/,collection.o config_file.o main.o metrics.o program.o status.o) \
	virsh-plugin/lines.o virsh-plugin/main.o virsh-plugin/verb_analyze.o tests/unit/daemon-config-file.o)
CONFIGURED_DEFINES := -DOOPSBT_VERSION='"$(VERSION)"' -DOOPSBT_PREFIX='"$(PREFIX)"' \
	-DOOPSBT_LIBEXECDIR='"$(LIBEXECDIR)"' -DOOPSBT_SYSCONFDIR='"$(SYSCONFDIR)"'
$(CONFIGURED): OOPSBT_CFLAGS += $(CONFIGURED_DEFINES)
$(CONFIGURED): $(BUILD)/configured
$(BUILD)/configured: always
	@mkdir -p $(@D)
	@echo '$(VERSION) $(PREFIX) $(LIBEXECDIR) $(SYSCONFDIR)' | cmp -s - $@ || \
		echo '$(VERSION) $(PREFIX) $(LIBEXECDIR) $(SYSCONFDIR)' > $@
.PHONY: always
always:

include $(wildcard */build.mk) guest-kernel-patch/kernel.mk qemu-patches/qemu.mk

all: $(filter-out $(BUILD)/tests/%,$(PROGRAMS))

# Programs for the tests: unit tests, and programs for shell tests.
.PHONY: tests
tests: all $(filter $(BUILD)/tests/%,$(PROGRAMS)) $(TEST_LIBRARIES)

.PHONY: deps
deps:
	tools/install-deps build

.PHONY: demo
demo:
	tests/demo

.PHONY: check
check:
	tests/check

.PHONY: check-matrix
check-matrix: check-kernel-matrix check-qemu-matrix

# Builds libvirtd twice, which takes half an hour the first time.
.PHONY: check-libvirt
check-libvirt: tests
	tools/install-deps test
	tests/run $(sort $(wildcard tests/libvirt/*.test.sh))

.PHONY: check-scenarios
check-scenarios: tests
	SCENARIOS=all STEPS=all STALL_KERNELS='5.10 6.1 6.12' tests/run tests/report/scenarios.test.sh \
		tests/report/steps.test.sh tests/daemon/stall.test.sh tests/daemon/hung-task.test.sh tests/daemon/starved.test.sh

# Builds three kernels the first time. make check has recorded cores of such kernels.
.PHONY: check-variants
check-variants: tests
	tools/install-deps test
	tests/run $(sort $(wildcard tests/variants/*.test.sh))

# Hours; build/hang-matrix keeps what has been run.
.PHONY: check-hang-matrix
check-hang-matrix: tests
	tests/daemon/hang-matrix docs/hang-matrix.md

# Of the model of a freeze what make check has no time for.
.PHONY: check-model
check-model:
	tools/install-deps test
	MODEL=all tests/run tests/model/freeze.test.sh

.PHONY: check-sanitized
check-sanitized:
	tests/check-sanitized

.PHONY: check-host
check-host: tests
	tools/install-deps test package
	tests/run $(filter-out tests/host/operating.test.sh,$(sort $(wildcard tests/host/*.test.sh)))
	$(foreach suite,bookworm trixie,HOST_SUITE=$(suite) tests/run -l $(suite) tests/host/operating.test.sh &&) true

# C files of the programs that are in git; cppcheck covers those that only tests use.
.PHONY: analyse
analyse:
	tools/install-deps lint
	$(Q)tests/lint/analyse $(filter-out tests/%,$(wildcard $(sort $(OBJECTS:$(BUILD)/%.o=%.c)))) -- \
		$(filter-out -W%,$(OOPSBT_CFLAGS)) $(CONFIGURED_DEFINES) $(OOPSBT_CPPFLAGS)

.PHONY: lint
lint:
	tests/run tests/lint/lint.test.sh

HOOK_UNITS := oopsbt-dump@.service oopsbt-dump.slice
HOOK_EXAMPLES := mail rclone webhook

MODULE_DIR := $(DESTDIR)/usr/src/$(GUEST_MODULE)

# For guests; nothing of it is compiled here.
.PHONY: install-module
install-module:
	install -d $(MODULE_DIR)
	install -m 0644 $(GUEST_MODULE_FILES) $(MODULE_DIR)
	$(dkms_conf) > $(MODULE_DIR)/dkms.conf

.PHONY: install
install: all install-module
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SYSCONFDIR) \
		$(DESTDIR)$(UNITDIR) $(DESTDIR)$(DATADIR)
	install -m 0755 $(BUILD)/host-tool/oopsbtd $(DESTDIR)$(SBINDIR)
	install -m 0755 $(BUILD)/host-tool/oopsbt-analyze $(BUILD)/host-tool/oopsbt-freeze-guard \
		$(DESTDIR)$(LIBEXECDIR)
	test -e $(DESTDIR)$(SYSCONFDIR)/oopsbtd.conf || \
		install -m 0644 host-tool/oopsbtd.conf $(DESTDIR)$(SYSCONFDIR)
	sed 's,@SBINDIR@,$(SBINDIR),' host-tool/oopsbtd.service > $(DESTDIR)$(UNITDIR)/oopsbtd.service
	$(foreach unit,$(HOOK_UNITS),sed 's,@LIBEXECDIR@,$(LIBEXECDIR),' host-tool/hooks/$(unit) > \
		$(DESTDIR)$(UNITDIR)/$(unit) &&) true
	install -m 0755 host-tool/hooks/hook-dump $(DESTDIR)$(LIBEXECDIR)/oopsbt-hook-dump
	install -d $(DESTDIR)$(DATADIR)/hooks
	$(foreach hook,$(HOOK_EXAMPLES),install -m 0755 host-tool/hooks/examples/$(hook) $(DESTDIR)$(DATADIR)/hooks && \
		sed 's,@DATADIR@,$(DATADIR),' host-tool/hooks/examples/$(hook).conf > \
		$(DESTDIR)$(DATADIR)/hooks/$(hook).conf &&) true
	install -d $(DESTDIR)$(CATALOGDIR) $(DESTDIR)$(APPARMORDIR)
	install -m 0644 host-tool/oopsbt.catalog $(DESTDIR)$(CATALOGDIR)
	sed 's,@SBINDIR@,$(SBINDIR),; s,@LIBEXECDIR@,$(LIBEXECDIR),; s,@SYSCONFDIR@,$(SYSCONFDIR),; s,@PREFIX@,$(PREFIX),' \
		host-tool/apparmor.profile > $(DESTDIR)$(APPARMORDIR)/oopsbtd
	install -m 0644 host-tool/metrics/alerts.yml host-tool/metrics/dashboard.json $(DESTDIR)$(DATADIR)

# Removes what install wrote, except a changed configuration and dumps.
.PHONY: uninstall
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/oopsbtd $(DESTDIR)$(UNITDIR)/oopsbtd.service $(DESTDIR)$(APPARMORDIR)/oopsbtd \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(HOOK_UNITS)) \
		$(DESTDIR)$(CATALOGDIR)/oopsbt.catalog
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(MODULE_DIR)
	! cmp -s host-tool/oopsbtd.conf $(DESTDIR)$(SYSCONFDIR)/oopsbtd.conf || \
		rm -f $(DESTDIR)$(SYSCONFDIR)/oopsbtd.conf

# --- releases ---

# The files in git, in their current state, with the version in packaging/oopsbt.spec; for one
# commit always the same bytes.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
DIST_NAME := oopsbt-$(VERSION)
DIST := build/$(DIST_NAME).tar.gz

.PHONY: dist
dist:
	@git ls-files --error-unmatch Makefile packaging/oopsbt.spec >/dev/null
	@mkdir -p build/dist/packaging
	$(Q)sed 's/^\(Version: *\).*/\1$(VERSION)/' packaging/oopsbt.spec > build/dist/packaging/oopsbt.spec
	$(call say,TAR  $(DIST))
	$(Q)git ls-files | grep -vx packaging/oopsbt.spec | while read -r file; do [ ! -e "$$file" ] || echo "$$file"; done | \
		LC_ALL=C sort | tar --no-recursion --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
		--mtime=@$(SOURCE_DATE_EPOCH) --transform='s,^,$(DIST_NAME)/,S' -T - -C build/dist packaging/oopsbt.spec -cf - | \
		gzip -9n > $(DIST)

# Run this on an rpm distribution. Elsewhere: packaging/README.md.
.PHONY: rpm
rpm: dist
	rpmbuild --define '_topdir $(CURDIR)/build/rpm' -ta $(DIST)

.PHONY: clean
clean:
	rm -rf build

.PHONY: help
help:
	@echo 'make              build into build/ (SANITIZE=1: with ASan and UBSan, into build/sanitized/)'
	@echo 'make demo         install what it needs, boot a guest, let it oops, show the dump (root)'
	@echo 'make check        install what it needs, build, run every test (root)'
	@echo 'make check-hang-matrix  hangs on four kernels, with 1, 4 and 16 vCPUs (long)'
	@echo 'make check-matrix build and boot patched kernels and QEMUs (long)'
	@echo 'make check-sanitized  the tests of the host tools, all with ASan and UBSan'
	@echo 'make fuzz         search the parsers of foreign bytes for inputs that break them (SECONDS_EACH=60)'
	@echo 'make check-tsan   the tests of the daemon with ThreadSanitizer'
	@echo 'make check-scenarios every kind of oops on every kernel with 1, 4, 16 and 64 vCPUs (long)'
	@echo 'make check-model the whole model of a freeze, searched by spin (minutes, 2 GiB of memory)'
	@echo 'make check-variants guests of kernels without ORC, types or symbols of data (builds three kernels)'
	@echo 'make check-zoo    kernels, flavours and configurations on many CPU models, to docs/zoo.md (long)'
	@echo 'make check-qemu-arm64 the oops event and pause of an arm64 guest (builds a QEMU for it)'
	@echo 'make check-qemu-docs QEMU checks its schema and builds its manual, with our patches'
	@echo 'make check-libvirt libvirtd with the patches: its own tests, and oopsbt on it (builds it, long)'
	@echo 'make check-host   the installed service and the packages under a real systemd, in a container (root)'
	@echo 'make check-oracle compare backtraces with crash and drgn (downloads debug packages)'
	@echo 'make check-lines  compare source lines of recorded cores with drgn (downloads debug packages)'
	@echo 'make check-html   the page of a report in a real browser (downloads Chromium into the cache)'
	@echo 'make check-titles compare titles with a public corpus of reports (CORPUS=FOLDER: tests/oracle/check-titles)'
	@echo 'make bench        measure, with ratios; prints a table, writes JSON'
	@echo 'make lint         layout and static analysis'
	@echo 'make analyse      the static analyser of clang over all programs (minutes)'
	@echo 'make install      into PREFIX (/usr/local) under DESTDIR; uninstall takes it back'
	@echo 'make dist         the source as an archive, build/oopsbt-VERSION.tar.gz; make rpm: packages of it (packaging/)'
	@echo 'make deps         install what the build needs (root)'
	@echo 'make clean        remove build/; the cache of kernels and QEMUs is elsewhere'

-include $(OBJECTS:.o=.d)
