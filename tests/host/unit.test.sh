#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The service's unit and its AppArmor profile as they are installed, without a host to run them.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sanitize=0
case ${OOPSBT_BUILD:-} in */sanitized*) sanitize=1 ;; esac
make -s -C "$here/../.." install SANITIZE=$sanitize PREFIX=/usr DESTDIR="$root" >/dev/null
unit=$root/lib/systemd/system/oopsbtd.service
profile=$root/etc/apparmor.d/oopsbtd

# The program is looked for on this machine.
sed -i "s,^ExecStart=/,ExecStart=$root/," "$unit"
tap_is "systemd finds no fault in the unit" \
	"$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F oopsbtd.service || true)" ""
tap_ok "the exposure of the service is at most 2.5" \
	systemd-analyze security --offline=yes --threshold=25 --no-pager "$unit"

tap_ok "the AppArmor profile can be compiled" apparmor_parser -QKT "$profile"
tap_is "there is a profile for oopsbtd, its analyser and its freeze guard" \
	"$(apparmor_parser -N "$profile" 2>/dev/null | sort | xargs)" "oopsbtd oopsbtd//analyze oopsbtd//guard"
if [ -w /sys/kernel/security/apparmor/.replace ]; then
	# Under a name of the test's own: the machine's may be in use.
	sed "s/\boopsbtd\b\([ /]\)/oopsbtd-test\1/g" "$profile" >"$root/profile"
	tap_ok "the kernel takes the AppArmor profile" apparmor_parser -aKT "$root/profile"
	apparmor_parser -RKT "$root/profile" || true
else
	tap_skip "the kernel takes the AppArmor profile" "this kernel has no AppArmor"
fi
tap_done
