# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Guests that are lost to emulation. QEMU's TCG sometimes handles a kernel that patches its own text
# incorrectly: a CPU executes half of an instruction, and the guest dies at a place unrelated to the
# test and our code.
#
#	lost_in_console CONSOLE		the first oops in the file that nobody asked for: its headline; fails if there is none
#	lost_in_log LOG			the same for what QEMU said before it ended by itself (libvirt's log of the domain)
#
# An oops is requested if it names a test's module, our module, or the process that requested it.
# Before the first requested oops any oops is a loss; afterwards only one of half an instruction is,
# because a requested oops may cause others.

lost_in_console() {
	tr -d '\r' <"$1" | awk '
		/Modules linked in:/ { next }
		function done() {
			if (headline != "" && !ours && (!asked_before || half)) {
				print headline
				lost = 1
				exit
			}
			asked_before = asked_before || (headline != "" && ours)
			headline = ""
			ours = half = 0
		}
		/(BUG: (kernel|unable to)|kernel BUG at|Oops: |Oops\[|int3: |invalid opcode: |general protection fault|double fault: |PANIC: |Kernel panic - not syncing)/ {
			if (headline == "") {
				headline = $0
				sub(/^\[ *[0-9.]+\] */, "", headline)
			}
		}
		/kernel BUG at/ { bug = 1 }
		/int3: / || (/invalid opcode: / && !bug) { half = 1 }
		/\[(oopsbt_[a-z]*|oops_context|lkdtm)\]|pvpanic_|oops_enter|nmi_backtrace|write_null|asked for|sysrq_|NMI: Not continuing/ {
			ours = 1
		}
		/---\[ end / { done(); bug = 0 }
		END { if (!lost) done(); exit !lost }'
}

lost_in_log() {
	grep -Em1 '^(ERROR:|Bail out! ERROR:|qemu: fatal)|: Assertion .* failed' "$1"
}
