/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals lockups, hung tasks and RCU stalls when the kernel's own detectors tell of them: as the
 * event LOCKUP of a pvpanic device that offers it, before the first byte of their text is printed.
 */
#ifndef OOPSBT_LOCKUP_EVENT_H
#define OOPSBT_LOCKUP_EVENT_H

/* Hooks the detectors, if there is an event for them now. A failure is printed and harms nothing. */
void oopsbt_lockup_register(void);
void oopsbt_lockup_unregister(void);

#endif
