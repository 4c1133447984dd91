/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The work of the freeze guard: see main.c. */
#ifndef OOPSBT_FREEZE_GUARD_SERVE_H
#define OOPSBT_FREEZE_GUARD_SERVE_H

#include "daemon/log.h"

/*
 * Takes the messages on standard input until that has ended and no freeze is left. @uri: of the
 * freezes that are told; NULL: libvirt's default.
 */
void guard_serve(const char *runtime_directory, const char *uri, struct log *log);

#endif
