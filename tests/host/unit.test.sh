#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The service's unit, its message catalog and its AppArmor profile as installed, without a host to
# run them.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sanitize=0
case ${OOPSBT_BUILD:-} in */sanitized*) sanitize=1 ;; esac
# As in the packages, but with the prefix of the build: another one would build all programs again.
make -s -C "$here/../.." install SANITIZE=$sanitize UNITDIR=/lib/systemd/system CATALOGDIR=/usr/lib/systemd/catalog \
	MANDIR=/usr/share/man DESTDIR="$root" >/dev/null
unit=$root/lib/systemd/system/oopsbtd.service
profile=$root/etc/apparmor.d/oopsbtd

# --- the version ---

top=$here/../..
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
tap_is "debian/changelog has the version of the source" "$(sed -n '1s/^oopsbt (\(.*\)-[^-]*) .*/\1/p' "$top/debian/changelog")" "$version"
tap_is "CHANGELOG.md has the version of the source" "$(sed -n 's/^## \([0-9.]*\).*/\1/p' "$top/CHANGELOG.md" | head -n 1)" "$version"
tap_is "the spec and its newest changelog entry have the version of the source" \
	"$(sed -n 's/^Version: *//p; s/^\* .*> - \(.*\)-[^-]*$/\1/p' "$top/packaging/oopsbt.spec" | head -n 2 | xargs)" \
	"$version $version"
tap_is "the installed source of the module has the version of the source" \
	"$(ls "$root/usr/src") $(sed -n 's/^PACKAGE_VERSION=//p' "$root"/usr/src/*/dkms.conf)" "oopsbt-pvpanic-$version \"$version\""

# --- the blocks that operating.test.sh runs ---

# A block has indented lines; the mark is before it.
tap_is "each block of commands in docs/operating.md is marked as run by a test, or says why not" \
	"$(awk '/^    / { if (!inside && before !~ /^<!-- (not )?run: .* -->$/) print; inside = 1; next } NF { before = $0; inside = 0 }' \
		"$top/docs/operating.md")" ""
tap_is "each marked block of docs/operating.md is run by the test" \
	"$(sed -n 's/^<!-- run: \(.*\) -->$/\1/p' "$top/docs/operating.md" | while read -r name; do
		grep -q "walk $name\b" "$here/operating.test.sh" || echo "$name"
	done)" ""

# --- the units ---

# systemd looks for the program on this machine.
sed -i "s,^ExecStart=/,ExecStart=$root/," "$unit"
tap_is "systemd accepts the unit" \
	"$(systemd-analyze verify --man=no "$unit" 2>&1 | grep -F oopsbtd.service || true)" ""
tap_is "the unit starts neither libvirtd nor virtqemud, and is ordered after both" \
	"$(grep -hE '^(Wants|Requires|BindsTo|After)=' "$unit")" "After=libvirtd.service virtqemud.service"
tap_ok "the exposure of the service is at most 2.5" \
	systemd-analyze security --offline=yes --threshold=25 --no-pager "$unit"

hook=$root/lib/systemd/system/oopsbt-dump@.service
echo 'ExecStart=/bin/true' >>"$hook"
sed -i "s,+/usr,+$root/usr," "$hook"
tap_is "systemd accepts the unit of hooks" \
	"$(systemd-analyze verify --man=no "$root/lib/systemd/system/oopsbt-dump@1.service" 2>&1 | grep -F oopsbt-dump || true)" ""
tap_ok "the exposure of a hook is at most 1.5" \
	systemd-analyze security --offline=yes --threshold=15 --no-pager "$hook"

# ids_of FILE: everything in it that looks like a message id
ids_of() {
	grep -oE '[0-9a-f]{32}' "$1" | sort
}

ids=$(ids_of "$here/../../host-tool/daemon/log.h")
tap_is "each MESSAGE_ID is used for one message" "$(uniq -d <<<"$ids")" ""
tap_is "each MESSAGE_ID is in the message catalog" \
	"$(grep -oE '^-- [0-9a-f]{32}$' "$root/usr/lib/systemd/catalog/oopsbt.catalog" | cut -c4- | sort)" "$ids"
tap_is "each MESSAGE_ID is in the manual page" "$(ids_of "$root/usr/share/man/man7/oopsbt-journal.7" | sort -u)" "$ids"
mkdir -p "$root/var/lib/systemd/catalog"
tap_is "journalctl accepts the message catalog" "$(journalctl --root="$root" --update-catalog 2>&1)" ""
tap_is "journalctl lists each MESSAGE_ID" "$(journalctl --root="$root" --list-catalog | cut -c1-32 | sort)" "$ids"
fields=$(grep -ohE '\bOOPSBT_[A-Z_]+\b' "$here"/../../host-tool/daemon/{log,incident_log,connection}.c \
	"$here/../../host-tool/freeze-guard/serve.c" | sort -u)
tap_is "each journal field is in the manual page" \
	"$(grep -E '^\\fBOOPSBT_' "$root/usr/share/man/man7/oopsbt-journal.7" | grep -oE 'OOPSBT_[A-Z_]+' | sort -u)" "$fields"
tap_is "the message catalog uses no other fields" \
	"$(grep -oE '@[A-Z_]+@' "$root/usr/lib/systemd/catalog/oopsbt.catalog" | tr -d @ | sort -u | comm -23 - <(echo "$fields"))" ""

tap_ok "the AppArmor profile can be compiled" apparmor_parser -QKT "$profile"
tap_is "there is a profile for oopsbtd, its analyser and its freeze guard" \
	"$(apparmor_parser -N "$profile" 2>/dev/null | sort | xargs)" "oopsbtd oopsbtd//analyze oopsbtd//guard"
if [ -w /sys/kernel/security/apparmor/.replace ]; then
	# Uses a name of its own, since the machine's may be in use.
	sed "s/\boopsbtd\b\([ /]\)/oopsbtd-test\1/g" "$profile" >"$root/profile"
	tap_ok "the kernel accepts the AppArmor profile" apparmor_parser -aKT "$root/profile"
	apparmor_parser -RKT "$root/profile" || true
else
	tap_skip "the kernel takes the AppArmor profile" "this kernel has no AppArmor"
fi
tap_done
