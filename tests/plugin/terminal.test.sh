#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On a real terminal: pager, colours, questions, virsh's shell, completion by the tab key.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export TZ=UTC TERM=xterm LC_ALL=C.UTF-8 OOPSBT_RUNTIME_DIRECTORY=$test_dir/run
for i in $(seq -w 59); do
	dump_make web1 "20261122T2145${i}Z-1" "BUG: number $i"
done
dump_make web1 20261123T000000Z-1 'BUG: the newest' "$(printf 'BUG: the newest\n\nCPU 0 (vCPU 0)\n  Call Trace:\n'; seq -f '   line_%g+0x1/0x2' 200)"
libvirt_start
domain_define terminal

# on_terminal SCRIPT: an expect script; "see PATTERN" waits for it, "fail" is for text that must not
# come.
on_terminal() {
	timeout -k 5 120 expect -c '
		log_user 1
		set timeout 30
		set stty_init "rows 24 cols 80"
		proc bad {text} {
			puts "\n## $text"
			catch {exec kill -9 [exp_pid]}
			exit 1
		}
		proc see {pattern} {
			expect {
				-re $pattern {}
				timeout { bad "not seen: $pattern" }
				eof { bad "ended before: $pattern" }
			}
		}
		proc never {pattern} {
			expect {
				-re $pattern { bad "seen: $pattern" }
				timeout { bad "did not end" }
				eof {}
			}
		}
		proc ended {wanted} {
			expect {
				eof {}
				timeout { bad "did not end" }
			}
			set status [lindex [wait] 3]
			if {$status != $wanted} { bad "exit status $status, not $wanted" }
		}
		# Ends a shell, whatever is on its line.
		proc leave {} {
			catch {exec kill -9 [exp_pid]}
		}
		set dumps '"$dumps"'
		'"$1"
}

# --- pager ---
tap_ok 'a long list goes through a pager' on_terminal '
	spawn virsh oopsbt -D $dumps list
	see "Id +Domain"
	see ":$|lines 1-|\\(END\\)|\033\\[K"
	send q
	ended 0'
tap_ok 'a short list goes through no pager' on_terminal '
	spawn virsh oopsbt -D $dumps list -n 2
	see "BUG: the newest"
	ended 0'
tap_ok 'info --no-pager goes through no pager' on_terminal '
	spawn virsh oopsbt -D $dumps info --no-pager
	see "line_200"
	ended 0'
tap_ok 'PAGER names the pager' on_terminal '
	set env(PAGER) "sed s/^/paged:/"
	spawn virsh oopsbt -D $dumps info
	see "paged:   line_200"
	ended 0'
tap_ok 'a pager that ends early is no error' on_terminal '
	set env(PAGER) "head -n 1"
	spawn virsh oopsbt -D $dumps info
	see "BUG: the newest"
	never "error"'
tap_ok 'an interrupt goes to the pager, which continues' on_terminal '
	spawn virsh oopsbt -D $dumps info
	see "line_1\\+"
	send "\003"
	# Input during the interrupt is lost.
	send "G"
	set tries 0
	expect {
		-timeout 2
		-re "line_200" {}
		timeout {
			if {[incr tries] > 15} { bad "not seen: line_200" }
			send "G"
			exp_continue
		}
		eof { bad "ended before: line_200" }
	}
	send q
	ended 0'

# --- pages for a browser ---
tap_ok 'a page of a report is not printed on a terminal' on_terminal '
	spawn virsh oopsbt -D $dumps info --html
	see "a page is not for a terminal; redirect it, or let"
	ended 2'
tap_ok 'a page of all dumps is not printed on a terminal' on_terminal '
	spawn virsh oopsbt -D $dumps list --html
	see "a page is not for a terminal; redirect it"
	ended 2'

# --- colours ---
tap_ok 'the headline is highlighted on a terminal' on_terminal '
	set env(PAGER) cat
	spawn virsh oopsbt -D $dumps info
	see "\033\\[1mBUG: the newest"
	ended 0'
tap_ok 'the headline has no colour with NO_COLOR' on_terminal '
	set env(PAGER) cat
	set env(NO_COLOR) 1
	spawn virsh oopsbt -D $dumps info
	never "\033\\[1m"'
tap_is 'the headline has no colour in a pipe' "$(oopsbt info | grep -c "$(printf '\033')")" 0

# --- text that a guest wrote ---
dump_make evil 20261124T000000Z-1 'evil' "$(printf 'evil \033]0;title\a \033[2J \302\233 end')"
tap_ok 'no escape sequence of a guest reaches the terminal' on_terminal '
	set env(PAGER) cat
	spawn virsh oopsbt -D $dumps info evil
	see {evil \\x1b\]0;title\\x07 \\x1b\[2J \\xc2\\x9b end}
	ended 0'

# --- questions ---
tap_ok 'rm asks, and accepts no for an answer' on_terminal '
	spawn virsh oopsbt -D $dumps rm 20261124
	see "Remove 1 dump\\? \\[y/N\\] "
	send "\r"
	see "nothing was removed"
	ended 1'
tap_ok 'a dump stays if the answer is no' oopsbt info evil
tap_ok 'rm --yes does not ask' on_terminal '
	spawn virsh oopsbt -D $dumps rm --yes 20261124
	see "Dump 20261124T000000Z-1 removed"
	ended 0'
tap_ok 'rm removes if the answer is yes' on_terminal '
	spawn virsh oopsbt -D $dumps rm --keep 50
	see "Remove 10 dumps\\? "
	send "y\r"
	see "removed"
	ended 0'
tap_is 'rm removes as many dumps as it announced' "$(virsh -q oopsbt -D "$dumps" list | wc -l)" 50

# --- long work ---
# 1 GB takes longer to compress than the half second after which progress is shown.
truncate -s 1G "$dumps/web1/20261123T000000Z-1/vmcore"
# On a terminal of 40 columns only the figures are shown.
long_export='spawn virsh oopsbt -D $dumps export --vmcore 20261123 '$test_dir/long.tar.gz
tap_ok 'export shows its progress' on_terminal "$long_export"'
	see "Exporting dump 20261123T000000Z-1: \[0-9]+ of 1073 MB"
	see "Exporting dump 20261123T000000Z-1: \[0-9]+ of 1073 MB"
	leave'
rm -f "$test_dir"/long.tar.gz*
tap_ok 'export stops at an interrupt' on_terminal "$long_export"'
	see "\[0-9]+ of 1073 MB"
	send "\003"
	expect eof
	if {[lindex [wait] 4] ne "CHILDKILLED"} { bad "it was not ended by the signal" }'
tap_is 'an interrupted export leaves nothing' "$(find "$test_dir" -maxdepth 1 -name 'long*')" ''
tap_ok 'a narrow terminal shows only the figures' on_terminal 'set stty_init "rows 24 cols 40"
	'"$long_export"'
	expect {
		-re "Exporting" { bad "more than a line" }
		-re "\r\[0-9]+ of 1073 MB" {}
		timeout { bad "no figures" }
	}
	leave'
rm -f "$test_dir"/long.tar.gz*
# What is exported to its end is smaller, and shows at once how far it is.
truncate -s 32M "$dumps/web1/20261123T000000Z-1/vmcore"
export OOPSBT_PROGRESS_MS=0
tap_ok 'a short export shows how far it is if it does not wait with that' on_terminal "$long_export"'
	see "Exporting dump 20261123T000000Z-1: \[0-9]+ of 33 MB"
	ended 0'
rm -f "$test_dir"/long.tar.gz
tap_ok 'quiet export shows no progress' on_terminal '
	spawn virsh -q oopsbt -D $dumps export --vmcore 20261123 '"$test_dir/long.tar.gz"'
	never " of \[0-9]+ MB"'
virsh oopsbt -D "$dumps" export --force --vmcore 20261123 "$test_dir/long.tar.gz" >"$test_dir/long.out" 2>&1
tap_is 'export without a terminal shows no progress' "$(cat "$test_dir/long.out")" \
	"Dump 20261123T000000Z-1 exported to $test_dir/long.tar.gz"
unset OOPSBT_PROGRESS_MS
rm -f "$test_dir/long.tar.gz" "$dumps/web1/20261123T000000Z-1/vmcore"
for i in $(seq -w 150); do
	domain_xml "herd-$i" >"$test_dir/herd-$i.xml"
	echo "define $test_dir/herd-$i.xml"
done | "$real_virsh" -q >/dev/null
tap_ok 'enable --all shows its progress if its lines go elsewhere' on_terminal '
	spawn sh -c "OOPSBT_PROGRESS_MS=0 virsh oopsbt enable --all >'"$test_dir/enabled"'"
	see "Enabling domains: \[0-9]+ of 151"
	ended 0'
tap_is 'enable --all has a line for each domain' "$(grep -c '^Domain .* is enabled' "$test_dir/enabled")" 151
tap_ok 'enable --all shows no progress if its lines are on the terminal' on_terminal '
	set env(OOPSBT_PROGRESS_MS) 0
	spawn virsh oopsbt enable --all --keep 3
	never "Enabling domains: "'
tap_ok 'disable --all shows its progress if its lines go elsewhere' on_terminal '
	spawn sh -c "OOPSBT_PROGRESS_MS=0 virsh oopsbt disable --all >'"$test_dir/disabled"'"
	see "Disabling domains: \[0-9]+ of 151"
	ended 0'
tap_is 'disable --all prints the same lines as without a terminal' "$(grep -c '^Domain .* is disabled' "$test_dir/disabled") $(wc -l <"$test_dir/disabled")" '151 151'

# --- virsh itself ---
tap_ok "virsh's shell is the real shell, on the terminal" on_terminal '
	spawn virsh
	see "Welcome to virsh"
	see "virsh # "
	send "list --all\r"
	see "terminal +shut off"
	see "virsh # "
	send "\004"
	ended 0'
tap_ok "virsh's line editing and completion are the real ones" on_terminal '
	spawn virsh -q
	see "virsh # "
	send "list --al\t"
	see "--all "
	send "\r"
	see "terminal +shut off"
	see "virsh # "
	send "quit\r"
	ended 0'

# --- the tab key ---
if [ -e /usr/share/bash-completion/bash_completion ]; then
	cat >"$test_dir/bashrc" <<-'SH'
		PS1='> '
		bind 'set enable-bracketed-paste off'
		. /usr/share/bash-completion/bash_completion
	SH
	echo ". $top/virsh-plugin/completion/virsh-oopsbt.bash" >>"$test_dir/bashrc"
	tap_ok 'bash: virsh oopsbt completes' on_terminal '
		spawn bash --noprofile --rcfile '"$test_dir/bashrc"' -i
		see "> "
		send "virsh oopsbt disa\t"
		see "disable "
		send "term\t"
		see "terminal "
		leave'
	tap_ok 'bash: virsh-oopsbt completes' on_terminal '
		spawn bash --noprofile --rcfile '"$test_dir/bashrc"' -i
		see "> "
		send "virsh-oopsbt -D $dumps inf\t"
		see "info "
		send "20261123\t"
		see "20261123T000000Z-1"
		send " --reg\t"
		see "--registers"
		leave'
else
	tap_skip 'bash: completion' 'bash-completion is not installed'
fi
if command -v zsh >/dev/null; then
	mkdir "$test_dir/zsh"
	cat >"$test_dir/zsh/.zshrc" <<-SH
		PS1='> '
		unsetopt prompt_sp
		unset zle_bracketed_paste
		fpath=($top/virsh-plugin/completion \$fpath)
		autoload -U compinit
		compinit -u -d $test_dir/zsh/dump
	SH
	tap_ok 'zsh: virsh oopsbt completes' on_terminal '
		set env(ZDOTDIR) '"$test_dir/zsh"'
		spawn zsh -i
		see "> "
		send "virsh oop\t"
		see "sbt"
		send "disa\t"
		see "ble"
		send "term\t"
		see "inal"
		leave'
	tap_ok "zsh: virsh's own commands still complete" on_terminal '
		set env(ZDOTDIR) '"$test_dir/zsh"'
		spawn zsh -i
		see "> "
		send "virsh domiflis\t"
		see "flist|t "
		leave'
else
	tap_skip 'zsh: completion' 'zsh is not installed'
fi

tap_done
