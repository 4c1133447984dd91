/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs, one file each. */
#ifndef OOPSBT_PLUGIN_VERBS_H
#define OOPSBT_PLUGIN_VERBS_H

#include "cli.h"

extern const struct verb verb_enable;
extern const struct verb verb_disable;
extern const struct verb verb_status;
extern const struct verb verb_collect;
extern const struct verb verb_list;
extern const struct verb verb_stats;
extern const struct verb verb_info;
extern const struct verb verb_export;
extern const struct verb verb_debug;
extern const struct verb verb_watch;
extern const struct verb verb_rm;
extern const struct verb verb_analyze;

#endif
