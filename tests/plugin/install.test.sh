#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The installed files work, and uninstalling leaves no trace.
set -eu
here=$(dirname "$(realpath "$0")")
. "$here/../lib/tap.sh"
. "$here/../lib/libvirt.sh"
. "$here/lib.sh"

root=$test_dir/root
sanitize=0
case $plugin in */sanitized/*) sanitize=1 ;; esac
install() {
	make -s -C "$top" SANITIZE="$sanitize" PREFIX=/usr/local DESTDIR="$root" "$@" 2>&1
}

mkdir -p "$root/usr/local/bin" "$root/usr/bin"
printf '#!/bin/sh\necho "old virsh $*"\n' >"$root/usr/bin/virsh"
chmod +x "$root/usr/bin/virsh"

# everything: kind, mode, name, target and content of all files
everything() {
	(cd "$root" && find . -printf '%y %m %p %l\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

tap_ok 'make install succeeds' install install
for file in bin/virsh bin/virsh-oopsbt share/man/man1/virsh-oopsbt.1 share/man/man5/oopsbtd.conf.5 \
	share/man/man5/oopsbt-report.5 share/man/man7/oopsbt-journal.7 share/man/man7/oopsbt-hook.7 \
	libexec/oopsbt/oopsbt-hook-dump share/oopsbt/hooks/webhook share/oopsbt/hooks/webhook.conf share/man/man8/oopsbtd.8 \
	share/bash-completion/completions/virsh-oopsbt share/zsh/site-functions/_virsh-oopsbt \
	share/oopsbt/alerts.yml share/oopsbt/dashboard.json lib/systemd/catalog/oopsbt.catalog; do
	tap_ok "$file is there" test -f "$root/usr/local/$file"
done
for page in "$root"/usr/local/share/man/man*/*; do
	tap_is "${page##*/} has no formatting errors" "$(man --warnings -l "$page" 2>&1 >/dev/null)" ''
done
tap_is 'no manual page has a backquote outside a literal block' "$(
	awk '/^\.nf/ { literal = 1 } /^\.fi/ { literal = 0 } !literal && /`/ { print FILENAME ": " $0 }' "$root"/usr/local/share/man/man*/*)" ''
tap_is 'the sources of the manual pages have literal blocks in fences only' "$(
	awk '/^```/ { fenced = !fenced } !fenced && /^    / { print FILENAME ": " $0 }' "$top"/virsh-plugin/man/*.md "$top/host-tool/report.md")" ''
tap_is 'no manual page has a question mark for a character of UTF-8' "$(grep -F 'OPTION?' "$root"/usr/local/share/man/man*/*)" ''
page=$(MANWIDTH=80 man -l "$root/usr/local/share/man/man1/virsh-oopsbt.1" | col -b)
missing=
for verb in $("$plugin/virsh-oopsbt" complete -- ''); do
	printf '%s\n' "$page" | grep -q "^   $verb " || missing+="$verb "
done
tap_is 'the manual page has every verb' "$missing" ''

export PATH="$root/usr/local/bin:$root/usr/bin:/usr/bin:/bin"
tap_is 'the front end finds the virsh behind it' "$(virsh list)" 'old virsh list'
tap_is 'the installed front end finds virsh-oopsbt' "$(virsh oopsbt --version)" "$("$plugin/virsh-oopsbt" --version)"
printf '#!/bin/sh\necho "new virsh $*"\n' >"$root/usr/bin/virsh.new"
chmod +x "$root/usr/bin/virsh.new"
mv "$root/usr/bin/virsh.new" "$root/usr/bin/virsh"
tap_is 'an upgrade of virsh under the front end does no harm' "$(virsh list) $(virsh oopsbt --version)" \
	"new virsh list $("$plugin/virsh-oopsbt" --version)"
rm "$root/usr/bin/virsh"
tap_is 'the removal of virsh under the front end does no harm' "$(virsh oopsbt --version)" "$("$plugin/virsh-oopsbt" --version)"
printf '#!/bin/sh\necho back\n' >"$root/usr/bin/virsh"
chmod +x "$root/usr/bin/virsh"

# object PREFIX: builds an object that contains installation paths; prints its path there
object() {
	make -s -C "$top" BUILD="$test_dir/order" PREFIX="$1" "$test_dir/order/host-tool/daemon/program.o" >/dev/null
	strings "$test_dir/order/host-tool/daemon/program.o" | grep '/libexec/oopsbt$'
}
tap_is 'a build for one prefix and an install for another has the paths of the latter' \
	"$(object /usr/local) $(object /usr) $(object /usr/local)" \
	'/usr/local/libexec/oopsbt /usr/libexec/oopsbt /usr/local/libexec/oopsbt'
made=$(stat -c %Y.%y "$test_dir/order/host-tool/daemon/program.o")
object /usr/local >/dev/null
tap_is 'with the same prefix nothing is compiled again' \
	"$(stat -c %Y.%y "$test_dir/order/host-tool/daemon/program.o")" "$made"

tap_ok 'make uninstall succeeds' install uninstall
tap_is 'make uninstall leaves no file of its own' "$(cd "$root" && find . -type f -o -type l | sort)" "$(cd "$root" && find ./usr/bin/virsh)"
hash -r
tap_is 'virsh is the stock virsh again after make uninstall' "$(virsh)" back
tap_is 'make uninstall leaves nothing with a name of ours' "$(find "$root" -name '*oopsbt*')" ''
# The folders of all programs exist already.
before=$(everything)
install >"$test_dir/log"
install uninstall >>"$test_dir/log"
tap_is 'make install and make uninstall leave folders, modes, links and contents as they were' \
	"$(diff <(echo "$before") <(everything) || true)" ''
tap_done
