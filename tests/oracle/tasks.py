# SPDX-License-Identifier: GPL-2.0-or-later
#
# tasks.py REPORT.json FRAMES: prints the blocked tasks as lines "task PID STATE NAME", and the
# owners of their mutexes as lines "owner MUTEX PID". Writes the tasks' frames to the file FRAMES,
# in the format of frames.c.
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
