# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# The front end that adds "oopsbt" to virsh comes before libvirt's virsh.
case ":$PATH:" in
*:@LIBEXECDIR@/bin:*) ;;
*) PATH=@LIBEXECDIR@/bin:$PATH ;;
esac
