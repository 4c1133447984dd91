# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Guests that are lost to emulation. QEMU's TCG runs a kernel that patches its own text unsafely at times: a CPU meets
# half of an instruction, and the guest dies at a place where no test and nothing of ours had a hand in.
#
#	lost_in_console CONSOLE		the first oops in the file that nobody asked for: its headline; fails if there is none
#	lost_in_log LOG			the same for what QEMU said before it ended by itself (libvirt's log of the domain)
#
# An oops is asked for if it names a test's module, ours, or who asked. Before the first of those any oops is a loss; after it
# only one of half an instruction is, as an oops that was asked for may have others in its train.

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
