#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make dist, and the RPM packages that Debian's rpmbuild makes from it: checked by rpmlint, and
# their files compared with those of the Debian packages. They are not installed anywhere.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

top=$(realpath "$here/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")
source=$work/source/oopsbt-$version
tarball=$top/build/oopsbt-$version.tar.gz

dist() {
	make -s -C "$top" dist
}

# rpmbuild_all: from the archive alone, without optimisation. The test of the Debian packages covers
# the compiler's output.
rpmbuild_all() {
	rpmbuild --load "$top/packaging/debian.macros" --define "_topdir $work" --define 'optflags -O0' \
		--define "_smp_mflags -j$(nproc)" --nodeps -ta "$tarball" >"$work/log" 2>&1 || {
		tail -n 40 "$work/log"
		return 1
	}
}

rpm_of() {
	echo "$work"/RPMS/*/"$1-$version"-*.rpm
}

# as_debian_installs: copies all files of the RPM packages to the paths of Debian's make install, in
# $source/debian/tmp
as_debian_installs() {
	local file
	mkdir -p "$source/debian/tmp"
	cd "$source/debian/tmp"
	for file in "$work"/RPMS/*/*.rpm; do
		rpm2cpio "$file" | cpio -idum --quiet
	done
	rm -rf usr/share/doc usr/share/licenses usr/lib/modules-load.d usr/lib/.build-id etc/profile.d
	mkdir -p lib etc/apparmor.d
	touch etc/apparmor.d/oopsbtd
	mv usr/lib/systemd lib
	mkdir usr/lib/systemd
	mv lib/systemd/catalog usr/lib/systemd
	mv usr/libexec/oopsbt/bin/virsh usr/bin
	rm -r usr/libexec/oopsbt/bin
	find usr/share/man -name '*.gz' -exec gunzip {} +
}

# debian_files PACKAGE: those that debian/ puts into it, and additional ones
debian_files() {
	(
		cd "$source/debian/$1"
		find . ! -type d | sed 's,^\.,,; s,^/lib/systemd,/usr/lib/systemd,' | grep -v /copyright$ | sort
	)
}

# rpm_files PACKAGE
rpm_files() {
	rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$(rpm_of "$1")" 2>/dev/null | sed -n 's,^[^d][^ ]* ,,p' |
		sed '/^\/usr\/share\/man/s,\.gz$,,; s,^\(/usr/share/doc/[a-z-]*\)-[0-9.]*/,\1/,' | grep -vE '^/usr/(share/licenses|lib/\.build-id)/' | sort
}

# differences PACKAGE: files in only one of them: "-FILE" in the Debian package, "+FILE" in the RPM
# package
differences() {
	diff <(debian_files "$1") <(rpm_files "$1") | sed -n 's/^< /-/p; s/^> /+/p' | LC_ALL=C sort
}

# --- the archive ---

tap_ok "make dist makes an archive" dist
before=$(sha256sum <"$tarball")
touch "$top/packaging/oopsbt.spec"
(umask 077 && dist)
tap_is "a later make dist with another umask makes the same archive" "$(sha256sum <"$tarball")" "$before"
tap_is "the archive has one folder, named by the version" "$(tar -tzf "$tarball" | cut -d/ -f1 | sort -u)" "oopsbt-$version"
tap_is "the archive has the files of git" "$(tar -tzf "$tarball" | cut -d/ -f2- | LC_ALL=C sort)" \
	"$(cd "$top" && git ls-files | while read -r file; do [ ! -e "$file" ] || echo "$file"; done | LC_ALL=C sort)"

# --- the packages ---

tap_ok "rpmbuild builds the packages from the archive" rpmbuild_all
tap_is "rpmlint finds nothing" \
	"$(rpmlint -c "$top/packaging/rpmlint.toml" "$top/packaging/oopsbt.spec" "$work"/RPMS/*/*.rpm "$work"/SRPMS/*.rpm 2>&1 |
		grep -E ': [EW]: ' || true)" ""
tap_is "the packages are the same as Debian's" \
	"$(rpm -qp --qf '%{NAME} %{VERSION}\n' "$work"/RPMS/*/*.rpm 2>/dev/null | sort)" \
	"$(sed -n 's/^Package: //p' "$top/debian/control" | sort | sed "s/$/ $version/")"

mkdir "$work/source"
tar -xzf "$tarball" -C "$work/source"
(as_debian_installs)
tap_ok "each installed file is in a Debian package" \
	sh -c 'cd "$1" && dh_install && dh_installdocs && dh_missing' sh "$source"
tap_is "oopsbt has the same files, except AppArmor and documents" "$(differences oopsbt)" \
"+/usr/share/doc/oopsbt/CHANGELOG.md
+/usr/share/doc/oopsbt/README.md
+/usr/share/doc/oopsbt/SECURITY.md
-/etc/apparmor.d/oopsbtd
-/usr/share/doc/oopsbt/README.Debian"
tap_is "oopsbt-virsh puts the front end before virsh in PATH, because rpm cannot move files aside" "$(differences oopsbt-virsh)" \
"+/etc/profile.d/oopsbt-virsh.sh
+/usr/libexec/oopsbt/bin/virsh
+/usr/libexec/oopsbt/bin/virsh-oopsbt
-/usr/bin/virsh"
for package in oopsbt-lines oopsbt-pvpanic-dkms; do
	tap_is "$package has the same files as Debian's" "$(differences "$package")" ""
done
tap_is "oopsbt-doc has the same pages as Debian's" \
	"$(rpm_files oopsbt-doc | sed 's,.*/,,' | sort)" \
	"$(debian_files oopsbt-doc | sed -n 's,.*/docs/,,p' | sort)"

# --- the packaged programs work ---

mkdir "$work/root"
for package in oopsbt oopsbt-virsh; do
	rpm2cpio "$(rpm_of "$package")" | (cd "$work/root" && cpio -idm --quiet)
done
tap_like "the daemon of the package runs" "$("$work/root/usr/sbin/oopsbtd" --version)" " $version$"
mkdir "$work/bin"
printf '#!/bin/sh\necho "virsh $*"\n' >"$work/bin/virsh"
chmod +x "$work/bin/virsh"
sed "s,/usr/libexec,$work/root&," "$work/root/etc/profile.d/oopsbt-virsh.sh" >"$work/profile"
# said WORD...: by virsh in a login shell
said() {
	PATH=$work/bin:$PATH sh -c '. "$1"; . "$1"; shift; virsh "$@"' sh "$work/profile" "$@"
}
tap_is "in a login shell virsh knows oopsbt" "$(said oopsbt --version)" "$version"
tap_is "in a login shell other commands are those of libvirt's virsh" "$(said list --all)" "virsh list --all"
tap_done
