#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian packages, from the source to purge, on a host with a real systemd. HOST_SUITE=trixie in
# the environment: on that release, and built there.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/lib.sh"

top=$here/../..
packages=$test_dir/packages
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
source=$packages/oopsbt-$version
again=$test_dir/again/in-another-folder/source
first=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)
second=$first+test

# on_builder COMMAND...: on this machine, which has the build dependencies, or on the host of
# another release, which has them, too
on_builder() {
	case ${HOST_SUITE:-} in
	'' | "$(. /etc/os-release && echo "$VERSION_CODENAME")") "$@" ;;
	*) host "$@" ;;
	esac
}

# build SOURCE [OPTION...]: builds its packages into its parent folder
build() {
	local source=$1 log
	log=$(dirname "$1")/log
	shift
	on_builder env --chdir="$source" DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" dpkg-buildpackage -b -us -uc "$@" \
		>"$log" 2>&1 || {
		tail -n 40 "$log"
		return 1
	}
}

# unpacked FOLDER: unpacks the source into it
unpacked() {
	mkdir -p "$1"
	(cd "$top" && git ls-files --cached --others --exclude-standard -z | xargs -0 ls -d 2>/dev/null |
		tar --no-recursion -T - -cf -) | tar -xf - -C "$1"
}

# sums FOLDER: checksums of the packages in it
sums() {
	(cd "$1" && sha256sum -- *.deb)
}

# next_version: of the same source; compiled files stay
next_version() {
	printf '%s\n' "oopsbt ($second) unstable; urgency=medium" '' '  * For a test.' '' \
		" -- nobody <nobody@localhost>  $(date -R)" '' | cat - "$top/debian/changelog" >"$source/debian/changelog"
	on_builder env --chdir="$source" dh_clean >/dev/null 2>&1
	build "$source" -nc
}

# install VERSION: as an operator does
install() {
	host env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		"$packages/oopsbt_$1_amd64.deb" "$packages/oopsbt-virsh_$1_amd64.deb" "$packages/oopsbt-doc_$1_all.deb"
}

oops() {
	guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
}

# files: all files of the host, except those that packages and services create for themselves
files() {
	host find / -xdev \( -path "$test_dir" -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o \
		-path /var/lib/systemd/random-seed -o -path /var/lib/systemd/timers -o \
		-path /var/lib/dpkg -o -path /var/lib/libvirt -o -path /etc/libvirt -o -path /tmp -o -path /var/tmp -o \
		-path /root \) -prune -o -print | sort
}

dumps() {
	host find /var/lib/oopsbt -mindepth 2 -maxdepth 2 -type d -name '2*' 2>/dev/null | sort
}

# explained: the number of messages that journalctl explains as an incident's
explained() {
	host journalctl --list-catalog | grep -c 'had an incident' || true
}

# --- built ---

host_start bare
unpacked "$source"
tap_ok "the packages can be built" build "$source"
# initial-upload-closes-no-bugs is about the first upload to Debian's archive; this is no upload.
tap_is "lintian finds nothing" "$(on_builder lintian --allow-root --suppress-tags initial-upload-closes-no-bugs \
	"$packages/oopsbt_${first}_amd64.changes" 2>&1)" ""
unpacked "$again"
tap_ok 'the packages can be built a second time, in another folder and with another umask' on_builder sh -c 'umask 077; exec "$@"' sh \
	env --chdir="$again" DEB_BUILD_OPTIONS="parallel=$(nproc) noautodbgsym" TZ=Asia/Kathmandu dpkg-buildpackage -b -us -uc
tap_is 'both builds are the same, byte for byte' "$(sums "$(dirname "$again")")" "$(sums "$packages")"
rm -rf "$(dirname "$again")"
tap_ok "a next version can be built" next_version

# --- installed ---

before=$(files)
tap_is 'virsh does not know oopsbt before the installation' "$(host virsh oopsbt --version 2>&1 | grep -c 'unknown command')" 1
tap_ok "apt installs the packages" install "$first"
host dpkg-query -s oopsbt >/dev/null # or there is nothing to see
tap_ok "oopsbtd runs and is connected" host_log '^connected to qemu:///system'
tap_is 'the service is enabled' "$(host systemctl is-enabled oopsbtd)" enabled
tap_like 'virsh knows oopsbt after the installation' "$(host virsh oopsbt --version)" "$version"
tap_like "other commands of virsh are those of libvirt's virsh" "$(host virsh --version)" '^[0-9.]+$'
tap_is "journalctl can explain an incident" "$(explained)" 1
tap_is "each page that README and the pages for operators point at is there" "$(host sh -c 'cd /usr/share/doc/oopsbt &&
	for page in README.md docs/operating.md docs/metrics.md docs/hooks.md; do
		grep -oE "\]\((docs/)?[a-z-]+\.(md|png)\)" $page | sed "s,^](,${page%/*}/,; s,^README.md/,,; s,)$,," | xargs -r ls
	done' 2>&1 >/dev/null)" ""
tap_is "the helper of hooks is where its unit runs it" \
	"$(host sh -c 'sed -n "s/^ExecStartPre=+\([^ ]*\).*/\1/p" /lib/systemd/system/oopsbt-dump@.service | xargs ls')" \
	/usr/libexec/oopsbt/oopsbt-hook-dump
tap_is "the installed files have the usual permissions" \
	"$(host sh -c 'dpkg -L oopsbt oopsbt-virsh oopsbt-doc | grep ^/ | xargs -d "\n" stat -Lc "%a %n" | grep -v "^[67][45][45] "')" ""
# Debian's own tests of the packages, as autopkgtest runs them.
for test in $(sed -n 's/^Tests: //p' "$top/debian/tests/control"); do
	mkdir -p "$test_dir/autopkgtest/$test"
	tap_ok "debian/tests/$test passes" host env --chdir="$source" AUTOPKGTEST_TMP="$test_dir/autopkgtest/$test" \
		"debian/tests/$test"
done

# One of another architecture, as dpkg sees it.
dpkg-deb --raw-extract "$packages/oopsbt_${first}_amd64.deb" "$test_dir/other"
sed -i 's/^Architecture: .*/Architecture: arm64/' "$test_dir/other/DEBIAN/control"
dpkg-deb --build "$test_dir/other" "$test_dir/other.deb" >/dev/null
tap_like "a package of another architecture is refused" "$(host dpkg --install "$test_dir/other.deb" 2>&1 || true)" \
	'package architecture \(arm64\) does not match system \(amd64\)'
# shellcheck disable=SC2016 # for dpkg-query
tap_is 'the installed package stays, and its daemon runs' \
	"$(host dpkg-query -W -f '${Architecture} ${db:Status-Status}' oopsbt) $(host systemctl is-active oopsbtd)" "amd64 installed active"

guest_start a smp=2 kaslr=no persistent=yes
domain=$(guest_domain a)
tap_ok "a domain can be enabled" host virsh oopsbt enable "$domain" --kinds "$host_kinds" --full 100
tap_ok 'the kernel of that domain is found' host_log "$domain: runs Linux"
host_mark
oops
tap_ok "an oops is stored" host_log "$domain: stored: .*NULL pointer"
tap_like 'virsh lists the dump' "$(host virsh oopsbt list "$domain")" 'NULL pointer'

# --- upgraded during a collection: the analyser is stopped until the old daemon is told to stop ---

host_mark
host pkill -STOP -x oopsbt-analyze
oops
tap_ok "a collection begins" host_log "$domain: (frozen|thawed): "
install "$second" >"$packages/upgrade" 2>&1 &
upgrade=$!
tap_ok "the upgrade stops the daemon during the collection" host_log '^stopping'
host pkill -CONT -x oopsbt-analyze
tap_ok "the collection ends normally" host_log "$domain: stored: .*NULL pointer"
status=0
wait "$upgrade" || status=$?
tap_is "the upgrade succeeds" "$status" 0
[ "$status" = 0 ] || cat "$packages/upgrade" >&2
# shellcheck disable=SC2016 # for dpkg-query
tap_is 'the next version is installed after the upgrade' "$(host dpkg-query -W -f '${Version} ${db:Status-Status}' oopsbt)" "$second installed"
tap_ok "the next daemon follows the guest" host_log "connected to qemu:///system"
tap_like 'the guest runs after the upgrade' "$(virsh -q domstate "$domain")" '^running'
tap_is "two complete dumps are stored" "$(dumps | wc -l) $(host find /var/lib/oopsbt -name '.new-*')" "2 "
host_log "$domain: runs Linux" >/dev/null
host_mark
oops
tap_ok "the next oops is stored" host_log "$domain: stored: .*NULL pointer"

# --- rebooted ---

virsh -q autostart "$domain" >/dev/null
virsh -q destroy "$domain" >/dev/null # a host that shuts down asks its guests to, and this one would not answer
host_reboot
tap_ok "oopsbtd is started at boot" host_log '^connected to qemu:///system'
guest_attach a
guest_wait a
tap_ok "a guest that libvirt starts at boot is followed" host_log "$domain: runs Linux" 120
host_mark
oops
tap_ok "an oops after a reboot is stored" host_log "$domain: stored: .*NULL pointer"

# --- removed, purged ---

tap_ok 'the package oopsbt-virsh can be removed' host apt-get remove -y oopsbt-virsh
tap_is "after the removal virsh is libvirt's again" "$(host dpkg -S /usr/bin/virsh) $(host dpkg-divert --list '*virsh*')" \
	"libvirt-clients: /usr/bin/virsh "
tap_ok 'the other packages can be removed' host apt-get remove -y oopsbt oopsbt-doc
tap_is "after the removal the service is gone" "$(host systemctl is-active oopsbtd || true)" inactive
tap_is "the removal keeps the dumps" "$(dumps | wc -l)" 4
tap_like 'the guest runs on after the removal' "$(virsh -q domstate "$domain")" '^running'
tap_ok 'the packages can be purged' host env DEBIAN_FRONTEND=noninteractive apt-get purge -y oopsbt oopsbt-doc
tap_is 'the purge keeps the dumps by default' "$(dumps | wc -l)" 4

tap_ok 'the packages can be installed again' install "$second"
tap_ok "debconf accepts the answer to remove the dumps" \
	host sh -c 'echo oopsbt oopsbt/purge-dumps boolean true | debconf-set-selections'
tap_ok 'the packages can be purged with their dumps' \
	host env DEBIAN_FRONTEND=noninteractive apt-get purge -y oopsbt oopsbt-virsh oopsbt-doc
guest_destroy a
tap_is "the purge leaves no file" "$(diff <(echo "$before") <(files) || true)" ""
tap_is 'nothing of debconf, systemd or dpkg is left' \
	"$(host sh -c 'debconf-show oopsbt; systemctl list-unit-files --no-legend "*oopsbt*"; dpkg-divert --list "*oopsbt*"
		dpkg-query -W "*oopsbt*" 2>/dev/null; grep -l oopsbt -r /etc')" ""
tap_is 'nothing of the message catalog is left' "$(explained)" 0
tap_done
