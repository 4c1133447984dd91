#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A confidential guest (SEV, TDX), whose memory is encrypted. No machine of ours has one, so a library
# answers for QEMU that the guest is one.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"

libvirt_start
"${CC:-cc}" -shared -fPIC -o "$test_dir/confidential.so" -x c - -ldl <<<'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <string.h>
	int virDomainQemuMonitorCommand(void *domain, const char *command, char **answer, unsigned int flags)
	{
		int (*real)(void *, const char *, char **, unsigned int) = dlsym(RTLD_NEXT, "virDomainQemuMonitorCommand");

		if (!strstr(command, "confidential-guest-support"))
			return real(domain, command, answer, flags);
		*answer = strdup("{\"return\": \"/objects/lsec0\"}");
		return 0;
	}'
# The sandbox of the analyser ends a process that opens files.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec "%s" "$@"\n' "$OOPSBT_ANALYZER" >"$test_dir/analyze"
chmod +x "$test_dir/analyze"
OOPSBT_ANALYZER=$test_dir/analyze LD_PRELOAD=$test_dir/confidential.so \
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 daemon_start --log-level debug
guest_start g smp=1 memory=256
daemon_enable g
domain=$(guest_domain g)
tap_ok 'the log says that the memory of a confidential guest is encrypted' \
	daemon_wait "warning: $domain: its memory is encrypted .*only its panic device tells of oopses" 60
tap_ok 'status.json says why there is no memory watch' eventually 10 grep -q '"watch_reason" : "its memory is encrypted' "$daemon_runtime/status.json"

oops g null
tap_ok 'an oops of which the panic device tells is stored' daemon_wait "$domain: stored: .*: not analysed" 60
dump=$(newest g)
tap_like 'the report says why nothing was read' "$(cat "$dump/report.txt")" 'not analysed: its memory is encrypted'
tap_is 'a confidential guest is not frozen in vain' "$(value '$.timeline.thawed')" null
tap_ok 'the registers are stored' test -s "$dump/registers.txt"
tap_is 'the kernel was not searched in vain' "$(grep -c 'the guest.s kernel is not found at try' "$daemon_log")" 0
tap_done
