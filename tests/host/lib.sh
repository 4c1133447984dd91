# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Hosts with a real systemd: machine containers in which oopsbt is installed. Source ../lib/tap.sh,
# ../lib/libvirt.sh and ../lib/guest.sh first.
#
#	host_start [bare]	make one, install oopsbt into it (bare: don't), boot it; the guests of guest.sh run in it
#				from then on
#	host COMMAND...		run a command in it
#	host_root		its root directory, from outside
#	host_log PATTERN [SECONDS]	until oopsbtd logs a line that matches; prints it
#	host_mark		from now on host_log looks at later lines only
#
# A test that needs several hosts does the steps of host_start itself:
#
#	host_make NAME [bare]	make one of that name, and install
#	host_boot NAME [OPTION...]	boot it, with these options of systemd-nspawn
#	host_wait NAME		until it has booted
#	host_reboot		the one that is used; what is in the log of oopsbtd from then on is of this boot
#	host_use NAME		all of the above, virsh and guest.sh are about that one from now on

# A guest of a busy machine hangs for real now and then. What is about oopses alone enables with --kinds "$host_kinds".
# shellcheck disable=SC2034 # for those who source this
host_kinds=oops,panic,watchdog,kvm-error
host_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
host_name=
host_dir=
host_root=
host_pid=
declare -A host_pids host_nspawns host_from host_followers

# By name, because systemd-nspawn briefly has other children.
host_has_first_process() {
	host_pids[$1]=$(pgrep -x -P "${host_nspawns[$1]}" systemd)
}

# systemctl's own wait fails while systemd does not answer yet.
host_is_up() {
	host timeout 300 systemctl is-system-running --wait >"$host_dir/state" 2>/dev/null ||
		grep -qx degraded "$host_dir/state"
}

# host_until SECONDS COMMAND...: waits until it succeeds; no event tells of these steps
host_until() {
	local nspawn=${host_nspawns[$host_name]} end=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ "$SECONDS" -gt "$end" ] || ! kill -0 "$nspawn"; then
			echo "the host $host_name does not boot; its console:" >&2
			cat "$host_dir/console" >&2
			return 1
		fi
		sleep 0.1
	done
}

# host_layer BASE FOLDER: a writable layer at FOLDER/root over BASE, which stays unchanged
host_layer() {
	mkdir -p "$2/root" "$2/upper" "$2/work"
	mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
	at_exit "umount '$2/root'"
}

host_make() {
	local base
	base=$("$host_lib/make-host")
	# The kernel keeps no journal for an overlay on a disk, and a temporary host needs none.
	host_layer "$base" "$test_dir/$1"
	if [ "${2:-}" != bare ]; then
		make -s -C "$host_lib/../.." install DESTDIR="$test_dir/$1/root" >"$test_dir/$1/install" 2>&1 || {
			cat "$test_dir/$1/install" >&2
			return 1
		}
	fi
	# The host makes its own id, and D-Bus uses it.
	: >"$test_dir/$1/root/etc/machine-id"
	rm -f "$test_dir/$1/root/var/lib/dbus/machine-id"
	echo "$1" >"$test_dir/$1/root/etc/hostname"
}

# host_end NAME: all in there goes with its first process, and nothing of it is needed any more. systemd-nspawn alone would leave it
# behind.
host_end() {
	! host_has_first_process "$1" || kill -KILL "${host_pids[$1]}"
	end_process "${host_nspawns[$1]}"
} 2>/dev/null

host_boot() {
	local name=$1 dir=$test_dir/$1
	shift
	# Its guests find their files at the test's paths.
	systemd-nspawn --quiet --register=no --keep-unit --capability=all --machine="oopsbt-test-$$-$name" --hostname="$name" \
		--directory="$dir/root" --bind="$test_dir" "$@" --boot </dev/null >"$dir/console" 2>&1 &
	host_nspawns[$name]=$!
	host_from[$name]=1
	at_exit "host_end $name"
}

host_use() {
	host_name=$1
	host_dir=$test_dir/$1
	host_root=$host_dir/root
	host_pid=${host_pids[$1]:-}
	export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=/proc/$host_pid/root/run/libvirt/libvirt-sock"
}

host_wait() {
	host_use "$1"
	host_until 60 host_has_first_process "$1"
	host_use "$1"
	host_until 300 host_is_up
	host journalctl --boot --follow --output=cat --lines=all --unit=oopsbtd >"$host_dir/log" 2>/dev/null &
	host_followers[$1]=$!
	at_exit "end_process $!"
}

# host_unfollow: ends journalctl of the host that is used. systemd stops and continues all processes of a host that shuts down.
# nsenter stops with journalctl, but is not in there: nothing would continue it, and the host would wait for it without end.
host_unfollow() {
	pkill -P "$(pgrep -P "${host_followers[$host_name]}")"
	wait "${host_followers[$host_name]}" || true
}

# systemd-nspawn ends with a container that reboots, so this is a shutdown and a boot.
host_reboot() {
	host_unfollow
	host systemctl poweroff
	wait "${host_nspawns[$host_name]}" || true
	host_boot "$host_name"
	host_wait "$host_name"
}

host_start() {
	host_make host "$@"
	host_boot host
	host_wait host
}

host() {
	env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		nsenter --target "$host_pid" --mount --uts --ipc --net --pid --cgroup -- "$@"
}

host_mark() {
	host_from[$host_name]=$(($(wc -l <"$host_dir/log") + 1))
}

host_log() {
	local tail status=0 fd
	exec {fd}< <(exec tail -n "+${host_from[$host_name]}" -f "$host_dir/log" 2>/dev/null)
	tail=$!
	timeout "${2:-60}" grep -Em1 -- "$1" <&"$fd" || status=$?
	kill "$tail" 2>/dev/null || true
	exec {fd}<&-
	if [ "$status" != 0 ]; then
		echo "oopsbtd does not log \"$1\":"
		tail -n "+${host_from[$host_name]}" "$host_dir/log" | tail -n 40
	fi >&2
	return "$status"
}
