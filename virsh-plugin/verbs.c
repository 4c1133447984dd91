/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verbs.h"

const struct verb *const cli_verbs[] = {
	&verb_enable, &verb_disable, &verb_status, &verb_collect, &verb_list,
	&verb_stats,  &verb_info,    &verb_export, &verb_debug,	  &verb_watch,
	&verb_rm,     &verb_analyze, NULL,
};
