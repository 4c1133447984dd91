/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether all is well, for monitoring: whether oopsbtd runs, and whether each guest that is enabled
 * is looked after. Only from what oopsbtd and libvirt say; nothing is tried.
 */
#ifndef OOPSBT_PLUGIN_HEALTH_H
#define OOPSBT_PLUGIN_HEALTH_H

#include "daemon_status.h"
#include "survey.h"

/* The exit status of `status --health`, in the order that monitoring systems have. */
enum health {
	HEALTH_OK,
	HEALTH_PROBLEM,	 /* a guest that is enabled is not, or not well, looked after */
	HEALTH_CRITICAL, /* no guest is: oopsbtd does not run, or is without libvirt */
	HEALTH_UNKNOWN,	 /* it cannot be seen from here */
};

/* Why the guest of @row is not well looked after, or NULL. @daemon: what oopsbtd says of it, or
 * NULL. g_free(). */
char *health_of_domain(const struct survey_row *row, JsonObject *daemon);

/* Where the domains cannot even be listed: @error says why. */
enum health health_without_domains(bool connected, const GError *error, char **text);

/*
 * @rows: of struct survey_row. @status: what oopsbtd says, NULL unless it runs. @text: one line
 * with the reasons, g_free().
 */
enum health health_of_all(const GPtrArray *rows, enum daemon_state state, JsonObject *status,
			  char **text);

#endif
