/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

/* A pause as short as a collection's does not hide what stood still before it. */
#define SHORT_PAUSE_US (2 * G_TIME_SPAN_SECOND)

void domain_stall_set(struct domain *domain, GBytes *places)
{
	if (places && domain->layout && domain->layout->memory_fd >= 0) {
		if (domain->stall && stall_watch_update(domain->stall, places, domain->layout))
			return;
		stall_watch_free(domain->stall);
		domain->stall = stall_watch_new(places, domain->layout);
		if (domain->stall == NULL)
			log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
				  "hangs are not noticed: its CPUs' counts are not found in its "
				  "memory");
		return;
	}
	g_clear_pointer(&domain->stall, stall_watch_free);
}

void domain_stall_paused(struct domain *domain, bool paused)
{
	gint64 now_us = g_get_monotonic_time();

	if (paused) {
		if (domain->paused_us == 0)
			domain->paused_us = now_us;
		return;
	}
	if (domain->stall && domain->paused_us && now_us - domain->paused_us > SHORT_PAUSE_US)
		stall_watch_reset(domain->stall);
	domain->paused_us = 0;
}

void domain_stall_look(struct domain *domain)
{
	struct stall_finding finding;

	if (domain->stall == NULL || domain->paused_us ||
	    !(domain->options.kinds & ~OPTIONS_KINDS_DEFAULT))
		return;
	switch (stall_watch_look(domain->stall, domain->layout, domain->all->config->starved_s,
				 &finding)) {
	case STALL_NONE:
		break;
	case STALL_BEGAN:
	case STALL_LASTS:
		domain_stalls(domain, &finding);
		break;
	case STALL_ENDED:
		log_write(domain->all->log, LOG_INFO, domain->name, NULL, "%s: %s",
			  incident_name(finding.incident), finding.evidence);
		break;
	}
}
