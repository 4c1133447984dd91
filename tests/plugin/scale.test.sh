#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 200 dumps and 200 domains: the cost of a listing, in time and in libvirt calls.
#
# alone: it measures time.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run TZ=UTC
libvirt_start

# 200 domains, defined in one virsh; every other one is enabled.
for i in $(seq -w 200); do
	domain_xml "many-$i" "<panic model='isa'/>" >"$test_dir/many-$i.xml"
	[ $((10#$i % 2)) = 0 ] || sed -i "s,<memory,<metadata><o:oopsbt xmlns:o='https://oopsbt.org/xmlns/domain/1'/></metadata><memory," "$test_dir/many-$i.xml"
	echo "define $test_dir/many-$i.xml"
done | "$real_virsh" -q >/dev/null
# 200 dumps with reports as large as those of 16 vCPUs with long stacks.
dump_make many-001 20261122T000001Z-1 'BUG: number 1'
template=$dumps/many-001/20261122T000001Z-1
head -c 300000 /dev/zero | tr '\0' ' ' >>"$template/report.json"
for i in $(seq -w 2 200); do
	domain=$dumps/many-$i
	mkdir -m 0700 "$domain"
	cp -r "$template" "$domain/20261122T000$(printf %03d $((10#$i)))Z-1"
done

# quickest COMMAND...: microseconds of the fastest of five runs
quickest() {
	local best=1000000000 start took
	for _ in 1 2 3 4 5; do
		start=${EPOCHREALTIME//[!0-9]/}
		"$@" >/dev/null
		took=$((${EPOCHREALTIME//[!0-9]/} - start))
		best=$((took < best ? took : best))
	done
	echo "$best"
}
trip=$(quickest "$real_virsh" list)
list=$(quickest oopsbt list)
status=$(quickest oopsbt status)
named=$(quickest oopsbt status many-007)
info=$(quickest oopsbt info many-123)
tap_note "one round trip of virsh: $trip us"
tap_note "list of 200 dumps: $list us; info of one: $info us; status of 200 domains: $status us, of one: $named us"

tap_is 'list shows 200 dumps' "$(virsh -q oopsbt -D "$dumps" list | wc -l)" 200
tap_is 'status shows 200 domains' "$(virsh -q oopsbt -D "$dumps" status | wc -l)" 200
tap_is 'status shows 100 of 200 domains as enabled' "$(virsh -q oopsbt -D "$dumps" status | grep -c ' yes ')" 100

# calls COMMAND...: the number of its libvirt calls, by procedure
calls() {
	LIBVIRT_DEBUG=1 LIBVIRT_LOG_FILTERS='1:rpc' LIBVIRT_LOG_OUTPUTS="1:file:$test_dir/calls.log" "$@" >/dev/null 2>&1
	grep -o 'RPC_CLIENT_MSG_TX_QUEUE: .*' "$test_dir/calls.log" | grep -o 'proc=[0-9]*' | sort | uniq -c | sort -rn
	rm -f "$test_dir/calls.log"
}
calls oopsbt list >"$test_dir/list.calls" 2>/dev/null || true
calls oopsbt status >"$test_dir/status.calls"
tap_is 'list makes no libvirt call' "$(cat "$test_dir/list.calls")" ''
# Definitions have no bulk call; other calls must not depend on the number of domains.
tap_is 'status makes one call per domain, for its definition' "$(awk 'NR == 1 { print $1 }' "$test_dir/status.calls")" 200
tap_ok 'status makes a constant number of calls for all domains' test "$(awk 'NR > 1 { sum += $1 } END { print sum + 0 }' "$test_dir/status.calls")" -lt 20
case $plugin in
*sanitized*) tap_skip 'list answers in the time of reading' 'sanitizers make everything slow' ;;
*)
	tap_ok 'list takes less time than 10 round trips' test "$list" -lt $((10 * trip))
	tap_ok 'status of 200 answers within a second' test "$status" -lt 1000000
	;;
esac

tap_done
