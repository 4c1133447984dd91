/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `virsh-oopsbt complete -- WORD...`: prints completions of the last word, one a line, as virsh
 * does for its shells. Verbs and options come from the tables, domains from libvirt, ids from the
 * dump directory. Never fails: offers only what is available.
 */
#ifndef OOPSBT_PLUGIN_COMPLETE_H
#define OOPSBT_PLUGIN_COMPLETE_H

#include "session.h"

bool complete(struct session *session, char **words);

#endif
