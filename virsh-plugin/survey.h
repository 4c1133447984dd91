/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many domains at a glance. Their states come in one bulk call. libvirt has no bulk call for
 * definitions, so these are asked for several at a time, which hides most of the way there and
 * back.
 */
#ifndef OOPSBT_PLUGIN_SURVEY_H
#define OOPSBT_PLUGIN_SURVEY_H

#include "domain.h"

struct survey_row {
	char *name;
	char uuid[VIR_UUID_STRING_BUFLEN];
	int state; /* enum virDomainState */
	bool active;
	bool enabled;		/* live if it runs, else in the configuration */
	bool automatic;		/* only by auto_enable: survey() does not know */
	bool next;		/* in the configuration */
	struct options options; /* of the former, or else the latter */
	struct domain_shape shape;
	char *problem; /* why the definition or its options could not be had, or NULL */
};

/* Of @domains (array of virDomainPtr), or of all if NULL: array of struct survey_row *, by name. */
GPtrArray *survey(struct session *session, GPtrArray *domains, GError **error);

const char *survey_state(const struct survey_row *row); /* as virsh calls it */

#endif
