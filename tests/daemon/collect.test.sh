#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oopsbtd with its real analyser and real guests: it collects oopses and leaves other guests alone.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/lib.sh"
. "$here/../lib/eventually.sh"

libvirt_start
guest_start a smp=4 on_crash=preserve wait=no
guest_start b smp=2 on_reboot=restart wait=no
guest_ready a
guest_ready b

# json NAME MEMBER: a member of the newest report
json() {
	newest "$1" report.json | sed -nE "s/^ *\"$2\" ?: ?\"?([^\",]*)\"?,?\$/\1/p" | head -n 1
}

# stored NAME: waits until its next dump is logged
stored() {
	daemon_wait "$(guest_domain "$1"): stored:" "${2:-60}"
}

# status_has PATTERN: waits until status.json, in one line without spaces, matches
status_has() {
	local i
	for ((i = 0; i < 300; i++)); do
		tr -d ' \n' <"$daemon_runtime/status.json" | grep -E -- "$1" >/dev/null && return
		sleep 0.1 # the file is replaced, nothing tells of it
	done
	cat "$daemon_runtime/status.json"
	return 1
}

# keeps NAME N: waits until that many dumps are left
keeps() {
	local i
	for ((i = 0; i < 300 && $(dumps "$1" | wc -l) != $2; i++)); do
		sleep 0.1
	done
	[ "$(dumps "$1" | wc -l)" = "$2" ]
}

# --- an oops is detected, the guest is collected and thawed ---

oops a
daemon_start
tap_is "an oops in a domain that is not enabled leaves no dump" "$(dumps a)" ""

daemon_follow a >/dev/null
daemon_mark
guest_events a
oops a
tap_like "an oops of an enabled domain is stored" "$(stored a)" 'stored: .*null_deref'
tap_is 'one oops leaves one dump' "$(dumps a | wc -l)" 1
tap_is 'a dump has all its files' "$(cd "$(dumps a)" && echo *)" \
	"core dmesg.txt registers.txt report.json report.txt"
tap_is 'only root can read the files of a dump' "$(find "$daemon_store" -type f ! -perm 600 -o -type d ! -perm 700)" ""
tap_like "report.json has the signal of the oops" "$(json a signal)" '^crashloaded$'
tap_like "registers.txt is the monitor's text" "$(newest a registers.txt)" '^CPU#3'
tap_like 'the log tells each state of the collection' "$(tr '\n' ' ' <"$daemon_log")" \
	'signalled: .*frozen: .*captured: .*thawed: .*nmi: .*analysed: .*stored: '
guest_events_wait a Resumed 10 >/dev/null
tap_is "the guest was suspended and resumed once" \
	"$(guest_events_log a | grep -oE 'Suspended|Resumed' | tr '\n' ' ')" "Suspended Resumed "
tap_is 'the guest runs and answers after the collection' "$(guest_exec a 'echo alive')" alive
tap_ok 'status.json has the id of the last dump' status_has \
	"\"name\":\"$(guest_domain a)\".*\"kernel\":\"6.1.*\"memory\":\"proc\",\"collected\":1"

daemon_mark
for ((i = 0; i < 10; i++)); do
	oops a
done
for ((i = 0; i < 1200 && $(grep -c stored: "$daemon_log") < 11; i++)); do
	sleep 0.1 # each comes in its own time
done
tap_is "ten oopses in a row give ten dumps" "$(grep -c stored: "$daemon_log")" 11
tap_ok 'by default ten dumps of a domain are kept' keeps a 10

daemon_change a "keep='3'"
daemon_follow b >/dev/null
daemon_mark
oops a &
writer=$!
oops b
wait "$writer"
stored a >/dev/null
stored b >/dev/null
tap_is "two guests that oops at once give two dumps" "$(dumps b | wc -l)" 1
tap_ok "keep=3 keeps three dumps" keeps a 3
tap_like 'each of two dumps made at once names its own guest' "$(newest b report.json)" "\"name\" ?: ?\"$(guest_domain b)\""

# --- prestarted analysers ---

spares() {
	pgrep -P "$daemon_pid" -x oopsbt-analyze
}
have_spares() {
	[ "$(spares | wc -l)" = "$1" ]
}
tap_ok "an analyser waits for each enabled guest" eventually 10 have_spares 2
kill -KILL "$(spares | head -n 1)"
daemon_mark
oops a
tap_like 'an analyser that died while it waited costs no dump' "$(stored a)" null_deref
tap_ok 'as many analysers wait as before, after one died' eventually 10 have_spares 2

# --- guests that others have paused ---

daemon_mark
kill -STOP "$daemon_pid"
oops a
virsh -q suspend "$(guest_domain a)"
kill -CONT "$daemon_pid"
stored a >/dev/null
tap_is "a guest that somebody else paused is not resumed" "$(state a)" "paused (user)"
tap_like 'the report of a paused guest says that it was paused' "$(newest a report.txt)" 'already paused'
virsh -q resume "$(guest_domain a)"

daemon_change a "freeze='off'"
daemon_mark
events=$(guest_events_log a | wc -l)
oops a
stored a >/dev/null
tap_unlike "with freeze=off the guest is not frozen" "$(guest_events_log a | tail -n "+$((events + 1))")" Suspended
tap_like 'the report with freeze=off says that nothing was frozen' "$(newest a report.txt)" 'freeze=off'

# --- another kernel in the same process ---

daemon_mark
guest_exec b '(sleep 0.2; reboot -f) & true'
guest_wait b
daemon_wait "$(guest_domain b): runs Linux" 90 >/dev/null
daemon_mark
oops b
tap_like "after a reboot the new kernel is known" "$(stored b)" 'null_deref'

# --- guests without events ---

daemon_change b "signal='watch' watch='100' keep='100'"
daemon_mark
oops b
stored b >/dev/null
tap_is "the memory watch alone finds an oops" "$(json b signal)" watch

libvirt_kill
daemon_wait 'connection to .* is lost' >/dev/null
daemon_mark
guest_exec b '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null || true
libvirt_again
daemon_wait '^oopsbtd: connected to' >/dev/null
stored b >/dev/null
tap_is "an oops while libvirtd was away is collected late" "$(json b signal)" watch
tap_like "the report of an oops while libvirtd was away has the guest's log" "$(json b title)" 'scenario_null_deref'
tap_like 'both guests run after libvirtd came back' "$(state a); $(state b)" '^running .*; running'

daemon_change a
daemon_mark
oops a
stored a >/dev/null
tap_is "events are received again after libvirtd came back" "$(json a signal)" crashloaded

daemon_stop
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
oops a
stored a >/dev/null
tap_unlike "a daemon that comes back collects nothing twice" "$(tail -n "+$daemon_from" "$daemon_log")" 'signalled: watch'

daemon_kill
oops a
daemon_start
stored a >/dev/null
tap_is "an oops while the daemon was away is collected at its start" "$(json a signal)" watch
tap_like "the report of an oops while the daemon was away has the guest's log" "$(json a title)" 'scenario_null_deref'

save() {
	virsh -q save "$(guest_domain "$1")" "$test_dir/saved"
}
# restore NAME [OPTION]
restore() {
	virsh -q restore "${@:2}" "$test_dir/saved"
	guest_attach "$1"
	rm "$test_dir/saved"
}
# saved NAME: saves and restores it
saved() {
	save "$1"
	restore "$1"
}
had=$(dumps b | wc -l)
daemon_kill
oops b
saved b
daemon_start
stored b >/dev/null
tap_is "an oops before a save, while the daemon was away, is collected after the restore" "$(json b signal)" watch
daemon_mark
kill -STOP "$daemon_pid"
oops b
saved b
kill -CONT "$daemon_pid"
tap_like "an oops before a save, while the daemon hung, is collected after the restore" "$(stored b)" null_deref
daemon_mark
kill -STOP "$daemon_pid"
oops b
save b
kill -CONT "$daemon_pid"
restore b --paused
daemon_wait "$(guest_domain b): enabled and running" >/dev/null
virsh -q resume "$(guest_domain b)"
tap_like "an oops before a save is collected after a restore that leaves the guest paused" "$(stored b)" null_deref
daemon_mark
kill -STOP "$daemon_pid"
oops b
save b
libvirt_kill
libvirt_again
kill -CONT "$daemon_pid"
daemon_wait "$(guest_domain b): is gone" >/dev/null
restore b
tap_like "an oops before a save is collected after the restore, if libvirtd was restarted in between" "$(stored b)" null_deref
daemon_mark
saved b
daemon_wait "$(guest_domain b): runs Linux" >/dev/null
oops b
stored b >/dev/null
tap_is "no oops before a save is collected twice" $(($(dumps b | wc -l) - had)) 5

# The guest sleeps (suspend to RAM) and wakes, all while the daemon hangs.
sleeps() {
	[ "$(virsh domstate "$(guest_domain b)")" = pmsuspended ]
}
had=$(dumps b | wc -l)
daemon_mark
kill -STOP "$daemon_pid"
oops b
guest_exec b '(sleep 1; echo mem >/sys/power/state) >/dev/null 2>&1 &'
eventually 60 sleeps >/dev/null || true
virsh -q dompmwakeup "$(guest_domain b)"
kill -CONT "$daemon_pid"
stored b >/dev/null || true
tap_is "an oops before a guest sleeps and wakes is collected" $(($(dumps b | wc -l) - had)) 1

# The next daemon is killed before it has searched the restored guest. Once the guest was suspended,
# libvirt does not say any more that it was restored.
printf '#!/bin/sh\nexec cat <&3 >/dev/null\n' >"$test_dir/silent"
chmod +x "$test_dir/silent"
is_taken_over() {
	grep -x "pid=$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain b).pid")" \
		"$daemon_runtime/maps/$(virsh domuuid "$(guest_domain b)" | xargs)"
}
had=$(dumps b | wc -l)
daemon_kill
oops b
saved b
OOPSBT_ANALYZER=$test_dir/silent daemon_start
eventually 20 is_taken_over >/dev/null || true
daemon_kill
virsh -q suspend "$(guest_domain b)"
virsh -q resume "$(guest_domain b)"
daemon_start
stored b >/dev/null || true
tap_is "an oops before a save is collected after the restore, if the daemon was killed before it looked" \
	"$(json b signal) $(($(dumps b | wc -l) - had))" 'watch 1'

# Another process collects the domain: it holds the lock.
had=$(dumps b | wc -l)
exec {lock}>"$daemon_runtime/locks/$(virsh domuuid "$(guest_domain b)" | xargs)"
flock "$lock"
daemon_mark
oops b
daemon_wait "$(guest_domain b): cannot collect yet: another process is collecting this domain" >/dev/null
daemon_kill
exec {lock}>&-
daemon_start
stored b >/dev/null
tap_is "an oops that was noticed, but not collected when the daemon was killed, is collected by the next one" \
	$(($(dumps b | wc -l) - had)) 1

# The search of the next daemon does not end, so the event of an oops is collected before it.
daemon_stop
had=$(dumps a | wc -l)
oops a
REAL_ANALYZER=$build/host-tool/oopsbt-analyze OOPSBT_ANALYZER=$build/tests/daemon/hold-search daemon_start
oops a
stored a >/dev/null
tap_is "the first event after an oops that nobody watched is collected, and its report lists that oops" \
	"$(json a signal) $(json a missed) $(newest a report.txt | grep -c '^  \[.*\] #.*null_deref')" 'crashloaded 1 1'
daemon_stop
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
oops a
stored a >/dev/null
tap_is "a missed oops that a report lists has no dump of its own" "$(json a suppressed) $(($(dumps a | wc -l) - had))" 'null 2'

# --- reading memory through libvirt, and failed stores ---

daemon_stop
cp "$test_dir/oopsbtd.conf" "$test_dir/plain.conf"
daemon_config '[daemon]' 'memory=libvirt'
daemon_start
daemon_wait "$(guest_domain a): runs Linux" 300 >/dev/null
daemon_change a "kinds='all'"
tap_ok "hangs are not noticed where memory is read through libvirt, and the log says so" \
	daemon_wait "$(guest_domain a): hangs of this guest are not noticed: memory is read through libvirt"
daemon_change a
daemon_mark
oops a
stored a 300 >/dev/null
tap_is "memory is read through libvirt if nothing else is possible" "$(json a memory)" libvirt
tap_like 'memory read through libvirt gives the same report' "$(newest a report.txt)" 'scenario_null_deref\+0x[0-9a-f]+/0x[0-9a-f]+ \[oopsbt_scenario\]'
daemon_stop

mkdir "$test_dir/small"
mount -t tmpfs -o size=256k,mode=0700 small "$test_dir/small"
at_exit "umount $test_dir/small"
sed "s|root=.*|root=$test_dir/small|" "$test_dir/plain.conf" >"$test_dir/oopsbtd.conf"
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
daemon_mark
events=$(guest_events_log a | wc -l)
oops a
full="error: .*NULL.*; it is not stored: $test_dir/small has [0-9]+ MiB free, a dump may need 256 MiB"
tap_ok "without free space the log has the title, and why there is no dump" daemon_wait "$full" 60
tap_is 'without free space no partial dump is left' "$(find "$test_dir/small" -name .pool -prune -o -type f -print)" ""
tap_is 'without free space the guest was not frozen' "$(guest_events_log a | tail -n "+$((events + 1))" | grep -c Suspended)" 0
daemon_stop

daemon_config 'free_space_mib=0'
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
daemon_mark
oops a
stored a >/dev/null
tap_like "a disk that fills up leaves a dump of what fits, which says so" \
	"$(find -H "$test_dir/small/$(guest_domain a)" -name report.txt -exec cat {} +)" 'No space left'
daemon_stop

sed "s|root=.*|root=$test_dir/plain.conf|" "$test_dir/plain.conf" >"$test_dir/oopsbtd.conf"
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
daemon_mark
oops a
tap_ok "a store that can't be written is an error that names it" daemon_wait "error: .*$test_dir/plain.conf" 60
daemon_stop
# Waits because the watch and the event both report the oops, and a second collection may have
# frozen the guest.
tap_like 'a store that cannot be written leaves the guest running' "$(state a)" '^running'

# --- a panic without a received event ---

cp "$test_dir/plain.conf" "$test_dir/oopsbtd.conf"
guest_exec a '(sleep 0.2; echo c >/proc/sysrq-trigger) & true'
# The libvirtd that was killed above had the listener of its events.
panicked() {
	[ "$(state a)" = 'crashed (panicked)' ]
}
eventually 60 panicked
daemon_start
stored a >/dev/null
tap_is "a panic while the daemon was away is collected at its start" "$(json a signal)" panicked
tap_like "the report of a panic while the daemon was away has the guest's log" "$(json a title)" 'panic.*sysrq'
daemon_stop
daemon_start
daemon_wait "$(guest_domain a): runs Linux" >/dev/null
tap_unlike 'a panic while the daemon was away is collected once' "$(tail -n "+$daemon_from" "$daemon_log")" 'panicked while oopsbtd'

# --- disabling, and the daemon's end ---

virsh -q metadata "$(guest_domain a)" https://oopsbt.org/xmlns/domain/1 --live --remove >/dev/null
tap_ok "a disabled domain is not followed any more" daemon_wait "$(guest_domain a): disabled"
tap_ok 'one analyser fewer waits when a domain is disabled' eventually 10 have_spares 1
spare=$(spares)
status=0
daemon_stop || status=$?
tap_ok 'no analyser is left when the daemon has ended' test ! -e "/proc/$spare"
tap_is "the daemon exits without an error after SIGTERM" "$status" 0
tap_is 'SIGTERM removes the status of the daemon' "$(ls "$daemon_runtime/status.json" 2>/dev/null)" ""
tap_done
