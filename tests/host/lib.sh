# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A host of its own, with a real systemd: a machine container in which oopsbt is installed. Source ../lib/tap.sh,
# ../lib/libvirt.sh and ../lib/guest.sh first.
#
#	host_start [bare]	make it, install oopsbt into it (bare: don't), boot it; the guests of guest.sh run in it
#				from then on
#	host COMMAND...		run a command in it
#	host_root		its root directory, from outside
#	host_log PATTERN [SECONDS]	until oopsbtd logs a line that matches; prints it
#	host_mark		from now on host_log looks at later lines only

host_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
host_dir=$test_dir/host
host_root=$host_dir/root
host_pid=
host_from=1

# By name: systemd-nspawn has children of its own for a moment.
host_has_first_process() {
	host_pid=$(pgrep -x -P "$1" systemd)
}

# Its own wait fails as long as systemd answers nobody.
host_is_up() {
	host timeout 300 systemctl is-system-running --wait >"$host_dir/state" 2>/dev/null ||
		grep -qx degraded "$host_dir/state"
}

# host_until NSPAWN SECONDS COMMAND...: until it succeeds; nothing tells of these steps but that
host_until() {
	local nspawn=$1 end=$((SECONDS + $2))
	shift 2
	until "$@"; do
		if [ "$SECONDS" -gt "$end" ] || ! kill -0 "$nspawn"; then
			echo "the host does not boot; its console:" >&2
			cat "$host_dir/console" >&2
			return 1
		fi
		sleep 0.1
	done
}

host_start() {
	local base nspawn
	base=$("$host_lib/make-host")
	mkdir -p "$host_root" "$host_dir/upper" "$host_dir/work"
	# The kernel keeps no journal of a layer on a disk, and a temporary host needs none.
	mount -t overlay -o "lowerdir=$base,upperdir=$host_dir/upper,workdir=$host_dir/work" overlay "$host_root"
	at_exit "umount '$host_root'"
	if [ "${1:-}" != bare ]; then
		make -s -C "$host_lib/../.." install DESTDIR="$host_root" >"$host_dir/install" 2>&1 || {
			cat "$host_dir/install" >&2
			return 1
		}
	fi
	# Its guests find their files where the test has them.
	systemd-nspawn --quiet --register=no --keep-unit --capability=all --machine="oopsbt-test-$$" \
		--directory="$host_root" --bind="$test_dir" --boot </dev/null >"$host_dir/console" 2>&1 &
	nspawn=$!
	at_exit "end_process $nspawn"
	host_until "$nspawn" 60 host_has_first_process "$nspawn"
	host_until "$nspawn" 300 host_is_up
	export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=/proc/$host_pid/root/run/libvirt/libvirt-sock"
	host journalctl --follow --output=cat --lines=all --unit=oopsbtd >"$host_dir/log" 2>/dev/null &
	at_exit "end_process $!"
}

host() {
	env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		nsenter --target "$host_pid" --mount --uts --ipc --net --pid --cgroup -- "$@"
}

host_mark() {
	host_from=$(($(wc -l <"$host_dir/log") + 1))
}

host_log() {
	local tail status=0 fd
	exec {fd}< <(exec tail -n "+$host_from" -f "$host_dir/log" 2>/dev/null)
	tail=$!
	timeout "${2:-60}" grep -Em1 -- "$1" <&"$fd" || status=$?
	kill "$tail" 2>/dev/null || true
	exec {fd}<&-
	if [ "$status" != 0 ]; then
		echo "oopsbtd does not log \"$1\":"
		tail -n "+$host_from" "$host_dir/log" | tail -n 40
	fi >&2
	return "$status"
}
