/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's oopsbt configuration: the attributes of one element in the domain's <metadata>,
 *
 *   <oopsbt:oopsbt xmlns:oopsbt="https://oopsbt.org/xmlns/domain/1" signal="auto" nmi="auto" .../>
 *
 * The element's presence means enabled, unless it says enabled="no": then auto_enable of
 * oopsbtd.conf does not enable the domain either. Missing attributes have their defaults; unknown
 * ones are ignored and returned as warnings; a known attribute with a bad value is an error.
 */
#ifndef OOPSBT_COMMON_OPTIONS_H
#define OOPSBT_COMMON_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

#include "common/incident.h"

#define OPTIONS_XML_URI "https://oopsbt.org/xmlns/domain/1"
#define OPTIONS_XML_KEY "oopsbt"

#define OPTIONS_ERROR (options_error_quark())
GQuark options_error_quark(void);
enum options_error {
	OPTIONS_ERROR_XML,   /* not the element it should be */
	OPTIONS_ERROR_VALUE, /* a known attribute with a value it cannot have */
	OPTIONS_ERROR_NAME,  /* options_set(): no such option */
};

/* Which signals are listened to. */
enum option_signal {
	OPTION_SIGNAL_AUTO,  /* events, and the memory watch behind them */
	OPTION_SIGNAL_EVENT, /* events only */
	OPTION_SIGNAL_WATCH, /* memory watch only */
};

enum option_nmi {
	OPTION_NMI_AUTO, /* only when guest memory shows that it is safe */
	OPTION_NMI_ALWAYS,
	OPTION_NMI_NEVER,
};

enum option_tasks {
	OPTION_TASKS_AUTO, /* blocked for a collection that was asked for, else none */
	OPTION_TASKS_NONE,
	OPTION_TASKS_BLOCKED, /* those that wait, and who has what they wait for */
	OPTION_TASKS_ALL,
};

struct options {
	bool disabled;		   /* enabled="no"; no option of options_help() */
	enum option_signal signal; /* signal="auto|event|watch" */
	enum option_nmi nmi;	   /* nmi="auto|always|never" */
	bool freeze;		   /* freeze="on|off", default on */
	bool vmcore;		   /* vmcore="on|off", default off: also a full dump */
	unsigned int keep;	   /* keep="N": dumps kept, default 10, 1 to 1000 */
	unsigned int full;	   /* full="N": of one bug, default 3, 1 to 1000 (repeat_rule.h) */
	unsigned int budget_ms;	   /* budget="N": longest freeze, default 200, 1 to 10000 */
	unsigned int
		watch_ms; /* watch="N": the memory watch's interval, default 1000, 100 to 60000 */
	enum option_tasks tasks; /* tasks="auto|none|blocked|all" */
	unsigned int
		kinds; /* kinds="auto|all|KIND,...": bits 1 << enum incident, of OPTIONS_KINDS */
};

/* The kinds of incident that somebody tells of. */
#define OPTIONS_KINDS_TOLD                                                                         \
	(1u << INCIDENT_OOPS | 1u << INCIDENT_PANIC | 1u << INCIDENT_WATCHDOG |                    \
	 1u << INCIDENT_KVM_ERROR)
/* Those that the stall watch looks for. */
#define OPTIONS_KINDS_STALL                                                                        \
	(1u << INCIDENT_SOFT_LOCKUP | 1u << INCIDENT_HARD_LOCKUP | 1u << INCIDENT_RCU_STALL |      \
	 1u << INCIDENT_HUNG_TASK | 1u << INCIDENT_STARVED | 1u << INCIDENT_DEAD |                 \
	 1u << INCIDENT_WARNING)
#define OPTIONS_KINDS (OPTIONS_KINDS_TOLD | OPTIONS_KINDS_STALL)
/* What is noticed unless something else is asked for: kernels warn of much that hurts nobody. */
#define OPTIONS_KINDS_DEFAULT (OPTIONS_KINDS & ~(1u << INCIDENT_WARNING))
/* The kinds that a dump can be of. */
#define OPTIONS_KINDS_STORED (OPTIONS_KINDS | 1u << INCIDENT_COLLECT)

void options_init(struct options *options); /* the defaults */

/* @xml: the element as virDomainGetMetadata() returns it. @warnings (optional): one string each. */
bool options_from_xml(const char *xml, struct options *options, GPtrArray *warnings,
		      GError **error);

/* The element for virDomainSetMetadata(), without the prefix declaration; only non-defaults.
 * g_free(). */
char *options_to_xml(const struct options *options);

/* One option by name, as the command line has it ("keep", "5"). */
bool options_set(struct options *options, const char *name, const char *value, GError **error);

/* One option's value as options_set() takes it, NULL if there is no such option. g_free(). */
char *options_get(const struct options *options, const char *name);

struct option_help {
	const char *name;
	const char *values;
	const char *text;
	bool collection; /* it says how a collection is made, not what is noticed or kept */
};
/* All options, terminated by a NULL name: help, man page and completion come from it. */
const struct option_help *options_help(void);

#endif
