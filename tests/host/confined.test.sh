#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd under its AppArmor profile, as oopsbtd(8) says to turn it on, beside a libvirtd and QEMUs that are confined as well:
# follows a guest and collects, and nothing that it needs is denied. This machine's kernel may have no AppArmor, so the host is
# an emulated machine with Debian's kernel, systemd and libvirt; confined-host is what happens in there.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

tools=$here/../guest
kernel=$("$tools/fetch-kernel" 6.1)
release=$(cat "$kernel/release")
# It oopses in the end.
guest_initramfs=$("$tools/make-initramfs" "$kernel")
vmlinux=$("$tools/unpack-kernel" "$kernel")

# host_initramfs: of the emulated machine, which has its disk's driver as a module
host_initramfs() {
	local root=$test_dir/initramfs module
	mkdir -p "$root"/{bin,dev,root,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for module in virtio_pci virtio_blk crc32c_generic ext4 kvm_amd; do
		modprobe -d "$kernel" -S "$release" --show-depends "$module" | awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++' | while read -r module; do
		cp "$module" "$root/modules/"
		basename "$module" >>"$root/modules/order"
	done
	find "$root/modules" -name '*.xz' -exec xz -d {} +
	sed -i 's/\.xz$//' "$root/modules/order"
	cat >"$root/init" <<-'SH'
		#!/bin/busybox sh
		busybox mount -t devtmpfs dev /dev
		while read -r module; do busybox insmod "/modules/$module"; done </modules/order
		until busybox mount -t ext4 /dev/vda /root; do busybox usleep 100000; done
		exec busybox switch_root /root /lib/systemd/systemd
	SH
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0 >"$test_dir/initramfs.cpio")
}

# apparmor_lines FILE: what oopsbtd(8) says to add to it: the block after its name
apparmor_lines() {
	awk -v name="$1" '/^# APPARMOR/ { on = 1 } on && index($0, name) { found = 1 }
		found && /^```/ { if (inside) exit; inside = 1; next } inside' "$here/../../virsh-plugin/man/oopsbtd.8.md"
}

# configure: what oopsbtd(8) says under APPARMOR, a hook, the guest, and what runs in there
configure() {
	local root=$host_root
	mkdir -p "$root"/etc/apparmor.d/local/abstractions "$root"/etc/systemd/system/{oopsbtd.service.d,oopsbt-dump@.service.d} "$root/test"
	apparmor_lines libvirt-qemu >>"$root/etc/apparmor.d/local/abstractions/libvirt-qemu"
	apparmor_lines usr.sbin.libvirtd >>"$root/etc/apparmor.d/local/usr.sbin.libvirtd"
	printf '%s\n' '[Service]' AppArmorProfile=oopsbtd >"$root/etc/systemd/system/oopsbtd.service.d/apparmor.conf"
	printf '%s\n' '[Service]' ExecStart=/usr/local/bin/hook >"$root/etc/systemd/system/oopsbt-dump@.service.d/test.conf"
	mkdir -p "$root/usr/local/bin"
	cat >"$root/usr/local/bin/hook" <<-'SH'
		#!/bin/sh
		echo "hook of $OOPSBT_DUMP: $(wc -c <"$OOPSBT_DIRECTORY/core") bytes"
	SH
	chmod 755 "$root/usr/local/bin/hook"
	cp "$here/confined-host" "$root/test/"
	printf '%s\n' '[Unit]' After=multi-user.target '[Service]' Type=oneshot ExecStart=/test/confined-host \
		StandardOutput=journal+console StandardError=journal+console \
		ExecStopPost='systemctl --no-block poweroff' >"$root/etc/systemd/system/confined-host.service"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /etc/systemd/system/confined-host.service "$root/etc/systemd/system/multi-user.target.wants/"
	cp "$guest_initramfs" "$root/test/initramfs"
	cp "$vmlinux" "$root/test/vmlinux"
	"${CC:-cc}" -O2 -Wall -static -o "$root/test/apparmor-probe" "$here/apparmor-probe.c"
}

make_disk() {
	truncate -s 3G "$test_dir/disk"
	mke2fs -q -t ext4 -d "$host_root" "$test_dir/disk"
}

# said NAME: what confined-host wrote into that file
said() {
	cat "$test_dir/results/$1" 2>/dev/null || true
}

host_make machine
host_use machine
host_initramfs
configure
tap_ok "the disk of a host is made" make_disk
start=$SECONDS
timeout "${CONFINED_SECONDS:-1500}" qemu-system-x86_64 -accel tcg -cpu max,la57=off -smp 2 -m 2048 -display none -nodefaults -no-reboot -monitor none \
	-kernel "$vmlinux" -initrd "$test_dir/initramfs.cpio" -drive "file=$test_dir/disk,format=raw,if=virtio,cache=unsafe" \
	-append 'console=ttyS0 panic=-1 quiet systemd.show_status=no audit=1' -serial "file:$test_dir/console" </dev/null || true
tap_note "the host ran for $((SECONDS - start)) s"
debugfs -R "rdump /test/results $test_dir" "$test_dir/disk" 2>"$test_dir/debugfs" || true
tap_is 'that host ran to its end' "$(said end)" end
[ "$(said end)" = end ] || tap_note "$(tail -n 60 "$test_dir/console")"
tap_note "the guest ran under $(said accel)"
[ ! -s "$test_dir/results/denied-others" ] || tap_note "denied, but not to oopsbt: $(said denied-others)"

tap_is "AppArmor is on, the profiles of oopsbt and of libvirtd are loaded" "$(said apparmor): $(said profiles | xargs)" \
	"active: libvirtd (enforce) libvirtd//qemu_bridge_helper (enforce) oopsbtd (enforce) oopsbtd//analyze (enforce) oopsbtd//guard (enforce)"
tap_like "the confined oopsbtd connects to libvirtd" "$(said connected)" '^connected to qemu:///system'
tap_like "the confined oopsbtd follows a guest" "$(said follows)" 'runs Linux'
tap_is "oopsbtd, its analyser and its freeze guard are confined, as the guest is" \
	"$(said labels | sed -E 's/libvirt-[0-9a-f-]{36}/libvirt-UUID/')" \
	"$(printf '%s\n' 'oopsbt-analyze oopsbtd//&oopsbtd//analyze (enforce)' 'oopsbt-freeze-guard oopsbtd//&oopsbtd//guard (enforce)' \
		'oopsbtd oopsbtd (enforce)' 'qemu-system-x86_64 libvirt-UUID (enforce)')"
tap_like "the confined oopsbtd stores an oops" "$(said oops)" 'stored: .*scenario_null_deref'
tap_like 'it freezes the guest for that' "$(said daemon-log)" 'thawed: the guest runs again, after '
tap_like 'its analyser reads the memory of QEMU' "$(said analysed)" 'memory was read from the process'
tap_like 'it has the hook of the dump started' "$(said hook)" 'hook of .*: [0-9]+ bytes'
tap_like 'it writes the metrics' "$(said metrics)" 'oopsbt_incidents_total\{.*kind="oops"\} 1'
tap_like 'it sends an NMI' "$(said nmi)" 'nmi: sent'
tap_like 'the guest gets the NMI' "$(said nmi-guest)" 'NMI received for unknown reason'
tap_like 'libvirtd writes a full dump into the store' "$(said vmcore)" 'vmcore$'
tap_like 'root can collect beside it' "$(said collect)" 'stored|20[0-9]{6}T'
tap_like 'it reads its configuration again' "$(said reload)" '^configuration loaded again'
tap_is 'when it is killed while the guest is frozen, the confined freeze guard resumes the guest' \
	"$(said frozen), $(said thawed): $(said guard | grep -o 'was left frozen: resumed' | uniq)" \
	"paused, running: was left frozen: resumed"
tap_like 'the next one follows the guest' "$(said follows-again)" 'runs Linux'
tap_like 'the next one stores an oops' "$(said last)" 'stored: '
tap_is "nothing that any of them does is denied" "$(said denied)" ""
tap_is "the journal has what would tell of that" "$([ "$(said denials)" -ge 10 ] && echo yes)" yes

no='Permission denied'
denied=$(printf '%s\n' "read:/etc/shadow: $no" "write:/root/new: $no" "run:/bin/ls: $no" "kill: $no")
tap_is "what an oopsbtd that was taken over may do" "$(said may-oopsbtd)" "$denied"$'\n'"read:DUMP: yes"
tap_is "what an analyser that was taken over may do" "$(said may-oopsbt-analyze)" \
	"$denied"$'\n'"read:DUMP: $no"$'\n'"socket: $no"
tap_is "what a freeze guard that was taken over may do" "$(said may-oopsbt-freeze-guard)" \
	"$denied"$'\n'"read:DUMP: $no"$'\n'"socket: $no"
tap_done
