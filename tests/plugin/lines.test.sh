#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# info --lines: source lines and inlined functions of a small kernel and module, which are compiled
# here.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/../lib/eventually.sh"
. "$here/lib.sh"

export LIBVIRT_DEFAULT_URI="qemu+unix:///system?socket=$test_dir/nowhere"
export OOPSBT_LINES=$plugin/oopsbt-lines
export DEBUGINFOD_CACHE_PATH=$test_dir/cache
unset DEBUGINFOD_URLS
sources=$here/lines
work=$test_dir/work
debug=$test_dir/debug
id=20261122T214501Z-1

# --- a kernel and a module in the state after their builds ---
mkdir -p "$work" "$debug/boot" "$debug/kernel/drivers"
cp "$sources"/*.c "$work"
(
	cd "$work"
	gcc -g -O2 -fno-pie -mcmodel=kernel -fcf-protection=none -fno-asynchronous-unwind-tables -ffreestanding -c ./*.c
	ld -static -Ttext=0xffffffff81000000 --build-id=sha1 -o vmlinux core.o twin.o
	ld -r --build-id=sha1 -o thing.ko module.o
)
cp "$work/vmlinux" "$debug/boot/vmlinux-6.1.0-99-amd64"
cp "$work/thing.ko" "$debug/kernel/drivers/"

# dump_with_frames [KASLR]: makes the dump $id with frames in these
dump_with_frames() {
	dump_make web1 "$id" 'BUG: in faults'
	# shellcheck disable=SC2154 # of lib.sh
	KASLR=${1-0x2d000000} "$sources/make-report" "$work/vmlinux" "$work/thing.ko" >"$dumps/web1/$id/report.json"
	"$sources/make-text" "$dumps/web1/$id/report.json" >"$dumps/web1/$id/report.txt"
}

# line FILE MARK: the line of that comment
line() {
	grep -n "/\* $2 \*/" "$work/$1" | cut -d: -f1
}

# chains [OPTION...]: sets $chains, a line per frame of CPU 0: "symbol: inlined function file:line,
# ... function file:line"
chains() {
	run info "$id" --json "$@"
	chains=$(printf %s "$out" | python3 -c '
import json, sys
for frame in json.load(sys.stdin)["vcpus"][0]["frames"]:
    print(str(frame and frame["symbol"]) + ": " + ", ".join("%s%s %s:%s" % ("inlined " if l["inlined"] else "", l["function"], l["file"], l["line"])
                                             for l in (frame or {}).get("lines", [])))')
}

wanted="faults: inlined deepest core.c:$(line core.c fault), inlined middle core.c:$(line core.c 'middle calls deepest'), faults core.c:$(line core.c 'faults calls middle')
caller: inlined wrapper core.c:$(line core.c 'wrapper calls faults'), caller core.c:$(line core.c 'caller calls wrapper')
twin: twin twin.c:$(line twin.c 'second twin')
last_call: last_call core.c:$(line core.c 'last instruction')
module_entry: inlined in_header module.c:$(line module.c 'in_header calls faults'), module_entry module.c:$(line module.c 'module_entry calls in_header')
other_section: other_section module.c:$(line module.c 'other_section calls faults')"
nothing='faults: 
caller: 
twin: 
last_call: 
module_entry: 
other_section: '
of_kernel() {
	head -n 4 <<<"$1"
}
of_module() {
	tail -n 2 <<<"$1"
}

# --- normal use ---
dump_with_frames
chains --debug "$debug"
tap_is 'info --lines shows file, line and inlined functions of kernel and module' "$chains" "$wanted"
mkdir "$test_dir/linked"
ln -s "$debug/boot/vmlinux-6.1.0-99-amd64" "$test_dir/linked/vmlinux"
chains --debug "$test_dir/linked"
tap_is 'info --lines finds a kernel through a link in the folder' "$(of_kernel "$chains")" "$(of_kernel "$wanted")"
cp "$work/vmlinux" "$test_dir/any-name"
chains --debug "$test_dir/any-name"
tap_is 'info --lines takes a file of any name' "$(of_kernel "$chains")" "$(of_kernel "$wanted")"
chains --debug "$work/thing.ko"
tap_is 'info --lines takes the file of a module' "$(of_module "$chains")" "$(of_module "$wanted")"
tap_like 'a file of another build gives a warning' "$err" 'no source lines of the kernel, .*thing\.ko has another build ID'
run info "$id" --debug "$test_dir/nowhere" --source "$test_dir/nowhere2"
tap_like 'a missing path of debug information gives a warning' "$err" "^warning: --debug: there is no '$test_dir/nowhere'$"
tap_like 'a missing path of sources gives a warning' "$err" "^warning: --source: there is no '$test_dir/nowhere2'$"
run info "$id" --debug "$debug"
tap_is 'info --lines gives no warning if all debug information is there' "$status $err" '0 '
tap_is 'inlined functions come before their frame' \
	"$(sed -n '/<TASK>/,/caller+/p' <<<"$out" | head -n 6)" "   <TASK>
   [inlined] deepest at core.c:$(line core.c fault)
   [inlined] middle at core.c:$(line core.c 'middle calls deepest')
   faults+0x1e/0x40 at core.c:$(line core.c 'faults calls middle')
   [inlined] wrapper at core.c:$(line core.c 'wrapper calls faults')
   caller+0x6/0x30 at core.c:$(line core.c 'caller calls wrapper')"
tap_like 'the line of the fault follows its RIP' "$out" "^  RIP: faults\+0x1e/0x40 at core.c:$(line core.c 'faults calls middle')\$"
tap_like 'the line of an instruction comes before it' "$out" "^     core.c:$(line core.c fault) \(deepest\):\$"
tap_is 'without lines the text is the same as report.txt' "$(sed -E '/\[inlined\]/d; /^     [a-z.]+:[0-9]+ /d; s/ at [a-z]+\.c:[0-9]+$//' <<<"$out")" \
	"$(cat "$dumps/web1/$id/report.txt")"
run info "$id" --cpu 0 --debug "$debug"
tap_like 'info --cpu shows lines' "$out" "^   last_call\+0x[0-9a-f]+/0x[0-9a-f]+ at core.c:$(line core.c 'last instruction')\$"
run info "$id" --task 7 --debug "$debug"
tap_like 'info --task shows lines, and a task is in a call' "$out" "^   \[inlined\] wrapper at core.c:$(line core.c 'wrapper calls faults')\$"
run info "$id" --disassemble --source "$work" --debug "$debug"
tap_is 'info --disassemble shows lines and their sources' "$(sed -n '1,2p;5p' <<<"$out")" "  RIP: faults+0x1e/0x40 at core.c:$(line core.c 'faults calls middle')
     core.c:$(line core.c fault) (deepest):
         >$(printf %6s "$(line core.c fault)")  $(sed -n "$(line core.c fault)p" "$work/core.c")"
run info "$id" --mail --debug "$debug"
tap_like 'info --mail shows lines' "$out" "core.c:$(line core.c 'last instruction')"
tap_unlike 'info --mail does not show the path of the debug information' "$out" "$debug"
run export "$id" "$test_dir/page.html" --html --debug "$debug"
tap_like 'a page has lines' "$(cat "$test_dir/page.html")" "\[inlined\] deepest at core.c:$(line core.c fault)"
oopsbt export "$id" "$test_dir/dump.tar.gz" >/dev/null
run info "$test_dir/dump.tar.gz" --debug "$debug"
tap_like 'an exported dump has lines on a machine with its debug information' "$out" 'deepest at core.c:'

# --- comparison with addr2line ---
oracle=$(python3 - "$dumps/web1/$id/report.json" <<'PYTHON' | while read -r address; do
import json, sys
report = json.load(open(sys.argv[1]))
for i, frame in enumerate(report["vcpus"][0]["frames"]):
    if not frame["module"]:
        print("%#x" % (int(frame["pc"], 16) - int(report["guest"]["kaslr_offset"], 16) - (i > 0)))
PYTHON
	addr2line -ife "$work/vmlinux" "$address" | paste -d' ' - - | sed "s,$work/,,; s,\\./,," | paste -sd, | sed 's/,/, /g'
done)
chains --debug "$debug"
tap_is 'addr2line gives the same lines for the kernel' "$(of_kernel "$chains" | sed 's/^[a-z_]*: //; s/inlined //g')" "$oracle"

# --- places of debug information ---
chains --lines
tap_is 'without debug information the report is shown without lines' "$chains $status" "$nothing 0"
tap_like 'a warning names the build ID and the package of the distribution' "$err" \
	"no source lines of the kernel, build ID [0-9a-f]{40}: it is not on this machine; install linux-image-6.1.0-99-amd64-dbg \(Debian\)"
tap_like 'the warning explains how to ask a server' "$err" 'DEBUGINFOD_URLS'
(cd "$test_dir" && dumps=$dumps TAINT=OE dump_with_frames)
chains --debug "$debug"
tap_is 'the report of another kernel version has lines, too' "$chains" "$wanted"
run info "$id" --lines
tap_unlike 'no package is named for a module that is not of the kernel' "$(grep 'of thing' <<<"$err")" 'linux-image'

by_id=$test_dir/by-id
# put FILE [DIRECTORY]: at the path for its build ID
put() {
	local build_id
	build_id=$(readelf -n "$1" | sed -n 's/.*Build ID: //p')
	mkdir -p "${2:-$by_id}/.build-id/${build_id:0:2}"
	cp "$1" "${2:-$by_id}/.build-id/${build_id:0:2}/${build_id:2}.debug"
}
objcopy --only-keep-debug "$work/vmlinux" "$work/vmlinux.debug"
objcopy --only-keep-debug "$work/thing.ko" "$work/thing.ko.debug"
put "$work/vmlinux.debug"
put "$work/thing.ko.debug"
chains --debug "$by_id"
tap_is 'split debug information is found by its build ID' "$chains" "$wanted"
mkdir -p "$test_dir/usr/usr/lib/debug"
cp -r "$by_id/.build-id" "$test_dir/usr/usr/lib/debug/"
chains --debug "$test_dir/usr"
tap_is 'the debug folder may be an unpacked package' "$chains" "$wanted"

mkdir -p "$test_dir/xz"
xz -k "$work/thing.ko" && mv "$work/thing.ko.xz" "$test_dir/xz/"
chains --debug "$test_dir/xz"
tap_is 'a compressed module is read' "$(of_module "$chains")" "$(of_module "$wanted")"

for kind in zlib zlib-gnu zstd; do
	title="sections may be compressed with $kind"
	mkdir -p "$test_dir/$kind"
	if ! objcopy --compress-debug-sections="$kind" "$work/vmlinux" "$test_dir/$kind/vmlinux" 2>/dev/null; then
		tap_skip "$title" "this machine's objcopy does not do that"
	elif ! eu-readelf --debug-dump=line "$test_dir/$kind/vmlinux" 2>/dev/null | grep -q 'core\.c'; then
		tap_skip "$title" "this machine's elfutils does not know it"
	else
		chains --debug "$test_dir/$kind"
		tap_is "$title" "$(of_kernel "$chains")" "$(of_kernel "$wanted")"
	fi
done

# --- split by dwz ---
mkdir -p "$test_dir/dwz"
cp "$work/vmlinux" "$test_dir/dwz/vmlinux"
cp "$work/vmlinux" "$work/other"
(cd "$test_dir/dwz" && dwz -m "$work/common.dwz" vmlinux "$work/other")
# The file names its old path; it must be found by its build ID.
mkdir -p "$test_dir/elsewhere"
mv "$work/common.dwz" "$test_dir/elsewhere/"
chains --debug "$test_dir/dwz"
tap_like 'a missing alternative file of dwz is a warning' "$err" 'dwz\(1\) moved the other to the file of build ID [0-9a-f]{40}'
put "$test_dir/elsewhere/common.dwz" "$test_dir/dwz"
chains --debug "$test_dir/dwz"
tap_is 'with the alternative file of dwz all names are known' "$(of_kernel "$chains")" "$(of_kernel "$wanted")"

# --- ambiguous functions ---
dump_with_frames ''
chains --debug "$debug"
tap_is 'static functions with the same name are distinguished by size if KASLR is unknown' "$chains" "$wanted"
sed -i '/"symbol": "twin"/,/"size"/s/"size": [0-9]*/"size": 0/' "$dumps/web1/$id/report.json"
chains --debug "$debug"
tap_is 'a function that stays ambiguous has no line' "$(grep twin <<<"$chains")" 'twin: '
tap_like 'an ambiguous function gives a warning' "$err" "source lines of the kernel: 1 of [0-9]+ places are not found in it: several functions are called twin"
dump_with_frames

# --- sources ---
run info "$id" --debug "$debug" --source "$work"
tap_like '--source shows the surrounding lines' "$out" "^       > *$(line core.c 'middle calls deepest')  .return deepest\(p\) \+ 1;"
tap_like '--source shows two lines before and after' "$out" "^         *$(($(line core.c 'middle calls deepest') - 2))  \{"
run info "$id" --debug "$debug" --source "$test_dir/absent"
tap_like 'a missing folder of sources is a warning, and the report is shown' "$status $err $out" 'cannot read the sources in .*/absent: No such file'
mkdir -p "$test_dir/tree"
for i in $(seq 100); do echo "secret $i"; done >"$test_dir/secret.c"
ln -s ../secret.c "$test_dir/tree/core.c"
run info "$id" --debug "$debug" --source "$test_dir/tree"
tap_unlike 'nothing outside the folder of sources is read' "$out" secret

# --- damaged and forged data ---
mkdir -p "$test_dir/wrong/a"
sed 's/second twin/second_twin/; s/\* 3/* 5/; s/sink -= 4/sink -= 5/; s/= 3/= 5/' "$work/twin.c" >"$work/twin2.c"
(cd "$work" && gcc -g -O1 -fno-pie -mcmodel=kernel -ffreestanding -c twin2.c && ld -static --build-id=sha1 -Ttext=0xffffffff81000000 -o "$test_dir/wrong/vmlinux" core.o twin2.o)
strip -g "$work/thing.ko" -o "$test_dir/wrong/a/thing.ko"
chains --debug "$test_dir/wrong"
tap_is 'a file with another build ID is not used' "$chains" "$nothing"
tap_like 'the warning says that the file has another build ID' "$err" "wrong/vmlinux has another build ID, [0-9a-f]{40}"
tap_like 'a module without debug information is not used, and gives a warning' "$err" 'a/thing.ko has no debug information in it'
mkdir -p "$test_dir/empty"
: >"$test_dir/empty/vmlinux"
mkfifo "$test_dir/empty/thing.ko"
chains --debug "$test_dir/empty"
tap_is 'empty files and FIFOs are no debug information' "$chains" "$nothing"

mkdir -p "$test_dir/damaged"
worst=0
for seed in $(seq 12); do
	python3 - "$seed" "$work/vmlinux" "$test_dir/damaged/vmlinux" <<'PYTHON'
import random, subprocess, sys
seed, source, target = sys.argv[1:]
random.seed(int(seed))
data = bytearray(open(source, "rb").read())
sections = [line.split("]", 1)[1].split() for line in subprocess.run(["readelf", "-SW", source], capture_output=True, text=True).stdout.splitlines() if ".debug_" in line]
for name, _, _, offset, size in (s[:5] for s in sections):
    for _ in range(int(seed) * 2):
        data[int(offset, 16) + random.randrange(int(size, 16))] = random.randrange(256)
if int(seed) % 4 == 0:
    del data[len(data) * 2 // 3:]
open(target, "wb").write(data)
PYTHON
	run info "$id" --lines --debug "$test_dir/damaged"
	grep -q 'faults+0x1e/0x40' <<<"$out" || status=99
	[ "$status" -le "$worst" ] || worst=$status
done
tap_is 'with damaged debug information the report is still shown' "$worst" 0

python3 - "$dumps/web1/$id/report.json" <<'PYTHON'
import json, sys
path = sys.argv[1]
report = json.load(open(path))
frames = report["vcpus"][0]["frames"]
frames[0].update(offset=-1, size=1 << 62, pc="0x10000000000000000")
frames[1].update(symbol="a\u001b[31m" + "x" * 100000)
frames[2].update(symbol=7, offset="many")
frames[3].update(pc=None, offset=1 << 62)
frames[4].update(module="../../thing")
report["vcpus"].append(None)
report["vcpus"][0]["frames"] += [None, {"symbol": {}, "regs": 1}]
report["modules"] += [None, {"name": "../../thing", "build_id": "../../../../etc/passwd"}, {"name": 5}]
report["fault"]["instructions"] += [None, {"address": "0xzz"}]
report["guest"].update(kaslr_offset=5, release="../../../tmp")
json.dump(report, open(path, "w"))
PYTHON
run info "$id" --json --debug "$debug"
tap_is 'a report with forged frames is shown' "$status" 0
tap_like 'a report with forged frames is shown with its other frames' "$out" '"function" : "other_section"'
tap_unlike 'forged text of a report does not reach the terminal' "$err $out" $'\033'
dump_with_frames
OOPSBT_LINES=$test_dir/nowhere run info "$id" --lines
tap_like 'without oopsbt-lines the report is shown, and a warning names the missing program' "$status $err" '^0 .*oopsbt-lines is not installed'
printf '#!/bin/sh\nkill -SEGV $$\n' >"$test_dir/dies"
chmod +x "$test_dir/dies"
OOPSBT_LINES=$test_dir/dies run info "$id" --lines
tap_like 'if oopsbt-lines dies the report is shown, with a warning' "$status $err" '^0 .*oopsbt-lines was ended by signal 11'

# --- usage ---
run info "$id" --log --lines
tap_is '--lines with --log is an error' "$status" 2
run export "$id" "$test_dir/x" --lines
tap_is '--lines with an archive is an error' "$status" 2

# --- a server ---
port=$((20000 + RANDOM % 20000))
mkdir -p "$test_dir/served"
cp "$work/vmlinux" "$work/thing.ko" "$test_dir/served/"
debuginfod -p "$port" -d ":memory:" -F "$test_dir/served" >"$test_dir/debuginfod.log" 2>&1 &
server=$!
at_exit "end_process $server"
export DEBUGINFOD_URLS=http://127.0.0.1:$port
serves() {
	rm -rf "$DEBUGINFOD_CACHE_PATH"
	chains --lines
	[ "$(of_kernel "$chains")" = "$(of_kernel "$wanted")" ]
}
tap_ok 'a debuginfod server that DEBUGINFOD_URLS names gives the debug information of the kernel' eventually 60 serves
chains --lines
tap_is 'a debuginfod server gives the debug information of the module' "$(of_module "$chains")" "$(of_module "$wanted")"
unset DEBUGINFOD_URLS
rm -rf "$DEBUGINFOD_CACHE_PATH"
asked=$(grep -c GET "$test_dir/debuginfod.log" || true)
chains --lines
tap_is 'no server is asked unless the user names one' "$chains $(grep -c GET "$test_dir/debuginfod.log" || true)" "$nothing $asked"
chains --debuginfod "http://127.0.0.1:$port"
tap_is '--debuginfod names a server' "$(of_kernel "$chains")" "$(of_kernel "$wanted")"
end_process "$server"
chains --debuginfod "http://127.0.0.1:$port"
tap_is 'a download is kept in the cache' "$(of_kernel "$chains")" "$(of_kernel "$wanted")"
rm -rf "$DEBUGINFOD_CACHE_PATH"
chains --debuginfod "http://127.0.0.1:$port"
tap_is 'if a server does not answer, the report has no lines' "$chains $status" "$nothing 0"
tap_like 'a warning says that the server does not answer' "$err" 'no source lines of the kernel.*debuginfod'

# A server that sends a large file slowly; it prints its port.
cat >"$test_dir/slow-server" <<-'PYTHON'
	import http.server, time

	class Slow(http.server.BaseHTTPRequestHandler):
	    def do_GET(self):
	        self.send_response(200)
	        self.send_header("Content-Length", "50000000")
	        self.end_headers()
	        while True:
	            self.wfile.write(bytes(100000))
	            time.sleep(0.1)

	    def log_message(self, *arguments):
	        pass

	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
	print(server.server_port, flush=True)
	server.serve_forever()
PYTHON
python3 "$test_dir/slow-server" >"$test_dir/slow-port" 2>/dev/null &
at_exit "end_process $!"
eventually 20 test -s "$test_dir/slow-port"
rm -rf "$DEBUGINFOD_CACHE_PATH"
tap_ok 'a download shows its progress on a terminal' expect -c '
	set timeout 60
	spawn virsh oopsbt -D '"$dumps"' info '"$id"' --no-pager --debuginfod http://127.0.0.1:'"$(cat "$test_dir/slow-port")"'
	expect {
		-re "downloading debug information of vmlinux: \[0-9]+ of 50 MB" {}
		default { exit 1 }
	}
	send "\003"
	expect eof'
nothing_unfinished() {
	[ -z "$(find "$DEBUGINFOD_CACHE_PATH" -name '*debuginfo*' -type f)" ]
}
tap_ok 'an interrupt of a download leaves no unfinished file' eventually 20 nothing_unfinished
tap_done
