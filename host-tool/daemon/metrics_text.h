/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's state as Prometheus text, format 0.0.4, which node_exporter's textfile collector
 * takes. What each metric means: docs/metrics.md.
 *
 * Labels have few values: domains, kinds of incidents, reasons. A title is none. A domain's name is
 * the administrator's, or a tenant's: it is made clean and escaped here.
 */
#ifndef OOPSBT_DAEMON_METRICS_TEXT_H
#define OOPSBT_DAEMON_METRICS_TEXT_H

#include <glib.h>
#include <stdbool.h>

#include "common/incident.h"
#include "common/store_use.h"
#include "daemon/histogram.h"

/* What is known of a guest that runs. */
enum metrics_knowledge {
	METRICS_UNDERSTOOD,
	METRICS_SEARCHING,  /* its kernel is looked for, for the first time */
	METRICS_NO_MEMORY,  /* its memory is not found or can't be read */
	METRICS_NO_KERNEL,  /* no Linux kernel is found in its memory */
	METRICS_NO_COUNTER, /* there is nothing that the memory watch could look at */
	METRICS_NUM_KNOWLEDGES,
};

/* An enabled domain. */
struct metrics_domain {
	const char *name;   /* as libvirt has it */
	unsigned int kinds; /* 1 << enum incident: those that are told though there were none */
	bool running;
	bool watched; /* by the memory watch, now */
	enum metrics_knowledge knowledge;
	uint64_t incidents[NUM_INCIDENTS];
	uint64_t suppressed, failed, repeats;
};

struct metrics_times {
	struct histogram to_frozen; /* from the signal */
	struct histogram frozen;
	struct histogram to_stored; /* from the signal */
};
void metrics_times_init(struct metrics_times *times);

struct metrics_state {
	const char *version;
	double started; /* seconds since 1970 */
	bool libvirt_up, guard_up;
	double watch_age;      /* seconds; below 0: nothing is watched */
	const GArray *domains; /* of struct metrics_domain */
	const struct metrics_times *times;
	const struct store_use *use; /* NULL: not known */
	uint64_t store_needed;	     /* bytes: with less free no dump is begun */
	uint64_t store_limit;	     /* bytes; 0: none */
};

/* g_free(). */
char *metrics_text(const struct metrics_state *state);

#endif
