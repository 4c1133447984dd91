#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# enable, disable and status, and all possible problems with a domain.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

libvirt_start
export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
uri=https://oopsbt.org/xmlns/domain/1

# element DOMAIN live|config: the oopsbt element there, or nothing
element() {
	"$real_virsh" -q metadata "$1" "$uri" "--$2" 2>/dev/null | sed '/^$/d' || true
}

domain_define web1
domain_define isa "<panic model='isa'/>"
domain_define on '' && "$real_virsh" -q start on >/dev/null
domain_define later && "$real_virsh" -q start later >/dev/null
domain_xml passing >"$test_dir/passing.xml"
"$real_virsh" -q create "$test_dir/passing.xml" >/dev/null

# --- enable ---
run enable web1
tap_is 'enabling an inactive domain succeeds' "$status" 0
tap_is 'enable writes the configuration of an inactive domain' "$(element web1 config)" '<oopsbt/>'
tap_like 'enable says where it writes' "$out" "Domain 'web1' is enabled \\(config\\)"
tap_like 'enable says that the panic device is missing and how to get it' "$out" 'enable web1 --add-panic-device'
tap_like 'enable says that the daemon does not run and how to start it' "$out" 'systemctl enable --now oopsbtd'
tap_like 'enable says what works without either' "$out" 'seen in guest memory, looked at every 1000 ms'

run enable web1
tap_is 'enable of an enabled domain succeeds' "$status" 0
tap_like 'enable of an enabled domain says that nothing changed' "$out" 'enabled already \(config\); nothing changed'
run enable web1 --keep 3 --nmi=never
run enable web1 --freeze off
tap_is 'enable with one option keeps the others' "$(element web1 config)" '<oopsbt nmi="never" freeze="off" keep="3"/>'
run enable web1 --freeze on
tap_is 'enable with a default value takes the option out of the metadata' "$(element web1 config)" '<oopsbt nmi="never" keep="3"/>'

run enable isa
tap_like 'enable names a panic device that is there' "$out" 'through the panic device pvpanic \(isa\)'
tap_unlike 'enable does not call a panic device missing that is there' "$out" 'add-panic-device'

run enable on
tap_is 'a running domain is enabled live and in its configuration' "$(element on live) $(element on config)" '<oopsbt/> <oopsbt/>'
run enable on --keep 5 --live
tap_is 'enable --live leaves the configuration alone' "$(element on live) $(element on config)" '<oopsbt keep="5"/> <oopsbt/>'
run enable on --keep 7 --config
tap_is 'enable --config leaves the running domain alone' "$(element on live) $(element on config)" '<oopsbt keep="5"/> <oopsbt keep="7"/>'
run enable on --keep 9 --current
tap_is 'enable --current is the running domain' "$(element on live) $(element on config)" '<oopsbt keep="9"/> <oopsbt keep="7"/>'

run enable passing
tap_is 'a transient domain is enabled live' "$status $(element passing live)" '0 <oopsbt/>'
tap_like 'enable tells how a transient domain gets a panic device' "$out" "transient, so add <panic model='isa'/>"
run -q enable passing --keep 2
tap_is 'enable prints nothing if quiet' "$status$out$err" 0

run enable web1 isa on passing --watch 500
tap_is 'enable takes several domains' "$status $(element web1 config) $(element passing live)" \
	'0 <oopsbt nmi="never" keep="3" watch="500"/> <oopsbt keep="2" watch="500"/>'
tap_is 'enable of several domains says once what all of them miss' "$(echo "$out" | grep -c 'oopsbtd is not running')" 1
tap_like 'enable of several domains names those that have no panic device, and the command for it' "$out" \
	"^  - 2 of 4 domains \\(web1, on\\): no panic device, .*'virsh oopsbt enable DOMAIN --add-panic-device'"
run enable --domain isa --watch 1000
tap_is 'enable takes --domain as virsh does' "$status $(element isa config)" '0 <oopsbt/>'
run enable "$("$real_virsh" domuuid isa)"
tap_is 'enable takes a UUID' "$status" 0
run enable "$("$real_virsh" domid on)"
tap_is 'enable takes an id' "$status" 0

# --- the panic device ---
before=$("$real_virsh" dumpxml --inactive web1 | grep -v panic)
run enable web1 --add-panic-device
tap_is 'enable --add-panic-device adds one' "$status $("$real_virsh" dumpxml --inactive web1 | grep -c "<panic model='isa'")" '0 1'
tap_is 'enable --add-panic-device changes nothing else' "$("$real_virsh" dumpxml --inactive web1 | grep -v '<panic')" "$before"
run enable web1 --add-panic-device
tap_is 'enable --add-panic-device adds no second one' "$status $("$real_virsh" dumpxml --inactive web1 | grep -c '<panic')" '0 1'
run enable on --add-panic-device
tap_like 'enable --add-panic-device says that a running domain must restart' "$out" "only from the domain's next start on"
tap_is 'enable --add-panic-device leaves the running domain alone' "$("$real_virsh" dumpxml on | grep -c '<panic')" 0
run enable passing --add-panic-device
tap_is 'enable --add-panic-device of a transient domain is an error' "$status" 1
tap_like 'enable --add-panic-device of a transient domain says why' "$err" "'passing', which has none: it is transient"
run enable on --live --add-panic-device
tap_is 'enable --add-panic-device excludes --live' "$status" 1

# --- the oops event ---
run enable isa --add-oops-event
tap_is 'enable --add-oops-event makes the panic device offer the oops event' \
	"$status $("$real_virsh" dumpxml --inactive isa | grep -c "<qemu:arg value='pvpanic.events=11'/>")" '0 1'
tap_like 'enable --add-oops-event says what it did' "$out" 'QEMU stops the guest right then'
run enable isa --add-oops-event
tap_is 'enable --add-oops-event twice changes nothing' "$status $("$real_virsh" dumpxml --inactive isa | grep -c 'pvpanic.events')" '0 1'
domain_xml patched "<panic model='isa'/>" | sed "s|<domain |&xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' |
	s|</domain>|<qemu:commandline><qemu:arg value='-global'/><qemu:arg value='pvpanic.oops=on'/></qemu:commandline>&|" \
	>"$test_dir/patched.xml"
"$real_virsh" -q define "$test_dir/patched.xml" >/dev/null
run enable patched --add-oops-event
tap_is 'enable --add-oops-event adds nothing to a device that offers it by the property of a patched QEMU' \
	"$status $("$real_virsh" dumpxml --inactive patched | grep -c 'pvpanic.events')" '0 0'
"$real_virsh" -q undefine patched >/dev/null
domain_define bare
run enable bare --add-oops-event
tap_is 'enable --add-oops-event without a panic device is an error' "$status" 1
tap_like 'enable --add-oops-event without a panic device says what to do' "$err" 'no panic device that could offer the oops event'
tap_is 'enable --add-oops-event without a panic device changes nothing' "$(element bare config)" ''
run enable bare --add-panic-device --add-oops-event
tap_is 'enable adds a panic device with the oops event at once' \
	"$status $("$real_virsh" dumpxml --inactive bare | grep -cE "<panic model='isa'|pvpanic.events=11")" '0 2'
"$real_virsh" -q undefine bare >/dev/null

domain_xml own | sed "s|<domain |&xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' |
	s|</domain>|<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='pvpanic-pci'/></qemu:commandline>&|" >"$test_dir/own.xml"
"$real_virsh" -q define "$test_dir/own.xml" >/dev/null
run enable own --add-oops-event
tap_like "a device of the user's own is left to the user, who is told what to add" "$status $(xargs -d '\n' <<<"$err")" "^1 .*add 'events=11'"
# Since 9.1 QEMU's device also offers SHUTDOWN, and an explicit value replaces all events.
"${CC:-cc}" -shared -fPIC -o "$test_dir/qemu-9.2.so" -x c - <<<'
	int virConnectGetVersion(void *connection, unsigned long *version)
	{
		(void)connection;
		*version = 9002000;
		return 0;
	}'
LD_PRELOAD=$test_dir/qemu-9.2.so run enable own --add-oops-event
tap_like 'a newer QEMU keeps its event SHUTDOWN' "$err" "add 'events=15'"
domain_define bare "<panic model='isa'/>"
LD_PRELOAD=$test_dir/qemu-9.2.so run enable bare --add-oops-event
tap_is 'a newer QEMU keeps its event SHUTDOWN when enable adds the oops event' \
	"$status $("$real_virsh" dumpxml --inactive bare | grep -c "'pvpanic.events=15'")" '0 1'
"$real_virsh" -q undefine own >/dev/null
"$real_virsh" -q undefine bare >/dev/null

# --- the lockup event ---
# The domain's QEMU is a patched one: it has the property, and offers SHUTDOWN by default.
"${CC:-cc}" -shared -fPIC -o "$test_dir/patched.so" -x c - <<<'
	#include <string.h>
	int virDomainQemuMonitorCommand(void *domain, const char *command, char **answer, unsigned int flags)
	{
		(void)domain;
		(void)flags;
		*answer = strdup(strstr(command, "device-list-properties")
			? "{\"return\": [{\"name\": \"events\", \"default-value\": 7}, {\"name\": \"lockup\"}]}"
			: "{\"return\": [{\"name\": \"oops-resume\"}]}");
		return 0;
	}'
offered() {
	"$real_virsh" dumpxml --inactive "$1" | grep -oE "pvpanic[.]events=[0-9]+" | xargs
}
domain_define beside "<panic model='isa'/>"
LD_PRELOAD=$test_dir/patched.so run enable beside --add-oops-event
tap_is 'enable --add-oops-event of an inactive domain does not offer the lockup event, since no QEMU can be asked' \
	"$status $(offered beside)" '0 pvpanic.events=11'
"$real_virsh" -q start beside >/dev/null
run enable beside --add-oops-event
tap_is 'enable --add-oops-event does not offer the lockup event if the running QEMU does not have it' \
	"$status $(offered beside)" '0 pvpanic.events=11'
LD_PRELOAD=$test_dir/patched.so run enable beside
tap_like 'enable says that the panic device could offer the lockup event' "$(xargs -d '\n' <<<"$out")" \
	"does not offer the lockup event, .*'virsh oopsbt enable beside --add-oops-event' adds it"
LD_PRELOAD=$test_dir/patched.so run enable beside --add-oops-event
tap_is 'enable --add-oops-event adds the lockup event if the running QEMU has it' "$status $(offered beside)" '0 pvpanic.events=27'
tap_like 'enable says that it added the lockup event' "$out" 'offers the lockup event, from the next start on'
tap_unlike 'enable does not ask for a lockup event that the next start has' "$out" 'does not offer the lockup event'
LD_PRELOAD=$test_dir/patched.so run enable beside --add-oops-event
tap_like 'enable --add-oops-event with both events changes nothing' "$status $out" '^0 .*nothing changed'
"$real_virsh" -q destroy beside >/dev/null
"$real_virsh" -q start beside >/dev/null
LD_PRELOAD=$test_dir/patched.so run enable beside
tap_like 'enable says what the lockup event is good for' "$(xargs -d '\n' <<<"$out")" \
	"hangs that the guest's own watchdogs find, through the lockup event of the panic device"
"$real_virsh" -q destroy beside >/dev/null
"$real_virsh" -q undefine beside >/dev/null
domain_define beside "<panic model='isa'/>"
"$real_virsh" -q start beside >/dev/null
LD_PRELOAD=$test_dir/patched.so run enable beside --add-oops-event
tap_is "enable --add-oops-event keeps what the running QEMU offers by default" "$status $(offered beside)" '0 pvpanic.events=31'
tap_like 'enable says that it added both events' "$out" 'offers the oops event and the lockup event, from the next start on'
"$real_virsh" -q destroy beside >/dev/null
"$real_virsh" -q undefine beside >/dev/null

# --- a confidential guest ---
# libvirt defines one only where the host has SEV or TDX, so a library adds it to the definition.
"${CC:-cc}" -shared -fPIC -o "$test_dir/sev.so" -x c - -ldl <<<'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <stdlib.h>
	#include <string.h>
	char *virDomainGetXMLDesc(void *domain, unsigned int flags)
	{
		static const char security[] = "<launchSecurity type=\"sev\"><policy>3</policy></launchSecurity></domain>";
		char *(*real)(void *, unsigned int) = dlsym(RTLD_NEXT, "virDomainGetXMLDesc");
		char *xml = real(domain, flags);

		if (!xml || !strstr(xml, "<name>secret<"))
			return xml;
		xml = realloc(xml, strlen(xml) + sizeof(security));
		strcpy(strstr(xml, "</domain>"), security);
		return xml;
	}'
domain_define secret "<panic model='isa'/>"
LD_PRELOAD=$test_dir/sev.so run enable secret
tap_is 'a confidential guest can be enabled' "$status $(element secret config)" '0 <oopsbt/>'
tap_like 'enable says that the memory of a confidential guest is encrypted, and what cannot work' "$(xargs -d '\n' <<<"$out")" \
	"Missing: .*memory is encrypted \\(<launchSecurity type='sev'>\\): .*no backtraces, .*memory watch"
tap_like 'enable says that the panic device of a confidential guest works' "$out" 'through the panic device pvpanic \(isa\)'
tap_unlike 'enable does not promise the memory watch for a confidential guest' "$out" 'seen in guest memory'
LD_PRELOAD=$test_dir/sev.so run status secret
tap_like 'status shows no memory watch for a confidential guest' "$out" 'secret +shut off +yes +pvpanic \(isa\) +-'
LD_PRELOAD=$test_dir/sev.so run status --verbose secret
tap_like 'status --verbose says that the memory of a confidential guest is encrypted' "$out" 'memory is encrypted'
"$real_virsh" -q undefine secret >/dev/null

# --- a rejected command changes nothing ---
unchanged=$(element web1 config)$(element on live)$(element on config)
refused() {
	local title=$1 wanted=$2 pattern=$3
	shift 3
	run "$@"
	tap_is "$title: exit status" "$status" "$wanted"
	tap_like "$title: message" "$err" "$pattern"
}
refused 'an unknown domain' 1 "error: cannot find the domain 'web2': .*no domain" enable web1 web2 --keep 50
tap_like "an unknown domain: what to do" "$err" "'virsh list --all' shows"
refused 'no domain' 2 'name a domain, or give --all' enable
refused '--all and a domain' 2 '--all takes no domain names' enable --all web1
refused '--live for what does not run' 1 "'web1' is not running" enable on web1 --live --keep 50
refused '--config for a transient domain' 1 "'passing' is transient" enable web1 passing --config --keep 50
refused '--current with --live' 2 'excludes' enable on --current --live
refused 'a value it cannot have' 2 "option --keep cannot be '0': it takes 1..1000" enable web1 --keep 0
refused 'an unknown kind of incident' 2 "option --kinds cannot be 'lockup': it takes .* one of oops, panic, soft-lockup, hard-lockup," \
	enable web1 --kinds lockup
refused 'an option without its value' 2 '--keep of .enable. needs a value' enable web1 --keep
refused 'a value for a switch' 2 '--live of .enable. takes no value' enable web1 --live=yes
refused 'an unknown option' 2 "has no option '--colour'; see" enable web1 --colour
refused 'a mistyped option' 2 'did you mean --freeze\?' enable web1 --freze off
refused 'a mistyped option that another verb has' 2 'did you mean --kinds\?' enable web1 --kind oops
refused 'a mistyped option that another verb has, the other way round' 2 'did you mean --kind\?' list --kinds oops
refused 'an option of another verb that resembles no other' 2 "it is an option of 'enable'" list --keep 5
refused 'an option of another verb' 2 "it is an option of 'list'" enable web1 --since today
refused 'a mistyped verb' 2 "no verb 'enbale'; did you mean 'enable'\\?" enbale web1
refused 'an unknown verb' 2 "no verb 'frobnicate'; see" frobnicate
refused 'disable of what is not enabled' 1 "domain 'fresh' is not enabled" disable "$(domain_define fresh && echo fresh)"

status=0
err=$(virsh -r oopsbt enable web1 --keep 50 2>&1) || status=$?
tap_is 'a read-only connection: exit status' "$status" 1
tap_like 'a read-only connection: message' "$err" 'read-only'
tap_like 'a read-only connection: what to do' "$err" 'leave out -r'
status=0
err=$(virsh -r oopsbt disable web1 2>&1) || status=$?
tap_is 'a read-only connection cannot disable a domain' "$status" 1
status=0
err=$(virsh -c qemu+unix:///system?socket=/nonexistent/socket oopsbt enable web1 2>&1) || status=$?
tap_is 'libvirtd not running: exit status' "$status" 1
tap_like 'libvirtd not running: message' "$err" 'cannot connect to qemu\+unix:///system.socket=/nonexistent/socket'
tap_like 'libvirtd not running: what to do' "$err" "'systemctl status libvirtd virtqemud' shows"
status=0
err=$(virsh -c test:///default oopsbt enable test 2>&1) || status=$?
tap_is 'another hypervisor: exit status' "$status" 1
tap_like 'another hypervisor: message' "$err" "hypervisor TEST cannot be read, only QEMU's"
chmod 0711 "$test_dir"
chmod -R go-rwx "$libvirt_root"
status=0
err=$(setpriv --reuid=nobody --regid=nogroup --clear-groups "$plugin/virsh-oopsbt" enable web1 2>&1) || status=$?
tap_is 'no permission: exit status' "$status" 1
tap_like 'no permission: message' "$err" 'ermission denied'
tap_like 'no permission: what to do' "$err" 'try as root or as a member of the group libvirt'
tap_is 'enable that fails changes nothing' "$(element web1 config)$(element on live)$(element on config)" "$unchanged"

# --- metadata from others ---
"$real_virsh" -q metadata isa "$uri" --key oopsbt --set '<oopsbt keep="many"/>' --config >/dev/null
run enable isa --nmi never
tap_is 'bad metadata is not overwritten' "$status $(element isa config)" '1 <oopsbt keep="many"/>'
tap_like 'bad metadata is an error that says what to do' "$err" "'keep' cannot be 'many'"
run status isa
tap_is 'status of bad metadata succeeds' "$status" 0
tap_like 'status shows that metadata is bad' "$out" 'isa +shut off +bad'
tap_like 'status says why metadata is bad' "$err" "warning: .*domain 'isa' is bad: .*'keep' cannot be 'many'"
run disable isa
tap_is 'disable takes bad metadata away' "$status $(element isa config)" '0 '
"$real_virsh" -q metadata isa "$uri" --key oopsbt --set '<oopsbt colour="red" keep="4"/>' --config >/dev/null
run enable isa --nmi never
tap_like 'an unknown attribute of the metadata is a warning' "$err" "warning: domain 'isa': unknown option 'colour'"
tap_is 'enable keeps the other attributes' "$(element isa config)" '<oopsbt nmi="never" keep="4"/>'

# --- a name that is unsafe for a terminal ---
odd=$'odd\u202e\u009b31m'
domain_define "$odd" 2>/dev/null
run enable "$odd"
tap_is 'a domain with control characters in its name can be enabled' "$status" 0
run status
printf '%s\n%s' "$out" "$err" >"$test_dir/printed"
tap_is 'control characters in the name of a domain reach no terminal' "$(LC_ALL=C grep -caE $'\xe2\x80\xae|\xc2\x9b' "$test_dir/printed")" 0
status=0
err=$("$plugin/virsh-oopsbt" "$(printf -- '--\033[31mred')" 2>&1) || status=$?
tap_is 'an unknown option before the verb: exit status' "$status" 2
tap_like 'an unknown option before the verb: message' "$err" "no option '--.x1b\\[31mred'"
run enable "$(printf 'no\033[31m')"
tap_like 'control characters in the name of a domain that is not there reach no terminal' "$err" "'no.x1b\\[31m'"

# --- status ---
run status
tap_like 'status says that -D names no directory' "$err" 'warning: cannot open the dump directory .*: No such file or directory; -D '
mkdir -m 0700 "$dumps"
run status
tap_is 'status succeeds without warnings' "$status $err" '0 '
tap_like 'status shows domains that are enabled' "$out" '^ web1 +shut off +yes +pvpanic \(isa\), watch'
tap_like 'status shows domains that are not enabled' "$out" '^ fresh +shut off +no +-'
tap_like 'status shows transient domains as enabled until they stop' "$out" '^ passing +running +until stop'
tap_like 'status says that no daemon runs' "$out" '^oopsbtd: not running'
run status on
tap_unlike 'status of one domain leaves out the others' "$out" 'web1'
run status --verbose web1
tap_like 'status --verbose gives the reasons' "$out" 'the very instant of an oops, through'
run status --json
tap_is 'status --json has the domains and their options' "$(printf %s "$out" | python3 -c '
import json, sys
status = json.load(sys.stdin)
domain = {domain["name"]: domain for domain in status["domains"]}["web1"]
print(status["daemon_running"], domain["enabled"], domain["enabled_at_next_start"], domain["options"]["keep"])')" \
	'False True True 3'
tap_is 'the manual page names each member of status --json without oopsbtd' "$(printf %s "$out" | "$here/undocumented" 'The status')" ''
tap_is 'status works read-only' "$(virsh -r oopsbt -q status on | wc -l)" 1

run status --enabled
tap_is 'status --enabled leaves out the others' "$(echo "$out" | grep -c '^ fresh ') $(echo "$out" | grep -c '^ web1 ')" '0 1'

# --- dumps of a domain by an id or a name that only libvirt knows ---
dump_make on 20261121T100000Z-1 'of on'
id=$("$real_virsh" domid on)
tap_is 'list takes the id of a running domain' "$(oopsbt -q list "$id")" "$(oopsbt -q list on)"
tap_is 'info takes the id of a running domain' "$(oopsbt info "$id")" 'of on'
dump_make isa 20261121T100001Z-2 'of isa'
"$real_virsh" domrename isa renamed >/dev/null
tap_like 'list takes a name that the domain got after its last dump' "$(oopsbt list renamed on)" '^ 20261121T100001Z-2 .* of isa$'
tap_is 'info takes a name that the domain got after its last dump' "$(oopsbt info renamed)" 'of isa'
"$real_virsh" domrename renamed isa >/dev/null
run list nonesuch on
tap_is 'list of an unknown domain fails' "$status $err" "1 error: there is no domain 'nonesuch', and no dump of one
'virsh list --all' shows the domains there are, 'virsh oopsbt list' the dumps"

# --- health, from oopsbtd and libvirt ---
health() {
	status=0
	out=$(virsh oopsbt status --health "$@" 2>&1) || status=$?
}
health
tap_is 'health without oopsbtd: exit status' "$status" 2
tap_is 'health without oopsbtd prints one line' "$out" 'CRITICAL: oopsbtd is not running; 2 guests are not watched'
# A process with that name, and its status file.
mkdir -p "$OOPSBT_RUNTIME_DIRECTORY" "$test_dir/bin"
cp /bin/sleep "$test_dir/bin/oopsbtd"
"$test_dir/bin/oopsbtd" 600 &
daemon=$!
at_exit "end_process $daemon"
# says CONNECTED DOMAIN...: each of these is enabled, running and watched
says() {
	local connected=$1 name separator=
	shift
	{
		printf '{"schema": 1, "pid": %s, "connected": %s, "domains": [' "$daemon" "$connected"
		for name in "$@"; do
			printf '%s{"uuid": "%s", "name": "%s", "signals": ["event", "watch"], "watch_reason": null, "kernel": "6.1"}' \
				"$separator" "$("$real_virsh" domuuid "$name" | head -n 1)" "$name"
			separator=,
		done
		printf ']}'
	} >"$OOPSBT_RUNTIME_DIRECTORY/status.new"
	mv "$OOPSBT_RUNTIME_DIRECTORY/status.new" "$OOPSBT_RUNTIME_DIRECTORY/status.json"
}
says true on passing
health
tap_is 'status --health is 0 if all is well' "$status $out" '0 OK: oopsbtd runs and watches 2 guests'
health on
tap_is 'status --health works for one domain' "$status $out" '0 OK: oopsbtd runs and watches 1 guest'
says true on
health
tap_is 'status --health reports a guest that is not followed' "$status $out" '1 PROBLEM: passing: oopsbtd does not follow it'
run status --problems
tap_is 'status --problems shows only that domain' "$(printf '%s\n' "$out" | awk 'NR > 4 { print $1 }' | xargs)" passing
tap_like 'status --problems says why' "$err" "warning: domain 'passing': oopsbtd does not follow it"
run status --json --problems
tap_like 'status --problems --json has the problem' "$out" '"problem" : "oopsbtd does not follow it"'
says true on passing
sed -i 's/"watch_reason": null/"watch_reason": "no counter"/g' "$OOPSBT_RUNTIME_DIRECTORY/status.json"
health passing
tap_is 'status --health reports a blind memory watch' "$status $out" '1 PROBLEM: passing: the memory watch sees no oops: no counter'
sed -i 's/"kernel": "6.1"/"kernel": null/g' "$OOPSBT_RUNTIME_DIRECTORY/status.json"
health on
tap_is 'status --health reports a kernel that is not found' "$status $out" '1 PROBLEM: on: no Linux kernel is found in its memory (yet)'
says true on passing
sed -i 's/"event", "watch"/"event"/g' "$OOPSBT_RUNTIME_DIRECTORY/status.json"
health passing
tap_like 'status --health reports events without a panic device' "$status $out" '^1 PROBLEM: passing: no oops can be noticed'
says false on passing
health
tap_is 'status --health reports an oopsbtd without libvirt' "$status $out" '2 CRITICAL: oopsbtd has no connection to libvirt'
says true on passing
health nosuchdomain
tap_like 'status --health reports an unknown domain' "$status $out" "^3 UNKNOWN: cannot find the domain 'nosuchdomain'"
health --json
tap_is 'status --health excludes other options' "$status" 2
status=0
out=$(virsh -c qemu+unix:///system?socket=/nonexistent/socket oopsbt status --health 2>&1) || status=$?
tap_like 'status --health reports a missing libvirt' "$status $out" '^2 CRITICAL: cannot connect to'
tap_is 'status --health without libvirt is one line' "$(echo "$out" | wc -l)" 1

# --- what works, with oopsbtd ---
# outlook ARG...: $works and $missing are what a verb prints below these titles, in one line each
outlook() {
	run "$@"
	works=$(sed -n '/^Works:/,/^[^ ]/p' <<<"$out" | xargs -d '\n')
	missing=$(sed -n '/^Missing:/,/^[^ ]/p' <<<"$out" | xargs -d '\n')
}
says true on passing
outlook status --verbose passing
tap_like 'status --verbose says that oopsbtd follows a guest' "$works" 'oopsbtd is running and follows the domain'
tap_like 'status --verbose says that the memory of a guest is watched' "$works" 'oopses seen in guest memory, looked at every'
says true on
outlook status --verbose passing
tap_like 'status --verbose reports a guest that is not followed' "$missing" 'oopsbtd is running, but does not follow the domain yet'
tap_unlike 'status --verbose claims nothing of a guest that is not followed' "$out" 'and follows|seen in guest memory'
says true on passing
sed -i 's/"kernel": "6.1"/"kernel": null/g' "$OOPSBT_RUNTIME_DIRECTORY/status.json"
outlook status --verbose passing
tap_like 'status --verbose reports a kernel that is not found' "$missing" 'no Linux kernel is found in its memory yet'
tap_unlike 'status --verbose does not call the memory of a guest without a kernel watched' "$works" 'seen in guest memory'
says false
outlook status --verbose passing
tap_like 'status --verbose reports an oopsbtd without libvirt' "$missing" 'oopsbtd has no connection to libvirt'
tap_unlike 'status --verbose claims nothing of an oopsbtd without libvirt' "$out" 'and follows|seen in guest memory'
tap_like 'the first line of status tells of an oopsbtd without libvirt' "$out" "^oopsbtd: running \\(process $daemon\\), no connection to libvirt"
says true passing
(
	sleep 0.5
	says true on passing
) &
outlook enable on --keep 4
wait $!
tap_like 'enable waits until oopsbtd follows the domain' "$works" 'oopsbtd is running and follows the domain'
says true passing
outlook enable on --keep 5
tap_like 'enable says that oopsbtd does not follow the domain' "$missing" 'oopsbtd is running, but does not follow the domain yet'
outlook enable later --config
tap_like 'enable --config says that the running guest is not watched' "$missing" "oopsbtd follows the domain from its next start on"
tap_unlike 'enable --config does not say that the running guest is watched' "$out" 'and follows|seen in guest memory'
outlook enable web1
tap_like 'enable of an inactive domain says from when on oopsbtd follows it' "$works" 'oopsbtd is running and follows the domain when it starts'
"$real_virsh" -q destroy later >/dev/null
"$real_virsh" -q undefine later >/dev/null
rm "$OOPSBT_RUNTIME_DIRECTORY/status.json"

tap_is 'completion of collect offers running domains' "$(virsh complete -- oopsbt collect '' | sort | xargs)" 'on passing'

# --- unknown domains ---
for verb in list watch; do
	status=0
	err=$(timeout 20 virsh oopsbt -D "$dumps" "$verb" nosuchdomain 2>&1 </dev/null) || status=$?
	tap_is "$verb of a domain that neither libvirt nor the store knows: exit status" "$status" 1
	tap_like "$verb of a domain that neither libvirt nor the store knows: message" "$err" "error: there is no domain 'nosuchdomain', and no dump of one"
done
run list web1
tap_is 'list of a domain without dumps is an empty list' "$status $err" '0 '
dump_make gone 20261121T100000Z-1 'of a domain that is no more'
run list gone web1
tap_is 'list has the dumps of a domain that libvirt does not know any more' "$status $(echo "$out" | grep -c gone)" '0 1'
run list gone nosuchdomain
tap_is 'list with one unknown name among several is an error' "$status" 1
run rm --domain nosuchdomain --keep 1
tap_is 'rm --domain of an unknown domain is an error' "$status" 1

# --- disable ---
run disable on web1
tap_is 'disable removes the metadata, live and in the configuration' "$status $(element on live)$(element on config)$(element web1 config)" '0 '
run disable --all
tap_is 'disable --all removes the metadata of all domains' "$status $(element passing live)$(element isa config)" '0 '
run enable --all
tap_is 'enable --all enables all domains' "$status $(element fresh config)" '0 <oopsbt/>'
names=$(echo "$out" | sed -n "s/^Domain '\([^']*\)'.*/\1/p")
tap_is 'enable --all goes by name' "$names" "$(echo "$names" | LC_ALL=C sort)"
run disable fresh --keep-off
tap_is "disable --keep-off writes enabled='no' into the metadata" "$status $(element fresh config)" "0 <oopsbt enabled=\"no\"/>"
tap_like 'disable --keep-off says what it did' "$out" "Domain 'fresh' is disabled \\(config\\), whatever auto_enable in oopsbtd.conf says"
run status fresh
tap_like "status counts a domain with enabled='no' as not enabled" "$out" 'fresh +shut off +no '
refused 'a domain that is kept off is not disabled again' 1 "domain 'fresh' is not enabled" disable fresh
run enable fresh
tap_is "enable enables a domain with enabled='no'" "$status $(element fresh config)" '0 <oopsbt/>'
mkdir -p "$OOPSBT_RUNTIME_DIRECTORY"
# Named oopsbtd, because the name of the process in a status file is checked.
cp "$(command -v sleep)" "$test_dir/oopsbtd"
"$test_dir/oopsbtd" 600 &
fake=$!
at_exit "kill $fake"
cat >"$OOPSBT_RUNTIME_DIRECTORY/status.json" <<-JSON
	{"schema": 1, "pid": $fake, "auto_enable": "isa fr*", "connected": true,
	 "domains": [{"uuid": "$(uuid_of isa)", "automatic": true, "active": false, "signals": []}]}
JSON
"$real_virsh" -q metadata isa "$uri" --config --remove >/dev/null
run status isa
tap_like 'status says that auto_enable has enabled a domain' "$out" 'isa +shut off +auto '
run status isa --verbose
tap_like 'status --verbose says which file enables a domain' "$out" 'enabled by auto_enable in oopsbtd.conf'
run disable fresh isa
tap_is 'disable keeps off what auto_enable would enable again' "$status $(element fresh config)$(element isa config)" \
	'0 <oopsbt enabled="no"/><oopsbt enabled="no"/>'

tap_done
