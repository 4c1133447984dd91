#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Another host: a separate libvirtd, reached through a tunnel that carries only libvirt's protocol.
# Its dump directory is visible to that libvirtd but not to this process.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

# The test checks the folder for temporary files, which no other test may use.
mkdir "$test_dir/tmp"
export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run TZ=UTC TMPDIR=$test_dir/tmp

# The dumps of that host are at /var/lib/oopsbt in the mount namespace of its libvirtd.
far=$test_dir/far
mkdir -m 0700 "$far"
mkdir -p /var/lib/oopsbt
at_exit 'rmdir /var/lib/oopsbt 2>/dev/null'
libvirt_start
nsenter --mount --target "$(cat "$libvirt_root/libvirtd.pid")" mount --bind "$far" /var/lib/oopsbt

# "ext" runs a program instead of ssh; the other side starts the same program as with ssh.
cat >"$test_dir/tunnel" <<-SH
	#!/bin/sh
	exec nsenter --mount --target $(cat "$libvirt_root/libvirtd.pid") virt-ssh-helper qemu:///system
SH
chmod +x "$test_dir/tunnel"
uri="qemu+ext://far.example/system?command=$test_dir/tunnel"
unset LIBVIRT_DEFAULT_URI
export OOPSBT_TEST_URI=$uri
remote() {
	status=0
	virsh -c "$uri" oopsbt "$@" >"$test_dir/out" 2>"$test_dir/err" || status=$?
	out=$(cat "$test_dir/out")
	err=$(cat "$test_dir/err")
}
far_virsh() {
	"$real_virsh" -q -c "$uri" "$@"
}
at_exit "export LIBVIRT_DEFAULT_URI='qemu+unix:///system?socket=$libvirt_root/run/libvirt/libvirt-sock'"

domain_xml web1 >"$test_dir/web1.xml"
far_virsh define "$test_dir/web1.xml" >/dev/null

# --- operations that need only libvirt ---
remote enable web1 --keep 4
tap_is 'a domain of another host can be enabled' "$status" 0
tap_is 'enable writes the metadata on the other host' "$(far_virsh metadata web1 https://oopsbt.org/xmlns/domain/1 --config | sed '/^$/d')" '<oopsbt keep="4"/>'
tap_like 'enable does not take the daemon of this host for that of the other' "$out" 'cannot be seen from here'
tap_like 'enable names the missing storage pool and how to get it' "$out" "no storage pool 'oopsbt'.*enable --pool"
remote status
tap_is 'status of another host succeeds' "$status" 0
tap_like 'status of another host knows the domain' "$out" '^ web1 +shut off +yes'
tap_like 'status of another host says what it cannot know' "$out" "state unknown .it runs on the domains' host"

# --- dumps of the other host ---
remote list
tap_is 'list without the storage pool: exit status' "$status" 1
tap_like 'list without the storage pool: message' "$err" "has no storage pool 'oopsbt'"
tap_like 'list without the storage pool: what to do' "$err" "'virsh -c .* oopsbt enable --pool' makes it"
remote enable --pool
tap_is 'enable --pool makes the storage pool' "$status $(far_virsh pool-list --name --autostart | xargs)" '0 oopsbt'
remote enable --pool
tap_is 'enable --pool twice succeeds' "$status" 0
remote list
tap_is 'before the first dump the list is empty' "$status $(echo "$out" | wc -l)" '0 2'

# The daemon there stores dumps with the same code on that host's disk.
(dumps=$far && dump_make web1 20261122T214501Z-1 'BUG: far away' $'BUG: far away\n')
(dumps=$far && dump_make web1 20261122T214502Z-1 'again' && dump_make db 20261122T214503Z-1 'to be removed')
virsh oopsbt -D "$far" rm -y 20261122T214503Z-1 >/dev/null

remote list
tap_is 'list has the dumps of another host' "$(echo "$out" | awk 'NR > 2 { print $1, $2 }' | xargs)" '20261122T214501Z-1 web1 20261122T214502Z-1 web1'
remote list --json web1
tap_like 'list --json has the dumps of another host' "$out" '"title" : "BUG: far away"'
tap_like 'list --json of another host has the kind of incident' "$out" '"incident" : "oops"'
tap_like 'list --json of another host has the kernel' "$out" '"release" : "6.1.0-test"'
remote info 20261122T214501Z-1
tap_is 'info shows a dump of another host' "$out" 'BUG: far away'
remote info web1 --log
tap_is 'info --log shows the log of another host' "$out" "$(cat "$far/web1/20261122T214502Z-1/dmesg.txt")"
cd "$test_dir"
remote export web1 far.tar.gz
tap_is 'export fetches all files of a dump' "$status $(tar -tzf far.tar.gz | sed 's,.*/,,' | sort | xargs)" \
	'0 core dmesg.txt registers.txt report.json report.txt'
tap_is 'an exported dump is as it is on the other host' "$(tar -xzOf far.tar.gz 20261122T214502Z-1/report.txt)" again
tap_is 'export leaves no copies behind' "$(find "$TMPDIR" -maxdepth 1 -name 'virsh-oopsbt-*' | wc -l)" 0
remote info 2026
tap_like 'info tells ids of another host apart as those of this one' "$err" "'2026' fits 2 dumps"
remote info 1999
tap_is 'info of an id that is not there is an error' "$status" 1
remote status
tap_like 'status shows the newest dump of another host' "$out" 'web1 .* 20261122T214502Z-1$'

# --- unsupported operations ---
for verb in 'rm 20261122T214501Z-1' watch 'debug web1'; do
	# shellcheck disable=SC2086 # words are what is wanted
	remote $verb
	tap_is "$verb works only on the host of the dumps" "$status" 1
	tap_like "$verb says that the dumps are on another host" "$err" 'are on another host'
done
status=0
err=$(virsh -r -c "$uri" oopsbt list 2>&1) || status=$?
tap_is 'a read-only connection: exit status' "$status" 1
tap_like 'a read-only connection: message' "$err" 'leave out -r'
far_virsh pool-destroy oopsbt >/dev/null
remote list
tap_like 'list says how to start a pool that is not active' "$err" 'pool-start oopsbt'
far_virsh pool-start oopsbt >/dev/null
printf '{"not": "an index"}' >"$far/.pool/index.json"
remote list
tap_like 'list says that an index is damaged' "$err" "index of the storage pool 'oopsbt'.*is damaged"
status=0
err=$(virsh -c "qemu+ext://far.example/system?command=/bin/false" oopsbt list 2>&1) || status=$?
tap_is 'list of a host that cannot be reached is an error' "$status" 1
remote disable web1
tap_is 'disable works on another host' "$status" 0

tap_done
