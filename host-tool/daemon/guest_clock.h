/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's time, from QEMU's ACPI timer. The timer counts the time in which the guest runs (3.58
 * MHz, 24 bits), and does not advance while the guest is stopped. QEMU's monitor reads the timer's
 * port, which the firmware has chosen. Reading the port changes nothing in the guest.
 */
#ifndef OOPSBT_DAEMON_GUEST_CLOCK_H
#define OOPSBT_DAEMON_GUEST_CLOCK_H

#include "base/maybe.h"
#include "daemon/virt.h"

/* Unknown if the machine has no ACPI timer, or its firmware has not switched the timer on. */
struct maybe_uint guest_clock_read(virDomainPtr domain);

#endif
