/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when a domain's guest oopses, in words: what works now, what is missing, and how to
 * get it.
 */
#ifndef OOPSBT_PLUGIN_OUTLOOK_H
#define OOPSBT_PLUGIN_OUTLOOK_H

#include "daemon_status.h"
#include "domain.h"

struct outlook_points {
	GPtrArray *list;	 /* of struct point, each text once */
	const char *domain_name; /* while a domain is looked at */
};

/* Zeroed, of no domain yet. The caller sets the last three. */
struct outlook {
	struct outlook_points works;
	struct outlook_points missing;
	guint num_domains;
	bool several; /* there will be more than one domain */
	enum daemon_state daemon_state;
	JsonObject *daemon; /* its status, borrowed; NULL unless it runs on this host */
};

/* Adds a domain. @enabled: it is enabled now, not only from its next start on. */
bool outlook_find(struct session *session, virDomainPtr domain, bool enabled,
		  const struct options *options, struct outlook *outlook, GError **error);
/* Each point once; of several domains a point names those that it is of, if it is not of all. */
void outlook_print(const struct outlook *outlook);
void outlook_clear(struct outlook *outlook);

#endif
