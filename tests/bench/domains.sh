# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Many domains on one host, for the part "domains" of run. One small guest boots and is saved (virsh
# save); each domain is that file restored under another name, so nothing boots a second time. All
# but a few stay paused: oopsbtd's work for a domain is the same, and two cores cannot run 200
# emulated guests. Their memory is similar, so KSM merges it if the kernel has KSM.
#
#	DOMAINS=200		how many
#	DOMAINS_RUNNING=8	how many of them run; these oops while libvirtd is away

saved_name=dom-s00

# clone FILE NAME running|paused: restores the guest in FILE under another name
clone() {
	local name=$2 dir=$test_dir/$2
	mkdir -p "$dir"
	mkfifo -m 0666 "$dir/exec.in" "$dir/exec.out"
	"$here/rename-saved" "$1" "$bench_disk/clone" "$saved_name=$name"
	virsh -q restore "$bench_disk/clone" "--$3" >/dev/null
	rm -f "$bench_disk/clone"
}

# merge_memory: makes the kernel merge equal pages until the end
merge_memory() {
	local ksm=/sys/kernel/mm/ksm
	[ -w "$ksm/run" ] || return 0
	at_exit "echo $(cat $ksm/pages_to_scan) >$ksm/pages_to_scan; echo $(cat $ksm/run) >$ksm/run"
	echo 20000 >"$ksm/pages_to_scan"
	echo 1 >"$ksm/run"
}

# Stops the search for equal pages; merged pages stay merged.
merged_memory() {
	[ ! -w /sys/kernel/mm/ksm/run ] || echo 0 >/sys/kernel/mm/ksm/run
}

# have_lines COUNT PATTERN SECONDS: waits until the daemon's log has such lines of COUNT domains
# since the mark
have_lines() {
	local fd tail line domain end=$((SECONDS + $3))
	local -A seen=()
	exec {fd}< <(exec tail -n "+$daemon_from" -f "$daemon_log" 2>/dev/null)
	tail=$!
	while [ "${#seen[@]}" -lt "$1" ] && read -r -t $((end > SECONDS ? end - SECONDS : 0)) -u "$fd" line; do
		[[ $line =~ $2 ]] || continue
		domain=${line#oopsbtd: }
		seen[${domain%%:*}]=1
	done
	kill "$tail" 2>/dev/null || true
	exec {fd}<&-
	[ "${#seen[@]}" -ge "$1" ] || say "only ${#seen[@]} domains of $1 have a line \"$2\""
}

# threads_time PID: processor time of its threads in microseconds, since clock ticks are too coarse
threads_time() {
	cat "/proc/$1/task"/*/schedstat | awk '{ sum += $1 } END { print int(sum / 1000) }'
}

# follow COUNT PATTERN SUFFIX: starts a new daemon without state, which follows the domains with
# that name
follow() {
	local begin used seconds=30
	daemon_stop
	rm -rf "$daemon_runtime"
	printf '%s\n' '[daemon]' "auto_enable=$2" '[store]' "root=$daemon_store" \
		'[rate-limit]' domain_burst=10000 total_burst=10000 >"$test_dir/oopsbtd.conf"
	begin=${EPOCHREALTIME/[.,]/}
	daemon_start
	have_lines "$1" ': runs Linux' 600
	sample "domains.start$3" $((${EPOCHREALTIME/[.,]/} - begin))
	sleep 15 # its threads that have nothing to do end
	used=$(threads_time "$daemon_pid")
	sleep "$seconds"
	used=$(($(threads_time "$daemon_pid") - used))
	sample "domains.cpu$3" "$(awk "BEGIN { print $used / 10000 / $seconds }")"
	sample "domains.rss$3" "$(awk '/^VmRSS/ { print $2 }' "/proc/$daemon_pid/status")"
	sample "domains.descriptors$3" "$(find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l)"
}

# extrapolate SERIES HALF ALL COUNT: linearly from the measurements with half of the domains and
# with all
extrapolate() {
	awk -v "name=domains.$1" -v "half=$2" -v "all=$3" -v "count=$4" '
		$1 == name ".half" { a = $2 }
		$1 == name { b = $2 }
		END { printf "%s%d %f\n", name, count, b + (count - all) * (b - a) / (all - half) }' "$samples" >>"$samples.line"
	cat "$samples.line" >>"$samples"
	rm "$samples.line"
}

# libvirtd_returns COUNT NAME...: kills libvirtd, makes these guests oops, and starts libvirtd again
libvirtd_returns() {
	local count=$1 begin name stored=0
	shift
	sed -i 's/^\[daemon\]/&\nlog_level=debug/' "$test_dir/oopsbtd.conf"
	daemon_mark
	kill -HUP "$daemon_pid"
	daemon_wait 'configuration loaded again' >/dev/null
	daemon_mark
	libvirt_kill
	for name; do
		oops "$name"
	done
	begin=${EPOCHREALTIME/[.,]/}
	libvirt_again
	sample domains.libvirtd $((${EPOCHREALTIME/[.,]/} - begin))
	begin=${EPOCHREALTIME/[.,]/}
	have_lines "$count" ': is followed: ' 600
	sample domains.again $((${EPOCHREALTIME/[.,]/} - begin))
	for name; do
		! daemon_wait "$(guest_domain "$name"): stored:" 60 >/dev/null || stored=$((stored + 1))
	done
	sample domains.lost $(($# - stored))
}

domains() {
	local i name half all=${DOMAINS:-200} running=() saved=$bench_disk/saved
	half=$((all / 2))
	guest_start "$saved_name" smp=1 memory=128 append=no_timer_check
	guest_exec "$saved_name" 'dmesg -n 1'
	virsh -q save "$(guest_domain "$saved_name")" "$saved" >/dev/null
	guest_detach "$saved_name"
	merge_memory
	for ((i = 0; i < all; i++)); do
		name=$(printf 'dom-%s%02d' "$([ "$i" -lt "$half" ] && echo a || echo b)" $((i % half)))
		if [ "$i" -lt "${DOMAINS_RUNNING:-8}" ]; then
			clone "$saved" "$name" running
			guest_attach "$name"
			running+=("$name")
		else
			clone "$saved" "$name" paused
		fi
		[ "$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -gt 2000 ] || {
			skip domains.cpu "memory is enough for $i domains only"
			return
		}
	done
	rm -f "$saved"
	sample domains.count "$all"
	sample domains.guest "$(awk '/^Rss/ { sum += $2 } END { print sum }' \
		"/proc/$(cat "$libvirt_root/run/libvirt/qemu/$(guest_domain "$name").pid")/smaps_rollup")"
	merged_memory
	follow "$half" '*-dom-a??' .half
	follow "$all" '*-dom-???' ''
	for i in cpu rss start; do
		extrapolate "$i" "$half" "$all" 500
	done
	libvirtd_returns "$all" "${running[@]}"
	for name in $(virsh -q list --name --all); do
		virsh -q destroy "$name" >/dev/null
	done
}
