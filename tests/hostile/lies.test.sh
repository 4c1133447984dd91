#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One guest, collected and dumped whole. The core is broken in many ways (bend.c), and in the whole dump the kernel's
# tables lie, one after the other (lie.c). Whatever the analyser is given, it ends in bounded time: with a report that
# has what could be had and says of the rest why not, or, of a core that is none any more, with a message.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../plugin/lib.sh"

build=${plugin%/*}
analyze=$build/host-tool/oopsbt-analyze
lie=$build/tests/hostile/lie
query=$build/tests/report/query
dump=$test_dir/dump
# Of CPU time, which the analyser's own limit of 20 s would end.
most_seconds=10
export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
export OOPSBT_FREEZE_GUARD=$build/host-tool/oopsbt-freeze-guard
export OOPSBT_ANALYZER=$analyze
# Where the build has it: it looks for leaks by ptrace, which a sandbox forbids.
export ASAN_OPTIONS=detect_leaks=0

libvirt_start
guest_start a kernel=6.1 smp=2 memory=192
guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true'
"$real_virsh" -q suspend "$(guest_domain a)" >/dev/null
oopsbt collect "$(guest_domain a)" >/dev/null
core=$(find "$dumps" -name core)
touch "$dump"
"$real_virsh" -q dump --memory-only "$(guest_domain a)" "$dump" >/dev/null
guest_destroy a
# A kernel with pcpu_hot, as from 6.2 to 6.14.
guest_start b kernel=6.12 smp=2 memory=256
touch "$test_dir/dump-6.12"
"$real_virsh" -q dump --memory-only "$(guest_domain b)" "$test_dir/dump-6.12" >/dev/null
guest_destroy b

# report FILE: runs the analyser on FILE; sets $status, $seconds
report() {
	local TIMEFORMAT='%U %S'
	echo 0 >"$test_dir/status"
	{ time timeout 60 "$analyze" --json "$1" >"$test_dir/json" 2>"$test_dir/err" || echo $? >"$test_dir/status"; } \
		2>"$test_dir/time"
	status=$(cat "$test_dir/status")
	seconds=$(awk '{ print int($1 + $2 + 1) }' "$test_dir/time")
}

crashed() {
	[ "$status" -gt 1 ] || grep -qE 'Sanitizer|runtime error' "$test_dir/err"
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

# --- damaged cores ---

report "$core"
tap_is "the unchanged core gives a report" "$status" 0
bad=
read_well=0
for ((seed = 0; seed < 90; seed++)); do
	"$build/tests/hostile/bend" "$core" "$seed" "$test_dir/bent"
	report "$test_dir/bent"
	! crashed || bad+=" $seed (status $status)"
	[ "$seconds" -le "$most_seconds" ] || bad+=" $seed ($seconds s)"
	[ "$status" = 0 ] || [ -s "$test_dir/err" ] || bad+=" $seed (fails without a word)"
	[ "$status" != 0 ] || read_well=$((read_well + 1))
done
tap_is 'no broken core crashes the analyser, takes a long time, or fails without a message' "$bad" ""
tap_ok 'many broken cores still give a report' test "$read_well" -gt 30
tap_note "$read_well of 90 gave a report"

foreign() {
	report "$2"
	tap_is "$1 is refused" "$status" 1
	tap_like "$1: the message says what the file is not" "$(cat "$test_dir/err")" "^oopsbt-analyze: $2: .*$3"
}

: >"$test_dir/empty"
foreign "an empty file" "$test_dir/empty" ''
foreign "a program" "$analyze" 'not a core'
foreign "a text" "$0" ''
foreign "a directory" "$test_dir" ''

# --- malformed tables ---

"$build/tests/report/ways" "$dump" >"$test_dir/ways" || true
tap_is "the kernel is found without an IDT, from user mode, from foreign registers and from none" \
	"$(sed '/: lost:/d; /^no-/{/^no-idt/!d}; s/ (.*//' "$test_dir/ways" | xargs)" \
	'as-it-is: found no-idt: found user-mode: found foreign: found not-paging: found scan: found with-variables: found functions-only: found with-modules: found with-btf: found with-vmcoreinfo: found'
tap_is "without CONFIG_KALLSYMS_ALL only variables are lost that no export, content, sysctl or function code identifies" \
	"$(sed -n 's/^functions-only: lost: //p' "$test_dir/ways")" \
	"init_stack kthreadd_task __start_notes __stop_notes klp_patches saved_command_line $(
		)watchdog_thresh watchdog_enabled rcu_state rcu_cpu_stall_timeout rcu_num_nodes sysctl_hung_task_warnings watchdog_cpumask timekeeping_suspended warn_count vmcoreinfo_size log_buf log_buf_len$(
	) ftrace_ops_list bpf_kallsyms kprobe_table optprobe_template_entry optprobe_template_end"
tap_unlike "without BTF two tasks give the offsets of a task's stack, name and PID, and a module those of its name, text and symbols" \
	"$(cat "$test_dir/ways")" 'not what'
"$build/tests/report/ways" "$test_dir/dump-6.12" >"$test_dir/ways-6.12" || true
rm "$test_dir/dump-6.12"
tap_like "without BTF the first CPU of 6.12 gives the offsets in pcpu_hot" "$(cat "$test_dir/ways-6.12")" 'current_task 0 preempt_count 8 hardirq_stack_ptr 32'
tap_unlike "without BTF 6.12 gives the same offsets as with it" "$(cat "$test_dir/ways-6.12")" 'not what'
tap_like "without VMCOREINFO log and build ID are the same" "$(cat "$test_dir/ways")" \
	'^no-vmcoreinfo: ([0-9]+) of \1 records, build ID [0-9a-f]{40}$'
report "$dump"
stack=$(vcpu1)
tap_like "the report of unchanged memory names the bug" "$(value '$.title')" 'in scenario_null_deref \[oopsbt_scenario\]'
tap_like 'the report of unchanged memory has the stack of the other CPU' "$stack" ' (secondary_startup_64[a-z_]*|ret_from_fork)$'

# wanted LIE: what must be among the errors then; nothing if it need not be noticed
wanted() {
	awk -v lie="$1" '$1 == lie { sub(/^[^ ]+ +/, ""); print }' <<-'EOT'
		no-kallsyms         no kallsyms tables
		kallsyms-markers    no kallsyms tables
		kallsyms-names      no kallsyms tables
		kallsyms-offsets    no kallsyms tables
		banner              Linux banner
		no-variables        no symbol klp_patches
		no-variables-banner nothing in the image looks like it
		no-variables-orc    guesses.*: .* no ORC tables
		no-variables-btf    BTF
		no-variables-modules no symbol modules
		no-variables-code   the memory watch sees no oops of this guest
		no-variables-sysctl no readable panic_on_oops
		no-variables-tables no page of the image looks like it|vCPU [01] has page tables that do not map this kernel
		orc-noise           guesses.*: .* ORC entries have no known layout
		modules-loop        module list does not end
		modules-wild        0x4141
		percpu-offsets      vCPU [01] has a GDT that is not of this kernel
		current-wild        0xffff88804141
		timekeeper-noise    does not hold a clock
		command-line-wild   0x4141
		livepatch-wild      0x4141
		livepatch-loop      list of live patches does not end
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
	no-kallsyms | kallsyms-* | banner | no-variables-* | orc-* | *-noise | modules-* | percpu-offsets | paging-loop | endless-image | \
		*btf* | current-wild | ftrace-loop) false ;;
	*) true ;;
	esac
}

for name in $("$lie" list); do
	"$lie" tell "$dump" "$name"
	report "$dump"
	"$lie" undo "$dump"
	tap_is "$name: the analyser succeeds" "$status $(cat "$test_dir/err")" "0 "
	tap_ok "$name: the analyser takes at most $most_seconds s of CPU time" test "$seconds" -le "$most_seconds"
	tap_is "$name: there is a report of both vCPUs" "$(value '$.vcpus[*].vcpu')" "0 1"
	pattern=$(wanted "$name")
	[ -z "$pattern" ] || tap_like "$name: the errors name the forged data" "$(errors)" "$pattern"
	if keeps "$name"; then
		tap_is "$name: the report has the other CPU's stack" "$(vcpu1)" "$stack"
	fi
	if [ "$name" = schedule-future ]; then
		tap_is "$name: forged times are not shown" \
			"$(value '$.vcpus[*].tick_age_ns') $(value '$.vcpus[*].watchdog_age_ns')" 'null null null null'
	fi
	tap_unlike "$name: no control character reaches the output" "$(cat "$test_dir/json")" $'[\x01-\x08\x0b-\x1f\x7f]'
done

report "$dump"
tap_is 'after all lies the unchanged memory gives the same report' "$(vcpu1)" "$stack"
tap_done
