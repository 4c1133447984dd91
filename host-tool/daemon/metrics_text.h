/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's state as Prometheus text, format 0.0.4, for node_exporter's textfile collector.
 * docs/metrics.md describes the metrics.
 *
 * Labels have few values: domains, kinds of incidents, reasons; never titles. A domain's name comes
 * from an administrator or a tenant: it is sanitised and escaped here.
 */
#ifndef OOPSBT_DAEMON_METRICS_TEXT_H
#define OOPSBT_DAEMON_METRICS_TEXT_H

#include <glib.h>
#include <stdbool.h>

#include "common/incident.h"
#include "common/store_use.h"
#include "daemon/histogram.h"

/* How much is known of a running guest. */
enum metrics_knowledge {
	METRICS_UNDERSTOOD,
	METRICS_SEARCHING,  /* first search for its kernel */
	METRICS_NO_MEMORY,  /* its memory was not found or cannot be read */
	METRICS_NO_KERNEL,  /* no Linux kernel was found in its memory */
	METRICS_NO_COUNTER, /* the memory watch has nothing to read */
	METRICS_NUM_KNOWLEDGES,
};

/* An enabled domain. */
struct metrics_domain {
	const char *name;   /* libvirt's name */
	unsigned int kinds; /* 1 << enum incident: exported even if their count is 0 */
	bool running;
	bool watched; /* by the memory watch, now */
	enum metrics_knowledge knowledge;
	uint64_t incidents[NUM_INCIDENTS];
	uint64_t suppressed, failed, repeats;
};

struct metrics_times {
	struct histogram to_frozen; /* since the signal */
	struct histogram frozen;
	struct histogram to_stored; /* since the signal */
};
void metrics_times_init(struct metrics_times *times);

struct metrics_state {
	const char *version;
	double started; /* seconds since 1970 */
	bool libvirt_up, guard_up;
	double watch_age;      /* seconds; negative: nothing is watched */
	const GArray *domains; /* of struct metrics_domain */
	const struct metrics_times *times;
	const struct store_use *use; /* NULL: unknown */
	uint64_t store_needed;	     /* bytes: no new dump if less space is free */
	uint64_t store_limit;	     /* bytes; 0: none */
};

/* g_free(). */
char *metrics_text(const struct metrics_state *state);

#endif
