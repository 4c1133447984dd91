#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The AppArmor profile in a kernel with AppArmor: a Debian kernel, booted by QEMU without libvirt,
# loads it and runs oopsbtd, its analyser and its freeze guard under it.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

top=$here/../..
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
root=$work/root

# libraries PROGRAM...: the files that the programs load
libraries() {
	local program
	for program; do
		ldd "$program"
	done | grep -oE '/[^ ]+' | sort -u
}

make_guest() {
	local sanitize=0 file
	case ${OOPSBT_BUILD:-} in */sanitized*) sanitize=1 ;; esac
	make -s -C "$top" install SANITIZE=$sanitize DESTDIR="$root" >/dev/null
	mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,usr/bin,usr/sbin,etc/apparmor.d,etc/apparmor,var/lib/oopsbt/{domain/.new-1,another/20261122T214501Z-1}}
	rm -rf "${root:?}"/usr/{share,src,local/share,local/bin}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for file in $(busybox --list); do
		[ -e "$root/bin/$file" ] || ln -s busybox "$root/bin/$file"
	done
	ln -s ../run "$root/var/run"
	strip "$root"/usr/local/sbin/* "$root"/usr/local/libexec/oopsbt/*
	cp "$(command -v apparmor_parser)" "$root/usr/sbin/"
	libraries "$root"/usr/sbin/* "$root"/usr/local/sbin/* "$root"/usr/local/libexec/oopsbt/* | while read -r file; do
		install -D "$(realpath "$file")" "$root$file"
	done
	# Empty: the guest's kernel decides which features count, not the configuration of this
	# machine's parser.
	: >"$root/etc/apparmor/parser.conf"
	cp -r /etc/apparmor.d/{abi,abstractions,tunables} "$root/etc/apparmor.d/"
	printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:*:1::::::\n' >"$root/etc/shadow"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	cp "$top/tests/fuzz/corpus/report/small" "$root/var/lib/oopsbt/domain/.new-1/core"
	cp "$root"/var/lib/oopsbt/{domain/.new-1,another/20261122T214501Z-1}/core
	cp "$here/apparmor-init" "$root/init"
	"${CC:-cc}" -O2 -Wall -static -o "$root/bin/apparmor-probe" "$here/apparmor-probe.c"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 >"$work/initramfs")
}

# said NAME: the value that the guest printed
said() {
	tr -d '\r' <"$work/console" | sed -n "s/^.*oopsbt-apparmor: $1: //p"
}

tap_ok "a guest with the programs and the profile is made" make_guest
kernel=$("$here/../guest/fetch-kernel" 6.1)
timeout 240 qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 768 -display none -nodefaults -no-reboot -monitor none \
	-kernel "$kernel/boot/vmlinuz-$(cat "$kernel/release")" -initrd "$work/initramfs" \
	-append 'console=ttyS0 quiet panic=-1 nokaslr' -serial "file:$work/console" </dev/null || true
tap_is 'the guest with the profile ran to its end' "$(said end)" end
[ "$(said end)" = end ] || tap_note "$(tail -n 60 "$work/console")"
tap_is 'the kernel of the guest accepts the profile' "$(said parser) $(said profile | grep -E '^oopsbtd' | sort | xargs)" \
	" oopsbtd (enforce) oopsbtd//analyze (enforce) oopsbtd//guard (enforce)"
tap_is "the confined analyser makes a report of a core" "$(said analyze-status)" 0
tap_like 'the report of the confined analyser has a title' "$(said analyze-title)" '"title": "'
tap_like "the confined daemon says that there is no libvirt" "$(said daemon)" 'libvirt'
tap_is 'the confined daemon creates its files' "$(said runtime | grep -x status.json) $(said metrics)" "status.json yes"
tap_is "analyser and freeze guard have profiles of their own" "$(said confined | sort -u)" \
	"$(printf '%s\n' 'oopsbt-analyze oopsbtd//analyze (enforce)' 'oopsbt-freeze-guard oopsbtd//guard (enforce)' 'oopsbtd oopsbtd (enforce)')"
tap_is 'the confined daemon ends when it is told to' "$(said daemon-status)" 0
tap_is "the profile denies nothing that oopsbtd, its analyser and its guard do" "$(said denied)" ""
no='Permission denied'
tap_is "the profile limits a compromised analyser" "$(said analyze | sed 's/kill:[0-9]*/kill/')" \
	"$(printf '%s\n' "read:/etc/shadow: $no" "read:/etc/passwd: $no" "read:/var/lib/oopsbt/another/20261122T214501Z-1/core: $no" "write:/etc/new: $no" \
		"run:/bin/busybox: $no" "socket: $no" "kill: $no" "read:/var/lib/oopsbt/domain/.new-1/core: yes")"
tap_is "the profile limits a compromised freeze guard" "$(said guard)" \
	"$(printf '%s\n' "read:/etc/shadow: $no" "write:/etc/new: $no" "run:/bin/busybox: $no" "socket: $no" \
		"read:/var/lib/oopsbt/domain/.new-1/core: $no")"
tap_is "the profile limits a compromised daemon" "$(said oopsbtd | sed 's/kill:[0-9]*/kill/')" \
	"$(printf '%s\n' "read:/etc/shadow: $no" "write:/etc/new: $no" "run:/bin/busybox: $no" "kill: $no" "read:/etc/passwd: yes")"
tap_ok "the kernel logs what the profile denied" [ "$(said denials)" -ge 10 ]
tap_done
