#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One guest, dumped whole; then its tables lie, one after the other (lie.c), and the analyser is asked. Whatever it
# is told: a report, in bounded time, that has what could be had and says of the rest why not.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"

build=$(realpath "${OOPSBT_BUILD:-$here/../../build}")
analyze=$build/host-tool/oopsbt-analyze
lie=$build/tests/hostile/lie
query=$build/tests/report/query
dump=$test_dir/dump
# Of CPU time, which the analyser's own limit of 20 s would end.
most_seconds=10

libvirt_start
guest_start a kernel=6.1 smp=2 memory=192
guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true'
virsh -q suspend "$(guest_domain a)" >/dev/null
touch "$dump"
virsh -q dump --memory-only "$(guest_domain a)" "$dump" >/dev/null
guest_destroy a

# report: the analyser's, of the dump as it is; sets $status, $seconds
report() {
	local TIMEFORMAT='%U %S'
	status=0
	{ time timeout 60 "$analyze" --json "$dump" >"$test_dir/json" 2>"$test_dir/err" || echo $? >"$test_dir/status"; } \
		2>"$test_dir/time"
	[ ! -e "$test_dir/status" ] || status=$(cat "$test_dir/status")
	rm -f "$test_dir/status"
	seconds=$(awk '{ print int($1 + $2 + 1) }' "$test_dir/time")
}

value() {
	"$query" value "$test_dir/json" "$1" 2>/dev/null | xargs -d '\n'
}

errors() {
	"$query" value "$test_dir/json" '$.errors[*].message'
}

vcpu1() {
	"$query" value "$test_dir/json" '$.vcpus[1].frames[*].symbol' | xargs
}

report
stack=$(vcpu1)
tap_like "told nothing but the truth it names the bug" "$(value '$.title')" 'in scenario_null_deref \[oopsbt_scenario\]'
tap_like "and has the stack of the other CPU" "$stack" ' (secondary_startup_64[a-z_]*|ret_from_fork)$'

# wanted LIE: what must be among the errors then; nothing if it need not be noticed
wanted() {
	awk -v lie="$1" '$1 == lie { sub(/^[^ ]+ +/, ""); print }' <<-'EOT'
		no-kallsyms         no kallsyms tables
		kallsyms-markers    no kallsyms tables
		kallsyms-names      no kallsyms tables
		kallsyms-offsets    no kallsyms tables
		banner              Linux banner
		orc-noise           guesses: .* ORC entries have no known layout
		modules-loop        module list does not end
		modules-wild        0x4141
		percpu-offsets      what CPU [01] runs cannot be read
		current-wild        0xffff88804141
		log-pointer         0x
		log-counts          printk ring has an impossible size
		log-ids             printk ring has an impossible size
		vmcoreinfo-noise    VMCOREINFO
		no-btf              BTF
		btf-header          BTF
		btf-strings         BTF
	EOT
}

# keeps LIE: lies that leave the other CPU's stack as it is
keeps() {
	case $1 in
	no-kallsyms | kallsyms-* | banner | orc-* | *-noise | modules-* | percpu-offsets | paging-loop | endless-image | \
		*btf* | stack-noise | current-wild | ftrace-loop) false ;;
	*) true ;;
	esac
}

for name in $("$lie" list); do
	"$lie" tell "$dump" "$name"
	report
	"$lie" undo "$dump"
	tap_is "$name: it ends well" "$status $(grep -cE 'Sanitizer|runtime error' "$test_dir/err")" "0 0"
	tap_ok "$name: in $most_seconds s of CPU time" test "$seconds" -le "$most_seconds"
	tap_is "$name: there is a report of both vCPUs" "$(value '$.vcpus[*].vcpu')" "0 1"
	pattern=$(wanted "$name")
	[ -z "$pattern" ] || tap_like "$name: it is among the errors" "$(errors)" "$pattern"
	if keeps "$name"; then
		tap_is "$name: the other CPU's stack is there" "$(vcpu1)" "$stack"
	fi
	tap_unlike "$name: no control characters come through" "$(cat "$test_dir/json")" $'[\x01-\x08\x0b-\x1f\x7f]'
done

report
tap_is "told the truth again, it says the same again" "$(vcpu1)" "$stack"
tap_done
