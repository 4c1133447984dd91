# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbt: the one entry. `make help` lists the targets.

VERSION := 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LIBEXECDIR ?= $(PREFIX)/libexec/oopsbt
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(if $(filter /usr,$(PREFIX)),/lib/systemd/system,/etc/systemd/system)

# SANITIZE=1 builds everything with ASan and UBSan, beside the ordinary objects.
SANITIZE ?= 0
BUILD := build$(if $(filter 1,$(SANITIZE)),/sanitized)

# V=1 shows the commands.
V ?= 0
ifneq ($(V),1)
Q := @
endif
say = $(if $(Q),@echo '  $(1)')

PKG_CONFIG ?= pkg-config
PACKAGES := glib-2.0 gio-unix-2.0 json-glib-1.0
LIBVIRT_PACKAGES := libvirt libvirt-qemu libvirt-glib-1.0 libsystemd

CFLAGS ?= -O2 -g
OOPSBT_CFLAGS := -std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wformat=2 -Wvla -Werror -fno-strict-aliasing -fstack-protector-strong \
	-D_GNU_SOURCE -DOOPSBT_VERSION='"$(VERSION)"' -DOOPSBT_PREFIX='"$(PREFIX)"' \
	-DOOPSBT_LIBEXECDIR='"$(LIBEXECDIR)"' -DOOPSBT_SYSCONFDIR='"$(SYSCONFDIR)"' -Ihost-tool
ifeq ($(SANITIZE),1)
OOPSBT_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OOPSBT_LDFLAGS += -fsanitize=address,undefined
endif

.DELETE_ON_ERROR:

.PHONY: all
all:

# Each fragment adds its programs with $(eval $(call ...)) of the functions below.
#   $(call program,NAME,SOURCES,PKG-CONFIG PACKAGES,ARCHIVES)
define program
PROGRAMS += $(BUILD)/$(1)
$(BUILD)/$(1): $(patsubst %.c,$(BUILD)/%.o,$(2)) $(patsubst %,$(BUILD)/%,$(4))
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
UNIT_TESTS += $(BUILD)/tests/unit/$(1)
endef

ALL_PACKAGES := $(PACKAGES) $(LIBVIRT_PACKAGES) libseccomp libbpf libelf libkdumpfile libxml-2.0
OOPSBT_CPPFLAGS := $(shell $(PKG_CONFIG) --cflags $(ALL_PACKAGES) 2>/dev/null)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC   $<)
	$(Q)$(CC) $(OOPSBT_CFLAGS) $(OOPSBT_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

include $(wildcard */build.mk)

PROGRAM_LIST = $(filter-out $(UNIT_TESTS),$(PROGRAMS))
all: $(PROGRAM_LIST)

-include $(OBJECTS:.o=.d)
