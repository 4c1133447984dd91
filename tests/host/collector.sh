# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A collector of hosts' journals and the senders, with certificates, as in docs/fleet.md. All of
# them find it as "collector" on loopback, so they share a network. Source lib.sh first.
#
#	collector_certificates NAME...	for the collector and these hosts
#	collector_listens		on the host named collector, which has booted
#	collector_gets NAME		from now on that host sends its journal
#	on_collector COMMAND...		runs it there
#	collector_journals		where they are there

collector_journals=/var/log/journal/remote
collector_keys=$test_dir/keys

# certificate NAME: its key and certificate, signed by the authority
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$collector_keys/$1.key" -out "$collector_keys/$1.request"
	openssl x509 -req -in "$collector_keys/$1.request" -CA "$collector_keys/authority.pem" \
		-CAkey "$collector_keys/authority.key" -CAcreateserial -days 2 -extfile <(echo "subjectAltName=DNS:$1") \
		-out "$collector_keys/$1.pem"
}

collector_certificates() {
	local name
	mkdir -p "$collector_keys"
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 2 -keyout "$collector_keys/authority.key" \
		-out "$collector_keys/authority.pem" 2>"$collector_keys/log"
	for name in collector "$@"; do
		certificate "$name" >>"$collector_keys/log" 2>&1
	done
}

# has_keys GROUP: gives the host its own keys, readable for this group, and the address of the
# collector
has_keys() {
	local folder=$host_root/etc/oopsbt-keys
	install -d "$folder"
	install -m 0644 "$collector_keys/$host_name.pem" "$folder/own.pem"
	install -m 0644 "$collector_keys/authority.pem" "$folder/authority.pem"
	install -m 0640 "$collector_keys/$host_name.key" "$folder/own.key"
	host chgrp "$1" /etc/oopsbt-keys/own.key
	echo '127.0.0.1 collector' >>"$host_root/etc/hosts"
}

# key_lines: the keys in the configuration of both sides
key_lines() {
	echo ServerKeyFile=/etc/oopsbt-keys/own.key
	echo ServerCertificateFile=/etc/oopsbt-keys/own.pem
	echo TrustedCertificateFile=/etc/oopsbt-keys/authority.pem
}

collector_listens() {
	host_use collector
	has_keys systemd-journal-remote
	{
		echo '[Remote]'
		key_lines
	} >"$host_root/etc/systemd/journal-remote.conf"
	host systemctl start systemd-journal-remote.socket
}

collector_gets() {
	local drop_in
	host_use "$1"
	has_keys systemd-journal
	{
		printf '%s\n' '[Upload]' URL=https://collector:19532
		key_lines
	} >"$host_root/etc/systemd/journal-upload.conf"
	drop_in=$host_root/etc/systemd/system/systemd-journal-upload.service.d/restart.conf
	mkdir -p "$(dirname "$drop_in")"
	# As on the page, except for the time.
	sed -n '/^    \[Unit\]/,/^$/s/^    //p' "$host_lib/../../docs/fleet.md" | sed 's/^RestartSec=.*/RestartSec=5/' >"$drop_in"
	host systemctl daemon-reload
	host systemctl start systemd-journal-upload
}

on_collector() (
	host_use collector
	host "$@"
)
