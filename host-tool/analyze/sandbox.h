/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's memory is input from an adversary, so who reads it gives up everything first: root,
 * new privileges, memory and time without limit, and all system calls but those that move bytes
 * through descriptors it already has.
 */
#ifndef OOPSBT_ANALYZE_SANDBOX_H
#define OOPSBT_ANALYZE_SANDBOX_H

#include <glib.h>
#include <stdbool.h>

/* For good. On error nothing is to be trusted: give up. */
bool sandbox_enter(GError **error);

#endif
