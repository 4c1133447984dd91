#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# list, info, export, rm, debug and watch with existing dumps, and with damaged or missing ones.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC
# These tests need no libvirt.
export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$test_dir/nowhere"
# stored PATTERN: the number of matching files and directories, except those published for other
# hosts
stored() {
	find "$dumps" -mindepth 1 -name .pool -prune -o -mindepth 1 -name "$1" -print | wc -l
}
json() {
	python3 -c "import json, sys; data = json.load(sys.stdin); print($1)"
}

# --- no dumps ---
run list
tap_is 'no dump directory: exit status' "$status" 1
tap_like 'no dump directory: message' "$err" "cannot open the dump directory $dumps: No such file"
tap_like 'without a dump directory list says that -D names none' "$err" '-D \(--directory\) names a directory that does not exist'
status=0
err=$(OOPSBT_CONFIG=/dev/null XDG_STATE_HOME=$test_dir/state virsh -c "qemu+unix:///session?socket=$test_dir/none" oopsbt list 2>&1) || status=$?
tap_like "a user's own missing directory: list says whose dumps are elsewhere" "$err" "those of the system's domains are root's: try as root"
for verb in info 'rm 1' debug 'export 1 -' 'list web1'; do
	# shellcheck disable=SC2086 # words are what is wanted
	run $verb
	tap_like "$verb with -D of no directory says so" "$status $err" "^1 error: cannot open|names a directory that does not exist"
done
mkdir -m 0700 "$dumps"
run list
tap_is 'list of an empty directory is an empty table' "$status $(echo "$out" | wc -l)" '0 2'
run info
tap_is 'info of an empty directory: exit status' "$status" 1
tap_like 'info of an empty directory: message' "$err" "there is no dump in $dumps"

# --- list ---
dump_make web1 20261120T100000Z-1 'BUG: first in one [scenario]'
dump_make web1 20261121T100000Z-1 'BUG: first in one [scenario]'
dump_make db 20261121T100000Z-2 'Oops in two'
dump_make web1 20261122T214501Z-1 'RIP in three' $'RIP in three\n\nCPU 1 (kernel)\n  Call Trace:\n'
run list
tap_is 'list has a line for each dump, the newest last' "$(echo "$out" | awk 'NR > 2 { print $1 }' | xargs)" \
	'20261120T100000Z-1 20261121T100000Z-1 20261121T100000Z-2 20261122T214501Z-1'
tap_like 'a line of list has domain, time and title' "$out" '^ 20261121T100000Z-2   db       2026-11-21 10:00:00 UTC   oops   Oops in two$'
tap_is 'list of one domain has no heading if quiet' "$(oopsbt list db | wc -l) $(virsh -q oopsbt -D "$dumps" list db | wc -l)" '4 1'
run list --json
tap_is 'list --json has id and title' "$(printf %s "$out" | json '[(d["id"], d["title"]) for d in data][2]')" "('20261121T100000Z-2', 'Oops in two')"
ids() {
	oopsbt list --json "$@" | json '" ".join(d["id"][6:8] + d["id"][-2:] for d in data)'
}
tap_is 'list --since omits earlier dumps' "$(ids --since '2026-11-21 10:00')" '21-1 21-2 22-1'
tap_is 'list --since takes RFC 3339' "$(ids --since 2026-11-21T12:00:00+01:00)" '22-1'
tap_is 'list --until omits later dumps' "$(ids --until 2026-11-21)" '20-1'
tap_is 'list --since and --until can be combined' "$(ids -S 2026-11-21 -U '2026-11-22 00:00:00')" '21-1 21-2'
tap_is 'list --since takes a relative time' "$(ids --since -1min)" ''
tap_is 'list --title finds its text anywhere' "$(ids --title two)" '21-2'
tap_is 'list --title takes wildcards' "$(ids --title 'BUG*one*')" '20-1 21-1'
tap_is 'list --newest shows the given number of dumps' "$(ids -n 2)" '21-2 22-1'
run list --count
tap_like 'list --count groups equal titles' "$out" '^ 2       20261121T100000Z-1   web1     oops   BUG: first in one \[scenario\]$'
tap_is 'list --count --json has the numbers' "$(oopsbt list --count --json | json '[d["count"] for d in data]')" '[1, 1, 2]'

# --- kinds of incident ---
tap_is 'a dump of a version without kinds has the kind of its signal' \
	"$(oopsbt list --json | json '" ".join(str(d["incident"]) for d in data)')" 'oops oops oops oops'
(dumps=$test_dir/kinds
	kind=soft-lockup signal=stall dump_make web1 20261101T000000Z-1 'soft lockup in x'
	kind=panic dump_make web1 20261102T000000Z-1 'panic'
	signal=panicked dump_make web1 20261103T000000Z-1 'old panic'
	signal=collect dump_make web1 20261104T000000Z-1 'old collect'
	kind=something-new dump_make web1 20261105T000000Z-1 'from the future')
kinds() {
	virsh oopsbt -D "$test_dir/kinds" list --json "$@" | json '" ".join(d["id"][6:8] + ":" + str(d["incident"]) for d in data)'
}
tap_is 'list shows the kind of each dump' "$(kinds)" '01:soft-lockup 02:panic 03:panic 04:collect 05:None'
tap_like 'list shows the kind, or a dash' "$(virsh oopsbt -D "$test_dir/kinds" list | awk 'NR > 2 { print $6 }' | xargs)" '^soft-lockup panic panic collect -$'
tap_is 'list --kind selects dumps' "$(kinds --kind panic)" '02:panic 03:panic'
tap_is 'list --kind accepts several kinds' "$(kinds --kind=collect,soft-lockup)" '01:soft-lockup 04:collect'
tap_is 'info --kind takes the newest of these kinds' "$(virsh oopsbt -D "$test_dir/kinds" info --kind panic,soft-lockup)" 'old panic'
tap_is 'info --until takes the newest up to a time' "$(virsh oopsbt -D "$test_dir/kinds" info web1 --until '2026-11-02 12:00')" 'panic'
for word in lockup oopses '' 'oops,' 'oops,,panic' OOPS; do
	run list --kind "$word"
	tap_is "a kind that no dump is of is refused, '$word': exit status" "$status" 2
	tap_like "the refusal of kind '$word' lists the kinds there are" "$err" 'it takes one or more of oops, panic, soft-lockup, .*, collect, with commas'
done
run info --kind rcu-stall
tap_is 'info with a kind that no dump is of: exit status' "$status" 1
tap_like 'info with a kind that no dump is of: message' "$err" 'none of the 4 dumps'
tap_like 'help of --kind lists the kinds' "$(oopsbt list --help | xargs)" '--kind KIND\[,KIND\] only of these kinds of incident: oops, panic, soft-lockup'
for word in $(virsh-oopsbt complete -- list --kind ''); do
	grep -q "^\*\*$word\*\*$" "$top/virsh-plugin/man/virsh-oopsbt.1.md" || echo "$word"
done >"$test_dir/not-in-man"
tap_is 'the manual page explains each kind' "$(cat "$test_dir/not-in-man")" ''
tap_is 'completion of --kind offers the kinds' "$(virsh-oopsbt complete -- list --kind rcu)" rcu-stall
tap_is 'completion of --kind offers kinds behind a comma, too' "$(virsh-oopsbt complete -- list --kind oops,pa)" oops,panic

tap_is 'list --count -r has the most frequent first' "$(oopsbt list --count -r --json | json '[d["count"] for d in data]')" '[2, 1, 1]'
run list --since never
tap_is 'list --since with no time: exit status' "$status" 2
tap_like 'list --since with no time: message' "$err" "--since cannot be 'never': it takes a time such as"
run list nobody
tap_is 'without libvirt an unknown domain is an empty list' "$status" 0
tap_like 'without libvirt an unknown domain gives a warning' "$err" "warning: there is no dump of 'nobody'; cannot check if the domain exists"
tap_is 'list takes several domains' "$(ids web1 db)" '20-1 21-1 21-2 22-1'
tap_is 'list selects among several domains' "$(ids db --kind oops)" '21-2'
tap_is 'list -1 shows the newest dump' "$(ids -1)" '22-1'
tap_is 'list -r shows the newest dump first' "$(ids -r -n 2)" '22-1 21-2'
run list --details db
tap_like 'list --details adds kernel and size' "$out" '^ 20261121T100000Z-2   db +.* oops   6\.1\.0-test +[0-9.]+ KiB +Oops in two$'
tap_is 'list --json has kernel and size' "$(oopsbt list db --json | json '(data[0]["release"], 1000 < data[0]["size"] < 100000)')" "('6.1.0-test', True)"

# --- info ---
run info
tap_is 'info shows the newest report' "$out" "$(cat "$dumps/web1/20261122T214501Z-1/report.txt")"
run info db
tap_is 'info of a domain shows its newest report' "$out" 'Oops in two'
run info 20261120T100000Z-1
tap_is 'info takes an id' "$out" 'BUG: first in one [scenario]'
run info 20261120
tap_is 'info takes a prefix of an id' "$out" 'BUG: first in one [scenario]'
run info --id 20261121T100000Z-2
tap_is 'info takes --id' "$out" 'Oops in two'
run info web1/20261121
tap_is 'info takes domain and id' "$out" 'BUG: first in one [scenario]'
run info 2026
tap_is 'info of an ambiguous id: exit status' "$status" 1
tap_like 'info of an ambiguous id: message' "$err" "'2026' fits 4 dumps; give more of the id"
run info 20250101
tap_is 'info of an id that is not there: exit status' "$status" 1
tap_like 'info of an id that is not there: message' "$err" "no dump and no domain with dumps '20250101'"
tap_like 'info of an id that is not there says what to do' "$err" "'virsh oopsbt list' shows"
tap_is 'info --log is dmesg.txt' "$(oopsbt info db --log)" "$(cat "$dumps/db/20261121T100000Z-2/dmesg.txt")"
tap_is 'info --registers is registers.txt' "$(oopsbt info db --registers)" 'RAX=0000000000000000'
tap_is 'info --json is report.json' "$(oopsbt info db --json)" "$(cat "$dumps/db/20261121T100000Z-2/report.json")"
run info --json --log
tap_is 'info accepts one view at a time' "$status" 2
run info db web1
tap_is 'info accepts one dump at a time' "$status" 2

cat >"$dumps/db/20261121T100000Z-2/report.json" <<'JSON'
{"title": "Oops in two", "signal": "watch", "timeline": {"signalled": "2026-11-21T10:00:00.000000Z"},
 "vcpus": [{"vcpu": 0, "cpu": 1, "context": "kernel", "task": {"pid": 7, "comm": "kworker"},
  "regs": {"rip": "0xffffffff81000000", "rsp": "0xffffc90000003f00"},
  "frames": [{"pc": "0x1", "symbol": "oops_here", "offset": 16, "size": 32, "module": "bad", "reliable": true},
             {"pc": "0x2", "symbol": null, "reliable": false}], "stopped": "end of the stack"},
  {"vcpu": 1, "cpu": 0, "context": "idle", "frames": []}]}
JSON
run info db --cpu 1
tap_like 'info --cpu selects a CPU by its Linux number' "$out" '^CPU 1 \(vCPU 0\): kernel, task kworker \(pid 7\)$'
tap_like 'info --cpu has the registers' "$out" '^  RIP: 0xffffffff81000000$'
tap_like 'info --cpu has the backtrace' "$out" '^   oops_here\+0x10/0x20 \[bad\]$'
sed -i 's/"context": "kernel",/& "interrupts_on": false, "serving_softirq": true, "bh_disable_depth": 1, "preempt_depth": 2,\
  "hardirq_depth": 0, "nmi_depth": null, "runnable": 3, "task_ran_ns": 1234567890, "tick_age_ns": 4000000, "watchdog_age_ns": null,\
  "waits_for_lock": {"address": "0xffffffff81234500", "symbol": "that_lock+0x0\/0x4", "position": 2, "queued": 3},/' \
	"$dumps/db/20261121T100000Z-2/report.json"
run info db --cpu 1
tap_like 'info --cpu shows interrupts and preemption in words' "$out" \
	'^CPU 1 \(vCPU 0\): kernel, task kworker \(pid 7\), interrupts off, serving a softirq, bottom halves off, preemption off \(2\)$'
tap_like "info --cpu shows the scheduler's state, without unknown values" "$out" \
	'^  This task has run for 1.234 s, 3 runnable, last tick 0.004 s ago$'
tap_like 'info --cpu shows what the CPU waits for' "$out" \
	'^  Waits for the lock at 0xffffffff81234500 \(that_lock\+0x0/0x4\), number 2 of 3 in its queue$'
run info db --cpu 0
tap_is 'info --cpu of an idle CPU shows no missing values' "$out" "$(printf '%s\n' 'CPU 0 (vCPU 1): idle' '  No registers.' '  No call trace.')"
run info db --cpu 7
tap_is 'info --cpu of a CPU that is not there: exit status' "$status" 1
tap_like 'info --cpu of a CPU that is not there: message' "$err" 'no CPU 7: it has 2 vCPUs'
run info db --cpu x
tap_is 'info --cpu accepts only a number' "$status" 2

run info db --mail
tap_like 'info --mail begins with the title' "$(echo "$out" | head -n 1)" '^Oops in two$'
tap_is 'info --mail names neither domain nor host' "$(echo "$out" | grep -cE "\\b(db|$(uname -n))\\b|$dumps")" 0
run info db --mail --json
tap_is 'info --mail excludes other views' "$status" 2

# --- guest text that is unsafe for a terminal ---
dump_make web1 20261122T214502Z-1 'evil' $'title \033[2J\u202e\u009b0m'
printf '{"title": "\\u001b[2Jevil\\u202e", "timeline": {}, "x": "\342\200\256"}' >"$dumps/web1/20261122T214502Z-1/report.json"
printf 'log \033]0;x\a\r\n' >"$dumps/web1/20261122T214502Z-1/dmesg.txt"
hostile=$(printf '%s\n' list 'list --json' 'list --count' info 'info --json' 'info --mail' 'info --log' | while read -r words; do
	# shellcheck disable=SC2086 # words are what is wanted
	oopsbt $words
done)
printf %s "$hostile" >"$test_dir/hostile"
tap_is 'no control character reaches the terminal' \
	"$(LC_ALL=C grep -caP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$test_dir/hostile")" 0
tap_like 'a control character is shown as an escape' "$hostile" 'title .x1b\[2J'
tap_is 'escaped JSON has the same meaning' "$(oopsbt info --json | json 'data["x"] == "\u202e" and data["title"][0] == "\x1b"')" True
rm -r "$dumps/web1/20261122T214502Z-1"

# --- export ---
cd "$test_dir"
run export 20261122 dump.tar.gz
tap_is 'export succeeds' "$status" 0
tap_is 'export writes a file for its owner only' "$(stat -c %a dump.tar.gz)" 600
tap_is 'tar can read what export writes' "$(tar -xzOf dump.tar.gz 20261122T214501Z-1/report.txt)" "$(cat "$dumps/web1/20261122T214501Z-1/report.txt")"
tap_is 'an exported archive has all files of the dump' "$(tar -tzf dump.tar.gz | sed 's,.*/,,' | sort | xargs)" 'core dmesg.txt registers.txt report.json report.txt'
tap_is 'info reads an exported archive' "$(oopsbt info ./dump.tar.gz)" "$(cat "$dumps/web1/20261122T214501Z-1/report.txt")"
tap_is 'info --log reads an exported archive' "$(oopsbt info dump.tar.gz --log)" "$(cat "$dumps/web1/20261122T214501Z-1/dmesg.txt")"
tap_is 'export writes to standard output' "$(oopsbt export 20261122 - | tar -tz | wc -l)" 5
run export 20261122 dump.tar.gz
tap_is 'export does not replace an existing file' "$status" 1
tap_like 'export says how to replace an existing file' "$err" 'dump.tar.gz: File exists'
run export 20261122 dump.tar.gz --force
tap_is 'export --force replaces an existing file' "$status" 0
printf 'vmcore' >"$dumps/web1/20261122T214501Z-1/vmcore"
oopsbt export 20261122 full.tar.gz --vmcore >/dev/null
tap_is 'export includes the full dump only on request' \
	"$(tar -tzf dump.tar.gz | grep -c vmcore) $(tar -tzf full.tar.gz | grep -c vmcore)" '0 1'
head -c 300 dump.tar.gz >short.tar.gz
run info ./short.tar.gz
tap_is 'a damaged archive: exit status' "$status" 1
tap_like 'a damaged archive: message' "$err" 'short.tar.gz is damaged, or not an archive'
run info /etc/hostname
tap_like 'a file that is not an archive is an error' "$err" 'is damaged, or not an archive'
tap_like 'a file that is not an archive is an error that says what may read it' "$err" "a core .* is for 'virsh oopsbt analyze'"
run info /none/dump.tar.gz
tap_is 'info of an archive that is not there names the file' "$status $err" '1 error: cannot read /none/dump.tar.gz: No such file or directory'
run info none.tar.gz
tap_is 'info of an archive that is not in this folder names the file' "$status $err" '1 error: cannot read none.tar.gz: No such file or directory'
run info web1/19990101
tap_like 'info of a domain and an id that is not there is about dumps' "$err" "no dump and no domain with dumps 'web1/19990101'"
run analyze --json --log dump.tar.gz
tap_is 'analyze makes one thing at a time' "$status $err" '2 error: --json and --log exclude each other'
run export --html 20261122 page.html
tap_is 'export --html succeeds' "$status" 0
tap_like 'export --html says what it wrote' "$out" '^Dump 20261122T214501Z-1 exported to page.html$'
tap_like 'export --html writes a page with the title' "$(cat page.html)" '<title>RIP in three</title>'
tap_is 'export --html writes a file for its owner only' "$(stat -c %a page.html)" 600
run export --html 20261122 page.html
tap_like 'a page does not replace a file' "$status $err" 'cannot write page.html: File exists'
tap_is 'a page on standard output equals that of info --html' \
	"$(oopsbt export --html 20261122 - | md5sum)" "$(oopsbt info --html 20261122 | md5sum)"
tap_is 'a page of an exported archive is the same' \
	"$(oopsbt info --html ./dump.tar.gz | md5sum)" "$(oopsbt info --html 20261122 | md5sum)"
run export --html --vmcore 20261122 other.html
tap_like 'export --html excludes --vmcore' "$status $err" '^2 error: --html and --vmcore exclude each other'
run info --html --log 20261122
tap_like 'info --html excludes --log' "$err" '--html and --log exclude each other'
run list --html
tap_like 'list --html is a page that counts dumps and domains' "$out" '<title>4 dumps of 2 domains</title>'
tap_is 'list --html has a mark and a row for each dump' "$(echo "$out" | grep -o '<circle [^>]*cx="[0-9]\{3\}' | wc -l) $(echo "$out" | grep -o '<tr class="dump">' | wc -l)" '4 4'
tap_like 'list --html shows the selected dumps' "$(oopsbt list db --html)" '<title>1 dump of 1 domain</title>'
run list --html --title nothing-has-this
tap_like 'list --html of an empty store is a page' "$status $out" '<title>0 dumps of 0 domains</title>'
run list --html --json
tap_like 'list --html excludes --json' "$status $err" '^2 error: --html and --json exclude each other'
run export 20261122 /nonexistent/dir/file
tap_is 'export into a directory that is not there: exit status' "$status" 1
tap_like 'export into a directory that is not there: message' "$err" 'cannot write /nonexistent/dir/file: No such file'
if mkdir small && mount -t tmpfs -o size=64k none small 2>/dev/null; then
	at_exit "umount $test_dir/small"
	head -c 300000 /dev/urandom >"$dumps/web1/20261122T214501Z-1/core"
	run export 20261122 small/dump.tar.gz
	tap_is 'export to a full disk: exit status' "$status" 1
	tap_like 'export to a full disk: message' "$err" 'cannot write small/dump.tar.gz: .*No space left'
	tap_is 'export to a full disk leaves no file' "$(find small -type f | wc -l)" 0
else
	tap_skip 'a full disk' 'no tmpfs can be mounted here'
fi
status=0
oopsbt list >/dev/full 2>"$test_dir/err" || status=$?
tap_is 'output that cannot be written: exit status' "$status" 1
tap_like 'output that cannot be written: message' "$(cat "$test_dir/err")" 'cannot write the output: No space left'
tap_is 'list into a broken pipe is quiet' "$( (oopsbt info --json; true) 2>&1 | head -c 1)" '{'

# --- damaged dumps, other owners ---
mkdir -m 0700 "$dumps/web1/20261123T000000Z-1"
run list
tap_like 'a dump without its files is listed as damaged' "$out" '^ 20261123T000000Z-1   web1 +2026-11-23 00:00:00 UTC   - +\(damaged\)$'
run info 20261123
tap_is 'info of a damaged dump: exit status' "$status" 1
tap_like 'info of a damaged dump: message' "$err" 'dump 20261123T000000Z-1 is damaged: .*report.txt: No such file'
tap_like 'info of a damaged dump shows its path' "$err" "lies in $dumps/$(uuid_of web1)/20261123T000000Z-1"
echo '{"title": "cut off' >"$dumps/web1/20261123T000000Z-1/report.json"
run info 20261123 --json
tap_like 'info of invalid JSON says that the dump is damaged' "$err" 'is damaged'
run debug 20261123
tap_is 'debug does not start a debugger if the core is missing' "$status" 1
run rm -y 20261123
tap_is 'a damaged dump can be removed' "$status $(stored '20261123*')" '0 0'
chmod 0755 "$test_dir"
status=0
err=$(setpriv --reuid=nobody --regid=nogroup --clear-groups "$plugin/virsh-oopsbt" -D "$dumps" list 2>&1) || status=$?
tap_is "another user's dumps: exit status" "$status" 1
tap_like "another user's dumps: message" "$err" "$dumps: Permission denied"
tap_like "another user's dumps: the message says what to do" "$err" 'try as root'

# --- debug ---
mkdir "$test_dir/bin"
for debugger in gdb crash drgn; do
	# shellcheck disable=SC2016
	printf '#!/bin/sh\necho "${0##*/} $*"\n' >"$test_dir/bin/$debugger"
	chmod +x "$test_dir/bin/$debugger"
done
core=$dumps/$(uuid_of db)/20261121T100000Z-2/core
tap_like 'debug starts the first debugger that is installed' "$(PATH="$test_dir/bin:$PATH" oopsbt debug db)" "^gdb --core=$core$"
tap_like 'debug --debugger chooses' "$(PATH="$test_dir/bin:$PATH" oopsbt debug db --debugger drgn)" "^drgn -c $core$"
tap_like 'debug --vmlinux gives the symbols' "$(PATH="$test_dir/bin:$PATH" oopsbt debug db --debugger=crash --vmlinux /v)" "^crash /v $core$"
tap_like 'debug prefers a full dump' "$(PATH="$test_dir/bin:$PATH" oopsbt debug 20261122)" '/vmcore$'
status=0
err=$(PATH="$test_dir/bin:$PATH" oopsbt debug db --debugger crash 2>&1) || status=$?
tap_is 'debug with crash needs symbols: exit status' "$status" 1
tap_like 'debug with crash needs symbols: message' "$err" 'install its debug package'
run debug db --debugger emacs
tap_is 'debug refuses an unknown debugger' "$status" 2

# --- rm ---
run rm
tap_is 'rm without arguments is an error' "$status" 2
tap_like 'rm of nothing in particular: message' "$err" 'say what to remove'
run rm web1
tap_is 'rm of a domain is refused: exit status' "$status" 2
tap_like 'rm of a domain is refused: message' "$err" "'web1' is a domain; give the ids"
run rm 2026
tap_like 'rm of an ambiguous prefix is refused' "$err" 'fits 4 dumps'
run rm 20261120 19990101
tap_is 'rm with one id that is not there removes nothing' "$status $(stored '2026*')" '1 4'
run rm --domain db1 20261120
tap_is "rm refuses an id of another domain: exit status" "$status $(stored '20261120*')" '1 1'
tap_like "rm refuses an id of another domain: message" "$err" "is of domain 'web1', not of 'db1': nothing was removed"
run rm --domain web1 20261120 --keep 5
tap_is 'rm refuses ids and rules at once' "$status $(stored '20261120*')" '2 1'
{ run rm --kind oops; } </dev/null
tap_is 'rm without a terminal needs --yes if it would remove the newest dump' "$status $(stored '20261120*')" '1 1'
tap_like 'rm without --yes says how many it would remove' "$err" 'this removes [0-9]+ dumps, the newest too: nothing was removed'
run rm --kind oops --keep 100
tap_is 'rm --kind combines with --keep' "$status $out" '0 No dump to remove'
run rm 20261120
tap_is 'rm of an id removes that dump' "$status $out $(stored '20261120*')" '0 Dump 20261120T100000Z-1 removed 0'
dump_make web1 20261120T100000Z-1 'BUG: first'
run rm --keep 1 --domain web1
tap_is 'rm --keep keeps the newest dumps' "$(ids)" '21-2 22-1'
dump_make web1 20200101T000000Z-1 'old'
run rm --older-than 2026-11-21
tap_is 'rm --older-than removes older dumps' "$(ids)" '21-2 22-1'
dump_make web1 20200101T000000Z-1 'old' && dump_make web1 20200101T000001Z-1 'older panic' && sed -i 's/"crashloaded"/"panicked"/' "$dumps/web1/20200101T000001Z-1/report.json"
run rm --older-than 2026-11-21 --kind panic
tap_is 'rm --kind narrows --older-than' "$(ids)" '01-1 21-2 22-1'
run rm --yes --until 2021-01-01
tap_is 'rm --until works with --yes' "$(ids)" '21-2 22-1'
run rm --older-than soon
tap_is 'rm --older-than accepts only an age' "$status" 2
{ run rm --keep 0; } </dev/null
tap_is 'rm --keep 0 without a terminal needs --yes: exit status' "$status $(ids)" '1 21-2 22-1'
tap_like 'rm --keep 0 without a terminal needs --yes: message' "$err" 'add --yes'
{ run rm --keep 00; } </dev/null
tap_is 'rm --keep 00 is rm --keep 0' "$status $(ids)" '1 21-2 22-1'
{ run rm --keep 0 --domain web1; } </dev/null
tap_like 'rm --keep 0 of one dump says how many it would remove' "$err" 'this removes 1 dump, the newest too'
run rm --keep 0 --yes
tap_is 'rm --keep 0 --yes removes all dumps and their empty directories' "$status $(stored '*')" '0 0'

# --- completion offers the values of each verb ---
dump_make web1 20261120T100000Z-1 'one'
complete() {
	virsh-oopsbt -D "$dumps" complete -- "$@" | sort | xargs
}
tap_is 'completion of rm offers ids' "$(complete rm '')" 20261120T100000Z-1
tap_is 'completion of list offers domains' "$(complete list '')" web1
tap_is 'completion of info offers ids and domains' "$(complete info '')" '20261120T100000Z-1 web1'
tap_is 'completion of info offers one operand' "$(complete info web1 '')" ''
tap_is 'completion of info after an option with a value offers the first operand' "$(complete info --since yesterday w)" web1
tap_is 'completion of export leaves the file to the shell' "$(complete export web1 '')" ''
tap_is 'completion of rm --domain offers domains' "$(complete rm --domain '')" web1
tap_is 'completion of help offers verbs' "$(complete help li) $(complete hel)" 'list help'
tap_is 'completion of collect offers only options for a collection' "$(complete collect --k) $(complete enable --ke)" ' --keep'
run collect web1 --keep 1
tap_is 'collect refuses --keep: exit status' "$status" 2
tap_like 'collect refuses --keep: message' "$err" "'collect' has no option '--keep'; it is an option of 'enable'"
tap_is "completion before the verb offers virsh's options" "$(complete --q) $(complete --d)" '--quiet --directory'
dump_make db1 20261121T100000Z-1 'two'
tap_is 'completion of rm --domain offers ids of that domain' "$(complete rm --domain db1 '')" 20261121T100000Z-1
tap_is 'completion of rm offers no ids after an option that selects dumps' "$(complete rm --older-than 7d '') $(complete rm --kind oops 2026)" ' '
tap_is 'completion of rm offers no option that selects dumps after an id' "$(complete rm 20261120T100000Z-1 --)" '--domain --help --yes'
tap_is 'completion of enable --all offers no domain' "$(complete enable --all '')" ''
tap_is 'completion of disable offers no --all after a domain' "$(complete disable web1 --a)" ''
tap_is 'completion of info offers no second view' "$(complete info --json --ht) $(complete info --ht)" ' --html'
tap_is 'completion of list offers no option twice' "$(complete list --title x --ti) $(complete list -r --rev)" ' '
tap_is 'completion of export --html does not offer --vmcore' "$(complete export --html --vm)" ''
rm -rf "$dumps"
for words in 'list --count --details' 'list --group --html' 'list -1 -n 3' 'info --json --log'; do
	# shellcheck disable=SC2086 # words are what is wanted
	run $words
	tap_like "$words is refused" "$status $err" '^2 error: --[a-z]+ and --[a-z]+ exclude each other$'
done
for words in enable disable 'enable --all web1' 'disable --all web1'; do
	# shellcheck disable=SC2086 # words are what is wanted
	run $words
	tap_like "$words is refused before libvirt is asked" "$status $err" '^2 error: (name a domain, or give --all|--all takes no domain names)'
done

# --- arguments in the wrong place ---
for words in '-c test:///default' '-D /nowhere' '-q' '--connect=test:///default' '--quiet'; do
	option=${words%% *}
	# shellcheck disable=SC2086 # words are what is wanted
	run list $words
	tap_like "$option behind the verb is refused, with its place" "$status $err" \
		"^2 error: option ${option%=*} belongs before the verb: 'virsh oopsbt ${option%=*}( URI| DIR)? list \.\.\.'$"
done
run web1 info
tap_is 'a domain before the verb is refused, with the right order' "$status $err" \
	"2 error: there is no verb 'web1'; the verb comes first: 'virsh oopsbt info web1'"
run enable --foo
tap_unlike 'an option of three letters is not guessed from one letter' "$err" 'did you mean'
dump_make web1 20261121T100000Z-1 'of web1'
tap_is 'a command in one argument may have options before the verb' "$(virsh "oopsbt -D $dumps list")" "$(oopsbt list)"
tap_is 'several commands in one argument may have options before their verbs' \
	"$(virsh "oopsbt -D $dumps list; oopsbt -D $dumps -q list" )" "$(oopsbt list; virsh -q oopsbt -D "$dumps" list)"
uuid=$(uuid_of web1)
tap_is 'list takes the UUID of a domain in capitals' "$(oopsbt list "${uuid^^}")" "$(oopsbt list web1)"
tap_is 'info takes the UUID of a domain in capitals' "$(oopsbt info "${uuid^^}")" "$(oopsbt info web1)"
run export web1 "$test_dir"
tap_is 'export into a directory is refused, with what to do' "$status $err" \
	"1 error: cannot write $test_dir: it is a directory
name a file in it"
run info --since 2030-01-01 --kind oops
tap_is 'info names the options that match no dump, and no others' "$status $err" \
	'1 error: none of the 1 dumps matches --since 2030-01-01 --kind oops'
tap_is 'completion of enable --kinds offers kinds' "$(complete enable --kinds al) $(complete enable --kinds oops,pa)" 'all oops,panic'
tap_is 'completion of enable --kinds offers no kind that enable refuses' "$(complete enable --kinds col)" ''
tap_is 'completion of --kind offers no kind twice' "$(complete list --kind oops,oo)" ''
tap_is 'completion knows the directory that was given before the verb' "$(virsh oopsbt complete -- -D "$dumps" list we)" web1
rm -rf "$dumps"

# --- help ---
tap_like 'help takes one verb' "$(oopsbt help list info 2>&1 || true)" "error: unexpected argument 'info': 'help' takes one verb"
tap_is 'help --help prints the help of help' "$(oopsbt help --help)" "$(oopsbt --help)"
tap_like 'help shows defaults' "$(oopsbt enable --help | tr -s '\n ' ' ')" 'number of dumps kept: the newest; the first of a boot or of a title stays longest \(default: 10\)'
tap_like 'help says which options may stand before oopsbt' "$(oopsbt --help)" "^Options before the verb; -c, -r, -q and -t may also stand before 'oopsbt':"
tap_unlike "help of collect shows no defaults, since a collection uses the domain's options" "$(oopsbt collect --help)" 'default:'
tap_is 'virsh oopsbt names itself virsh oopsbt' "$(oopsbt info --help | head -n 1)" 'Usage: virsh oopsbt info [OPTION...] [DOMAIN|ID|FILE]'
own=$(virsh-oopsbt info --help; virsh-oopsbt help; virsh-oopsbt frobnicate 2>&1 || true; virsh-oopsbt -D "$test_dir" info x 2>&1 || true)
tap_unlike 'virsh-oopsbt does not name a command that virsh may lack' "$own" 'virsh oopsbt'
tap_like 'virsh-oopsbt names itself in hints' "$own" "^'virsh-oopsbt list' shows the dumps"
status=0
err=$(virsh-oopsbt -c "qemu+ext://far.example/system?command=/bin/false" rm 1 2>&1) || status=$?
tap_like 'virsh-oopsbt names itself in hints with a connection' "$err" "or 'virsh-oopsbt -c qemu.ext://far.example/system.command=/bin/false export'"

# --- watch ---
rm -rf "$dumps"
mkfifo watched
virsh oopsbt -D "$dumps" watch --json >watched &
watcher=$!
exec 5<watched
# It reads the existing dumps after it monitors the nearest directory.
until grep -q inotify /proc/$watcher/fdinfo/* 2>/dev/null; do sleep 0.02; done
mkdir -p "$test_dir/made"
(dumps=$test_dir/made/dumps && dump_make web1 20261201T000000Z-1 'seen')
mv "$test_dir/made/dumps" "$dumps"
read -r -t 10 line <&5 || line='nothing came'
tap_is 'watch sees a dump in a directory that was not there before' "$(printf %s "$line" | json 'data["title"], data["incident"]')" 'seen oops'
(dumps=$test_dir/made/dumps && dump_make db 20261201T000001Z-1 'again')
mv "$test_dir/made/dumps/$(uuid_of db)" "$test_dir/made/dumps/db" "$dumps"
read -r -t 10 line <&5 || line='nothing came'
tap_is 'watch sees a dump of a new domain' "$(printf %s "$line" | json 'data["domain"]')" db
tap_is 'the manual page names each member of watch --json' "$(printf %s "$line" | "$here/undocumented" 'A dump')" ''
kill -INT "$watcher"
status=0
wait "$watcher" || status=$?
tap_is 'an interrupt ends watch with status 0' "$status" 0
mkfifo kinds-watched
virsh oopsbt -D "$dumps" watch --kind hung-task >kinds-watched &
watcher=$!
exec 5<kinds-watched
read -r -t 10 line <&5 || line='nothing came'
tap_like 'watch prints what it waits for' "$line" 'Watching'
(dumps=$test_dir/made/dumps && dump_make other 20261201T000002Z-1 'not asked for' && kind=hung-task dump_make other2 20261201T000003Z-1 'asked for')
mv "$test_dir/made/dumps/$(uuid_of other)" "$dumps"
mv "$test_dir/made/dumps/$(uuid_of other2)" "$dumps"
read -r -t 10 line <&5 || line='nothing came'
tap_like 'watch --kind shows only these kinds' "$line" '^20261201T000003Z-1   other2   .*   hung-task   asked for$'
printf '{"schema":1,"count":4,"last":"2026-12-01T00:00:09.000000Z","records":[{}]}' >"$dumps/$(uuid_of other2)/20261201T000003Z-1/repeats.json"
touch "$dumps/$(uuid_of other2)/touched" # as a collection does, in another place
read -r -t 10 line <&5 || line='nothing came'
tap_like 'watch reports a repeat of a bug' "$line" '^20261201T000003Z-1 .*asked for \(×5, last '
kill -INT "$watcher"
wait "$watcher" || true


# --- repeats of a bug ---
dump_make web9 20261223T110000Z-9 'BUG: again in nine'
had=$(oopsbt stats --json | json 'sum(d["count"] for d in data)')
printf '{"schema":1,"count":13,"last":"2026-12-23T11:03:00.000000Z","records":[{"time":"%s","cpu":2,"title":"%s","signal":"oops","phase":null,"not_collected":4}]}' \
	2026-12-23T11:03:00.000000Z 'BUG: again in nine' >"$dumps/web9/20261223T110000Z-9/repeats.json"
tap_like 'list shows how often a bug repeated, and when last' "$(TZ=UTC oopsbt list web9)" 'BUG: again in nine \(×14, last 11:03\)$'
tap_is 'list --json has the number of repeats' "$(oopsbt list web9 --json | json '(data[0]["repeats"], data[0]["repeated"])')" "(13, '2026-12-23T11:03:00.000000Z')"
tap_like 'info lists the repeats' "$(TZ=UTC oopsbt info web9)" \
	'^  2026-12-23 11:03:00 UTC  CPU 2  BUG: again in nine; 4 signals before it were not collected$'
tap_is 'info --json lists the repeats' "$(oopsbt info --json web9 | json 'data["title"], data["repeats"]["records"][0]["cpu"]')" 'BUG: again in nine 2'
tap_is 'stats counts repeats' "$(oopsbt stats --json | json 'sum(d["count"] for d in data)')" "$((had + 13))"
oopsbt export web9 again.tar.gz >/dev/null
tap_like 'an exported dump contains its repeats' "$(TZ=UTC oopsbt info ./again.tar.gz)" 'CPU 2  BUG: again in nine'
printf '{"count":13,"records":[7,{"time":[],"cpu":"x"}]}' >"$dumps/web9/20261223T110000Z-9/repeats.json"
run info web9
tap_is 'a damaged file of repeats is no error' "$status" 0
tap_done
