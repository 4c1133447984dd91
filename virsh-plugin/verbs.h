/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs, one file each. */
#ifndef OOPSBT_PLUGIN_VERBS_H
#define OOPSBT_PLUGIN_VERBS_H

#include "cli.h"

extern const struct verb verb_enable;
extern const struct verb verb_disable;
extern const struct verb verb_status;
extern const struct verb verb_list;
extern const struct verb verb_info;

#endif
