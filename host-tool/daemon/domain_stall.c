/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"

/* A pause this short, as for a collection, does not hide a hang that began before it. */
#define SHORT_PAUSE_US (2 * G_TIME_SPAN_SECOND)

/* A minute: a guest has booted by then. */
#define TELL_TRY 6

static bool is_wanted(const struct domain *domain)
{
	return (domain->options.kinds & OPTIONS_KINDS_STALL) != 0;
}

const char *domain_stall_blind(const struct domain *domain)
{
	if (!is_wanted(domain) || !domain->enabled || !domain->active)
		return NULL;
	if (domain->layout && domain->layout->encrypted)
		return LAYOUT_ENCRYPTED;
	if (!domain->kernel.release)
		return NULL;
	if (domain->options.signal == OPTION_SIGNAL_EVENT)
		return "the memory watch is off (signal=event)";
	if (domain->kernel.watch.counter_address == 0)
		return "the memory watch finds nothing to look at";
	if (domain->layout && domain->layout->memory_fd < 0)
		return "memory is read through libvirt, and the times of its vCPUs are not at hand";
	if ((gint64)domain->options.watch_ms * 1000 >= STALL_GAP_US)
		return "the interval of the memory watch is 10 s or more (watch)";
	return NULL;
}

void domain_stall_tell(struct domain *domain)
{
	const char *blind = domain_stall_blind(domain);

	/* Only if warnings were requested. */
	if (blind && blind != domain->stall_told_blind)
		log_write(domain->all->log,
			  domain->options.kinds == OPTIONS_KINDS_DEFAULT ? LOG_INFO : LOG_WARNING,
			  domain->name, NULL, "hangs of this guest are not noticed: %s", blind);
	domain->stall_told_blind = blind;
}

void domain_stall_set(struct domain *domain, GBytes *places)
{
	if (places == NULL)
		domain->cpus_missing = (struct backoff){0};
	else if (stall_watch_lacks_cpus(places)) /* these cannot be watched yet */
		domain_kernel_find_again(domain, &domain->cpus_missing);
	g_clear_pointer(&domain->stall_places, g_bytes_unref);
	if (places)
		domain->stall_places = g_bytes_ref(places);
	if (domain->stall && (places == NULL || domain->layout == NULL ||
			      !stall_watch_update(domain->stall, places, domain->layout)))
		g_clear_pointer(&domain->stall, stall_watch_free);
}

/* Only if hangs must be noticed, since the watch uses two descriptors per vCPU. */
static void begin(struct domain *domain)
{
	g_autoptr(GBytes) places = g_steal_pointer(&domain->stall_places);

	if (places == NULL)
		return;
	domain->stall = stall_watch_new(places, domain->layout);
	if (domain->stall) {
		domain->stall_places = g_steal_pointer(&places);
		if (domain->kernel.stalls)
			stall_watch_recall(domain->stall, domain->kernel.stalls);
		return;
	}
	/* Early in a boot no CPU is known. */
	if (domain->cpus_missing.times == 0 || domain->cpus_missing.times == TELL_TRY)
		log_write(domain->all->log, LOG_WARNING, domain->name, NULL,
			  "cannot notice hangs: the counters of its CPUs were not found in guest "
			  "memory");
}

void domain_stall_follow(struct domain *domain, const struct signal *signal, GBytes *blocked)
{
	if (domain->stall && signal->incident == INCIDENT_HUNG_TASK &&
	    g_strcmp0(signal->phase, "ended") != 0)
		stall_watch_follow(domain->stall, blocked);
}

void domain_stall_keep(struct domain *domain)
{
	if (domain->stall == NULL)
		return;
	g_free(domain->kernel.stalls);
	domain->kernel.stalls = stall_watch_to_text(domain->stall);
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

/* Begins the watch if hangs must be noticed and can be. False: there is none now. */
static bool is_looking(struct domain *domain)
{
	if (!is_wanted(domain)) {
		g_clear_pointer(&domain->stall, stall_watch_free);
		g_clear_pointer(&domain->kernel.stalls, g_free);
		return false;
	}
	/* A kernel that has panicked does not count as hung. */
	if (domain->paused_us || domain->panic_signalled || domain->kernel.panic_collected)
		return false;
	if (domain->stall == NULL)
		begin(domain);
	return domain->stall != NULL;
}

void domain_stall_ask(struct domain *domain, struct peek *peek)
{
	if (is_looking(domain))
		stall_watch_ask(domain->stall, peek);
}

#define GUEST_TOLD "the guest's own detector reported a lockup, an RCU stall or a hung task"

/* Collects a hang that the stall watch cannot see. The guest's log has its kind. */
static void tell_unseen(struct domain *domain, enum incident incident, const char *evidence)
{
	gint64 now_us = g_get_monotonic_time();
	bool same = domain->guest_told_us && now_us - domain->guest_told_us < STALL_SAME_HANG_US;

	domain->guest_told_us = now_us;
	if (!same)
		domain_notice(domain, "lockup", incident, evidence);
}

/* One tick. */
static enum stall_event look(struct domain *domain, struct stall_finding *finding)
{
	const struct config *config = domain->all->config;
	const struct stall_limits limits = {.starved_s = config->starved_s,
					    .dead_s = config->dead_s};
	enum stall_event event;
	bool known;

	if (!domain->guest_told)
		return stall_watch_look(domain->stall, domain->layout, &limits, finding);
	domain->guest_told = false;
	event = stall_watch_guest_told(domain->stall, domain->layout, &limits, &known, finding);
	if (event == STALL_NONE && !known)
		tell_unseen(domain, INCIDENT_SOFT_LOCKUP, GUEST_TOLD);
	return event;
}

void domain_stall_guest_told(struct domain *domain)
{
	if (domain->known && (!domain->enabled || domain->options.signal == OPTION_SIGNAL_WATCH))
		return;
	if (domain->panic_signalled || domain->kernel.panic_collected)
		return;
	if (domain->stall == NULL || !domain->watched) {
		tell_unseen(domain, INCIDENT_SOFT_LOCKUP, GUEST_TOLD);
		return;
	}
	/* No tick checks a guest that is being collected; the next one after that does. */
	domain->guest_told = true;
	if (!domain->collecting && domain->layout && domain->layout->memory_fd >= 0)
		domain_stall_look(domain);
}

void domain_stall_look(struct domain *domain)
{
	struct stall_finding finding;
	enum stall_event event;

	if (!is_looking(domain))
		return;
	event = look(domain, &finding);
	if (event == STALL_UNSEEN) {
		tell_unseen(domain, finding.incident, finding.evidence);
		return;
	}
	if (event == STALL_ENDED && domain->options.kinds & 1u << finding.incident)
		log_write(domain->all->log, LOG_INFO, domain->name, NULL, "%s: %s",
			  incident_name(finding.incident), finding.evidence);
	if (event == STALL_NONE)
		return;
	domain_kernel_save(domain);
	domain_stalls(domain, event, &finding);
}
