#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compares the fault in a report with what the guest itself printed: registers, CR2, the code bytes.
# The report's disassembly uses guest memory, so the guest's "Code:" line is an independent source.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

analyze=$build/host-tool/oopsbt-analyze

# collect SCENARIO: guest a oopses; sets $dump, $printed (what the guest printed) and $own (the same
# up to its trace)
collect() {
	local line id
	daemon_mark
	oops a "$1"
	line=$(daemon_wait "$(guest_domain a): stored:" 60)
	id=${line#*: stored: }
	dump=$daemon_store/$(guest_domain a)/${id%%,*}
	printed=$(guest_exec a dmesg | tr -d '\r' | sed 's/^\[[ 0-9.]*\] //' |
		awk '/\[#[0-9]+\]/ { text = ""; on = 1 } on { text = text $0 "\n" } /end trace/ { on = 0 } END { printf "%s", text }')
	own=$(printf '%s\n' "$printed" | awk '/Call Trace/ { exit } 1')
}

# registers_of_guest: lines "NAME VALUE" as in report.json, of the exception's own registers
registers_of_guest() {
	printf '%s\n' "$own" |
		grep -oE '\b(R[A-Z0-9]{2}|EFLAGS|CR[034]): ?([0-9a-f]{4}:)?[0-9a-f]{8,16}' |
		sed -E 's/: ?([0-9a-f]{4}:)?0*([0-9a-f])/ 0x\2/; s/^EFLAGS/RFLAGS/; s/^R0/R/' |
		awk '{ print tolower($1), $2 }' | sort -u
	# The CR2 of the fault is on its own line after the trace.
	printf '%s\n' "$printed" | sed -nE 's/^CR2: 0*([0-9a-f]+)$/cr2 0x\1/p' | head -n 1
}

registers_of_report() {
	local name
	while read -r name _; do
		echo "$name $(value "\$.fault.regs.$name")"
	done
}

# fault LABEL TEXT CAUSE: for the last collected oops
fault() {
	local registers place code bytes
	registers=$(registers_of_guest)
	tap_like "$1: the guest printed registers" "$registers" '^r15 0x'
	tap_is "$1: the registers at the fault are those that the guest printed" \
		"$(registers_of_report <<<"$registers")" "$registers"
	place=$(printf '%s\n' "$own" | sed -n 's/^RIP: 0010:\([^ ]*\).*/\1/p' | head -n 1)
	tap_note "$1: the registers are from the $(value '$.fault.source')"
	tap_is "$1: the stack and the guest's log do not differ" "$(value '$.errors[*].field' | grep -x fault.regs)" ''
	tap_is "$1: the place of the fault is the one that the guest printed" \
		"$(printf '%s+0x%x/0x%x' "$(value '$.fault.symbol')" "$(value '$.fault.offset')" "$(value '$.fault.size')")" "$place"
	code=$(printf '%s\n' "$own" | sed -nE 's/^Code: .*<(..)>(.*)/\1\2/p' | head -n 1)
	bytes=$(value '$.fault.instructions[*]' | sed -n 's/.*"bytes":"\([^"]*\)".*"fault":true.*/\1/p')
	case $code in
	'') tap_note "$1: this guest printed no code bytes: $(printf '%s\n' "$own" | grep '^Code:')" ;;
	"$bytes"*) tap_pass "$1: the instruction at the fault has the bytes that the guest printed" ;;
	*) tap_is "$1: the instruction at the fault has the bytes that the guest printed" "$bytes" "$code" ;;
	esac
	tap_is "$1: memory and log have the same code at the fault" "$(value '$.fault.code_difference')" null
	tap_like "$1: the instruction at the fault is marked in the text" "$(cat "$dump/report.txt")" "^  => [0-9a-f]{16}  .*$2"
	tap_is "$1: the report has the cause of the fault" "$(value '$.fault.explanation')" "$3"
	tap_is "$1: the registers come before the timeline" \
		"$(grep -nE '^(At the fault|Timeline|Backtraces)' "$dump/report.txt" | sed 's/.*:\([A-Z]*[a-z]*\).*/\1/' | xargs)" \
		'At Timeline Backtraces'
	tap_ok "$1: the core gives the same report again" reproducible
}

# facts LABEL: for the last collected oops, of a task of guest a
facts() {
	local row uptime notes field
	tap_is "$1: the command line is the guest's own" "$(value '$.guest.command_line')" \
		"$(guest_exec a 'cat /proc/cmdline' | tr -d '\r')"
	# The guest's clock continues, and this machine may be busy.
	uptime=$(guest_exec a 'cut -d. -f1 /proc/uptime' | tr -d '\r')
	tap_ok "$1: the uptime is the guest's, minus the time since" \
		[ "$(value '$.guest.uptime_s')" -le "$uptime" -a "$(value '$.guest.uptime_s')" -gt $((uptime - 60)) ]
	tap_ok "$1: the report has the guest's clock relative to the host's" [ "$(value '$.guest.clock_offset_us')" -gt -5000000 ]
	tap_ok "$1: the guest's clock is not ahead of the host's" [ "$(value '$.guest.clock_offset_us')" -lt 5000000 ]
	notes=$(guest_exec a "od -An -v -tx1 -j16 /sys/module/oopsbt_scenario/notes/.note.gnu.build-id" | tr -d ' \r\n')
	tap_is "$1: a module's build ID is the guest's own" \
		"$(value '$.modules[*]' | sed -n 's/.*"name":"oopsbt_scenario".*"build_id":"\([0-9a-f]*\)".*/\1/p')" "$notes"
	tap_is "$1: the report has no live patches" "$(value '$.guest.livepatches')" '[]'
	tap_is "$1: the first line of the oops has the task that oopsed" \
		"$(value '$.log.records[*]' | grep "\"sequence\":$(value '$.oops.log_start')," | sed 's/.*"pid":\([0-9]*\).*/\1/')" \
		"$(value '$.oops.pid')"
	row=$(($(value '$.vcpus[*].cpu' | grep -nx "$(value '$.oops.cpu')" | cut -d: -f1) - 1))
	# Otherwise the CPU has moved on, and the task may have died of its oops.
	[ "$(value '$.fault.source')" = log ] ||
		tap_ok "$1: the current task of the oopsing CPU is the one that oopsed" [ "$(value "\$.vcpus[$row].runnable")" -ge 1 ]
	for field in task_ran_ns tick_age_ns; do
		tap_ok "$1: $field of the oopsing CPU is less than a minute" \
			[ "$(value "\$.vcpus[$row].$field")" -lt 60000000000 ]
	done
	# A touch of the watchdog between two of its runs clears the time, so it may be missing.
	tap_is "$1: no other field of the CPU is missing" \
		"$(value '$.errors[*].field' | grep -F 'vcpus[*]' | grep -vF 'vcpus[*].watchdog_age_ns')" ''
}

reproducible() {
	"$analyze" --json "$dump/core" | cmp - "$dump/report.json" &&
		"$analyze" "$dump/core" | cmp - "$dump/report.txt"
}

libvirt_start
daemon_config '[rate-limit]' 'domain_burst=1000' 'total_burst=1000'
daemon_start
for kernel in ${KERNELS:-5.10 6.1 6.12}; do
	guest_start a kernel="$kernel" smp=2 memory=256 kaslr=no
	daemon_follow a "budget='10000'" >/dev/null
	collect null
	fault "$kernel, null" 'movl \$[01], \(%r' \
		"address 0x0 = $(value '$.fault.explanation' | grep -o 'R[A-Z0-9]* (0x0)'), which this instruction writes"
	facts "$kernel"
	collect gpf
	fault "$kernel, gpf" 'movl ' \
		"address 0x6f6f707362740000 = $(value '$.fault.explanation' | grep -o 'R[A-Z0-9]* (0x6f6f707362740000)'), which this instruction reads"
	collect bug
	fault "$kernel, bug" 'ud2$' null
	guest_destroy a
done
tap_done
