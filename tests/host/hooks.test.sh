#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hooks under a real systemd: their environment, the examples, and bad hooks, which must affect
# nothing else.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/guest.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"
. "$here/frozen-disk.sh"

host_start
guest_start a smp=1 kaslr=no
domain=$(guest_domain a)
drop_ins=$host_root/etc/systemd/system/oopsbt-dump@.service.d
examples=$host_root/usr/local/share/oopsbt/hooks
chmod 755 "$test_dir"

oops() {
	guest_exec a '(echo null >/sys/kernel/debug/oopsbt_scenario/run) >/dev/null 2>&1; true' 2>/dev/null
}

# drop_in NAME LINE...: the only drop-in
drop_in() {
	local name=$1
	shift
	mkdir -p "$drop_ins"
	rm -f "$drop_ins"/*
	printf '%s\n' '[Service]' "$@" >"$drop_ins/$name.conf"
	host systemctl daemon-reload
}

# hook SCRIPT [LINE...]: runs it as a hook of the dump; returns its status
hook() {
	printf '#!/bin/sh\n%s\n' "$1" >"$host_root/usr/local/bin/hook"
	chmod 755 "$host_root/usr/local/bin/hook"
	shift
	drop_in test ExecStart=/usr/local/bin/hook "$@"
	host systemctl start "$unit"
}

# said: the output of the last hook
said() {
	host journalctl --quiet --output=cat --identifier=oopsbt-hook --since=@"$since"
}

report_has() {
	host cat "$dump/report.json" | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# run_example NAME [LINE...]: with its own drop-in, and a second one with these lines
run_example() {
	local name=$1
	shift
	drop_in zz-test "$@"
	cp "$examples/$name.conf" "$drop_ins"
	host systemctl daemon-reload
	host systemctl start "$unit"
}

fails() {
	! "$@" 2>/dev/null
}

leavings() {
	host find /var/cache/oopsbt-hooks -mindepth 1
}

# --- from the daemon ---

tap_ok "the service starts" host systemctl start oopsbtd
host virsh oopsbt enable "$domain" --full 100 --kinds "$host_kinds" >/dev/null
host_log "$domain: runs Linux" >/dev/null
host_mark
oops
host_log "$domain: stored: " >/dev/null
tap_is "without a drop-in no hook is started" "$(host journalctl --quiet --output=cat --unit='oopsbt-dump@*' | wc -l)" 0
tap_is 'without a drop-in nothing is written for a hook' "$(host find /run/oopsbt/hooks 2>/dev/null | wc -l)" 0

mkdir -p "$host_root/usr/local/bin"
cat >"$host_root/usr/local/bin/hook" <<-'SH'
	#!/bin/sh
	env | grep ^OOPSBT
	id -un
	ls "$OOPSBT_DIRECTORY" | xargs echo files:
	head -n 1 "$OOPSBT_DIRECTORY/report.txt" | sed 's/^/report: /'
	wc -c <"$OOPSBT_DIRECTORY/core" | sed 's/^/core: /'
SH
chmod 755 "$host_root/usr/local/bin/hook"
drop_in test ExecStart=/usr/local/bin/hook
since=$(date +%s.%6N)
host_mark
oops
host_log "$domain: oops: .*\(dump " >/dev/null
dump=$(host sh -c 'ls -d /var/lib/oopsbt/*/2*-* | sort -V | tail -n 1')
id=${dump##*/}
unit=oopsbt-dump@$id.service
has_said() {
	said | grep -- "$1" >/dev/null
}
tap_ok "with a drop-in the hook of a dump is started" eventually 30 has_said '^core: '
text=$(said)
tap_like 'a hook has the variables of the dump' "$text" "OOPSBT_DUMP=$id"
tap_is 'a hook has the unchanged title' "$(sed -n 's/^OOPSBT_TITLE=//p' <<<"$text")" "$(report_has title)"
tap_like 'a hook finds the files of the dump' "$text" 'files: core dmesg.txt registers.txt report.json report.txt'
tap_is "the core in the copy is complete" "$(sed -n 's/^core: //p' <<<"$text")" "$(host stat -c %s "$dump/core")"
tap_unlike 'a hook is not root' "$text" '^root$'
is_over() {
	[ "$(host systemctl is-active "$unit" 2>/dev/null)" = inactive ] && [ -z "$(leavings)" ]
}
tap_ok 'nothing of an ended hook is left' eventually 15 is_over
tap_is "only root can read the dump while a hook runs" "$(host find "$dump" -maxdepth 1 -perm /077)" ""

# --- bad hooks, of the same dump ---

since=$(date +%s.%6N)
tap_ok "a hook that hangs is killed" fails hook 'sleep 1000 & exec sleep 1000' TimeoutStartSec=3s
tap_ok 'all processes of a hung hook are killed' eventually 10 is_over
tap_is "no process of a hung hook is left" "$(host pgrep -xc sleep || true)" 0

drop_in test ExecStart=/bin/sleep\ 600
host systemctl start --no-block "$unit"
host_mark
oops
tap_ok "while hooks hang, a dump is stored" host_log "$domain: stored: "
host systemctl stop 'oopsbt-dump@*'

# shellcheck disable=SC2016 # for the hook
tap_ok "a hook that forks without end reaches its limit" \
	fails hook 'while :; do sleep 100 & done' TimeoutStartSec=30s
tap_ok 'the host works while a hook forks without end' host true
tap_like 'the limit of a hook is 64 tasks' "$(host systemctl show -p TasksMax "$unit")" '=64$'

since=$(date +%s.%6N)
# shellcheck disable=SC2016 # for the hook
hook 'for place in "$TMPDIR" /tmp /var/tmp /dev/shm /run /var/cache "$OOPSBT_DIRECTORY" /; do
	dd if=/dev/zero of="$place/fill" bs=1M count=300 2>/dev/null || true
	[ ! -e "$place/fill" ] || du -k "$place/fill" | sed s/^/filled:/
done
true'
tap_is "a hook that writes without end has 64 MiB, in one place" \
	"$(said | grep -c '^filled:') $(said | sed -n 's/^filled:\([0-9]*\).*/\1/p' | awk '{ print $1 <= 65536 }')" "1 1"
tap_is 'nothing of what a hook wrote without end is left' "$(host find / /run /dev/shm -xdev -name fill)" ""

since=$(date +%s.%6N)
# shellcheck disable=SC2016 # for the hook
hook 'ls /var/lib/oopsbt /var/cache/oopsbt-hooks /run/oopsbt /root /run/libvirt 2>/dev/null | sed "s/^/sees: /"
touch "$OOPSBT_DIRECTORY/report.txt" 2>/dev/null && echo writes
echo looked'
tap_unlike "a hook that looks around sees no other dump" "$(said)" '^sees: '
tap_unlike 'a hook cannot write to the dump' "$(said)" '^writes'

tap_ok "a hook of a removed dump fails" fails host systemctl start oopsbt-dump@20200101T000000Z-1.service
tap_ok "a dump's name that leads to another folder is refused" fails env OOPSBT_SOURCE=/etc \
	"$host_root/usr/local/libexec/oopsbt/oopsbt-hook-dump" copy ../x

# --- the examples ---

mkdir -p "$test_dir/kept"
exec {servers}< <(exec "$here/hook-servers.py" "$test_dir/kept")
at_exit "kill $!"
read -r http smtp <&"$servers"

since=$(date +%s.%6N)
hook "curl --silent --max-time 5 --output /dev/null http://127.0.0.1:$http/ && echo reaches || echo cannot"
tap_is "a hook has no network until a drop-in gives it one" "$(said)" cannot

printf 'X-Secret: s3cret\n' >"$host_root/etc/oopsbt-webhook-header"
tap_ok "the webhook runs" run_example webhook "Environment=OOPSBT_WEBHOOK=http://127.0.0.1:$http/hook" \
	IPAddressAllow=localhost LoadCredential=header:/etc/oopsbt-webhook-header
tap_is 'the webhook posts JSON with the variables' "$(python3 -c 'import json, sys
fact = json.load(open(sys.argv[1]))
print(fact["domain"], fact["kind"], fact["dump"])' "$test_dir/kept/hook")" "$domain oops $id"

tap_ok "the mail runs" run_example mail "Environment=OOPSBT_MAIL_TO=admin@example.com OOPSBT_MAIL_SERVER=smtp://127.0.0.1:$smtp"
tap_like 'the subject of the mail has domain and title' "$(cat "$test_dir/kept/mail")" "^Subject: \[oopsbt\] $domain: "
tap_like 'the text of the mail is the report' "$(cat "$test_dir/kept/mail")" 'scenario_null_deref'

cat >"$host_root/etc/oopsbt-rclone.conf" <<-CONF
	[store]
	type = s3
	provider = Other
	endpoint = http://127.0.0.1:$http/s3
	access_key_id = key
	secret_access_key = secret
	force_path_style = true
	no_check_bucket = true
CONF
fingerprint=$(report_has fingerprint)
tap_ok "rclone runs" run_example rclone IPAddressAllow=localhost
tap_ok "the core is in the object store, by fingerprint" cmp "$test_dir/kept/s3/oopsbt/$fingerprint/core" "$host_root$dump/core"
tap_is 'the object store has the report beside the core' "$(find "$test_dir/kept/s3/oopsbt/$fingerprint/reports" -name "*-$id.json" | wc -l)" 1
tap_ok "rclone runs for a repeat of the bug" host systemctl start "$unit"
tap_is "the object store has one core per bug" "$(grep -c '/core' "$test_dir/kept/puts")" 1

# --- a resource of the hook hangs ---

# hooks_of ID: the number of runs of its hook
hooks_of() {
	said | grep -c "^OOPSBT_DUMP=$1\$" || true
}
# has_run ID TIMES
has_run() {
	[ "$(hooks_of "$1")" = "$2" ]
}
newest_dump() {
	host sh -c 'ls -d /var/lib/oopsbt/*/2*-* | sort -V | tail -n 1'
}
write_hook() {
	printf '#!/bin/sh\n%s\n' "$1" >"$host_root/usr/local/bin/hook"
	drop_in test ExecStart=/usr/local/bin/hook
}

write_hook 'env | grep ^OOPSBT_DUMP'
since=$(date +%s.%6N)
host systemctl kill --kill-whom=main --signal=STOP dbus
host_mark
oops
tap_ok "while the system bus hangs a dump is stored" host_log "$domain: oops: .*\(dump "
late=$(newest_dump)
tap_is "while the system bus hangs the hook of a dump waits" "$(hooks_of "${late##*/}")" 0
host_mark
host systemctl kill --signal=KILL --kill-whom=main oopsbtd
tap_ok "an oopsbtd that starts after a killed one finds its due hook" \
	host_log "starting the hook of ${late##*/}, which was stored before"
host systemctl kill --kill-whom=main --signal=CONT dbus
tap_ok "a waiting hook runs when the system bus continues" eventually 30 has_run "${late##*/}" 1
host_log "$domain: runs Linux" >/dev/null
host_mark
host systemctl restart oopsbtd
host_log "$domain: runs Linux" >/dev/null
oops
host_log "$domain: oops: .*\(dump " >/dev/null
next=$(newest_dump)
tap_ok "the hook of the next dump runs" eventually 30 has_run "${next##*/}" 1
tap_is "a hook that was started late is not started again at the next start of oopsbtd" "$(hooks_of "${late##*/}")" 1
tap_is "no dump whose hook has been started is marked" "$(host find /var/lib/oopsbt -name .hook)" ""

rm -f "$drop_ins"/*
host systemctl daemon-reload
host touch "$next/.hook"
host_mark
host systemctl restart oopsbtd
host_log "$domain: runs Linux" >/dev/null
tap_is "the file of a due hook is removed if hooks are not wanted any more" "$(host find /var/lib/oopsbt -name .hook)" ""

copies=/var/cache/oopsbt-hooks
frozen_disk "$copies"
since=$(date +%s.%6N)
write_hook 'env | grep ^OOPSBT_DUMP'
printf '%s\n' TimeoutStartSec=3s >>"$drop_ins/test.conf"
host systemctl daemon-reload
frozen_disk_stop 120
host_mark
oops
tap_ok "a dump is stored while the folder of copies hangs" host_log "$domain: oops: .*\(dump "
stuck=$(newest_dump)
gives_up() {
	host journalctl --quiet --output=cat --unit="oopsbt-dump@${stuck##*/}" | grep "Failed with result 'timeout'"
}
tap_ok "a hook whose folder of copies hangs is abandoned" eventually 60 gives_up
host_mark
oops
tap_ok "the next dump is stored after a hung hook" host_log "$domain: oops: .*\(dump "
tap_ok "oopsbtd can be stopped while hooks hang" timeout 30 nsenter --target "$host_pid" --mount --pid systemctl stop oopsbtd
frozen_disk_go
no_copy_runs() {
	! host pgrep -f oopsbt-hook-dump && [ -z "$(host find "$copies" -type f)" ]
}
tap_ok "nothing of hung hooks is left when the folder of copies continues" eventually 60 no_copy_runs
host umount "$copies"
host systemctl start oopsbtd
host_log "$domain: runs Linux" >/dev/null

tap_ok "oopsbtd is still active" host systemctl is-active --quiet oopsbtd
tap_unlike "no request of oopsbtd was refused" "$(cat "$host_dir/log")" 'is not started'
tap_done
