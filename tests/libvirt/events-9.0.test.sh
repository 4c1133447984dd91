#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same with libvirt 9.0.
RELEASES=9.0 exec "$(dirname "$(realpath "$0")")/events.test.sh"
