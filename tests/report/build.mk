# SPDX-License-Identifier: GPL-2.0-or-later

$(eval $(call program,tests/report/query,tests/report/query.c,$(PACKAGES),))
$(eval $(call program,tests/report/ways,tests/report/ways.c tests/hostile/hide.c,glib-2.0 libbpf libelf libkdumpfile capstone,\
	host-tool/libkernel.a host-tool/libguest.a))
