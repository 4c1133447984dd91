# SPDX-License-Identifier: GPL-2.0-or-later
#
# drgn-tasks.py CORE DUMP VMLINUX MODULE FRAMES: prints drgn's blocked tasks in DUMP, in the format
# of tasks.py. The owners are those of the scenario module's contended mutexes. CORE: as in
# drgn-frames.py.
import sys

import drgn
from drgn import cast
from drgn.helpers.linux.list import list_empty
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import task_state_to_char

core, dump, vmlinux, module, frames = sys.argv[1:]
ours = drgn.Program()
ours.set_core_dump(core)
prog = drgn.Program(vmcoreinfo=ours["VMCOREINFO"].string_())
prog.set_core_dump(dump)
prog.load_debug_info([vmlinux, module])
frames = open(frames, "w")


def print_frames(task):
    last = None
    for frame in prog.stack_trace(task):
        # drgn has a separate frame for an inlined function, with its caller's program counter.
        place = (frame.pc, frame.sp)
        if place == last:
            continue
        last = place
        if frame.pc >> 63 == 0:
            break
        try:
            symbol = frame.symbol()
            name = "%s+%d" % (symbol.name, frame.pc - symbol.address)
        except LookupError:
            name = "-"
        print(task.pid.value_(), "%x" % frame.pc, name, file=frames)


for task in for_each_task(prog):
    if task_state_to_char(task) == "D":
        print("task", task.pid.value_(), "D", task.comm.string_().decode())
        print_frames(task)

for name in "scenario_mutex_a", "scenario_mutex_b", "scenario_mutex_c":
    mutex = prog[name]
    if not list_empty(mutex.wait_list.address_of_()):
        owner = cast("struct task_struct *", mutex.owner.counter & ~7)
        print("owner", name, owner.pid.value_())
