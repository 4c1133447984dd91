/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/domain.h"
#include "daemon/incident_log.h"

#include <string.h>

/*
 * The number of signals that may wait for collection, or for the domain to be known; more are only
 * counted.
 */
#define MAX_WAITING 32
/* The minimum delay: other signals may be waiting as well. */
#define MIN_DEFERRED_MS 1000
#define MAX_DEFERRED_MS 3600000

/* Did the guest itself send it through its panic device? Otherwise it was noticed from outside. */
static bool is_event(const struct signal *signal)
{
	return (signal->incident == INCIDENT_OOPS || signal->incident == INCIDENT_PANIC) &&
	       strcmp(signal->word, "watch") != 0;
}

/* False for a hang that continues or ends: it is the same incident. */
static bool is_new(const struct signal *signal)
{
	return signal->phase == NULL || strcmp(signal->phase, "began") == 0;
}

static bool is_wanted(const struct domain *domain, const struct signal *signal)
{
	return domain->enabled &&
	       !(is_event(signal) && domain->options.signal == OPTION_SIGNAL_WATCH) &&
	       domain->options.kinds & 1u << signal->incident;
}

static bool take_token(struct domain *domain, const struct signal *signal)
{
	struct domains *all = domain->all;

	return ratelimit_take(&domain->buckets[signal->incident], &all->config->domain_rate,
			      &all->total, &all->config->total_rate, g_get_monotonic_time());
}

static void drop_deferred(struct domain *domain)
{
	domain_signals_stop(domain);
	g_clear_pointer(&domain->deferred, signal_free);
}

/* The report of @signal mentions the signals that were skipped before it. */
static void enqueue(struct domain *domain, const struct signal *signal)
{
	struct signal *next = signal_copy(signal);

	next->suppressed = domain->suppressed;
	domain->suppressed = (struct suppressed_signals){0};
	drop_deferred(domain);
	g_queue_push_tail(&domain->signals, next);
}

/* @count: the counter in domain->suppressed for this reason. */
static void suppress(struct domain *domain, const struct signal *signal, unsigned int *count,
		     const char *why)
{
	const struct incident_entry entry = {
		.domain = domain->name, .uuid = domain->uuid, .signal = signal};

	if ((*count)++ == 0)
		incident_log_suppressed(domain->all->log, &entry, why);
	domain->suppressed.oopses += signal->incident == INCIDENT_OOPS;
	domain->num_suppressed++;
	status_changed(domain->all);
}

/*
 * Saves the counts for the next daemon; during a storm of signals only sometimes, since the guest's
 * kernel counts the oopses.
 */
static void keep_left_out(struct domain *domain)
{
	unsigned int total = suppressed_total(&domain->suppressed);

	if ((total & (total - 1)) == 0)
		domain_kernel_save(domain);
}

static void wait_for_token(struct domain *domain);

/* No later signal has reported it. */
static gboolean collect_deferred(void *user_data)
{
	struct domain *domain = user_data;
	struct signal *signal = domain->deferred;

	domain->deferred_source = 0;
	if (!is_wanted(domain, signal)) {
		drop_deferred(domain);
		return G_SOURCE_REMOVE;
	}
	if (g_queue_get_length(&domain->signals) >= MAX_WAITING || !take_token(domain, signal)) {
		wait_for_token(domain);
		return G_SOURCE_REMOVE;
	}
	log_write(domain->all->log, LOG_INFO, domain->name, NULL,
		  "collecting the last of the signals that the rate limit left out");
	/* It is not skipped any more. */
	domain->suppressed.rate_limit--;
	domain->suppressed.oopses -= signal->incident == INCIDENT_OOPS;
	domain->num_deferred++;
	signal->deferred = true;
	domain->deferred = NULL;
	enqueue(domain, signal);
	signal_free(signal);
	domain_collect_next(domain);
	status_changed(domain->all);
	return G_SOURCE_REMOVE;
}

static void wait_for_token(struct domain *domain)
{
	const struct domains *all = domain->all;
	gint64 wait_us = ratelimit_wait_us(&domain->buckets[domain->deferred->incident],
					   &all->config->domain_rate, &all->total,
					   &all->config->total_rate, g_get_monotonic_time());

	domain->deferred_source =
		g_timeout_add((guint)CLAMP(wait_us / 1000 + 1, MIN_DEFERRED_MS, MAX_DEFERRED_MS),
			      collect_deferred, domain);
}

static void defer(struct domain *domain, const struct signal *signal)
{
	suppress(domain, signal, &domain->suppressed.rate_limit, "rate limit reached");
	g_clear_pointer(&domain->deferred, signal_free);
	domain->deferred = signal_copy(signal);
	if (domain->deferred_source == 0)
		wait_for_token(domain);
	keep_left_out(domain);
}

static void admit(struct domain *domain, const struct signal *signal)
{
	if (!is_wanted(domain, signal))
		return;
	if (is_event(signal) && signal->incident == INCIDENT_OOPS &&
	    watch_has_told(&domain->kernel.watch, signal->signalled_us)) {
		log_write(
			domain->all->log, LOG_INFO, domain->name, NULL,
			"a late oops event came; the memory watch had already reported that oops");
		return;
	}
	if (is_new(signal))
		domain->num_incidents[signal->incident]++;
	status_changed(domain->all);
	if (domain->collecting)
		watch_resume(&domain->kernel.watch, g_get_monotonic_time());
	if (is_event(signal))
		watch_expect(&domain->kernel.watch, g_get_monotonic_time());
	if (g_queue_get_length(&domain->signals) >= MAX_WAITING)
		suppress(domain, signal, &domain->suppressed.queue_full,
			 "too many signals are waiting");
	else if (take_token(domain, signal))
		enqueue(domain, signal);
	else
		defer(domain, signal);
	domain_collect_next(domain);
}

static void receive(struct domain *domain, const struct signal *signal)
{
	if (domain->all->stopping)
		return;
	if (signal->incident == INCIDENT_PANIC)
		domain->panic_signalled = true;
	if (domain->known)
		admit(domain, signal);
	else if (g_queue_get_length(&domain->early) < MAX_WAITING)
		g_queue_push_tail(&domain->early, signal_copy(signal));
}

void domain_signal(struct domain *domain, const char *word, gint64 signalled_us)
{
	const struct signal signal = {
		.word = word,
		.incident = strcmp(word, "panicked") ? INCIDENT_OOPS : INCIDENT_PANIC,
		.signalled_us = signalled_us,
	};

	receive(domain, &signal);
}

void domain_stalls(struct domain *domain, enum stall_event event,
		   const struct stall_finding *finding)
{
	static const char *const phases[] = {
		[STALL_BEGAN] = "began", [STALL_LASTS] = "lasts", [STALL_ENDED] = "ended"};
	const struct signal signal = {
		.word = "stall",
		.incident = finding->incident,
		.evidence = (char *)finding->evidence,
		.phase = phases[event],
		.stalled_cpu = {finding->cpu >= 0, finding->cpu},
		.signalled_us = g_get_real_time(),
	};

	receive(domain, &signal);
}

void domain_notice(struct domain *domain, const char *word, enum incident incident,
		   const char *evidence)
{
	const struct signal signal = {
		.word = word,
		.incident = incident,
		.evidence = (char *)evidence,
		.signalled_us = g_get_real_time(),
	};

	receive(domain, &signal);
}

void domain_signals_known(struct domain *domain)
{
	struct signal *signal;

	while ((signal = g_queue_pop_head(&domain->early))) {
		admit(domain, signal);
		signal_free(signal);
	}
}

void domain_signals_another_kernel(struct domain *domain)
{
	for (GList *item = domain->signals.head; item; item = item->next)
		((struct signal *)item->data)->suppressed.oopses = 0;
	domain->suppressed.oopses = 0;
	drop_deferred(domain);
}

void domain_signals_lost(struct domain *domain, const char *why)
{
	const struct collection_result none = {0};
	struct signal *signal;

	while ((signal = g_queue_pop_head(&domain->signals))) {
		const struct incident_entry entry = {
			.domain = domain->name,
			.uuid = domain->uuid,
			.signal = signal,
			.kernel = domain->kernel.release,
			.result = &none,
		};

		incident_log_no_dump(domain->all->log, &entry, LOG_WARNING, why);
		signal_free(signal);
	}
}

void domain_signals_reconfigured(struct domain *domain)
{
	if (domain->deferred_source == 0)
		return;
	g_source_remove(domain->deferred_source);
	wait_for_token(domain);
}

void domain_signals_keep(struct domain *domain)
{
	struct kernel_state *kernel = &domain->kernel;
	const struct signal *deferred = domain->deferred;
	bool is_oops = deferred && deferred->incident == INCIDENT_OOPS;

	g_free(kernel->deferred);
	kernel->suppressed = domain->suppressed;
	kernel->uncollected = domain_uncollected(domain);
	kernel->deferred_us = is_oops ? deferred->signalled_us : 0;
	kernel->deferred = is_oops ? g_strdup(deferred->word) : NULL;
}

void domain_signals_recall(struct domain *domain)
{
	const struct kernel_state *kernel = &domain->kernel;
	const struct signal deferred = {
		.word = g_intern_string(kernel->deferred),
		.incident = INCIDENT_OOPS,
		.signalled_us = kernel->deferred_us,
	};

	suppressed_add(&domain->suppressed, &kernel->suppressed);
	if (!kernel->deferred || !kernel->suppressed.rate_limit || !kernel->suppressed.oopses ||
	    domain->deferred)
		return;
	domain->deferred = signal_copy(&deferred);
	wait_for_token(domain);
}

void domain_signals_stop(struct domain *domain)
{
	if (domain->deferred_source)
		g_source_remove(domain->deferred_source);
	domain->deferred_source = 0;
}

void domain_signals_clear(struct domain *domain)
{
	drop_deferred(domain);
	g_queue_clear_full(&domain->early, signal_free);
	g_queue_clear_full(&domain->signals, signal_free);
}
