# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/hostile/lie,tests/hostile/lie.c tests/hostile/hide.c,glib-2.0 libbpf libelf libkdumpfile capstone,\
	host-tool/libkernel.a host-tool/libguest.a))
$(eval $(call program,tests/hostile/bend,tests/hostile/bend.c,glib-2.0,))
