# SPDX-License-Identifier: GPL-2.0-or-later
# Below all layers; the Makefile links it into every program.

$(eval $(call archive,host-tool/libbase.a,host-tool/base/read.c))
