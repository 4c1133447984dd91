/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

/* QEMU sends the event before it acts, and does not wait: the action decides what can be read. */
struct action {
	const char *name; /* as in the domain's XML */
	bool leaves_guest;
};

static const struct action actions[] = {
	[VIR_DOMAIN_EVENT_WATCHDOG_NONE] = {"none", true},
	[VIR_DOMAIN_EVENT_WATCHDOG_PAUSE] = {"pause", true},
	[VIR_DOMAIN_EVENT_WATCHDOG_RESET] = {"reset", false},
	[VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF] = {"poweroff", false},
	[VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN] = {"shutdown", true},
	[VIR_DOMAIN_EVENT_WATCHDOG_DEBUG] = {"debug", true},
	[VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI] = {"inject-nmi", true},
};

/* A paused guest cannot expire again, so the same pause is not reported in two ways. */
static bool has_told_of_pause(struct domain *domain)
{
	bool told = domain->watchdog_told;

	domain->watchdog_told = true;
	return told;
}

void domain_watchdog(struct domain *domain, int number)
{
	static const struct action unknown = {"unknown", true};
	const struct action *action =
		number >= 0 && number < (int)G_N_ELEMENTS(actions) ? &actions[number] : &unknown;
	g_autofree char *evidence = g_strdup_printf(
		"the guest did not serve its watchdog device in time; the device's action is %s",
		action->name);

	if (number == VIR_DOMAIN_EVENT_WATCHDOG_PAUSE && has_told_of_pause(domain))
		return;
	if (action->leaves_guest)
		domain_notice(domain, "watchdog", INCIDENT_WATCHDOG, evidence);
	else if (domain->known && domain->enabled)
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "%s: the guest is gone, so there is no dump; set the watchdog's action "
			  "to pause or inject-nmi to get one",
			  evidence);
}

void domain_watchdog_look(struct domain *domain)
{
	if (!domain->watchdog_paused || domain->kernel.watchdog_collected ||
	    has_told_of_pause(domain))
		return;
	log_write(domain->all->log, LOG_INFO, domain->name, NULL,
		  "the watchdog paused the guest while oopsbtd was not connected");
	domain_notice(domain, "watchdog", INCIDENT_WATCHDOG,
		      "the guest did not serve its watchdog device in time, and the device has "
		      "paused it");
}

void domain_watchdog_forget(struct domain *domain)
{
	domain->watchdog_told = false;
	if (!domain->kernel.watchdog_collected)
		return;
	domain->kernel.watchdog_collected = false;
	domain->kernel.stop_clock.known = false;
	domain_kernel_save(domain);
}

void domain_watchdog_over(struct domain *domain)
{
	domain->watchdog_paused = false;
	domain_watchdog_forget(domain);
}
