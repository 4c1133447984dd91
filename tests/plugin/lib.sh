# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Shared by the tests of virsh oopsbt. Source ../lib/tap.sh and ../lib/libvirt.sh first.
#
#	plugin			the folder of the built programs; OOPSBT_BUILD names another build
#	dumps			a dump directory of the test's own, empty; oopsbt uses it
#	oopsbt ARG...		virsh oopsbt on it, through the front end
#	run ARG...		the same; sets $status, $out and $err
#	domain_xml NAME [DEVICES [ARCH [MACHINE]]]	a definition that needs no disk and boots nothing
#	domain_define NAME ...	define it
#	uuid_of DOMAIN		its UUID
#	dump_make DOMAIN ID TITLE [TEXT]		a dump as the daemon stores it; $kind is its kind of incident,
#				empty: as versions wrote it that knew none; $fingerprint likewise; $signal
#				how it was noticed; $release of its kernel

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
plugin=${OOPSBT_BUILD:-$top/build}/virsh-plugin
dumps=$test_dir/dumps
real_virsh=$(command -v virsh)
export PATH="$plugin:$PATH"
# Unsets variables that the user's shell may have set.
unset VIRSH_DEFAULT_CONNECT_URI VIRSH_READONLY VIRSH_QUIET PAGER NO_COLOR LESS

oopsbt() {
	virsh oopsbt --directory "$dumps" "$@"
}

run() {
	status=0
	oopsbt "$@" >"$test_dir/out" 2>"$test_dir/err" || status=$?
	out=$(cat "$test_dir/out")
	err=$(cat "$test_dir/err")
}

domain_xml() {
	cat <<-XML
		<domain type='qemu'>
		  <name>$1</name>
		  <memory unit='MiB'>32</memory>
		  <os><type arch='${3:-x86_64}' machine='${4:-pc}'>hvm</type></os>
		  <devices>
		    <emulator>/usr/bin/qemu-system-x86_64</emulator>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		    ${2:-}
		  </devices>
		</domain>
	XML
}

domain_define() {
	domain_xml "$@" >"$test_dir/domain.xml"
	"$real_virsh" -q define "$test_dir/domain.xml" >/dev/null
}

# The UUID of libvirt's domain, if there is one. OOPSBT_TEST_URI: the libvirt.
uuid_of() {
	"$real_virsh" ${OOPSBT_TEST_URI:+-c "$OOPSBT_TEST_URI"} -q domuuid "$1" 2>/dev/null | grep . ||
		printf %s "$1" | md5sum | sed -E 's/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/'
}

dump_make() {
	local uuid dir
	uuid=$(uuid_of "$1")
	dir=$dumps/$uuid/$2
	(umask 077 && mkdir -p "$dir" && printf %s "$1" >"$dumps/$uuid/name")
	ln -sfn "$uuid" "$dumps/$1"
	local stamp=${2%-*}
	local time=${stamp:0:4}-${stamp:4:2}-${stamp:6:2}T${stamp:9:2}:${stamp:11:2}:${stamp:13:2}.123456Z
	local of=
	[ -z "${kind:-}" ] || of=" \"incident\" : \"$kind\","
	[ -z "${fingerprint:-}" ] || of+=" \"fingerprint\" : \"$fingerprint\","
	cat >"$dir/report.json" <<-JSON
		{
		  "schema" : 1,
		  "id" : "$2",
		  "title" : "$3",
		  "domain" : { "name" : "$1", "uuid" : "$uuid" },
		  "signal" : "${signal:-crashloaded}",$of
		  "timeline" : { "signalled" : "$time" },
		  "guest" : { "release" : "${release:-6.1.0-test}" },
		  "vcpus" : []
		}
	JSON
	printf '%s\n' "${4:-$3}" >"$dir/report.txt"
	printf '[    0.000000] Linux version 6.1\n[    1.000000] %s\n' "$3" >"$dir/dmesg.txt"
	printf 'RAX=0000000000000000\n' >"$dir/registers.txt"
	printf 'core' >"$dir/core"
	chmod 0600 "$dir"/*
}
