#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# virsh with our libvirt patches, in which oopsbt is an ordinary command.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

export OOPSBT_RUNTIME_DIRECTORY=$test_dir/run TZ=UTC
dump_make native 20261122T214501Z-1 'BUG: native'

libvirt_start
domain_define native

# own_tests TREE: libvirt's tests of it, in the form of that release
own_tests() {
	if [ -x "$1/build/tests/virshtest" ]; then
		(cd "$1/build/tests" && env -u LIBVIRT_DEFAULT_URI ./virshtest)
	else
		(cd "$1/tests" && env -u LIBVIRT_DEFAULT_URI abs_top_builddir="$1/build" abs_top_srcdir="$1" \
			sh virsh-external)
	fi
}

# The patched virsh as if installed: outside its build tree, with our command in its only folder of
# commands. That folder is in /usr, so this uses a separate mount namespace.
native=$test_dir/native
cat >"$native" <<-SH
	#!/bin/sh
	exec unshare --mount --propagation private sh -euc '
		mount -t tmpfs none /usr/libexec
		mkdir /usr/libexec/virsh
		ln -s "$plugin/virsh-oopsbt" "$test_dir"/interrupted/virsh-* /usr/libexec/virsh/
		export LD_LIBRARY_PATH="$test_dir/installed/lib" LD_PRELOAD="\${PRELOAD:-}"
		exec "$test_dir/installed/virsh" "\$@"' virsh "\$@"
SH
chmod +x "$native"

# install_virsh TREE
install_virsh() {
	mkdir -p "$test_dir/installed"
	cp "$1/build/tools/virsh" "$test_dir/installed/"
	ln -sfn "$1/build/src" "$test_dir/installed/lib"
}

# Ctrl-C at the worst moment: this preloaded library interrupts the process directly after a fork.
mkdir "$test_dir/interrupted"
printf '#!/bin/sh\nsleep 0.5\necho it ran to its end\n' >"$test_dir/interrupted/virsh-interrupted"
# Prints which of SIGINT and SIGQUIT it ignores at its start.
cat >"$test_dir/interrupted/virsh-ignored" <<'SH'
#!/bin/sh
exec awk '/^SigIgn/ { print substr($2, 16) }' /proc/self/status
SH
chmod +x "$test_dir"/interrupted/virsh-*
"${CC:-cc}" -shared -fPIC -o "$test_dir/interrupt.so" -x c - <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

pid_t fork(void)
{
	pid_t (*next)(void) = dlsym(RTLD_NEXT, "fork");
	pid_t pid = next();

	if (pid > 0)
		raise(SIGINT);
	return pid;
}
C

for release in 9.0 11.3; do
	if ! tree=$("$here/build-virsh" "$release" 2>"$test_dir/build.err"); then
		tap_note "$(cat "$test_dir/build.err")"
		tap_fail "virsh $release can be built with the patches"
		continue
	fi
	install_virsh "$tree"
	tap_like "$release: the built virsh has that version" "$("$native" --version)" "^$release"
	tap_ok "$release: libvirt's own tests of external commands pass" own_tests "$tree"

	# --- the same as with the front end ---
	tap_is "$release: list prints the same as with the front end" "$("$native" oopsbt -D "$dumps" list)" "$(oopsbt list)"
	tap_is "$release: info prints the same as with the front end" "$("$native" oopsbt -D "$dumps" info native)" "$(oopsbt info native)"
	tap_is "$release: status prints the same as with the front end, on the same connection" "$("$native" -q oopsbt status)" "$(virsh -q oopsbt status)"
	tap_is "$release: the option -c is passed on" "$("$native" -c "$LIBVIRT_DEFAULT_URI" -q oopsbt status)" "$(virsh -q oopsbt status)"
	status=0
	err=$("$native" -r oopsbt enable native 2>&1) || status=$?
	tap_is "$release: a failure with -r has exit status 1" "$status" 1
	tap_like "$release: a failure with -r prints only the message of virsh-oopsbt" "$err" 'this one is read-only'
	status=0
	err=$("$native" oopsbt enbale native 2>&1) || status=$?
	tap_is "$release: a wrong verb has exit status 2" "$status" 2
	tap_is "$release: virsh help oopsbt prints the help of virsh-oopsbt" "$("$native" -q help oopsbt)" "$(virsh oopsbt --help)"
	tap_like "$release: virsh help lists oopsbt" "$("$native" help)" '^    oopsbt$'

	# --- in the shell of virsh ---
	shell=$(printf '%s\n' "oopsbt -D $dumps list" 'oopsbt enable native --keep 3' 'list --all --name' quit | "$native")
	tap_like "$release: oopsbt works in the interactive shell" "$shell" '^ 20261122T214501Z-1   native'
	tap_like "$release: virsh-oopsbt parses its own options in the shell" "$shell" "Domain 'native' is enabled \\(config\\)"
	tap_like "$release: the shell runs the command after oopsbt" "$shell" '^native$'
	tap_is "$release: oopsbt uses the connection of the shell" \
		"$(printf 'connect test:///default\noopsbt enable test\n' | "$native" -q 2>&1 | grep -c 'hypervisor TEST')" 1

	# --- other sources of commands ---
	mkdir -p "$test_dir/elsewhere"
	printf '#!/bin/sh\necho elsewhere\n' >"$test_dir/elsewhere/virsh-elsewhere"
	chmod +x "$test_dir/elsewhere/virsh-elsewhere"
	tap_like "$release: VIRSH_COMMAND_DIR does not set the directory of commands" \
		"$(VIRSH_COMMAND_DIR=$test_dir/elsewhere "$native" elsewhere 2>&1 || true)" "unknown command: 'elsewhere'"
	tap_like "$release: LIBVIRT_DIR_OVERRIDE does not make virsh use its build tree" \
		"$(LIBVIRT_DIR_OVERRIDE=1 "$native" hello 2>&1 || true)" "unknown command: 'hello'"
	tap_like "$release: PATH does not add commands" \
		"$(PATH=$test_dir/elsewhere:$PATH "$native" elsewhere 2>&1 || true)" "unknown command: 'elsewhere'"
	status=0
	out=$(PRELOAD=$test_dir/interrupt.so "$native" -q interrupted 2>&1) || status=$?
	tap_is "$release: virsh waits for a command if an interrupt comes while it starts" "$status $out" '0 it ran to its end'

	tap_is "$release: a command gets the signal handling that virsh was started with" \
		"$("$native" -q ignored) $(trap '' INT QUIT && "$native" -q ignored)" '0 6'

	# --- completion ---
	tap_is "$release: completion offers oopsbt" "$("$native" -q complete -- oop)" oopsbt
	tap_is "$release: completion offers the verbs of oopsbt" "$("$native" -q complete -- oopsbt en)" enable
	tap_is "$release: completion offers domains" "$("$native" -q complete -- oopsbt enable nat)" native

	# --- the rest of virsh ---
	tap_is "$release: other commands work as before" "$("$native" -q list --all --name)" native
	tap_like "$release: an unknown command is an error as before" "$("$native" oopsbtx 2>&1 || true)" "unknown command: 'oopsbtx'"
	virsh oopsbt -q disable native 2>/dev/null || virsh -q oopsbt disable native
done

tap_done
