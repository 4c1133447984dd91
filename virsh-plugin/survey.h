/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads many domains quickly. One bulk call returns their states. libvirt has no bulk call for
 * definitions, so several are requested in parallel, which hides most of the latency.
 */
#ifndef OOPSBT_PLUGIN_SURVEY_H
#define OOPSBT_PLUGIN_SURVEY_H

#include "domain.h"

struct survey_row {
	char *name;
	char uuid[VIR_UUID_STRING_BUFLEN];
	int state; /* enum virDomainState */
	bool active;
	bool enabled;		/* in the live domain if it runs, else in the configuration */
	bool automatic;		/* only by auto_enable; survey() does not set it */
	bool next;		/* in the configuration */
	struct options options; /* of the live domain, else of the configuration */
	struct domain_shape shape;
	char *problem; /* why the definition or its options are missing, or NULL */
};

/*
 * Surveys @domains (array of virDomainPtr), or all if NULL: array of struct survey_row *, sorted by
 * name.
 */
GPtrArray *survey(struct session *session, GPtrArray *domains, GError **error);

const char *survey_state(const struct survey_row *row); /* in virsh's words */

#endif
