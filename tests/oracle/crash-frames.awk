# SPDX-License-Identifier: GPL-2.0-or-later
#
# From `bt -a -s` of crash to lines as frames.c prints them; with key=PID from `foreach UN bt -s`, with each task's PID in
# place of the CPU.
/^PID: / {
	match($0, /CPU: [0-9]+/)
	cpu = key == "PID" ? $2 : substr($0, RSTART + 5, RLENGTH - 5)
	at = "-"
}
/\[exception RIP: / {
	at = $3
	sub(/\]$/, "", at)
}
# Registers: of the vCPU, of what an exception interrupted, of user mode.
/^ +RIP: / {
	sub(/^0+/, "", $2)
	print cpu, $2, at
	at = "-"
}
# " #3 [ffffd4d9403b7b40] ksys_read+107 at ffffffff8ab675bb [module]"
/^ *#[0-9]+ \[/ {
	for (i = 1; i < NF; i++) {
		if ($i == "at")
			print cpu, $(i + 1), $(i - 1)
	}
}
