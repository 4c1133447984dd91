#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Unusual input and output: reports of other versions, damaged and huge ones, titles with markup;
# terminals with 40 columns or without colours, a closed pipe, a full disk.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC TERM=xterm
# These tests need no libvirt.
export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$test_dir/nowhere"
views='--cpu=0 --tasks --task=1 --disassemble --mail --html --json --log --registers'

# report ID: the report.json of a dump of web1, as oopsbtd writes it; then changes it
report() {
	dump_make web1 "$1" 'BUG: of another time'
	python3 - "$top/tests/unit/data/report.json" "$dumps/web1/$1/report.json" "$2" <<-'PYTHON'
		import json, sys
		report = json.load(open(sys.argv[1]))
		exec(sys.argv[3])
		json.dump(report, open(sys.argv[2], "w"), indent=1)
	PYTHON
	id=$1
}

# ended_well: no view of the dump $id was ended by a signal, or failed without a message
ended_well() {
	local view bad=0
	for view in '' $views; do
		# shellcheck disable=SC2086 # no word if there is none
		run info "$id" $view
		if [ "$status" -gt 2 ] || { [ "$status" != 0 ] && [ -z "$err" ]; }; then
			echo "info $view: status $status: $err"
			bad=1
		fi
	done
	run list
	[ "$status" = 0 ] || { echo "list: status $status: $err"; bad=1; }
	run stats
	[ "$status" = 0 ] || { echo "stats: status $status: $err"; bad=1; }
	run list --html
	[ "$status" = 0 ] || { echo "list --html: status $status: $err"; bad=1; }
	return "$bad"
}

# --- other versions ---
report 20261120T100000Z-1 'report["schema"] = 2; report["news"] = {"a": [1]}; report["vcpus"][0]["news"] = 1'
run info "$id" --cpu 0
tap_is 'a report of a newer schema is shown' "$status $(echo "$out" | grep -c 'Call Trace')" '0 1'
tap_is 'a report of a newer schema gives a warning' "$err" \
	'warning: report.json has schema 2, and this version knows 1: what is new in it is not shown'
tap_ok 'every view of a newer schema succeeds' ended_well
tap_is 'a report of a newer schema is exported as a page' "$(oopsbt export --html "$id" "$test_dir/new.html" 2>&1 | head -n 1)" \
	'warning: report.json has schema 2, and this version knows 1: what is new in it is not shown'
report 20261120T100001Z-1 'report = {name: report[name] for name in ("id", "title", "domain", "signal", "timeline", "vcpus")}'
run info "$id" --cpu 0
tap_is 'a report without a schema and most members is shown, without a warning' "$status $err" '0 '
tap_ok 'every view of an old report succeeds' ended_well
report 20261120T100002Z-1 'report = {"schema": 1}'
tap_ok 'every view of an empty report succeeds' ended_well

# --- damaged reports ---
for kind in '"text"' 7 -1.5 null true '[]' '{}' '[[[]]]' '[null, 1, "x", {}]' 18446744073709551616; do
	report 20261121T100000Z-1 "import json
def bend(value, depth=0):
    if depth == 2:
        return json.loads('$kind')
    if isinstance(value, dict):
        return {name: bend(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [bend(member, depth + 1) for member in value]
    return json.loads('$kind')
report = bend(report)"
	tap_ok "every view of a report whose members all are $kind succeeds" ended_well
done
report 20261121T100001Z-1 ''
size=$(stat -c %s "$dumps/web1/$id/report.json")
for share in 1 25 50 75 99; do
	truncate -s $((size * share / 100)) "$dumps/web1/$id/report.json"
	run info "$id" --cpu 0
	tap_like "a report cut after $share % is reported as damaged" "$status $err" '^1 error: .*is damaged'
	report 20261121T100001Z-1 ''
done
printf '\377\376\0 {"title": \300}' >"$dumps/web1/$id/report.json"
run info "$id" --html
tap_like 'a report that is not UTF-8 is damaged' "$status $err" '^1 error: .*is damaged'

: >"$dumps/web1/$id/report.json"
run info "$id" --html
tap_like 'an empty report is damaged, and says so' "$status $err" '^1 error: .*is damaged: the JSON text is empty'

# --- huge reports ---
report 20261122T100000Z-1 'import copy
vcpu = report["vcpus"][0]
report["vcpus"] = [dict(copy.deepcopy(vcpu), vcpu=i, cpu=i) for i in range(4096)]
report["log"]["records"] = [{"level": 4, "time_s": i / 1000, "text": "line %d" % i} for i in range(200000)]'
seq -f '[ %g.000000] line' 200000 >"$dumps/web1/$id/dmesg.txt"
run info "$id" --cpu 4095
tap_is 'each of 4096 CPUs is found' "$status $(echo "$out" | head -n 1 | grep -c 4095)" '0 1'
tap_ok 'every view of 4096 CPUs and 200,000 lines succeeds' ended_well
tap_is 'the log has all 200,000 lines' "$(oopsbt info "$id" --log | wc -l)" 200000
oopsbt export --html "$id" "$test_dir/huge.html" >/dev/null
tap_ok 'the page of 4096 CPUs has less than 1 MiB' test "$(stat -c %s "$test_dir/huge.html")" -lt 1048576

# --- markup in reports ---
dump_make web1 20261123T100000Z-1 '<b>&amp;</b><script>alert(1)</script>'
tap_is 'a title with markup is shown as text' "$(oopsbt info 20261123)" '<b>&amp;</b><script>alert(1)</script>'
oopsbt list --html >"$test_dir/list.html"
oopsbt info 20261123 --html >"$test_dir/info.html"
tap_is 'a page contains no markup of a title' "$(cat "$test_dir/list.html" "$test_dir/info.html" | grep -c '<script>alert')" 0
tap_ok 'a page shows the markup of a title as text' grep -q '&lt;script&gt;alert' "$test_dir/list.html"

# --- output ---
# on COLUMNS COMMAND...: its output on a terminal of that width, without carriage returns
# on COLUMNS COMMAND...: what it prints to a terminal of that width, without carriage returns
on() {
	script -qec "stty cols $1; ${*:2}" /dev/null </dev/null | tr -d '\r'
}
escape=$(printf '\033')
export PAGER=cat
tap_unlike 'a dumb terminal gets no colours' "$(TERM=dumb on 80 virsh oopsbt -D "$dumps" info 20261123)" "$escape"
tap_unlike 'with NO_COLOR there are no colours' "$(NO_COLOR=1 on 80 virsh oopsbt -D "$dumps" info 20261123)" "$escape"
tap_like 'a terminal gets colours' "$(on 80 virsh oopsbt -D "$dumps" info 20261123)" "$escape"
# Rows are one line each, for grep and for reading; the terminal wraps them.
tap_is 'the line below the heading is as wide as a terminal of 40 columns' \
	"$(on 40 virsh oopsbt -D "$dumps" list | grep -E '^-+$' | awk '{ print length }')" 39
closed() {
	"$@" 2>"$test_dir/err" | true
	echo "${PIPESTATUS[0]} $(cat "$test_dir/err")"
}
for words in list stats 'list --json' 'info 20261122 --json' 'info 20261122 --log' 'export 20261122 -'; do
	# shellcheck disable=SC2086 # words are what is wanted
	tap_like "$words into a closed pipe prints no message" "$(closed oopsbt $words)" '^(0|141) $'
done
for words in list 'info 20261122 --log' 'info 20261122 --html' 'export 20261122 -'; do
	status=0
	# shellcheck disable=SC2086 # words are what is wanted
	err=$(oopsbt $words 2>&1 >/dev/full) || status=$?
	tap_like "$words to a full disk is an error" "$status $err" '^1 error: .*No space left on device'
done

tap_done
