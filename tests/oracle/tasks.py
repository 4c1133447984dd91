# SPDX-License-Identifier: GPL-2.0-or-later
#
# tasks.py REPORT.json FRAMES: the blocked tasks, as lines "task PID STATE NAME", and who owns the mutexes that they wait
# for, as lines "owner MUTEX PID". Into the file FRAMES their frames, as frames.c prints those of CPUs.
import json
import sys

report, frames = sys.argv[1:]
with open(report, encoding="utf-8") as file:
    shown = json.load(file)["tasks"]["shown"]

with open(frames, "w", encoding="utf-8") as file:
    for task in shown:
        if task["state"] != "D":
            continue
        print("task", task["pid"], task["state"], task["comm"])
        lock = task["waits_for"] or {}
        if lock.get("kind") == "mutex" and lock["symbol"]:
            print("owner", lock["symbol"].split("+")[0], lock["holder"]["pid"] if lock["holder"] else "-")
        for frame in task["frames"]:
            name = "%s+%d" % (frame["symbol"], frame["offset"]) if frame["symbol"] else "-"
            print(task["pid"], "%x" % int(frame["pc"], 16), name, file=file)
