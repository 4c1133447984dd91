#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The package of the guest module, in a container that resembles a guest of this machine's Debian
# release for apt: without headers, with headers, removed. A test guest with that kernel loads the
# built module.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/private-apt.sh"
. "$here/lib.sh"

top=$here/../..
packages=$test_dir/packages
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
package=oopsbt-pvpanic-dkms
deb=$packages/${package}_$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)_all.deb
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
root=$test_dir/dkms/root

# in_container COMMAND...: it cannot load anything into this machine's kernel
in_container() {
	systemd-nspawn --quiet --register=no --keep-unit --machine="oopsbt-test-$$" --directory="$root" --as-pid2 --pipe \
		--bind-ro="$packages" --setenv=DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

install() {
	in_container apt-get install -y --no-install-recommends "$@" 2>&1
}

status() {
	in_container dkms status -m oopsbt-pvpanic | tr -d '\r'
}

# files: those of the container, except the state of apt and dpkg
files() {
	find "$root" -xdev \( -path "$root/var/log" -o -path "$root/var/cache" -o -path "$root/var/lib/apt" -o \
		-path "$root/var/lib/dpkg" -o -path "$root/tmp" -o -path "$root/root" -o -path "$root/run" -o -path "$root/dev" \) \
		-prune -o -print | sort
}

# --- built ---

mkdir -p "$packages/source"
(cd "$top" && git ls-files --cached --others --exclude-standard -z | xargs -0 ls -d 2>/dev/null |
	tar --no-recursion -T - -cf -) | tar -xf - -C "$packages/source"
tap_ok "the packages without programs can be built by themselves" \
	env --chdir="$packages/source" dpkg-buildpackage -A -us -uc
tap_is "the packages without programs are the guest module's and the documentation" "$(cd "$packages" && printf '%s\n' *.deb | sed 's/_.*//' | xargs)" \
	"oopsbt-doc $package"

# --- without headers, in a guest whose kernel is the newest ---

host_layer "$("$here/make-host" guest)" "$test_dir/dkms"
mirror=$(private_apt_mirror "$own-security")
[ -z "$mirror" ] || echo "deb $mirror $own-security main" >"$root/etc/apt/sources.list.d/security.list"
in_container apt-get update >"$packages/log" 2>&1 || cat "$packages/log" >&2
release=$(in_container apt-cache depends linux-headers-amd64 | tr -d '\r' |
	sed -n 's/^ *Depends: linux-headers-\([0-9].*-amd64\)$/\1/p')
mkdir -p "$root/lib/modules/$release"
before=$(files)
said=$(install "$deb") || true
tap_like "the package can be installed without headers" "$(status)" "^oopsbt-pvpanic/$version: added"
tap_like "DKMS says that the headers are missing" "$said" 'kernel headers for this kernel do not seem to be installed'
tap_like "the package says which headers to install" "$said" 'apt-get install linux-headers-amd64'
tap_is "the module is loaded at boot" "$(grep -v '^#' "$root/usr/lib/modules-load.d/oopsbt-pvpanic.conf")" oopsbt_pvpanic
tap_ok "the package can be removed without the module having been built" in_container apt-get purge -y "$package"
tap_is "nothing is left of a package whose module was not built" "$(diff <(echo "$before") <(files) || true)" ""

# --- with headers that are installed later ---

install "$deb" >/dev/null
tap_ok "headers can be installed after the package" install linux-headers-amd64
tap_like "when headers come the module is built by itself" "$(status)" "^oopsbt-pvpanic/$version, $release, x86_64: installed"
module=$(find "$root/lib/modules/$release/updates/dkms" -name 'oopsbt_pvpanic.ko*')
tap_is "the module that was built is for that kernel, and of this version" "$(modinfo -F version "$module") $(modinfo -F vermagic "$module" | cut -d' ' -f1)" \
	"$version $release"

libvirt_start
guest_start a kernel="$release" smp=1 kaslr=no module=no
guest_events a
tap_like "a guest with that kernel loads the module" \
	"$(guest_exec a "echo $(gzip -c "$module" | base64 -w 0) | base64 -d | gunzip >/tmp/module.ko
		insmod /tmp/module.ko && dmesg | grep oopsbt_pvpanic:")" 'an oops is signalled as event 0x2 to pvpanic'
guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
tap_ok "an oops of that guest is signalled" guest_events_wait a Crashloaded
guest_destroy a

tap_ok "the package can be removed with the module built" in_container apt-get purge -y "$package"
tap_is "nothing is left of the module" "$(status; find "$root" -xdev -name '*oopsbt*' -not -path "$root$test_dir*" | grep -v "^$root/var/lib/apt" || true)" ""
before=$(files)
tap_like "where headers are the module is built at once" "$(install "$deb")" 'Building initial module'
tap_like "the module is built for the kernel that the headers are of" "$(status)" "^oopsbt-pvpanic/$version, $release, x86_64: installed"
tap_ok "the package can be removed again" in_container apt-get purge -y "$package"
tap_is "no file is left or missing" "$(diff <(echo "$before") <(files) || true)" ""
tap_done
