#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The front end: every command except `oopsbt` reaches the real virsh unchanged.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

front=$plugin/virsh

# A fake virsh that prints its arguments.
fake=$test_dir/fake
mkdir "$fake"
cat >"$fake/virsh" <<'SH'
#!/bin/sh
printf '<%s>' "$0" "$@"
exit 42
SH
chmod +x "$fake/virsh"

through() {
	PATH="$plugin:$fake:/usr/bin:/bin" virsh "$@"
}

# --- arguments ---
same=
for words in '' 'list' 'list --all' '-c test:///default list' '-r -q list' '-h' '-v' '-V' '--version=long' '--help' \
	'--no-such-option list' '-c' 'help' 'help list' 'complete -- li' '-d 5 -l /dev/null list' '-e x list' \
	'-k 3 -K 4 list' 'start oopsbt' '-c oopsbt list' 'list oopsbt' 'oopsbtx' 'echo -- oopsbt' '-- list'; do
	# shellcheck disable=SC2086 # words are what is wanted
	got=$(through $words) || true
	# shellcheck disable=SC2086
	wanted=$(printf '<%s>' "$fake/virsh" $words)
	[ "$got" = "$wanted" ] || same+="'$words' became $got; "
done
tap_is 'every command line without oopsbt reaches virsh unchanged' "$same" ''
tap_is 'empty and unusual arguments are passed on' "$(through echo '' ' a  b ' $'c\nd' '*' || true)" \
	"$(printf '<%s>' "$fake/virsh" echo '' ' a  b ' $'c\nd' '*')"
code=0
through list >/dev/null || code=$?
tap_is "the exit status of virsh is returned" "$code" 42

# --- the choice of virsh ---
tap_is 'the next virsh in PATH is the real one' "$(through x || true)" "<$fake/virsh><x>"
mkdir "$test_dir/other"
cp "$front" "$plugin/virsh-oopsbt" "$test_dir/other/"
tap_is 'two front ends in PATH do not call each other endlessly' \
	"$(PATH="$test_dir/other:$plugin:$fake:/usr/bin:/bin" timeout 10 virsh x || true)" "<$fake/virsh><x>"
tap_is 'two front ends in PATH do not call each other in the other order' \
	"$(PATH="$plugin:$test_dir/other:$fake:/usr/bin:/bin" timeout 10 virsh x || true)" "<$fake/virsh><x>"
ln -s "$front" "$test_dir/other/link"
mkdir "$test_dir/linked"
ln -s "$front" "$test_dir/linked/virsh"
tap_is 'a link to the front end is not taken for the real virsh' \
	"$(PATH="$test_dir/linked:$fake:/usr/bin:/bin" timeout 10 virsh x || true)" "<$fake/virsh><x>"
tap_is 'a front end that is called by its path finds the real virsh in PATH' "$(PATH="$fake" "$front" x || true)" "<$fake/virsh><x>"
tap_is 'a front end without a real virsh in PATH takes /usr/bin/virsh' "$(PATH=/nonexistent "$front" --version)" "$(/usr/bin/virsh --version)"

# --- the real virsh behind it ---
libvirt_start
domain_define front-end-1
domain_xml front-end-2 >"$test_dir/two.xml"
tap_is 'list prints what virsh prints' "$(virsh list --all)" "$("$real_virsh" list --all)"
tap_is 'standard input is passed to virsh' "$(virsh -q define /dev/stdin <"$test_dir/two.xml" && virsh -q list --all --name | wc -w)" 2
tap_is '-q, -r and -c are passed to virsh' "$(uri=$LIBVIRT_DEFAULT_URI && unset LIBVIRT_DEFAULT_URI && virsh -q -r -c "$uri" list --all)" \
	"$("$real_virsh" -q list --all)"
code=0
virsh domstate no-such-domain >/dev/null 2>&1 || code=$?
tap_is 'a failing command of virsh fails' "$code" 1
tap_is "commands in virsh's shell run in virsh" \
	"$(printf 'echo one\nlist --all --name\nquit\n' | virsh -q)" \
	"$(printf 'echo one\nlist --all --name\nquit\n' | "$real_virsh" -q)"
tap_is "help is virsh's help" "$(virsh help domain)" "$("$real_virsh" help domain)"

# --- completion ---
tap_is "completion of virsh is virsh's own" "$(virsh complete -- dom)" "$("$real_virsh" complete -- dom)"
tap_is 'completion of virsh offers oopsbt beside its commands' "$(virsh complete -- oop)" oopsbt
tap_is 'completion of virsh oopsbt offers verbs' "$(virsh complete -- oopsbt en)" enable
tap_is 'completion of virsh oopsbt offers domains' "$(virsh complete -- oopsbt enable front | sort | xargs)" 'front-end-1 front-end-2'
bash_completion=/usr/share/bash-completion/bash_completion
if [ -e "$bash_completion" ] && [ -e /usr/share/bash-completion/completions/virsh ]; then
	tap_is "stock virsh's bash completion completes our verbs and domains" "$(
		set +eu
		. "$bash_completion"
		. /usr/share/bash-completion/completions/virsh
		complete_line() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
			_virsh_complete virsh
			echo "${COMPREPLY[*]}"
		}
		complete_line virsh oopsbt dis
		complete_line virsh oopsbt enable front-end-1
		complete_line virsh oopsbt enable --add
		complete_line virsh domst
	)" "$(printf 'disable\nfront-end-1\n--add-panic-device --add-oops-event\ndomstate domstats')"
else
	tap_skip "stock virsh's bash completion completes our verbs and domains" 'bash-completion is not installed'
fi

# --- the command "oopsbt" ---
tap_is 'oopsbt runs virsh-oopsbt' "$(virsh oopsbt --version)" "$("$plugin/virsh-oopsbt" --version)"
tap_is 'oopsbt runs virsh-oopsbt with options of virsh before it' "$(virsh -q -r oopsbt help list)" "$(virsh oopsbt list --help)"
tap_is 'oopsbt takes a whole command in one argument, as virsh does' "$(virsh 'oopsbt help list')" "$(virsh oopsbt help list)"
both() {
	PATH="$plugin:$fake:/usr/bin:/bin" virsh "$1" || true
}
tap_is 'several commands in one argument: ours and then virsh'"'"'s' "$(both 'oopsbt help list; list --all')" \
	"$(virsh oopsbt help list; printf '<%s>' "$fake/virsh" ' list --all')"
tap_is 'several commands in one argument run: one of virsh and then ours' "$(both 'list; oopsbt help list')" "$(printf '<%s>' "$fake/virsh" list; virsh oopsbt help list)"
tap_is 'several commands in one argument may have no blanks, or a newline' "$(both $'list;oopsbt help list\nlist;list')" \
	"$(printf '<%s>' "$fake/virsh" list; virsh oopsbt help list; printf '<%s>' "$fake/virsh" 'list;list')"
tap_is 'a semicolon in quotes or after a backslash does not end a command' \
	"$(both "echo 'a; oopsbt x'"; both 'echo a\; oopsbt x'; both 'echo a # b; oopsbt x')" \
	"$(printf '<%s>' "$fake/virsh" "echo 'a; oopsbt x'" "$fake/virsh" 'echo a\; oopsbt x' "$fake/virsh" 'echo a # b; oopsbt x')"
tap_is 'nothing after the last semicolon is not a command' "$(both 'oopsbt help list; ;')" "$(virsh oopsbt help list)"
code=0
through 'list; oopsbt frobnicate' >/dev/null 2>&1 || code=$?
tap_is 'the exit status is that of the last command' "$code" 2
tap_is 'help oopsbt runs virsh-oopsbt' "$(virsh help oopsbt)" "$(virsh oopsbt --help)"

# --- the cost of the front end ---
# Processor time of 100 starts of each, alternating, so that other load matters little. Beside the
# real virsh it would be lost: that takes ten times as long.
mkdir "$test_dir/empty"
ln -s /bin/true "$test_dir/empty/virsh"
processor_us() {
	local TIMEFORMAT='%U %S'
	{ time for ((i = 0; i < 20; i++)); do PATH=$plugin:$test_dir/empty "$@"; done; } 2>&1 |
		awk '{ printf "%d\n", ($1 + $2) * 1000000 }'
}
empty_us=0 front_us=0
for _ in 1 2 3 4 5; do
	empty_us=$((empty_us + $(processor_us "$test_dir/empty/virsh" list)))
	front_us=$((front_us + $(processor_us "$front" list)))
done
tap_note "processor time of an empty program: $((empty_us / 100)) us, through the front end $((front_us / 100)) us"
case $plugin in
*sanitized*) tap_skip 'the front end adds less than three starts of an empty program' 'sanitizers take longer than that to start' ;;
*) tap_ok 'the front end adds less than three starts of an empty program' test "$front_us" -lt $((4 * empty_us)) ;;
esac

tap_done
