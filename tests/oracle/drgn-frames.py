# SPDX-License-Identifier: GPL-2.0-or-later
#
# drgn-frames.py CORE DUMP VMLINUX MODULE [LINES]: prints drgn's stack of each CPU in DUMP, in the
# format of frames.c. LINES: an output file for the source lines of each frame and its inlined
# functions, in the format of lines.py.
#
# QEMU's dumps have VMCOREINFO only if the guest has a device for it; CORE, made by oopsbt, always
# has it. With DUMP "-" the stacks come from CORE itself.
import sys

import drgn
from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.sched import cpu_curr

from lines import describe

core, dump, vmlinux, module, *lines = sys.argv[1:]
ours = drgn.Program()
ours.set_core_dump(core)
if dump == "-":
    prog = ours
else:
    prog = drgn.Program(vmcoreinfo=ours["VMCOREINFO"].string_())
    prog.set_core_dump(dump)
prog.load_debug_info([vmlinux, module])
lines = open(lines[0], "w") if lines else None


def source(frame):
    try:
        return frame.source()[:2]
    except LookupError:
        return None, 0


for cpu in for_each_online_cpu(prog):
    last = None
    for frame in prog.stack_trace(cpu_curr(prog, cpu)):
        if lines and frame.pc >> 63:
            print(cpu, "%x" % frame.pc, describe(frame.name, *source(frame)), file=lines)
        # drgn has a separate frame for an inlined function, with its caller's program counter.
        place = (frame.pc, frame.sp)
        if place == last:
            continue
        last = place
        try:
            symbol = frame.symbol()
            print(cpu, "%x" % frame.pc, "%s+%d" % (symbol.name, frame.pc - symbol.address))
        except LookupError:
            print(cpu, "%x" % frame.pc, "-")
        if frame.pc >> 63 == 0:
            break # user mode, of which nothing further is known
