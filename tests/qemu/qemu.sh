# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The bare guest of guest.S, and a QEMU without libvirt. Source tap.sh and libvirt.sh (for test_dir) first.
#
#	bare_guest WAY [--defsym PCI=1]		assemble guest.S; prints the image's path
#		once	write the register once
#		both	both CPUs write it once, at the same time
#		storm	write it all the time
#		disk	begin a write to the disk on the second IDE channel, then the register
#	bare_guest_after IMAGE		the address of the instruction after the write
#	bare_domain NAME EMULATOR WAY [MS]	XML of a libvirt domain with it, that an oops pauses for so long at most; without MS
#					for a QEMU that need not know oopses
#	qemu_start NAME ARG...		run $qemu (-S: it waits for cont), with a machine and a monitor
#	qemu_stop NAME			end it
#	qmp NAME COMMAND [ARGUMENTS]	run a QMP command (arguments: JSON); prints its answer
#	hmp NAME COMMAND		the same for a human monitor command, as text
#	qmp_event NAME PATTERN [SECONDS]	the next event that matches; those before it are passed over
#	qmp_events NAME PATTERN		how many matching events there were so far
#	eventually COMMAND...		until it succeeds, 20 s at most: for what no event tells of
#	counts NAME			the guest's COUNT0, COUNT1, AFTER0, AFTER1 in hexadecimal
#	event_us EVENT			an event's time in microseconds
#	event_data EVENT MEMBER		a member of its data

qemu_tests=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
declare -A qemu_pid qemu_fd
: "${test_dir:?source libvirt.sh first}"

bare_guest() {
	local way=$1 image
	shift
	case $way in
	once) way=1 ;;
	both) way=2 ;;
	storm) way=3 ;;
	disk) way=4 ;;
	esac
	image=$test_dir/guest-$way-${*//[^A-Z0-9]/}
	as --32 --defsym WAY="$way" "$@" -o "$image.o" "$qemu_tests/guest.S"
	ld -m elf_i386 -Ttext=0xf0000 -e 0xf0000 -o "$image.elf" "$image.o"
	objcopy -O binary -j .text "$image.elf" "$image"
	echo "$image"
}

bare_guest_after() {
	nm "$1.elf" | awk '$3 == "after0" { print $1 }'
}

bare_domain() {
	local arg image args=(-global pvpanic.events=11)
	[ -z "${4:-}" ] || args=(-global pvpanic.oops=on -global "pvpanic.oops-timeout=$4" -action "oops=pause")
	image=$(bare_guest "$3")
	chmod 0644 "$image"
	cat <<-XML
		<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <name>$1</name>
		  <memory unit='MiB'>32</memory>
		  <vcpu>2</vcpu>
		  <os>
		    <type arch='x86_64' machine='pc'>hvm</type>
		    <loader readonly='yes' type='rom'>$image</loader>
		  </os>
		  <features><acpi/><apic/></features>
		  <devices>
		    <emulator>$2</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		    <panic model='isa'/>
		  </devices>
		  <qemu:commandline>
		    $(for arg in "${args[@]}"; do echo "<qemu:arg value='$arg'/>"; done)
		  </qemu:commandline>
		</domain>
	XML
}

qemu_start() {
	local name=$1 dir=$test_dir/$1 fd
	shift
	mkdir "$dir"
	mkfifo "$dir/in"
	: >"$dir/out"
	exec {fd}<>"$dir/in"
	"${qemu:?}" -machine pc -m 32 -smp 2 -display none -nodefaults -no-reboot -S -qmp stdio "$@" \
		<"$dir/in" >"$dir/out" 2>"$dir/err" &
	qemu_pid[$name]=$!
	qemu_fd[$name]=$fd
	at_exit "qemu_stop $name"
	echo 0 >"$dir/seen"
	qmp "$name" qmp_capabilities >/dev/null && return
	tap_note "QEMU does not start:"
	tap_note "$(cat "$dir/err")"
	return 1
}

qemu_stop() {
	local fd=${qemu_fd[$1]:-}
	[ -n "$fd" ] || return 0
	kill "${qemu_pid[$1]}" 2>/dev/null || true # it may have ended
	wait "${qemu_pid[$1]}" 2>/dev/null || true
	exec {fd}>&-
	unset "qemu_fd[$1]" "qemu_pid[$1]"
	rm -rf "${test_dir:?}/$1"
}

# qemu_wait_line FILE FROM PATTERN SECONDS: the first match in line FROM or later, as LINE:TEXT
qemu_wait_line() {
	local fd tail status=0
	exec {fd}< <(exec tail -n "+$2" -s 0.1 -f "$1")
	tail=$!
	timeout "$4" grep -Enm1 -- "$3" <&"$fd" || status=$?
	kill "$tail" 2>/dev/null
	exec {fd}<&-
	return "$status"
}

qmp() {
	local name=$1 id=${EPOCHREALTIME//[!0-9]/} answer
	echo "{\"execute\": \"$2\", \"id\": $id${3:+, \"arguments\": $3}}" >&"${qemu_fd[$name]}"
	answer=$(qemu_wait_line "$test_dir/$name/out" 1 "\"id\": $id\b" 30) || return
	echo "${answer#*:}"
}

hmp() {
	qmp "$1" human-monitor-command "{\"command-line\": \"$2\"}" |
		sed 's/^{"return": "//; s/", "id": [0-9]*}.*$//; s/\\r\\n/\n/g'
}

qmp_event() {
	local name=$1 seen match
	seen=$(cat "$test_dir/$name/seen")
	match=$(qemu_wait_line "$test_dir/$name/out" $((seen + 1)) "\"event\": .*$2" "${3:-20}") || return
	echo $((seen + ${match%%:*})) >"$test_dir/$name/seen"
	echo "${match#*:}"
}

qmp_events() {
	grep -Ec "\"event\": .*$2" "$test_dir/$1/out" || true
}

eventually() {
	local deadline=$((SECONDS + 20))
	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.02
	done
}

counts() {
	hmp "$1" 'xp /4xw 0x9000' | sed 's/^[0-9a-f]*: //'
}

event_us() {
	[[ $1 =~ \"seconds\":\ ([0-9]+),\ \"microseconds\":\ ([0-9]+) ]]
	echo $((BASH_REMATCH[1] * 1000000 + BASH_REMATCH[2]))
}

event_data() {
	sed -nE 's/.*"'"$2"'": "?([a-z0-9]+).*/\1/p' <<<"$1"
}
