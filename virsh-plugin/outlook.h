/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when a domain's guest oopses, in words: what works now, what is missing, and how to
 * get it.
 */
#ifndef OOPSBT_PLUGIN_OUTLOOK_H
#define OOPSBT_PLUGIN_OUTLOOK_H

#include "domain.h"

struct outlook {
	GPtrArray *works;   /* of char * */
	GPtrArray *missing; /* of char * */
};

bool outlook_find(struct session *session, virDomainPtr domain, const struct options *options,
		  struct outlook *outlook, GError **error);
void outlook_print(const struct outlook *outlook);
void outlook_clear(struct outlook *outlook);

#endif
