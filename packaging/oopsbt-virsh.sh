# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Puts the front end, which adds "oopsbt" to virsh, before libvirt's virsh.
case ":$PATH:" in
*:@LIBEXECDIR@/bin:*) ;;
*) PATH=@LIBEXECDIR@/bin:$PATH ;;
esac
