#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest-kernel-patch/make-series generates the committed series, and each message is written once.
set -eu

here=$(dirname "$(realpath "$0")")
# shellcheck source-path=SCRIPTDIR
. "$here/../lib/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/../../guest-kernel-patch" "$work/patches"
mkdir "$work/tools"
cp "$here/../../tools/make-series" "$work/tools"
patches=$work/patches
make=$patches/make-series

tap_is 'make-series generates the committed series' "$("$make" --check 2>&1)" ''

sed -i 's/^+.*oops_notify/& /' "$patches"/mainline/*-sys-info-hypervisor.patch
said=$("$make" --check 2>&1) && status=0 || status=$?
tap_is 'a series that was edited by hand is refused' "$status" 1
tap_like 'the refusal names the patch that was edited' "$said" 'mainline/[0-9]*-sys-info-hypervisor\.patch differ'
"$make"
tap_ok 'make-series generates it again' "$make" --check

sed -i 's/^A virtual machine.s host/The host of a virtual machine/' "$patches/series/oops-chain.patch"
"$make"
tap_is 'a changed message in series/ is changed on every base' \
	"$(grep -lr '^The host of a virtual machine' "$patches" --include='0*-oops-chain.patch' | wc -l)" \
	"$(grep -cE '^[^#].* oops-chain( |$)' "$patches/series/order")"

sed -i "s|still to be printed: don't schedule|still to be printed|" "$patches/series/oops-chain.patch"
"$make"
tap_is 'a line of code that is the same on every base is changed on every base' \
	"$(grep -lr '^+.*still to be printed\. \*' "$patches" --include='0*-oops-chain.patch' | wc -l)" \
	"$(grep -cE '^[^#].* oops-chain( |$)' "$patches/series/order")"

cp -r "$patches/linux-6.1" "$work/edited"
sed -i 's|still to be printed\.|yet to be printed.|' "$work/edited"/*-oops-chain.patch
"$make" --take linux-6.1 "$work/edited"
"$make"
tap_is 'a line of code can be restricted to one base' \
	"$(grep -c '^+.*yet to be printed\. \*' "$patches/linux-6.1/0002-oops-chain.patch")" 1
tap_is 'a change for one base leaves the older ones unchanged' \
	"$(grep -c '^+.*still to be printed\. \*' "$patches/linux-5.15/0002-oops-chain.patch")" 1

sed -i 's/^+\(.*\)printk_cpu_sync_get_irqsave/+\1printk_cpu_get/' "$patches/series/unknown-nmi-backtrace.patch"
said=$("$make" 2>&1) && status=0 || status=$?
tap_is 'a change of lines that a fix-up depends on is refused' "$status" 1
tap_like 'the refusal names the fix-up' "$said" 'unknown-nmi-backtrace\.linux-5\.15\.fixup no longer fits'

tap_done
