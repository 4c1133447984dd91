#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A CPU may be frozen at any instruction. gdb single-steps a guest's CPU through the code that is
# hardest to unwind, and after each instruction the guest is collected: in a task switch, an
# exception entry, an NMI entry. Each on one kernel; STEPS=all: on all.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../daemon/lib.sh"

export OOPSBT_QUERY=$build/tests/report/query OOPSBT_VIRSH=$build/virsh-plugin/virsh-oopsbt
export OOPSBT_STORE=$daemon_store
# The analyser's sandbox does not let LeakSanitizer look at its own process.
case $build in *sanitized*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

# gdb runs this after each step: a line with the functions of the CPU's backtrace, innermost first,
# "null" for user mode.
cat >"$test_dir/look" <<'LOOK'
#!/bin/bash
id=$("$OOPSBT_VIRSH" -c "$LIBVIRT_DEFAULT_URI" -q -D "$OOPSBT_STORE" collect "$1") || exit
dump=$OOPSBT_STORE/$1/$id
echo "look: $("$OOPSBT_QUERY" value "$dump/report.json" '$.vcpus[0].frames[*].symbol' | xargs) $(grep 'ends early' "$dump/report.txt")"
rm -r "$dump"
LOOK
chmod +x "$test_dir/look"

# A switch to a task that has never run: its stack pointer has just been loaded, and the address
# that it "returns" to is above six registers.
cat >"$test_dir/new-task" <<'GDB'
set $at = $pc
while (*(unsigned int *)$at & 0xffffff) != 0xa68b48
  set $at = $at + 1
end
delete
hbreak *($at + 7) if *(long *)($rsp + 48) == $start_of_task
continue
GDB

step_seconds=30

# steps FUNCTION N [BEFORE [AFTER]]: stops at its start, then steps N instructions; sets $looks, a
# line each. BEFORE and AFTER are gdb commands, before the stop and after it.
steps() {
	local i address
	address=$(awk -v name="$1" '$3 == name { print $1; exit }' "$test_dir/kallsyms")
	{
		printf '%s\n' 'set pagination off' 'set confirm off' "set remotetimeout $step_seconds" 'set architecture i386:x86-64' \
			"target remote $test_dir/gdb/socket" "hbreak *0x$address" "${3:-}" continue "${4:-}" delete
		for ((i = 0; i < $2; i++)); do
			printf '%s\n' "shell $test_dir/look $(guest_domain g)" stepi
		done
		echo detach
	} >"$test_dir/commands"
	# The limit for each step: on a busy machine a collection takes seconds.
	timeout $((step_seconds * ($2 + 2))) gdb -nx -q -batch -x "$test_dir/commands" >"$test_dir/gdb.out" 2>&1 || true
	virsh qemu-monitor-command "$(guest_domain g)" --hmp cont >/dev/null
	looks=$(sed -n 's/^look: //p' "$test_dir/gdb.out")
	tap_is "$kernel, $1: gdb took all steps" "$(grep -c . <<<"$looks")" "$2"
	[ "$(grep -c . <<<"$looks")" = "$2" ] || tap_note "$(tail -n 5 "$test_dir/gdb.out")"
	tap_unlike "$kernel, $1: every backtrace ends where its stack does" "$looks" 'ends early'
}

# all_match WHAT PATTERN: each line of $looks matches
all_match() {
	tap_is "$kernel, $1" "$(grep -vE -- "$2" <<<"$looks" || true)" ''
}

libvirt_start
# It finds each guest's kernel; otherwise each of some hundred collections would search it.
daemon_start
mkdir -m 0777 "$test_dir/gdb"
for kernel in 5.10 6.1 6.12; do
	options=()
	# So each system call clears the history of branches by a loop, as on many Intel CPUs.
	[ "$kernel" != 6.12 ] || options=(cpu=Skylake-Client append='spectre_v2=retpoline,lfence')
	guest_start g kernel="$kernel" smp=1 memory=256 kaslr=no "${options[@]}"
	daemon_follow g
	guest_exec g 'cat /proc/kallsyms' >"$test_dir/kallsyms"
	guest_exec g '(while :; do ls /sys; ls -R /sys/block; done) >/dev/null 2>&1 &'
	start_of_task=$(awk '$3 ~ /^ret_from_fork(_asm)?$/ { print $3, $1 }' "$test_dir/kallsyms" | sort | tail -n 1)
	virsh qemu-monitor-command "$(guest_domain g)" --hmp \
		"gdbserver unix:$test_dir/gdb/socket,server=on,wait=off" >/dev/null

	case ${STEPS:-}$kernel in
	all* | 5.10)
		steps __switch_to_asm 24
		all_match "a switch of tasks: one of the two" '^__switch_to_asm (__schedule|ret_from_fork)'
		nmi=$(awk '$3 == "asm_exc_nmi" { print $1 }' "$test_dir/kallsyms")
		steps __switch_to_asm 60 '' "$(printf '%s\n' 'stepi 9' delete "hbreak *0x$nmi" 'monitor nmi' continue)"
		all_match "an NMI amid a switch of tasks: both" ' (__schedule|ret_from_fork)'
		;;&
	all* | 6.12)
		steps asm_exc_page_fault 100
		# From user mode, or from a new task that the kernel writes to for the first time.
		interrupted=$(head -n 1 <<<"$looks")
		all_match "an exception: all that it interrupted" " ${interrupted#* }\$"
		all_match "an exception: up to where the task began" ' (null|ret_from_fork_asm) $'
		steps __switch_to_asm 12 "set \$start_of_task = 0x${start_of_task#* }" "source $test_dir/new-task"
		all_match "the first switch to a task: to where it begins" "^__switch_to_asm ${start_of_task% *} \$"
		;;&
	*6.12)
		steps clear_bhb_loop 30
		all_match "a function that ORC does not describe: its caller, up to the end" \
			'^clear_bhb_loop entry_SYSCALL_64_after_hwframe null $'
		;;&
	all* | 6.1)
		steps asm_exc_nmi 90 'monitor nmi'
		interrupted=$(head -n 1 <<<"$looks")
		all_match "an NMI: all that it interrupted" " ${interrupted#* }\$"
		steps __x86_indirect_thunk_rax 4
		all_match "a retpoline: its caller, up to the end" \
			'^[^ ]+ .+ (null|ret_from_fork|secondary_startup_64_no_verify) $'
		;;
	esac
	guest_destroy g
	rm -f "$test_dir/gdb/socket"
done
tap_done
