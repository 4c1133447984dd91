# SPDX-License-Identifier: GPL-2.0-or-later
#
# lines.py REPORT.json: prints the source lines that `info --json --lines` added: "CPU pc function
# file:line" for each frame, after the functions that are inlined there.
import json
import os
import sys


# arch/x86/lib/retpoline.S includes the header once for each register.
ASSEMBLER = (".S", "asm/GEN-for-each-reg.h")


def describe(function, file, line):
    """In a form that all have: without the folder where it was compiled, and without a name in assembler, where symbols overlap."""
    if not file:
        return "- -"
    path = "/".join(os.path.normpath(file).split("/")[-2:])
    return "%s %s:%s" % ("-" if path.endswith(ASSEMBLER) or not function else function, path, line)


def main():
    for vcpu in json.load(open(sys.argv[1]))["vcpus"]:
        for frame in vcpu["frames"]:
            if frame["stack"] == "user":
                continue
            for line in frame.get("lines") or [{"function": None, "file": None, "line": 0}]:
                print(vcpu["cpu"], frame["pc"][2:], describe(line["function"], line["file"], line["line"]))


if __name__ == "__main__":
    main()
