#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The page of a report in a real browser: Debian's Chromium, without a window.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
top=$here/../..
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
build=${OOPSBT_BUILD:-$top/build}
program=$build/virsh-plugin/virsh-oopsbt
test_dir=$(mktemp -d)
trap 'rm -rf "$test_dir"' EXIT
cd "$test_dir"

"$here/fetch-chromium" >fetched 2>fetch.log || {
	tap_note "$(cat fetch.log)"
	tap_skip_all "there is no Chromium here, and it can't be downloaded"
}

# page NAME REPORT.json: NAME.html, the page of the report, by way of an archive as 'export' writes it
page() {
	mkdir -p "archive/$1"
	cp "$2" "archive/$1/report.json"
	tar -C archive -czf "$1.tgz" "$1"
	"$program" info --html "./$1.tgz" >"$1.html"
}

# look NAME: NAME.dom, the page as the browser has it when its script has run
look() {
	"$here/browser" light "$1.html" --dump-dom >"$1.dom" 2>"$1.log" || { cat "$1.log" && false; }
}

# ask NAME WHAT: of the page in the browser
ask() {
	"$here/ask-page" "$1.dom" | sed -n "s/^$2 //p"
}

# recorded NAME: the report of a guest that the zoo has recorded
recorded() {
	xz -dc "$top/tests/zoo/cores/$1.core.xz" >"$1.core"
	"$build/host-tool/oopsbt-analyze" --json "$1.core" >"$1.json"
}

recorded 6.12-scenario-16-vcpus-spinlock
mv 6.12-scenario-16-vcpus-spinlock.json real.json
page real real.json
tap_ok "the browser opens the page of a guest with 16 vCPUs" look real
tap_is "the title of the page is the report's" "$(ask real title)" \
	"BUG: kernel NULL pointer dereference in scenario_null_deref [oopsbt_scenario]"
tap_is 'the page has one lane per CPU' "$(ask real lanes)" 16
tap_is 'the page draws the timeline, the lock that 15 CPUs wait for, and the stacks' "$(ask real drawings)" 3
tap_ok 'the page has at most 400 KiB' test "$(stat -c %s real.html)" -le $((400 << 10))
tap_is 'the page has one script, and nothing in it names an address or a style' \
	"$(ask real scripts) $(ask real addresses) $(ask real handlers)" '1 0 0'
tap_unlike 'the page makes no network request' "$(cat real.html)" '(https?:)?//[a-z0-9.]+\.[a-z]|url\(|@import'
tap_unlike "the browser reports no error in the page" "$(cat real.log; echo end)" 'CONSOLE|Refused|SyntaxError'
tap_is 'all lines of the log are on the page' "$(ask real hidden)" 0

# Without the policy a test's own script can type.
{
	sed '/Content-Security-Policy/d' real.html
	cat <<-'END'
		<script>
		const filter = document.getElementById("filter");
		filter.value = "null POINTER";
		filter.dispatchEvent(new Event("input"));
		document.querySelector("#lane-buttons button").click();
		</script>
	END
} >typed.html
look typed
tap_is "the filter shows only lines with all its words" \
	"$(($(ask typed lines) - $(ask typed hidden)))" \
	"$(grep '<span class="r' real.html | grep -ic 'null.*pointer')"
tap_is "a button opens all lanes" "$(ask typed open)" 16

# Every text of the report wants to run.
python3 - "$top/tests/unit/data/report.json" >hostile.json <<'PYTHON'
import json, sys
text = "<img src=x onerror=document.title='owned'></script></title></pre><script>document.title='owned'</script>\" onload=\"document.title='owned'"
def poison(value):
    if isinstance(value, dict):
        return {name: poison(member) for name, member in value.items()} | {text: text}
    if isinstance(value, list):
        return [poison(member) for member in value]
    return text if isinstance(value, str) else value
print(json.dumps(poison(json.load(open(sys.argv[1])))))
PYTHON
page hostile hostile.json
look hostile
tap_like "hostile text is the title as text" "$(ask hostile title)" '^<img src=x onerror=.*owned'
tap_is 'hostile text adds no element, no handler and no script' \
	"$(ask hostile foreign) $(ask hostile handlers) $(ask hostile scripts) $(ask hostile lanes)" '0 0 1 8'
mkdir -p dumps/7a1a5ee6-0e0c-4b0f-9c69-2b1d3c2f3a11/20261122T214501Z-1
cp hostile.json dumps/7a1a5ee6-0e0c-4b0f-9c69-2b1d3c2f3a11/20261122T214501Z-1/report.json
printf '<img src=x>' >dumps/7a1a5ee6-0e0c-4b0f-9c69-2b1d3c2f3a11/name
chmod -R go-rwx dumps
"$program" -D dumps list --html >store.html
look store
tap_is "hostile text adds no element and no script to the page of a store" \
	"$(ask store title) $(ask store foreign) $(ask store handlers) $(ask store scripts) $(ask store drawings)" \
	'1 dump of 1 domain 0 0 1 2'
tap_ok 'the page of a store shows hostile text as text' grep -q '&lt;img src=x' store.html
# On a narrow screen each row of a table is a card. Modules and errors may be scrolled.
narrow() {
	sed '/Content-Security-Policy/d' "$1.html"
	cat <<-'END'
		<script>
		document.title = [...document.querySelectorAll(".rows:not(#rest .rows), .facts, h1, p")].filter(
			(part) => part.getBoundingClientRect().right > 400).length;
		</script>
	END
}
for name in store real; do
	narrow "$name" >narrow.html
	"$here/browser" light narrow.html --window-size=400,900 --dump-dom >narrow.dom 2>narrow.log
	tap_is "the page $name fits a screen of 400 pixels" "$(ask narrow title)" 0
done
# Were there a hole, the policy would still stop it.
sed "s,<main>,<main><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><b onclick=1>," \
	real.html >hole.html
look hole
tap_is "the policy blocks a script that is not the page's own" "$(ask hole title)" "$(ask real title)"
sed '/Content-Security-Policy/d' hole.html >unguarded.html
look unguarded
tap_is 'without the policy such a script would run' "$(ask unguarded title)" owned
tap_done
