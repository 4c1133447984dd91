# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/lib/leaderless,tests/lib/leaderless.c,glib-2.0,))
