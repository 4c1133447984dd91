# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest that migrates to libvirt_other_host. Source libvirt.sh and guest.sh first and start libvirt.
#
#	migration_start VCPUS	starts the other host and the guest $domain, and waits until it is ready
#	in_guest COMMAND	runs it without waiting for an answer
#	answered [NUMBER]	until the guest says that it has run the last command (1)
#	migrate NUMBER [OPTION...]	to the other host; NUMBER is another one each time
#	migrating		until the migration is in progress

domain=oopsbt-test-$$-migrating

# Does not use guest_start: two QEMUs cannot share pipes and log.
migration_start() {
	local kernel
	libvirt_other_host
	kernel=$(guest_kernel 6.1)
	cat >"$test_dir/domain.xml" <<-XML
		<domain type='$("$guest_tools/accel")'>
		  <name>$domain</name>
		  <memory unit='MiB'>256</memory>
		  <vcpu>$1</vcpu>
		  <os>
		    <type arch='x86_64' machine='q35'>hvm</type>
		    <kernel>$(guest_image "$kernel/boot/vmlinuz-$(cat "$kernel/release")")</kernel>
		    <initrd>$(guest_image "$("$guest_tools/make-initramfs" "$kernel")")</initrd>
		    <cmdline>console=ttyS0 quiet</cmdline>
		  </os>
		  <features><acpi/></features>
		  <cpu mode='custom'><model>qemu64</model></cpu>
		  <devices>
		    <memballoon model='none'/>
		    <serial type='pty'/>
		    <channel type='pipe'><source path='$test_dir/exec'/><target type='virtio' name='oopsbt.exec'/></channel>
		    <panic model='isa'/>
		  </devices>
		</domain>
	XML
	mkfifo -m 0666 "$test_dir/exec.in" "$test_dir/exec.out"
	virsh -q create "$test_dir/domain.xml"
	exec 8<>"$test_dir/exec.in" 9<"$test_dir/exec.out"
	answered 0
}

in_guest() {
	echo "1 $(printf %s "$1" | base64 -w 0)" >&8
}

answered() {
	timeout 60 grep -m1 -aE "^${1:-1} " <&9 >/dev/null
}

migrate() {
	timeout 180 virsh -q migrate --live "$domain" "$libvirt_other_uri" \
		--migrateuri "unix://$libvirt_migration/$1" "${@:2}" >>"$test_dir/migrate.log" 2>&1
}

migrating() {
	local i
	for ((i = 0; i < 100; i++)); do
		! virsh -q domjobinfo "$domain" 2>/dev/null | grep 'Outgoing migration' >/dev/null || return 0
		sleep 0.1 # no event tells of its begin
	done
	cat "$test_dir/migrate.log"
	return 1
}
