/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's oopsbt configuration: the attributes of one element in the domain's <metadata>,
 *
 *   <oopsbt:oopsbt xmlns:oopsbt="https://oopsbt.org/xmlns/domain/1" signal="auto" nmi="auto" .../>
 *
 * If the element is present, the domain is enabled, unless the element has enabled="no"; then
 * auto_enable of oopsbtd.conf does not enable the domain either. Missing attributes have their
 * defaults. Unknown attributes are ignored and returned as warnings. A known attribute with a bad
 * value is an error.
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
	OPTIONS_ERROR_XML,   /* not an oopsbt element */
	OPTIONS_ERROR_VALUE, /* a known attribute with an invalid value */
	OPTIONS_ERROR_NAME,  /* options_set(): no such option */
};

/* The signals to listen to. */
enum option_signal {
	OPTION_SIGNAL_AUTO,  /* events, and the memory watch in addition */
	OPTION_SIGNAL_EVENT, /* events only */
	OPTION_SIGNAL_WATCH, /* memory watch only */
};

enum option_nmi {
	OPTION_NMI_AUTO, /* only if guest memory shows that it is safe */
	OPTION_NMI_ALWAYS,
	OPTION_NMI_NEVER,
};

enum option_tasks {
	OPTION_TASKS_AUTO, /* OPTION_TASKS_BLOCKED for a requested collection, else none */
	OPTION_TASKS_NONE,
	OPTION_TASKS_BLOCKED, /* waiting tasks, and the owners of what they wait for */
	OPTION_TASKS_ALL,
};

struct options {
	bool disabled;		   /* enabled="no"; not in options_help() */
	enum option_signal signal; /* signal="auto|event|watch" */
	enum option_nmi nmi;	   /* nmi="auto|always|never" */
	bool freeze;		   /* freeze="on|off", default on */
	bool vmcore;		   /* vmcore="on|off", default off: also a full dump */
	unsigned int keep;	   /* keep="N": maximum number of dumps, default 10, 1 to 1000 */
	unsigned int full; /* full="N": dumps of one bug, default 3, 1 to 1000 (repeat_rule.h) */
	unsigned int budget_ms; /* budget="N": longest freeze, default 200, 1 to 10000 */
	unsigned int
		watch_ms; /* watch="N": the memory watch's interval, default 1000, 100 to 60000 */
	enum option_tasks tasks; /* tasks="auto|none|blocked|all" */
	unsigned int
		kinds; /* kinds="auto|all|KIND,...": bits 1 << enum incident, of OPTIONS_KINDS */
};

/* The kinds of incident that an event reports. */
#define OPTIONS_KINDS_TOLD                                                                         \
	(1u << INCIDENT_OOPS | 1u << INCIDENT_PANIC | 1u << INCIDENT_WATCHDOG |                    \
	 1u << INCIDENT_KVM_ERROR)
/* The kinds that the stall watch detects. */
#define OPTIONS_KINDS_STALL                                                                        \
	(1u << INCIDENT_SOFT_LOCKUP | 1u << INCIDENT_HARD_LOCKUP | 1u << INCIDENT_RCU_STALL |      \
	 1u << INCIDENT_HUNG_TASK | 1u << INCIDENT_STARVED | 1u << INCIDENT_DEAD |                 \
	 1u << INCIDENT_WARNING)
#define OPTIONS_KINDS (OPTIONS_KINDS_TOLD | OPTIONS_KINDS_STALL)
/* The default: all except warnings, since many kernel warnings are harmless. */
#define OPTIONS_KINDS_DEFAULT (OPTIONS_KINDS & ~(1u << INCIDENT_WARNING))
/* The kinds of a stored dump. */
#define OPTIONS_KINDS_STORED (OPTIONS_KINDS | 1u << INCIDENT_COLLECT)

void options_init(struct options *options); /* the defaults */

/* @xml: the element as virDomainGetMetadata() returns it. @warnings (optional): of char *. */
bool options_from_xml(const char *xml, struct options *options, GPtrArray *warnings,
		      GError **error);

/*
 * The element for virDomainSetMetadata(), without the prefix declaration, with only the options
 * that differ from the default. g_free().
 */
char *options_to_xml(const struct options *options);

/* Sets one option by name, in the form of the command line ("keep", "5"). */
bool options_set(struct options *options, const char *name, const char *value, GError **error);

/* An option's value in the form of options_set(); NULL: there is no such option. g_free(). */
char *options_get(const struct options *options, const char *name);

/* The values of an option, for a message: "1..1000"; NULL: there is no such option. g_free(). */
char *options_takes(const char *name);

struct option_help {
	const char *name;
	const char *values;
	const char *text;
	bool collection; /* changes how a dump is collected, not what is noticed or kept */
};
/* All options, terminated by a NULL name. Help, man page and completion use them. */
const struct option_help *options_help(void);

#endif
