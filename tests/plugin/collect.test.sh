#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real guest: collected on request with and without the daemon, locally and remotely; followed
# when it oopses.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/lib.sh"

export TZ=UTC OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
OOPSBT_ANALYZER=$(dirname "$plugin")/host-tool/oopsbt-analyze
OOPSBT_FREEZE_GUARD=$(dirname "$plugin")/host-tool/oopsbt-freeze-guard
export OOPSBT_ANALYZER OOPSBT_FREEZE_GUARD
# The analyser's sandbox does not let LeakSanitizer look at its own process.
case $plugin in *sanitized*) export ASAN_OPTIONS=detect_leaks=0 ;; esac

libvirt_start
guest_start hang kernel=6.1 smp=4
domain=$(guest_domain hang)

# --- collect, without the daemon ---
run collect "$domain"
tap_is 'collect works without the daemon' "$status" 0
tap_like 'collect prints the id' "$out" '^[0-9]{8}T[0-9]{6}Z-[0-9]+   '
id=${out%% *}
tap_is 'collect stores the dump under that id' "$(oopsbt list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[-1]["id"])')" "$id"
tap_is 'a collected report has all CPUs' "$(oopsbt info --json "$id" |
	python3 -c 'import json, sys; print(sorted(vcpu["cpu"] for vcpu in json.load(sys.stdin)["vcpus"]))')" '[0, 1, 2, 3]'
tap_like 'each CPU of a collected report has registers' "$(oopsbt info "$id" --cpu 2)" '^ +RIP: 0010:[a-z_]+[+]0x'
tap_like 'each CPU of a collected report has a backtrace' "$(oopsbt info "$id" --cpu 2)" '^   [a-z_0-9]+\+0x[0-9a-f]+/0x[0-9a-f]+'
tap_like 'the log is the guest'"'"'s' "$(oopsbt info "$id" --log)" 'Linux version 6\.1'
tap_is 'the guest runs on after collect' "$(guest_exec hang 'echo alive')" alive
tap_is 'collect --quiet prints only the id' "$(virsh -q oopsbt -D "$dumps" collect "$domain" | grep -cE '^[0-9]{8}T[0-9]{6}Z-[0-9]+$')" 1

# --- a full dump ---
run collect "$domain" --vmcore on
full=${out%% *}
tap_is 'collect --vmcore on keeps a full dump' "$status $(head -c 12 "$dumps/$domain/$full/vmcore")" '0 makedumpfile'
tap_is 'collect --vmcore on shows no progress without a terminal' "$err" ''
tap_ok 'collect --vmcore on shows its progress on a terminal' expect -c '
	set timeout 60
	spawn virsh oopsbt -D '"$dumps"' collect --vmcore on '"$domain"'
	expect {
		-re "\[0-9]+ of \[0-9]+ MB" {}
		default { exit 1 }
	}
	expect {
		-re "\[0-9]+T\[0-9]+Z-\[0-9]+ " {}
		default { exit 1 }
	}'
before=$(find "$dumps/$domain/" -name vmcore | wc -l)
tap_ok 'an interrupt ends collect while libvirt writes the full dump' expect -c '
	set timeout 60
	spawn virsh oopsbt -D '"$dumps"' collect --vmcore on '"$domain"'
	expect {
		-re "\[0-9]+ of \[0-9]+ MB" {}
		default { exit 1 }
	}
	send "\003"
	expect eof
	exit [expr {[lindex [wait] 4] ne "CHILDKILLED"}]'
tap_is 'nothing of an unfinished full dump stays' "$(find "$dumps/$domain/" -name .vmcore | wc -l) $(find "$dumps/$domain/" -name vmcore | wc -l)" "0 $before"
mkdir -p "$test_dir/run"
touch "$dumps/$domain/$id/.vmcore"
run collect "$domain" --vmcore on
tap_is 'collect removes the full dump that a killed process left unfinished' "$status $(find "$dumps/$domain/" -name .vmcore | wc -l)" '0 0'
tap_is 'the guest runs on after full dumps' "$(guest_exec hang 'echo alive')" alive

# --- a paused guest stays paused ---
virsh -q suspend "$domain" >/dev/null
run collect "$domain"
tap_is 'a paused guest is collected' "$status" 0
tap_is 'a paused guest stays paused after collect' "$(virsh -q domstate "$domain")" paused
virsh -q resume "$domain" >/dev/null

# --- analyze, debug, export ---
analysed=$(virsh oopsbt analyze "$dumps/$domain/$id/core")
tap_is 'analyze makes the report again from its core' "$analysed" "$(cat "$dumps/$domain/$id/report.txt")"
tap_is 'analyze makes the JSON again from its core' "$(virsh oopsbt analyze --json "$dumps/$domain/$id/core")" "$(cat "$dumps/$domain/$id/report.json")"
status=0
err=$(virsh oopsbt analyze /etc/hostname 2>&1) || status=$?
tap_is 'analyze of a file that is no dump has an error status' "$status" 1
tap_like 'analyze of a file that is no dump: message' "$err" 'error: cannot analyze /etc/hostname: [^/]+$'
tap_like 'analyze of a file that is no dump says what it accepts' "$err" 'virsh dump --memory-only'
if command -v gdb >/dev/null; then
	tap_like 'debug opens the core in gdb' "$(echo 'info threads' | oopsbt debug "$id" --debugger gdb 2>&1)" 'Thread|LWP|process'
else
	tap_skip 'debug opens the core in gdb' 'gdb is not installed'
fi
tap_is 'an exported dump has the same report' "$(oopsbt export "$id" "$test_dir/real.tar.gz" >/dev/null && oopsbt info "$test_dir/real.tar.gz")" \
	"$(cat "$dumps/$domain/$id/report.txt")"

# --- over a connection to another host: memory through libvirt, the dump here ---
cat >"$test_dir/tunnel" <<-SH
	#!/bin/sh
	exec nsenter --mount --target $(cat "$libvirt_root/libvirtd.pid") virt-ssh-helper qemu:///system
SH
chmod +x "$test_dir/tunnel"
status=0
out=$(virsh -c "qemu+ext://far.example/system?command=$test_dir/tunnel" oopsbt -D "$dumps" collect "$domain" 2>&1) || status=$?
tap_is 'collect works over a remote connection' "$status" 0
tap_note "$out"
tap_like 'over a remote connection memory is read through libvirt' "$(oopsbt info --json)" '"memory" ?: ?"libvirt"'
tap_like 'over a remote connection the report has backtraces, too' "$(oopsbt info --cpu 1)" '^   [a-z_0-9]+\+0x'

# Both ways to read the memory of a paused guest: all data is the same.
virsh -q suspend "$domain" >/dev/null
read_of() {
	virsh -c "$1" -q oopsbt -D "$dumps" collect "$domain" >/dev/null
	oopsbt info --json | python3 -c '
import json, sys
report = json.load(sys.stdin)
del report["guest"]["clock_offset_us"] # against the clock of the host
print(json.dumps([report[part] for part in ("guest", "vcpus", "modules", "log")], indent=1))'
}
read_of "$(virsh uri)" >"$test_dir/near"
tap_is 'on this host memory is read from the process' "$(oopsbt info --json | grep -o '"memory" ?: ?"[a-z]*"' -E | tr -d ' ')" '"memory":"proc"'
read_of "qemu+ext://far.example/system?command=$test_dir/tunnel" >"$test_dir/far"
tap_ok 'a paused guest gives the same report through both ways of reading' diff "$test_dir/near" "$test_dir/far"
tap_like 'the report of a paused guest has backtraces' "$(cat "$test_dir/near")" '"symbol": "[a-z_]'
virsh -q resume "$domain" >/dev/null

# --- guests that cannot be collected ---
run collect no-such-domain
tap_is 'collect of an unknown domain is an error' "$status" 1
domain_define asleep
run collect asleep
tap_is 'collect of a domain that does not run: exit status' "$status" 1
tap_like 'collect of a domain that does not run: message' "$err" "domain 'asleep' is not running"
status=0
err=$(virsh -r oopsbt -D "$dumps" collect "$domain" 2>&1) || status=$?
tap_like 'collect over a read-only connection is an error' "$err" 'leave out -r'
mkdir -m 0777 "$test_dir/foreign"
chmod 0777 "$test_dir/foreign"
status=0
err=$(virsh oopsbt -D "$test_dir/foreign" collect "$domain" 2>&1) || status=$?
tap_is 'collect into a directory that others can write to: exit status' "$status" 1
tap_like 'collect into a directory that others can write to: message' "$err" 'can be written by other users'
mkdir "$test_dir/small"
if mount -t tmpfs -o size=1m none "$test_dir/small" 2>/dev/null; then
	at_exit "umount $test_dir/small"
	status=0
	err=$(virsh oopsbt -D "$test_dir/small/dumps" collect "$domain" 2>&1) || status=$?
	tap_is 'collect to a full disk: exit status' "$status" 1
	tap_like 'collect to a full disk: message' "$err" "$test_dir/small/dumps has [0-9]+ MiB free"
	tap_like 'collect to a full disk says what to do' "$err" 'make room'
	tap_is 'collect to a full disk leaves no partial dump' "$(find "$test_dir/small" -name .pool -prune -o -type f -print)" ""
else
	tap_skip 'a full disk' 'no tmpfs can be mounted here'
fi
touch "$test_dir/file"
status=0
err=$(virsh oopsbt -D "$test_dir/file/dumps" collect "$domain" 2>&1) || status=$?
tap_is 'collect into a directory that cannot be created is an error' "$status" 1
tap_is 'the guest runs on after all collections' "$(guest_exec hang 'echo alive')" alive

# --- with the daemon: status and watch ---
run enable "$domain"
printf '[daemon]\nuri = %s\n[store]\nroot = %s\n' "$LIBVIRT_DEFAULT_URI" "$dumps" >"$test_dir/oopsbtd.conf"
"$(dirname "$plugin")/host-tool/oopsbtd" --foreground --config "$test_dir/oopsbtd.conf" 2>"$test_dir/oopsbtd.log" &
daemon=$!
at_exit "end_process $daemon"
# The kernel is known after the daemon has read the guest; from then on an oops is noticed.
for ((i = 0; i < 300; i++)); do
	oopsbt status "$domain" | grep -q ' 6\.1\.' && break
	sleep 0.2
done
run status "$domain"
tap_like 'status knows that the daemon runs' "$out" "^oopsbtd: running \\(process $daemon\\)"
tap_like 'status knows which kernel the guest runs' "$out" "^ $domain +running +until stop +pvpanic \\(isa\\), watch +6\\.1\\."
run enable "$domain"
tap_like 'enable knows that the daemon runs' "$out" 'oopsbtd is running and follows the domain'
mkfifo "$test_dir/watched"
virsh oopsbt -D "$dumps" watch --json >"$test_dir/watched" &
watcher=$!
exec 5<"$test_dir/watched"
until grep -q inotify "/proc/$watcher/fdinfo/"* 2>/dev/null; do sleep 0.02; done
guest_exec hang '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' >/dev/null 2>&1 || true
read -r -t 60 line <&5 || line='nothing came'
tap_like 'watch sees the oops' "$line" 'scenario_null_deref'
kill -INT "$watcher"
wait "$watcher" || true
run list "$domain" --title scenario
tap_like 'list has the dump of the oops' "$out" 'scenario_null_deref.*\[oopsbt_scenario\]$'
run info "$domain"
tap_like 'info names the function of the oops' "$out" 'scenario_null_deref'

tap_done
