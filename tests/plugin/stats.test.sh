#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# stats, list --group and --fingerprint, with existing dumps.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC
# These tests need no libvirt.
export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$test_dir/nowhere"
json() {
	python3 -c "import json, sys; data = json.load(sys.stdin); print($1)"
}
# days_ago N: the time of a dump, N days ago
days_ago() {
	date -u -d "$1 days ago" +%Y%m%dT%H%M%SZ
}
mkdir -m 0700 "$dumps"

run stats
tap_is 'stats of an empty store is an empty table' "$status $(echo "$out" | wc -l)" '0 2'
tap_is 'stats of an empty store as JSON is an empty array' "$(oopsbt stats --json)" '[]'

# One bug on two domains and kernels, with different titles; another bug once; a dump of an older
# version.
export kind=oops fingerprint=67a47829f160b02f
release=5.10.0 dump_make web1 "$(days_ago 30)-1" 'BUG: page fault in f [m]'
release=6.1.0 dump_make web1 "$(days_ago 9)-1" 'BUG: page fault in f [m], then panic'
release=6.1.0 dump_make db "$(days_ago 2)-1" 'general protection fault in f [m]'
release=6.1.0 dump_make db "$(days_ago 1)-1" 'general protection fault in f [m]'
fingerprint=00aa000000000000 kind=soft-lockup release=6.1.0 dump_make web1 "$(days_ago 3)-1" 'soft lockup in g'
fingerprint='' release=6.1.0 dump_make web2 "$(days_ago 20)-1" 'BUG: of an older version'
fingerprint='' release=6.1.0 dump_make web2 "$(days_ago 19)-1" 'BUG: of an older version'

run stats
tap_is 'stats has a line for each bug, the most frequent last' \
	"$(echo "$out" | awk 'NR > 2 { print $1 }' | xargs)" '1 2 4'
tap_like 'a bug has its domains, kernels, fingerprint and newest title' "$(echo "$out" | tail -n 1)" \
	'^ 4 .*  db, web1   5\.10\.0, 6\.1\.0   67a47829f160b02f   general protection fault in f \[m\]$'
tap_like 'a bug has the number of dumps in the last seven days, and the trend' "$(echo "$out" | tail -n 1)" '^ 4 +2 \(\+1\) '
tap_like 'a bug has when it was first and last seen' "$(echo "$out" | tail -n 1)" \
	" $(date -u -d '30 days ago' +%F) [0-9:]{5}   $(date -u -d '1 day ago' +%F) [0-9:]{5} "
tap_like 'dumps without a fingerprint count by their title' "$(echo "$out" | sed -n 4p)" \
	'^ 2 .* web2 +6\.1\.0 +- +BUG: of an older version$'
tap_is 'stats -r has the most frequent first' "$(oopsbt stats -r | awk 'NR > 2 { print $1 }' | xargs)" '4 2 1'
tap_is 'stats as JSON has the same' "$(oopsbt stats --json | json '[(d["fingerprint"], d["count"],
	d["last_7_days"], d["previous_7_days"], d["domains"], d["kernels"], d["newest"]["title"]) for d in data][2]')" \
	"('67a47829f160b02f', 4, 2, 1, ['db', 'web1'], ['5.10.0', '6.1.0'], 'general protection fault in f [m]')"
tap_is 'JSON has the times in UTC' "$(oopsbt stats --json | json 'data[2]["first"][:10] + data[2]["last"][-1:]')" \
	"$(date -u -d '30 days ago' +%F)Z"

# --- --by ---
by() {
	oopsbt stats --by "$1" --json | json "' '.join('%s:%d:%d' % (d['$1'], d['count'], d['bugs']) for d in data)"
}
tap_is '--by domain counts dumps and bugs of each domain' "$(by domain)" 'web2:2:1 db:2:1 web1:3:2'
tap_is '--by kernel counts dumps and bugs of each kernel' "$(by kernel)" '5.10.0:1:1 6.1.0:6:3'
tap_is '--by title counts dumps of each title' "$(oopsbt stats --by title | awk 'NR > 2 { print $1 }' | xargs)" '1 1 1 2 2'
tap_is '--by day sorts by day' "$(oopsbt stats --by day | awk 'NR > 2 { print $2 }' | xargs)" \
	"$(for days in 30 20 19 9 3 2 1; do date -u -d "$days days ago" +%F; done | xargs)"
tap_is '--by bug is the default' "$(oopsbt stats --by bug)" "$(oopsbt stats)"
run stats --by moon
tap_is '--by with another word: exit status' "$status" 2
tap_like '--by with another word: message' "$err" "option --by cannot be 'moon'.*bug.*title.*domain.*kernel.*day.*host"
tap_is 'completion of --by offers the words' "$(virsh-oopsbt complete -- stats --by '' | xargs)" 'bug title domain kernel day host'

# --- selection of dumps ---
counts() {
	oopsbt stats --json "$@" | json '[d["count"] for d in data]'
}
tap_is 'stats of one domain' "$(counts web1)" '[1, 2]'
tap_is 'stats --since' "$(counts --since '5 days ago')" '[1, 2]'
tap_is 'stats --kind' "$(counts --kind soft-lockup)" '[1]'
tap_is 'stats --fingerprint accepts a prefix' "$(counts --fingerprint 67a4)" '[4]'
tap_is 'list --fingerprint has the dumps of a bug' "$(oopsbt list --fingerprint 67a47829f160b02f --json |
	json 'len(data), {d["fingerprint"] for d in data}')" "4 {'67a47829f160b02f'}"
tap_is 'info --fingerprint shows the newest dump' "$(oopsbt info --fingerprint 00aa)" 'soft lockup in g'
for word in '' xyz 67A4; do
	run list --fingerprint "$word"
	tap_is "--fingerprint '$word' is refused" "$status $(echo "$err" | grep -c 'it takes hexadecimal digits')" '2 1'
done

# --- list --group ---
run list --group
tap_like 'list --group has a line for each bug' "$out" '^ 4 .* oops +general protection fault in f \[m\]$'
tap_is 'list --group groups by bug, not by title' "$(oopsbt list --group --json | json '[d["count"] for d in data]')" '[1, 2, 4]'
tap_is 'list --count groups by title' "$(oopsbt list --count --json | json '[d["count"] for d in data]')" '[1, 1, 1, 2, 2]'

# --- documentation ---
for by in bug title domain kernel day; do
	oopsbt stats --json --by "$by" | "$here/undocumented" 'A group of stats'
done >"$test_dir/undocumented"
tap_is 'the manual page names each member of stats --json' "$(cat "$test_dir/undocumented")" ''
tap_is 'the manual page names each member of list --json' "$(oopsbt list --json | "$here/undocumented" 'A dump')" ''
tap_is 'the manual page names each member of list --group --json' "$(oopsbt list --group --json | "$here/undocumented" 'A group of list')" ''

# --- unusual data ---
evil=$(printf 'evil\033[31m\xe2\x80\xae')
fingerprint=$(printf 'x\\u001b[31m') dump_make web1 "$(days_ago 4)-1" 'bad fingerprint'
release=$evil dump_make web1 "$(days_ago 4)-2" "$evil"
raw=$(oopsbt stats; oopsbt stats --json; oopsbt stats --by kernel; oopsbt stats --by title)
tap_is "guest text is sanitised on the terminal" "$(printf %s "$raw" | grep -c "$(printf '\033')" || true)" 0
tap_is 'an invalid fingerprint counts as none' "$(oopsbt stats --title 'bad fingerprint' --json | json 'data[0]["fingerprint"]')" None
rm "$(find "$dumps/" -name report.json -path "*Z-1*" | sort | head -n 1)"
run stats
tap_is 'a damaged dump does no harm' "$status" 0
tap_like 'a damaged dump counts as damaged' "$out" '\(damaged\)$'
tap_done
