# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Test guests under libvirt. Source tap.sh (if wanted) and libvirt.sh first and start libvirt.
#
#	guest_start NAME [OPTION=VALUE...]	define, start, wait until it is ready
#		kernel=6.1		name (6.1, 6.1-rt, sid, ...) of tests/guest/kernels.conf, release, or a folder
#		smp=4  memory=512	vCPUs, MiB
#		pvpanic=isa|pci|none	panic device
#		events=N		its mask of offered events (QEMU's default if not given); with libvirt_events=yes in
#					the environment in the words of libvirts with our patches
#		machine=q35  la57=no	machine type; 5-level paging
#		cpu=MODEL		one that libvirt names; Intel's have page-table isolation, all but the
#					oldest PCIDs. Default: all that the host can do
#		module=yes|no		load our guest module
#		module_args=A,B		its parameters
#		kaslr=yes|no		no: without the decompressor, which does it: is ready in half the time
#		append='...'		more kernel command line
#		qemu_args='...'		more QEMU arguments, one word each
#		devices='...'		more XML in <devices>; in_domain, in_os and in_cpu in those
#		balloon=none|virtio	memory balloon
#		emulator=PATH		another QEMU
#		on_crash=destroy	as in libvirt; a panic that libvirt is not told of is a reboot:
#		on_reboot=destroy	as in libvirt
#		persistent=no|yes	a transient domain, or a defined one
#		wait=yes|no		no: return when QEMU runs; guest_ready later
#	guest_ready NAME			until it is ready; boots it again if emulation lost it
#	guest_wait NAME [SECONDS]		the same for a guest that boots by itself, as after a reboot
#	guest_exec NAME COMMAND [SECONDS]	run a shell command in it: its output and its exit status;
#						124: no answer in time, 125: the guest is gone
#	guest_domain NAME			its domain's name in libvirt
#	guest_console NAME			what it printed on its console so far
#	guest_console_wait NAME PATTERN [SECONDS]	until a line matches (extended regular expression)
#	guest_events NAME			begin to record the domain's libvirt events
#	guest_events_log NAME			what came so far
#	guest_events_wait NAME PATTERN [SECONDS]	until one matches
#	guest_destroy NAME			remove it now (at the end that happens anyway)
#
# Waits for lines; times are upper limits.

: "${test_dir:?source libvirt.sh first}"
guest_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
guest_tools=$guest_lib/../guest
# shellcheck source-path=SCRIPTDIR
. "$guest_lib/lost.sh"
declare -A guest_reply_fd guest_command_fd guest_events_pid guest_emulated guest_persistent guest_boot_seconds

guest_domain() {
	echo "oopsbt-test-$$-$1"
}

# guest_kernel KERNEL: the folder of a series, release or folder
guest_kernel() {
	if [ -d "$1" ]; then
		realpath "$1"
	else
		"$guest_tools/fetch-kernel" "$1"
	fi
}

# wait_line FILE PATTERN SECONDS: waits until a line of FILE matches; prints it
wait_line() {
	local status=0 fd tail
	exec {fd}< <(exec tail -n +1 -f "$1" 2>/dev/null)
	tail=$!
	timeout "$3" grep -Em1 -- "$2" <&"$fd" &
	wait $! || status=$? # unlike a command, wait lets a signal through
	kill "$tail" 2>/dev/null || true
	exec {fd}<&-
	return "$status"
}

# guest_image FILE: a copy for this test, because libvirt changes its owner and QEMU's user must be
# able to read it
guest_image() {
	local copy
	copy=$test_dir/$(realpath "$1" | sha256sum | cut -c1-12)-$(basename "$1")
	[ -e "$copy" ] || { cp "$1" "$copy.$BASHPID" && mv "$copy.$BASHPID" "$copy"; }
	echo "$copy"
}

# events_xml MASK: the events of <panic>
events_xml() {
	local event bit=1
	for event in panicked crashloaded shutdown oops lockup; do
		[ $(($1 & bit)) = 0 ] || echo "<event name='$event'/>"
		bit=$((bit * 2))
	done
}

# The panic device: libvirt's element if possible (PCI: since 9.1, and without a choice of events),
# otherwise a QEMU argument.
guest_panic_device() {
	local pvpanic=$1 events=$2
	panic_xml=
	panic_args=()
	if [ "${libvirt_events:-no}" = yes ] && [ -n "$events" ] && [ "$pvpanic" = isa ]; then
		panic_xml="<panic model='isa'>$(events_xml "$events")</panic>"
		return
	fi
	case $pvpanic in
	isa)
		panic_xml="<panic model='isa'/>"
		[ -z "$events" ] || panic_args=(-global "pvpanic.events=$events")
		;;
	pci)
		if [ -z "$events" ] && [ "$(printf '%s\n' 9.1.0 "$(virsh --version)" | sort -V | head -n 1)" = 9.1.0 ]; then
			panic_xml="<panic model='pvpanic'/>"
		else
			panic_args=(-device "pvpanic-pci,addr=0x1e${events:+,events=$events}")
		fi
		;;
	none) ;;
	*)
		echo "guest_start: pvpanic=$pvpanic is not isa, pci or none" >&2
		return 1
		;;
	esac
}

# guest_cpu ACCEL MODEL LA57 XML: without a model: all features. Emulation lacks some features,
# hence no check.
guest_cpu() {
	if [ -n "$2" ]; then
		cpu_xml="<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>$2</model>"
		[ "$3" = no ] || cpu_xml+="<feature policy='require' name='la57'/>"
	else
		cpu_xml="<cpu mode='maximum'>"
		[ "$1" = qemu ] || cpu_xml="<cpu mode='host-passthrough'>"
	fi
	[ "$3" = yes ] || cpu_xml+="<feature policy='disable' name='la57'/>"
	cpu_xml+="$4</cpu>"
}

guest_start() {
	local name=$1 option accel release dir arg cpu_xml panic_xml panic_args initrd image
	local kernel=6.1 smp=4 memory=512 pvpanic=isa events='' machine=q35 cpu='' la57=no kaslr=yes module=yes module_args='' append='' \
		qemu_args='' devices='' in_domain='' in_os='' in_cpu='' balloon=none emulator=/usr/bin/qemu-system-x86_64 on_crash=destroy on_reboot=destroy persistent=no wait=yes
	shift
	for option; do
		case ${option%%=*} in
		kernel | smp | memory | pvpanic | events | machine | cpu | la57 | kaslr | module | module_args | append | qemu_args | \
			devices | in_domain | in_os | in_cpu | balloon | emulator | on_crash | on_reboot | persistent | wait) ;;
		*)
			echo "guest_start: unknown option $option" >&2
			return 1
			;;
		esac
		printf -v "${option%%=*}" %s "${option#*=}"
	done

	accel=$("$guest_tools/accel")
	kernel=$(guest_kernel "$kernel")
	release=$(cat "$kernel/release")
	initrd=$(guest_image "$("$guest_tools/make-initramfs" "$kernel")")
	image=$kernel/boot/vmlinuz-$release
	[ "$kaslr" = yes ] || image=$("$guest_tools/unpack-kernel" "$kernel")
	image=$(guest_image "$image")
	emulator=$(libvirt_program "$emulator")
	guest_panic_device "$pvpanic" "$events"
	guest_cpu "$accel" "$cpu" "$la57" "$in_cpu"

	# This machine has no PCI bus, where libvirt would put the channel's controller.
	[ "$machine" != microvm ] || devices+="<controller type='virtio-serial'><address type='virtio-mmio'/></controller>"

	dir=$test_dir/$name
	mkdir -p "$dir"
	mkfifo -m 0666 "$dir/exec.in" "$dir/exec.out"
	{
		cat <<-XML
			<domain type='$accel' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
			  <name>$(guest_domain "$name")</name>
			  <memory unit='MiB'>$memory</memory>
			  <vcpu>$smp</vcpu>
			  <os>
			    <type arch='x86_64' machine='$machine'>hvm</type>
			    $in_os
			    <kernel>$image</kernel>
			    <initrd>$initrd</initrd>
			    <cmdline>console=ttyS0 quiet panic=-1 oopsbt.module=$module oopsbt.module_args=$module_args $append</cmdline>
			  </os>
			  <features><acpi/><apic/></features>
			  $cpu_xml
			  $in_domain
			  <on_reboot>$on_reboot</on_reboot>
			  <on_crash>$on_crash</on_crash>
			  <devices>
			    <emulator>$emulator</emulator>
			    <controller type='usb' model='none'/>
			    <memballoon model='$balloon'/>
			    <serial type='pty'>
			      <log file='$dir/console' append='off'/>
			    </serial>
			    <channel type='pipe'>
			      <source path='$dir/exec'/>
			      <target type='virtio' name='oopsbt.exec'/>
			    </channel>
			    $panic_xml
			    $devices
			  </devices>
			  <qemu:commandline>
		XML
		# shellcheck disable=SC2086 # words are what is wanted
		for arg in "${panic_args[@]}" $qemu_args; do
			echo "    <qemu:arg value='$arg'/>"
		done
		echo "  </qemu:commandline>"
		echo "</domain>"
	} >"$dir/domain.xml"

	guest_emulated[$name]=
	[ "$accel/$emulator" != qemu//usr/bin/qemu-system-x86_64 ] || guest_emulated[$name]=yes
	at_exit "guest_destroy $name"
	[ "$persistent" = no ] || virsh -q define "$dir/domain.xml" >/dev/null
	guest_persistent[$name]=$persistent
	guest_boot_seconds[$name]=$((90 + 15 * smp))
	guest_boot "$name"
	[ "$wait" = no ] || guest_ready "$name"
}

# Emulation loses about 1 boot in 50. No test has used the guest yet, so this hides nothing;
# tests/run counts the lines.
guest_ready() {
	local i
	for ((i = 1; i <= 3; i++)); do
		guest_wait "$1" "${guest_boot_seconds[$1]}" && return
		[ "$i" -lt 3 ] || break
		virsh -q destroy "$(guest_domain "$1")" >/dev/null 2>&1 || true
		echo "guest $1: started again ($(guest_lost "$1" || echo "it did not get ready"))" >&2
		guest_boot "$1"
	done
	return 1
}

# guest_lost NAME: why it died, if emulation is the cause. Only with the machine's QEMU: a patched
# one may be to blame.
guest_lost() {
	local dir=$test_dir/$1
	[ -n "${guest_emulated[$1]:-}" ] && [ -e "$dir/console" ] || return
	lost_in_console "$dir/console" ||
		lost_in_log "${libvirt_root:-}/var/log/libvirt/qemu/$(guest_domain "$1").log" 2>/dev/null
}

# guest_is_lost NAME: tells tests/run in that case
guest_is_lost() {
	local reason
	reason=$(guest_lost "$1") || return
	echo "guest $1: $reason" | tee -a "${TESTS_LOST:-/dev/null}" >&2
}

# guest_boot NAME: from its domain.xml, or as it is defined
guest_boot() {
	if [ "${guest_persistent[$1]}" = yes ]; then
		virsh -q start "$(guest_domain "$1")" >/dev/null
	else
		virsh -q create "$test_dir/$1/domain.xml" >/dev/null
	fi
	guest_attach "$1"
}

# guest_attach NAME: connects to its command channel (again, after a persistent guest was restarted)
guest_attach() {
	local name=$1 fd
	guest_detach "$name"
	# One descriptor for reading and writing, so that a missing reader causes no SIGPIPE; one
	# for reading, which sees the end.
	exec {fd}<>"$test_dir/$name/exec.in"
	guest_command_fd[$name]=$fd
	exec {fd}<"$test_dir/$name/exec.out"
	guest_reply_fd[$name]=$fd
}

guest_detach() {
	local fd
	for fd in ${guest_command_fd[$1]:-} ${guest_reply_fd[$1]:-}; do
		exec {fd}<&-
	done
	unset "guest_command_fd[$1]" "guest_reply_fd[$1]"
}

# guest_reply NAME NUMBER SECONDS: passes on the answer with that number and drops late answers to
# others
guest_reply() {
	local name=$1 number=$2 seconds=$3 got status out err before=$EPOCHSECONDS fd=${guest_reply_fd[$1]}
	while read -r -t $((seconds - (EPOCHSECONDS - before) + 1)) -u "$fd" got status out err; do
		if [ "$got" = "$number" ]; then
			timeout "$seconds" head -c "$out" <&"$fd" || return 124
			timeout "$seconds" head -c "$err" <&"$fd" >&2 || return 124
			return "$status"
		fi
		timeout "$seconds" head -c $((out + err)) <&"$fd" >/dev/null || return 124
	done
	if virsh -q domstate "$(guest_domain "$name")" 2>/dev/null | grep -q running; then
		echo "guest $name: no answer in $seconds s" >&2
		return 124
	fi
	echo "guest $name: it does not run any more" >&2
	return 125
}

guest_wait() {
	guest_reply "$1" 0 "${2:-120}" >/dev/null && return
	echo "guest $1 does not get ready; its console:" >&2
	tail -n 40 "$test_dir/$1/console" >&2
	return 1
}

guest_exec() {
	local name=$1 command=$2 seconds=${3:-180} number=${EPOCHREALTIME//[!0-9]/} status=0
	(
		flock 8
		echo "$number $(printf %s "$command" | base64 -w 0)" >&"${guest_command_fd[$name]}"
		guest_reply "$name" "$number" "$seconds"
	) 8>"$test_dir/$name/exec.lock" &
	wait $! || status=$? # unlike a command, wait lets a signal through
	return "$status"
}

guest_console() {
	tr -d '\r' <"$test_dir/$1/console"
}

guest_console_wait() {
	wait_line "$test_dir/$1/console" "$2" "${3:-60}"
}

# virsh does not report when it listens: triggers events until it prints one.
guest_events() {
	local name=$1 domain i
	domain=$(guest_domain "$name")
	stdbuf -oL virsh -q event "$domain" --all --loop --timestamp >"$test_dir/$name/events" 2>&1 &
	guest_events_pid[$name]=$!
	for ((i = 0; i < 100; i++)); do
		virsh -q metadata "$domain" urn:oopsbt:test --key test --live --set "<listening try='$i'/>" >/dev/null
		wait_line "$test_dir/$name/events" metadata-change 0.3 >/dev/null && return
	done
	echo "guest $name: virsh event does not hear of anything" >&2
	return 1
}

guest_events_log() {
	cat "$test_dir/$1/events"
}

guest_events_wait() {
	wait_line "$test_dir/$1/events" "$2" "${3:-60}"
}

guest_destroy() {
	local domain
	domain=$(guest_domain "$1")
	if [ -n "${guest_events_pid[$1]:-}" ]; then
		end_process "${guest_events_pid[$1]}"
		wait "${guest_events_pid[$1]}" 2>/dev/null || true
		unset "guest_events_pid[$1]"
	fi
	guest_detach "$1"
	virsh -q destroy "$domain" >/dev/null 2>&1 || true
	guest_is_lost "$1" || true
	virsh -q undefine "$domain" >/dev/null 2>&1 || true
	rm -rf "${test_dir:?}/$1"
}
