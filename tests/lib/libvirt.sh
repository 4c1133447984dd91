# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A separate libvirtd for each test. It is the machine's real libvirtd and virtlogd, as root, in a
# mount namespace where their folders (/etc/libvirt, /run/libvirt, /var/lib/libvirt, ...) are the
# test's: it neither sees nor disturbs the machine's domains or those of other tests, and may be
# killed.
#
#	libvirt_start [kvm-as-root]	start it; sets LIBVIRT_DEFAULT_URI, which virsh and every other client follow.
#				kvm-as-root: guests may have KVM, even where it boots no Linux, as their QEMUs are root's
#	libvirt_start_system	use the machine's at qemu:///system instead; starts one if none runs
#	libvirt_program PATH	the path of a program, such as a QEMU, for libvirt's user, who cannot reach the cache in root's home
#	libvirt_kill		kill -9 the daemon; domains run on
#	libvirt_again		start it again after that
#	libvirt_other_host	start a second one with another host name and UUID; sets libvirt_other_uri, and libvirt_migration,
#				the folder for the sockets of migrations (virsh migrate --migrateuri unix://$libvirt_migration/NAME)
#	test_dir		the test's folder, world readable, gone at the end
#	at_exit COMMAND		run COMMAND (a string) at the end, the last registered first
#
# Cleanup runs on exit and on SIGINT, SIGTERM and SIGHUP: a test must not set a trap for these
# itself. The reaper cleans up for a killed test.

at_exit_commands=()

at_exit() {
	at_exit_commands+=("$1")
}

at_exit_run() {
	local status=$? i
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	for ((i = ${#at_exit_commands[@]} - 1; i >= 0; i--)); do
		eval "${at_exit_commands[i]}"
	done
	exit "$status"
}
trap at_exit_run EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# QEMU's user must be able to enter the folder, so it is not in root's home.
test_dir=$(mktemp -d "${TMPDIR:-/tmp}/oopsbt-test-$$-XXXXXX")
chmod 0755 "$test_dir"
at_exit "rm -rf '$test_dir'"
setsid "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/reaper" $$ "$test_dir" </dev/null >/dev/null 2>&1 &
disown

# gone PID: it has ended, with all its threads; a zombie counts as gone, but its first thread may be one
# while others still hold its files
gone() {
	local status
	status=$(grep -E '^(State|Threads):' "/proc/$1/status" 2>/dev/null) || return 0
	[[ $status == *:$'\t'Z* && $status == *Threads:$'\t'[01] ]]
}

# end_process PID...: asks them to end, waits, and kills them after 10 s
end_process() {
	local pid deadline=$((EPOCHSECONDS + 10))
	kill "$@" 2>/dev/null || true
	for pid; do
		until gone "$pid"; do
			[ "$EPOCHSECONDS" -lt "$deadline" ] || kill -KILL "$pid" 2>/dev/null || true
			sleep 0.02 # nothing tells of the end of a process that is not a child
		done
	done
}

# The folders to which libvirt's daemons write. libvirt needs 10 s to examine a QEMU, and the result
# stays valid: it is kept in the cache.
libvirt_folders='/etc/libvirt /run/libvirt /var/lib/libvirt /var/log/libvirt'
libvirt_cache=${XDG_CACHE_HOME:-$HOME/.cache}/oopsbt/libvirt

# A daemon with -d returns when it answers.
#
# If KVM boots nothing, it is hidden. Otherwise libvirt finds that QEMU can use it but QEMU's user
# cannot, considers its data about QEMU outdated, and asks again for every domain, which takes a
# minute. libvirt's mount namespaces for QEMU cannot handle a mount in /dev.
libvirt_start() {
	local folder accel
	[ "$(id -u)" = 0 ] || { echo "libvirt_start: a libvirtd of our own takes root" >&2; return 1; }
	accel=${1:-$("$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../guest/accel")}
	libvirt_root=$test_dir/libvirt
	for folder in $libvirt_folders; do
		mkdir -p "$libvirt_root$folder" "$folder"
	done
	mkdir -p "$libvirt_cache/$accel"
	[ "$accel" = kvm ] || echo 'namespaces = [ ]' >"$libvirt_root/etc/libvirt/qemu.conf"
	[ "$accel" != kvm-as-root ] || printf '%s = "root"\n' user group >>"$libvirt_root/etc/libvirt/qemu.conf"
	# shellcheck disable=SC2016,SC2086 # the inner shell expands; one word a folder
	unshare --mount --propagation private sh -euc '
		root=$1
		mount --bind "$2" /var/cache/libvirt
		if [ "$3" = qemu ] && [ -e /dev/kvm ]; then
			: >"$root/no-kvm"
			chmod 0 "$root/no-kvm"
			mount --bind "$root/no-kvm" /dev/kvm
		fi
		shift 3
		for folder; do
			mount --bind "$root$folder" "$folder"
		done
		virtlogd -d -p "$root/virtlogd.pid"
		libvirtd -d -p "$root/libvirtd.pid"' libvirt "$libvirt_root" "$libvirt_cache/$accel" "$accel" $libvirt_folders
	export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$libvirt_root/run/libvirt/libvirt-sock"
	at_exit libvirt_stop
}

libvirt_stop() {
	local domain file
	[ -S "$libvirt_root/run/libvirt/libvirt-sock" ] || libvirt_again
	for domain in $(timeout 20 virsh -q list --name 2>/dev/null); do
		timeout 20 virsh -q destroy "$domain" >/dev/null
	done
	# Those of a libvirtd that did not start again; driver.pid is its own.
	for file in "$libvirt_root"/run/libvirt/qemu/*.pid; do
		[[ $file == */driver.pid ]] || [ ! -e "$file" ] || end_process "$(cat "$file")"
	done
	end_process "$(cat "$libvirt_root/libvirtd.pid")" "$(cat "$libvirt_root/virtlogd.pid")"
}

libvirt_start_system() {
	local daemon
	export LIBVIRT_DEFAULT_URI=qemu:///system
	if timeout 20 virsh -q version >/dev/null 2>&1; then
		return
	fi
	for daemon in virtlogd libvirtd; do
		"$daemon" -d -p "$test_dir/$daemon.pid"
		at_exit "end_process \$(cat $test_dir/$daemon.pid)"
	done
}

# Shows the folder to libvirtd at a path that all users can reach, always the same one: libvirt
# caches its data about a QEMU by path, and needs seconds to collect it.
libvirt_program() {
	local path folder at
	if [ -z "${libvirt_root:-}" ] || setpriv --reuid=nobody --clear-groups test -x "$1" 2>/dev/null; then
		echo "$1"
		return
	fi
	path=$(realpath "$1")
	folder=$(dirname "$path")
	at=/run/libvirt/program-$(echo "$folder" | sha256sum | cut -c1-12)
	if mkdir "$libvirt_root$at" 2>/dev/null; then
		nsenter --mount --target "$(cat "$libvirt_root/virtlogd.pid")" mount --bind "$folder" "$at"
	fi
	echo "$at/$(basename "$path")"
}

libvirt_kill() {
	local pid
	pid=$(cat "$libvirt_root/libvirtd.pid")
	kill -KILL "$pid"
	until gone "$pid"; do
		sleep 0.02
	done
	rm -f "$libvirt_root"/run/libvirt/libvirt-sock* "$libvirt_root/libvirtd.pid"
}

libvirt_again() {
	nsenter --mount --target "$(cat "$libvirt_root/virtlogd.pid")" libvirtd -d -p "$libvirt_root/libvirtd.pid"
}

libvirt_other_host() {
	local root=$test_dir/other folder
	for folder in $libvirt_folders; do
		mkdir -p "$root$folder"
	done
	cp "$libvirt_root/etc/libvirt/qemu.conf" "$root/etc/libvirt/" 2>/dev/null || true
	printf 'host_uuid = "%s"\n' "$(cat /proc/sys/kernel/random/uuid)" >"$root/etc/libvirt/libvirtd.conf"
	# shellcheck disable=SC2016,SC2086 # the inner shell expands; one word a folder
	nsenter --mount --target "$(cat "$libvirt_root/virtlogd.pid")" \
		unshare --mount --uts --propagation private sh -euc '
		root=$1
		shift
		hostname oopsbt-other-host
		for folder; do
			mount --bind "$root$folder" "$folder"
		done
		virtlogd -d -p "$root/virtlogd.pid"
		libvirtd -d -p "$root/libvirtd.pid"' libvirt "$root" $libvirt_folders
	libvirt_other_uri="qemu+unix:///system?socket=$root/run/libvirt/libvirt-sock"
	libvirt_migration=$test_dir/migration
	install -d -m 0777 "$libvirt_migration" # QEMU's user creates the sockets
	at_exit libvirt_other_stop
}

libvirt_other_stop() {
	local root=$test_dir/other domain
	for domain in $(timeout 20 virsh -q -c "$libvirt_other_uri" list --name 2>/dev/null); do
		timeout 20 virsh -q -c "$libvirt_other_uri" destroy "$domain" >/dev/null
	done
	end_process "$(cat "$root/libvirtd.pid")" "$(cat "$root/virtlogd.pid")"
}
