/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The overall health for monitoring: does oopsbtd run, and can it notice an oops of each enabled
 * guest? Only uses what oopsbtd and libvirt report; tests nothing.
 */
#ifndef OOPSBT_PLUGIN_HEALTH_H
#define OOPSBT_PLUGIN_HEALTH_H

#include "daemon_status.h"
#include "survey.h"

/* The exit status of `status --health`, in the usual order of monitoring systems. */
enum health {
	HEALTH_OK,
	HEALTH_PROBLEM,	 /* an enabled guest is not, or only partly, covered */
	HEALTH_CRITICAL, /* no guest is covered: oopsbtd does not run, or has no libvirt */
	HEALTH_UNKNOWN,	 /* unknown from here */
};

/*
 * Why the guest of @row is not fully covered, or NULL. @daemon: oopsbtd's entry of it, or NULL.
 * g_free().
 */
char *health_of_domain(const struct survey_row *row, JsonObject *daemon);

/* For a failure to list the domains: @error has the reason. */
enum health health_without_domains(bool connected, const GError *error, char **text);

/*
 * @rows: of struct survey_row. @status: of oopsbtd, NULL unless it runs. @text: one line with the
 * reasons, g_free().
 */
enum health health_of_all(const GPtrArray *rows, enum daemon_state state, JsonObject *status,
			  char **text);

#endif
