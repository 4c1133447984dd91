/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `virsh-oopsbt complete -- WORD...`: what the last word may become, one a line, as stock virsh
 * answers its shells. Verbs and options come from the tables, domains from libvirt, ids from the
 * dump directory. It never fails: what cannot be had is not offered.
 */
#ifndef OOPSBT_PLUGIN_COMPLETE_H
#define OOPSBT_PLUGIN_COMPLETE_H

#include "session.h"

bool complete(struct session *session, char **words);

#endif
