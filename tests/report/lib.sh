# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Checks for reports of guests that oopsed in a known way. Source tests/daemon/lib.sh first.
#
#	begin NAME OPTION...		start a guest that is followed; OPTIONS are guest_start's
#	collect NAME SCENARIO		have it oops; sets $dump. The guest runs on
#	collect_last NAME SCENARIO	the same where the oops becomes a panic
#	chain				the functions of the CPU that oopsed, the innermost first
#	check NAME LABEL TITLE VCPUS	what holds for every report of a guest that runs on
#	survives NAME LABEL VCPUS SCENARIO	oops, and all of this
#	dies NAME LABEL VCPUS SCENARIO		the same where it becomes a panic
#	silences NAME LABEL VCPUS SCENARIO	the same where the guest may not answer any more
#	is_last SCENARIO		whether it becomes a panic
#	rt=yes|no			whether the kernel is PREEMPT_RT: its interrupts are threads, whose oopses are survived
#	through_libvirt			from now on the daemon reads guest memory through libvirt

analyze=$build/host-tool/oopsbt-analyze

# collect GUEST SCENARIO: makes it oops and waits for the dump; sets $dump
collect() {
	daemon_mark
	oops "$1" "$2"
	stored "$1"
}

# The same for an oops that becomes a panic: the shell never answers.
collect_last() {
	daemon_mark
	oops "$1" "$2" &
	stored "$1"
}

# stored GUEST: waits for the next dump since the mark; sets $dump
stored() {
	local line id
	line=$(daemon_wait "$(guest_domain "$1"): stored:" 60)
	id=${line#*: stored: }
	dump=$daemon_store/$(guest_domain "$1")/${id%%,*}
}

# Each line of dmesg.txt is in the guest's log, which may have continued since.
log_agrees() {
	guest_exec "$1" dmesg | tr -d '\r' >"$test_dir/dmesg"
	awk 'NR == FNR { wanted[NR] = $0; last = NR; next }
		!at && $0 == wanted[1] { at = 1 }
		at && at <= last { if ($0 != wanted[at]) { print "guest: " $0; print "dump:  " wanted[at]; exit bad = 1 } at++ }
		END { if (at <= last) bad = 1; exit bad }' "$dump/dmesg.txt" "$test_dir/dmesg"
}

reproducible() {
	"$analyze" --json "$dump/core" | cmp - "$dump/report.json"
}

# stood_still LABEL: what is read of a guest that runs does not fit together
stood_still() {
	tap_is "$1: the guest stood still while it was read" "$(value '$.errors[*].message' | grep 'ran while it was read')" ''
}

# check GUEST LABEL TITLE VCPUS: checks for every report
check() {
	stood_still "$2"
	tap_is "$2: the title names the bug" "$(value '$.title' | sed 's/\.c:[0-9]* /.c:LINE /')" "$3"
	tap_is "$2: every vCPU has registers and a symbol or is in user mode" \
		"$(value '$.vcpus[*].frames[0].pc' | wc -l)" "$4"
	tap_ok "$2: all symbols have the addresses of the guest's /proc/kallsyms" \
		"$query" symbols "$dump/report.json" "$test_dir/$1.kallsyms"
	tap_ok "$2: no field is missing without a reason" "$query" whole "$dump/report.json"
	tap_ok "$2: dmesg.txt is the guest's own log" log_agrees "$1"
	tap_ok "$2: the core gives the same report again" reproducible
	tap_unlike "$2: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
}

# row: the index of the oopsing CPU among the vCPUs
row() {
	echo $(($(value '$.vcpus[*].cpu' | grep -nx "$(value '$.oops.cpu')" | cut -d: -f1) - 1))
}

# chain: the functions of the oopsing CPU, innermost first; "null" is user mode
chain() {
	value "\$.vcpus[$(row)].frames[*].symbol" | xargs
}

# The functions of a task that has printed its oops and dies of it.
dying='make_task_dead|do_exit|rewind_stack_and_make_dead|rewind_stack_do_exit'
stacks_looked_for=0
stacks_seen=0

# is_oopsing_task: by its PID or, if the kernel's PIDs are unknown, by its name
is_oopsing_task() {
	local what=pid
	[ "$(value "\$.vcpus[$(row)].task.pid")" != null ] || what='comm'
	[ "$(value "\$.vcpus[$(row)].task.$what")" = "$(value "\$.oops.$what")" ]
}

# whole_stack PATTERN: of the task that oopsed; prints what is wrong. The task may have died of the
# oops before the freeze; its functions show that.
whole_stack() {
	local chain
	chain=$(chain)
	stacks_looked_for=$((stacks_looked_for + 1))
	if ! is_oopsing_task; then
		[[ $chain != *scenario_* ]] || echo "it is another task's: $chain"
	elif ! grep -qE "$dying" <<<"$chain"; then
		stacks_seen=$((stacks_seen + 1))
		grep -E -- "$1" <<<"$chain" >/dev/null || echo "no match for $1: $chain"
	fi
}

# stacks_were_seen: call it at the end; counts all calls of survives()
stacks_were_seen() {
	tap_note "$stacks_seen of $stacks_looked_for tasks were still in their oops"
	tap_ok "the stack of at least one oopsed task was seen" [ "$stacks_seen" -gt 0 ]
}

# silences NAME LABEL VCPUS SCENARIO: an oops after which the guest may not answer: with PREEMPT_RT
# one with a raw lock held, or with a softirq that does not end
silences() {
	local name=$1 label="$2, $4"
	collect_last "$name" "$4"
	tap_is "$label: the title names the bug" "$(value '$.title')" "$null"
	tap_ok "$label: all symbols have the addresses of the guest's /proc/kallsyms" \
		"$query" symbols "$dump/report.json" "$test_dir/$name.kallsyms"
	tap_ok "$label: no field is missing without a reason" "$query" whole "$dump/report.json"
	tap_ok "$label: the core gives the same report again" reproducible
	tap_unlike "$label: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
	[ "$4" != spinlock ] || tap_like "$label: the other CPUs wait for the lock" "$(cat "$dump/report.txt")" \
		'scenario_spin_on_lock|native_queued_spin_lock_slowpath'
}

# begin NAME OPTIONS...: starts a guest and waits until it is followed
begin() {
	local name=$1
	shift
	guest_start "$name" cpu=Skylake-Client "$@"
	guest_exec "$name" 'cat /proc/kallsyms' >"$test_dir/$name.kallsyms"
	# The default budget is for a machine that is not busy with tests.
	daemon_enable "$name" "budget='10000'"
	daemon_wait "$(guest_domain "$name"): runs Linux" 120 >/dev/null
}

# registers_agree LABEL: the registers saved at the fault equal those that the guest printed, which
# are at the top of the report
registers_agree() {
	local place theirs ours
	place=$(sed -nE '/^At the fault/,/RIP:/s/^ +RIP: //p' "$dump/report.txt")
	theirs=$(sed -nE '/^At the fault/,/R13:/s/^ +((RAX|RDX|RBP|R10|R13): .*)/\1/p' "$dump/report.txt")
	# On other CPUs an interrupt has saved registers, too.
	ours=$(awk -v place="   RIP: $place" '/^Backtraces/ { below = 1 } below && !done && $0 == place { inside = 1 }
		inside && /^ +(RAX|RDX|RBP|R10|R13): / { sub(/^ +/, ""); print } inside && /R13:/ { inside = 0; done = 1 }' \
		"$dump/report.txt")
	tap_is "$1: the registers at the fault are those that the kernel printed" "$ours" "$theirs"
}

# fault_of REPORT_TXT: its title, the instruction, general registers and the cause. If the kernel's
# PIDs are unknown, the PID in the title is from the log.
fault_of() {
	local pid=' no PID'
	[ "$(value "\$.vcpus[$(row)].task.pid")" != null ] || pid=' \(pid [0-9]+\)'
	head -n 1 "$1" | sed -E "s/$pid\$//"
	sed -nE '/^At the fault/,/^$/{/^  (RIP|R[A-DS][XI]|RBP|R1[03]|Cause): |=>/p}' "$1"
}

# told_by_stack LABEL: for a guest that stays in its panic: a report without printed registers has
# the same fault
told_by_stack() {
	LC_ALL=C sed 's/RIP: 0010:/rip: 0010:/g; s/CPU: /cpu: /g' "$dump/core" >"$test_dir/unprinted"
	"$analyze" "$test_dir/unprinted" >"$test_dir/unprinted.txt"
	tap_is "$1: a core without printed registers has the fault's registers from the stack" \
		"$(fault_of "$test_dir/unprinted.txt")" "$(fault_of "$dump/report.txt")"
	LC_ALL=C sed 's/R10: /r10: /g; s/R13: /r13: /g' "$dump/core" >"$test_dir/unprinted"
	"$analyze" "$test_dir/unprinted" >"$test_dir/unprinted.txt"
	tap_is "$1: a core without some printed registers has them from the stack" \
		"$(fault_of "$test_dir/unprinted.txt")" "$(fault_of "$dump/report.txt")"
}

rt=no
null='BUG: kernel NULL pointer dereference in scenario_null_deref [oopsbt_scenario]'
null_chain='scenario_null_deref scenario_null_inner scenario_null_outer'
call='do_syscall_64 entry_SYSCALL_64_after_hwframe null$'

# survives NAME LABEL VCPUS SCENARIO: an oops that the guest survives
survives() {
	local name=$1 label="$2, $4" title=$null stack
	case $4 in
	null) stack="$null_chain run_null .*$call" ;;
	bug)
		title='kernel BUG at oopsbt_scenario.c:LINE in scenario_bug [oopsbt_scenario]'
		stack="scenario_bug .*$call"
		;;
	gpf)
		title='general protection fault in scenario_gpf [oopsbt_scenario]'
		stack="scenario_gpf .*$call"
		;;
	kthread) stack="$null_chain (scenario_kthread )?kthread ret_from_fork" ;;
	hardirq | irq_in_softirq) stack='scenario_' ;; # in the thread of the interrupt, or it is gone
	call_unmapped | call_heap)
		title='BUG: unable to handle page fault in scenario_call [oopsbt_scenario]'
		stack="null scenario_call run_$4 .*$call"
		;;
	indirect) stack="$null_chain .*sort.* run_indirect .*$call" ;;
	spinlock) stack="$null_chain scenario_oops_with_lock run_spinlock .*$call" ;;
	esac
	collect "$name" "$4"
	# Without the stack only the guest's log tells of the call, and is not certain of the caller.
	[[ $4 != call_* || $(chain) == *scenario_* ]] || title=${title% in *}
	check "$name" "$label" "$title" "$3"
	whole_stack "$stack" >"$test_dir/stack"
	tap_is "$label: the oopsing task has its complete stack, or has died" "$(cat "$test_dir/stack")" ''
	[[ $(chain) == *scenario_* ]] || return 0
	registers_agree "$label"
	[[ $4 != call_* ]] || trace_agrees "$label"
}

# trace_agrees LABEL: after check(), for a call of what is no code: the guest's own trace has the
# functions of the task, maybe between others
trace_agrees() {
	local ours theirs
	ours=$(chain | sed -nE 's/.* null (scenario_call .*) null$/\1/p')
	theirs=$(tac "$test_dir/dmesg" | sed '/Call Trace:/q' | tac | grep -oE '[A-Za-z0-9_.]+\+0x[0-9a-f]+/0x[0-9a-f]+' | sed 's/+.*//' | xargs)
	tap_like "$1: the guest's own trace has the same functions in this order" "$theirs" "(^| )${ours// / (.* )?}( |\$)"
}

# dies NAME LABEL VCPUS SCENARIO: an oops that becomes a panic; the guest keeps the state after the
# panic
dies() {
	local name=$1 label="$2, $4" title=$null stack
	case $4 in
	hardirq) stack="$null_chain scenario_hardirq .*irq_work_run.* asm_sysvec_irq_work .*scenario_raise_irq hardirq_thread kthread ret_from_fork" ;;
	softirq) stack="$null_chain scenario_softirq tasklet_action_common.* (__do_softirq|handle_softirqs)[^ ]* .*softirq_thread kthread ret_from_fork" ;;
	irq_in_softirq) stack="$null_chain scenario_hardirq .*asm_sysvec_irq_work .*scenario_raise_irq scenario_softirq_outer tasklet_action_common.* .*irq_in_softirq_thread kthread ret_from_fork" ;;
	nmi) stack="$null_chain scenario_nmi nmi_handle.* (asm_exc_nmi|end_repeat_nmi) .*scenario_raise_nmi nmi_thread kthread ret_from_fork" ;;
	stack_overflow)
		title='kernel stack overflow in scenario_recurse [oopsbt_scenario]'
		stack="asm_exc_double_fault (scenario_recurse )+run_stack_overflow .*$call"
		;;
	esac
	collect_last "$name" "$4"
	# 5.10 buffers the text of an NMI and logs it when it panics, maybe after the collection.
	[ "$4 $(value '$.oops.kind')" != 'nmi null' ] || title=${null/#*reference/oops}
	stood_still "$label"
	tap_is "$label: the title names the bug and the panic" "$(value '$.title')" "$title, then panic"
	tap_like "$label: the stack is complete" "$(chain)" "$stack"
	registers_agree "$label"
	told_by_stack "$label"
	[ "$4" != stack_overflow ] || tap_like "$label: the report has the cause of the fault" "$(value '$.fault.explanation')" \
		"^the stack pointer 0x[0-9a-f]* has run out of the task's stack of [0-9]* bytes, which ends at 0x[0-9a-f]*000: a stack overflow$"
	tap_ok "$label: all symbols have the addresses of the guest's /proc/kallsyms" \
		"$query" symbols "$dump/report.json" "$test_dir/$name.kallsyms"
	tap_unlike "$label: every backtrace ends where its stack does" "$(cat "$dump/report.txt")" 'ends early'
	daemon_wait "$(guest_domain "$name"): signalled: panicked" 60 >/dev/null
	tap_is "$label: the guest keeps the state after the panic" "$(state "$name")" 'crashed (panicked)'
	[ -n "$(state "$name" 2>/dev/null)" ] ||
		tap_note "$(tail -n 8 "$libvirt_root/var/log/libvirt/qemu/$(guest_domain "$name").log"; grep "$(guest_domain "$name")" "$daemon_log" | tail -n 30)"
}

# The slow way to read memory, which works if the QEMU process is out of reach.
through_libvirt() {
	daemon_stop
	daemon_config '[daemon]' 'memory=libvirt'
	daemon_start
}

is_last() {
	case $1,$rt in
	hardirq,no | irq_in_softirq,no) ;;
	softirq,* | nmi,* | stack_overflow,*) ;;
	*) return 1 ;;
	esac
}
