#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package oopsbt-virsh, with its own maintainer scripts and the real dpkg in a separate root:
# libvirt's virsh moves aside, through upgrades of both packages, and returns without a trace.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

root=$test_dir/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"

# Scripts of packages run here, but dpkg-divert operates on the root.
pkg() {
	dpkg --root="$root" --force-script-chrootless --force-not-root --force-depends --log=/dev/null "$@" >>"$test_dir/dpkg.log" 2>&1 ||
		{ cat "$test_dir/dpkg.log"; return 1; }
}

# package NAME VERSION: of what is in $test_dir/NAME
package() {
	local folder=$test_dir/$1
	mkdir -p "$folder/DEBIAN"
	printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
		'Description: for a test' >"$folder/DEBIAN/control"
	dpkg-deb --root-owner-group --build "$folder" "$test_dir/$1-$2.deb" >/dev/null
}

# libvirt_clients VERSION
libvirt_clients() {
	mkdir -p "$test_dir/libvirt-clients/usr/bin"
	printf '#!/bin/sh\necho "libvirt %s: $*"\n' "$1" >"$test_dir/libvirt-clients/usr/bin/virsh"
	chmod 0755 "$test_dir/libvirt-clients/usr/bin/virsh"
	package libvirt-clients "$1"
}

# oopsbt_virsh VERSION
oopsbt_virsh() {
	local script
	mkdir -p "$test_dir/oopsbt-virsh/usr/bin" "$test_dir/oopsbt-virsh/DEBIAN"
	install -m 0755 "$plugin/virsh" "$test_dir/oopsbt-virsh/usr/bin/virsh"
	for script in preinst postrm; do
		sed '/^#DEBHELPER#/d' "$here/../../debian/oopsbt-virsh.$script" >"$test_dir/oopsbt-virsh/DEBIAN/$script"
		chmod 0755 "$test_dir/oopsbt-virsh/DEBIAN/$script"
	done
	package oopsbt-virsh "$1"
}

diversions() {
	dpkg-divert --root "$root" --list
}

for version in 1 2; do
	libvirt_clients $version
	oopsbt_virsh $version
done
install -D -m 0755 "$plugin/virsh-oopsbt" "$root/usr/bin/virsh-oopsbt"
virsh=$root/usr/bin/virsh
ours=$("$plugin/virsh-oopsbt" --version)

pkg -i "$test_dir/libvirt-clients-1.deb"
tap_is "without the diversion virsh is libvirt's" "$("$virsh" list --all)" 'libvirt 1: list --all'
pkg -i "$test_dir/oopsbt-virsh-1.deb"
tap_is 'the diverted virsh passes other commands on' "$("$virsh" list --all)" 'libvirt 1: list --all'
tap_is 'the diverted virsh knows oopsbt' "$("$virsh" oopsbt --version)" "$ours"
tap_is "libvirt's virsh in PATH behind it is not taken for the one that moved" \
	"$(mkdir "$test_dir/other" && printf '#!/bin/sh\necho other' >"$test_dir/other/virsh" &&
		chmod 0755 "$test_dir/other/virsh" && PATH="$root/usr/bin:$test_dir/other:$PATH" virsh list)" 'libvirt 1: list'
pkg -i "$test_dir/libvirt-clients-2.deb"
tap_is 'a new libvirt-clients leaves the front end there' "$("$virsh" oopsbt --version) $("$virsh" list)" "$ours libvirt 2: list"
pkg -i "$test_dir/oopsbt-virsh-2.deb"
tap_is 'a new version of the package leaves the front end there' "$("$virsh" oopsbt --version) $("$virsh" list)" "$ours libvirt 2: list"
pkg -r oopsbt-virsh
tap_is "when the package is removed virsh is libvirt's" "$("$virsh" list)" 'libvirt 2: list'
tap_is 'the removed package leaves no trace' "$(ls "$root/usr/bin") $(diversions)" "virsh
virsh-oopsbt "
pkg -r libvirt-clients
pkg -i "$test_dir/oopsbt-virsh-2.deb"
pkg -i "$test_dir/libvirt-clients-1.deb"
tap_is 'the package works when it is installed before libvirt-clients' "$("$virsh" oopsbt --version) $("$virsh" list)" "$ours libvirt 1: list"
pkg -P oopsbt-virsh
tap_is "when the package is purged virsh is libvirt's" "$("$virsh" list)" 'libvirt 1: list'
tap_done
