#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stats --journal and list --journal, with the journals of a collector of three hosts, and with
# untrusted ones.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC
# These tests need no libvirt.
export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$test_dir/nowhere"
remote=$(command -v /lib/systemd/systemd-journal-remote /usr/lib/systemd/systemd-journal-remote | head -n 1)
collected=$test_dir/collected
incident=7aed112ef577449ea3fe763d56314e71
mkdir "$collected"

json() {
	python3 -c "import json, sys; data = json.load(sys.stdin); print($1)"
}
days_ago() {
	date -u -d "$1 days ago" +%Y%m%dT%H%M%SZ
}
# fleet ARG...: virsh oopsbt without a directory of dumps; sets $status, $out and $err
fleet() {
	status=0
	virsh oopsbt "$@" >"$test_dir/out" 2>"$test_dir/err" || status=$?
	out=$(cat "$test_dir/out")
	err=$(cat "$test_dir/err")
}
# machine HOST: its machine-id
machine() {
	printf %s "$1" | md5sum | cut -c 1-32
}
# entry HOST DOMAIN ID [FIELD=VALUE...]: an entry of oopsbtd, in the export format of journals
entry() {
	local host=$1 domain=$2 id=$3
	shift 3
	printf '%s\n' "__REALTIME_TIMESTAMP=$(($(date +%s) * 1000000))" __MONOTONIC_TIMESTAMP=1 \
		_BOOT_ID="$(machine "boot of $host")" _HOSTNAME="$host" _MACHINE_ID="$(machine "$host")" _UID=0 \
		_SYSTEMD_UNIT=oopsbtd.service MESSAGE_ID=$incident PRIORITY=4 MESSAGE="$domain: something" \
		OOPSBT_DOMAIN="$domain" OOPSBT_DOMAIN_UUID="$(uuid_of "$domain on $host")" OOPSBT_SIGNAL=watch \
		OOPSBT_DUMP="$id" "$@" ''
}
# binary NAME: standard input as the value of a binary field
binary() {
	python3 -c 'import struct, sys; value = sys.stdin.buffer.read(); sys.stdout.buffer.write(
		sys.argv[1].encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n")' "$1"
}
# collect FILE: stores the entries on standard input as a collector does
collect() {
	"$remote" -o "$collected/$1" - >"$test_dir/remote.log" 2>&1 || cat "$test_dir/remote.log" >&2
}

fleet list --journal "$test_dir/nowhere"
tap_is 'a directory that is not there: exit status' "$status" 1
tap_like 'a directory that is not there: message' "$err" 'error: cannot read the journals in .*/nowhere: No such file or directory$'
fleet list --journal "$collected"
tap_like 'a directory without journals: message' "$status $err" '^1 error: there is no journal in '

# --- three hosts, two of them with the same bug ---
bug=67a47829f160b02f
oops=(OOPSBT_KIND=oops OOPSBT_FINGERPRINT="$bug" OOPSBT_TITLE='BUG: page fault in f [m]')
{
	entry alpha web1 "$(days_ago 30)-1001" "${oops[@]}" OOPSBT_KERNEL=5.10.0
	entry alpha web2 "$(days_ago 9)-1002" "${oops[@]}" OOPSBT_KERNEL=6.1.0
	printf '%s\n' "_HOSTNAME=alpha" "MESSAGE=not ours" "__REALTIME_TIMESTAMP=1600000000000000" ''
} | collect remote-alpha.journal
entry beta web1 "$(days_ago 2)-1001" "${oops[@]}" OOPSBT_KERNEL=6.1.0 | collect remote-beta.journal
mkdir "$collected/gamma"
entry gamma db "$(days_ago 1)-1001" OOPSBT_KIND=soft-lockup OOPSBT_FINGERPRINT=00aa000000000000 \
	OOPSBT_TITLE='soft lockup in g' OOPSBT_KERNEL=6.1.0 | collect gamma/system.journal

fleet stats --journal "$collected"
tap_is 'stats of a fleet has a line for each bug, the most frequent last' \
	"$status $(echo "$out" | awk 'NR > 2 && $1 ~ /^[0-9]/ { print $1 }' | xargs) $err" '0 1 3 '
tap_like 'a bug has the number of its hosts, and of hosts that saw it first in the last seven days' \
	"$out" '^ 3 .* 2 \(\+1\) .*67a47829f160b02f   BUG: page fault in f \[m\]$'
tap_like 'domains with the same name on different hosts are different domains' "$out" '^ 3 .* web1, web2 \+1 '
tap_like 'a bug has the times when it was first and last seen on any host' "$out" \
	"^ 3 .* $(date -u -d '30 days ago' +%F) [0-9:]{5}   $(date -u -d '2 days ago' +%F) [0-9:]{5} "
tap_is 'JSON has hosts, domains and kernels of a bug' "$(virsh oopsbt stats --json --journal "$collected" |
	json '[(d["hosts"], d["num_hosts"], d["new_hosts"], d["domains"], d["num_domains"], d["kernels"]) for d in data][1]')" \
	"(['alpha', 'beta'], 2, 1, ['web1', 'web2'], 3, ['5.10.0', '6.1.0'])"
tap_is '--by host counts dumps and bugs of each host' "$(virsh oopsbt stats --by host --json --journal "$collected" |
	json '[(d["host"], d["count"], d["bugs"]) for d in data]')" \
	"[('beta', 1, 1), ('gamma', 1, 1), ('alpha', 2, 1)]"
tap_is 'the manual page names each member that stats --json has of hosts' \
	"$(virsh oopsbt stats --by host --json --journal "$collected" | "$here/undocumented" 'A group of stats')" ''
tap_is 'the manual page names each member that list --json has of hosts' \
	"$(virsh oopsbt list --json --journal "$collected" | "$here/undocumented" 'A dump')" ''
run stats --by host
tap_like '--by host of one store is refused' "$status $err" '^2 error: option --by host needs --journal'

fleet list --journal "$collected"
tap_is 'list of a fleet has all dumps, newest last' "$(echo "$out" | awk '/Z-/ { print $2 "/" $3 }' | xargs)" \
	'alpha/web1 alpha/web2 beta/web1 gamma/db'
tap_like 'list says how to fetch a dump' "$out" "^'virsh -c qemu\+ssh://HOST/system oopsbt export ID FILE'"
tap_is 'JSON has the command that fetches a dump' "$(virsh oopsbt list --last --json --journal "$collected" |
	json 'data[0]["fetch"] + " " + data[0]["machine_id"]')" \
	"virsh -c qemu+ssh://gamma/system oopsbt export $(echo "$out" | awk '/ gamma / { print $1, $1 }').tar.gz $(machine gamma)"
fleet -q list --journal "$collected" --fingerprint 67a4 web1
tap_is 'domains and options select dumps of all hosts' "$(echo "$out" | awk '{ print $2 }' | xargs)" 'alpha beta'
fleet list --details --journal="$collected" --kind soft-lockup
tap_like '--details has the kernel and the fingerprint; --journal=DIR is the same' "$out" \
	' gamma .* soft-lockup +6\.1\.0 +00aa000000000000   soft lockup in g$'
fleet list --journal "$collected" web9
tap_like 'a domain without dumps is an error' "$status $err" "^1 error: the journals in .* have no dump of 'web9'"
run list --journal "$collected"
tap_like '--journal and -D exclude each other' "$status $err" '^2 error: -D '
fleet list --journal web1
tap_unlike 'a word without a slash after --journal is a domain' "$err$out" 'collected|web1: No such'
tap_is 'completion offers --journal' "$(virsh-oopsbt complete -- stats --j | xargs)" '--journal --json'

# --- repeated and unexpected entries ---
alpha=$(virsh -q oopsbt list --journal "$collected" | awk '/ alpha .* web2 / { print $1 }')
entry alpha web2 "$alpha" "${oops[@]}" OOPSBT_KERNEL=6.1.0 | collect again.journal
tap_is 'an entry that was uploaded twice counts once' "$(virsh oopsbt stats --json --journal "$collected" |
	json '[d["count"] for d in data]')" '[1, 3]'

evil=$(printf 'evil\033[31m\xe2\x80\xae')
{
	entry "x;reboot" web7 "$(days_ago 4)-1" OOPSBT_TITLE="$evil" OOPSBT_KIND=meteorite OOPSBT_NEW=unknown
	# As oopsbtd escapes text that is not clean.
	entry delta web10 "$(days_ago 4)-9" 'OOPSBT_TITLE=evil\x1b[31m'
	entry delta web8 "$(days_ago 4)-2" "_UID=1000" OOPSBT_TITLE='a forged one' | grep -v _UID=0
	entry delta web8 '../../etc/passwd' OOPSBT_TITLE='not an id'
	entry delta web8 "$(days_ago 4)-3" | sed '$d'
	head -c 3000000 /dev/zero | tr '\0' 'A' | binary OOPSBT_TITLE
	printf 'bad\xff\xfe\0\nbytes' | binary OOPSBT_KERNEL
	echo
	printf '%s\n' "__REALTIME_TIMESTAMP=1600000000000000" MESSAGE_ID=$incident "OOPSBT_DUMP=$(days_ago 4)-4" ''
} | collect strangers.journal
# A file that is no journal, a truncated one, and one of a future version.
head -c 100000 /dev/urandom >"$collected/noise.journal"
head -c 300000 "$collected/remote-alpha.journal" >"$collected/short.journal"
cp "$collected/remote-beta.journal" "$collected/newer.journal"
printf '\xff' | dd of="$collected/newer.journal" bs=1 seek=12 conv=notrunc status=none

fleet list --details --journal "$collected"
tap_is 'untrusted journals do no harm' "$status" 0
tap_like 'text from untrusted journals is sanitised on a terminal' "$out" '  evil\\x1b\[31m\\xe2\\x80\\xae$'
tap_is 'text from untrusted journals is sanitised in JSON' "$(virsh oopsbt list --json --journal "$collected" 2>/dev/null | grep -c "$(printf '\033')" || true)" 0
tap_is 'JSON has the title as the guest wrote it' "$(virsh oopsbt list --json --journal "$collected" 2>/dev/null |
	json '[ascii(d["title"]) for d in data if d["domain"] in ("web7", "web10")]')" \
	"[\"'evil\\\\x1b[31m\\\\u202e'\", \"'evil\\\\x1b[31m'\"]"
tap_like 'an unknown kind is shown as unknown' "$out" ' x;reboot +web7 .* UTC +- '
tap_like 'a field of a megabyte is cut' "$out" '  A{1024}\.\.\.$'
tap_like 'bytes that are not text are shown as escapes' "$out" 'bad\?*.*\\x0abytes'
tap_like 'missing fields are unknown' "$out" ' \(unknown\) +\(unknown\) .* no title$'
tap_unlike "entries of other users and entries without an id do not count" "$out" 'forged|not an id'
tap_like 'list warns of entries that do not count' "$err" '^warning: 2 entries are left out'
tap_like 'an unreadable file is a warning' "$err" '^warning: cannot read all of .*noise.journal: '
tap_like 'list warns of a journal of a newer version' "$err" '^warning: cannot read all of .*newer.journal: '
tap_is 'a host whose name a shell would interpret has no command' "$(virsh oopsbt list --json --journal "$collected" 2>/dev/null |
	json '[d["fetch"] for d in data if d["host"] == "x;reboot"]')" '[None]'
fleet stats --json --journal "$collected"
tap_is 'stats of untrusted journals is valid JSON' "$(json 'len(data)' <"$test_dir/out")" 6

# --- many entries ---
rm -r "${collected:?}"/*
# 20,000 dumps of 50 bugs on 2,000 hosts
awk -v now="$(date +%s)" -v id=$incident 'BEGIN {
	for (i = 0; i < 20000; i++) {
		time = now - 864000 + int(i * 40)
		printf "__REALTIME_TIMESTAMP=%d000000\n_BOOT_ID=%032x\n_HOSTNAME=host%d\n_MACHINE_ID=%032x\n", time, 1, i % 2000, i % 2000
		printf "_UID=0\nMESSAGE_ID=%s\nPRIORITY=4\nMESSAGE=number %d\nOOPSBT_DOMAIN=web%d\n", id, i, i % 6000
		printf "OOPSBT_DOMAIN_UUID=00000000-0000-4000-8000-%012x\nOOPSBT_KIND=oops\nOOPSBT_SIGNAL=watch\n", i % 6000
		printf "OOPSBT_TITLE=BUG: page fault in f%d [m]\nOOPSBT_FINGERPRINT=%016x\nOOPSBT_KERNEL=6.1.%d\n", i % 50, i % 50, i % 9
		printf "OOPSBT_DUMP=%s-%d\n\n", strftime("%Y%m%dT%H%M%SZ", time, 1), 1000 + i
	}
}' | collect many.journal
# peak COMMAND...: its peak memory in MiB; its output is in $test_dir/out
peak() {
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w"), check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)' "$test_dir/out" "$@"
}
memory=$(peak virsh-oopsbt stats --json --journal "$collected")
tap_is 'stats of 20,000 dumps of 2,000 hosts has all' "$(json 'sum(d["count"] for d in data), len(data),
	data[0]["num_hosts"], data[0]["num_domains"]' <"$test_dir/out")" '20000 50 40 120'
tap_note "stats of 20,000 dumps: $memory MiB"
listed=$(peak virsh-oopsbt list --json --journal "$collected")
tap_is 'list of 20,000 dumps has all' "$(json 'len(data)' <"$test_dir/out")" 20000
table=$(peak virsh-oopsbt list --journal "$collected")
tap_is 'the table of 20,000 dumps has all' "$(grep -c 'page fault' "$test_dir/out")" 20000
tap_note "list of 20,000 dumps: $listed MiB as JSON, $table MiB as a table"
case $plugin in
*sanitized*) tap_skip 'none of them needs much memory' 'sanitizers need much' ;;
*) tap_ok 'none of these commands needs much memory' test "$memory" -le 40 -a "$listed" -le 40 -a "$table" -le 40 ;;
esac

# --- repeats of a bug ---
again=$test_dir/again id=$(days_ago 1)-1007
mkdir "$again"
{
	entry delta web1 "$id" "${oops[@]}"
	for repeat in 1 2 2; do # one was sent twice
		entry delta web1 "$id" "${oops[@]}" OOPSBT_REPEAT=$repeat
	done
} | "$remote" -o "$again/remote-delta.journal" - >"$test_dir/remote.log" 2>&1 || cat "$test_dir/remote.log" >&2
tap_is 'a record in a dump counts as an incident, and the dump as one' "$(virsh oopsbt stats --json --journal "$again" | json '[d["count"] for d in data]') $(
	virsh oopsbt list --json --journal "$again" | json '[(d["id"], d["repeats"]) for d in data]')" "[3] [('$id', 2)]"
tap_done
