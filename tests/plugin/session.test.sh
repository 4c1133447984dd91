#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An unprivileged user with an own libvirt: qemu:///session.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC
unset LIBVIRT_DEFAULT_URI
# That user must be able to reach the programs, but cannot enter root's home.
programs=$test_dir/programs
mkdir -p "$programs" "$test_dir/home" "$test_dir/xdg"
cp "$plugin/virsh" "$plugin/virsh-oopsbt" "$(dirname "$plugin")/host-tool/oopsbt-analyze" \
	"$(dirname "$plugin")/host-tool/oopsbt-freeze-guard" "$programs/"
chown -R nobody:nogroup "$test_dir/home" "$test_dir/xdg"
chmod 0700 "$test_dir/xdg"

user() {
	status=0
	(cd / && setpriv --reuid=nobody --regid=nogroup --clear-groups env -i HOME="$test_dir/home" TZ=UTC \
		XDG_RUNTIME_DIR="$test_dir/xdg" XDG_STATE_HOME="$test_dir/home/state" PATH="$programs:/usr/bin:/bin" \
		OOPSBT_ANALYZER="$programs/oopsbt-analyze" OOPSBT_FREEZE_GUARD="$programs/oopsbt-freeze-guard" \
		ASAN_OPTIONS=detect_leaks=0 "$@") >"$test_dir/out" 2>"$test_dir/err" </dev/null || status=$?
	out=$(cat "$test_dir/out")
	err=$(cat "$test_dir/err")
}
# Its first client starts its libvirtd, which ends some time after the last client.
end_session() {
	local pid
	for pid in "$test_dir"/xdg/libvirt/{libvirtd,virtlogd,virtqemud}.pid; do
		[ ! -s "$pid" ] || end_process "$(cat "$pid")"
	done
}
at_exit end_session
at_exit '(user virsh -q destroy own)'

domain_xml own >"$test_dir/own.xml"
chmod 0644 "$test_dir/own.xml"
user virsh -q define "$test_dir/own.xml"
[ "$status" = 0 ] || tap_skip_all "an unprivileged libvirt does not work here: $err"

user virsh oopsbt enable own --keep 2
tap_is 'a domain of qemu:///session can be enabled' "$status" 0
tap_like 'enable says what a domain of qemu:///session needs' "$out" "not running for this user's domains|oopsbtd is running"
user virsh oopsbt status
tap_like 'status shows a domain of qemu:///session' "$out" '^ own +shut off +yes'
user virsh oopsbt list
tap_is "an unprivileged user's dumps are separate from root's" "$status" 1
tap_like "an unprivileged user's dumps are in the user's state directory" "$err" "$test_dir/home/state/oopsbt"

user virsh -q start own
user virsh oopsbt collect own
tap_is 'collect works without root' "$status" 0
tap_note "$out$err"
user virsh oopsbt list
tap_is 'list shows a dump that was collected without root' "$status $(echo "$out" | grep -c '^ 2.* own ')" '0 1'
user virsh oopsbt collect own
tap_is 'a second dump gives no warning' "$status $err" '0 '
user virsh oopsbt collect own
tap_like 'collect warns of the dump that it removes' "$err" "^warning: dump [0-9TZ]+-[0-9]+ was removed: 'own' keeps 2 dumps"
tap_is 'the dump that collect warned of is gone' "$(find -H "$test_dir/home/state/oopsbt/own" -mindepth 1 -maxdepth 1 -name '2*' | wc -l)" 2
user virsh oopsbt info own --registers
tap_like 'a guest that is no Linux is collected with its registers' "$out" '^(RAX|EAX)='
user virsh oopsbt info own
tap_is 'a guest that is no Linux has a report' "$status" 0
user virsh oopsbt export own "$test_dir/home/own.tar.gz"
tap_is 'export works without root' "$status" 0
user virsh oopsbt rm -y "$(basename "$(find -H "$test_dir/home/state/oopsbt/own" -mindepth 1 -maxdepth 1 -name '2*')")"
tap_is 'rm works without root' "$status $err" '0 '
user virsh oopsbt disable own
tap_is 'disable works without root' "$status" 0

# --- operations that need root ---
mkdir -m 0700 "$dumps"
chmod 0755 "$test_dir"
user virsh oopsbt -D "$dumps" list
tap_is "root's dumps: exit status" "$status" 1
tap_like "root's dumps: message" "$err" 'Permission denied'
tap_like "root's dumps: what to do" "$err" 'try as root'
user virsh -c "qemu+unix:///system?socket=$test_dir/none" oopsbt list
tap_is "status without root does not see root's domains" "$status" 1

user virsh -q destroy own
tap_done
