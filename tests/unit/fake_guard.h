/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands for the freeze guard: does nothing, and remembers what it was told. */
#ifndef OOPSBT_UNIT_FAKE_GUARD_H
#define OOPSBT_UNIT_FAKE_GUARD_H

#include "daemon/guard.h"

/* For all that the test waits for. */
extern GMutex fake_mutex;
extern GCond fake_changed;
extern bool fake_guard_told[FREEZE_NUM_EVENTS]; /* protected by the mutex */

/* Until *@what, which is protected by the mutex; fails after 20 s. */
void fake_wait_for(const bool *what);

#endif
