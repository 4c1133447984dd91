/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/incident.h"

#include <glib.h>
#include <string.h>

static const char *const names[NUM_INCIDENTS] = {
	[INCIDENT_OOPS] = "oops",
	[INCIDENT_PANIC] = "panic",
	[INCIDENT_SOFT_LOCKUP] = "soft-lockup",
	[INCIDENT_HARD_LOCKUP] = "hard-lockup",
	[INCIDENT_RCU_STALL] = "rcu-stall",
	[INCIDENT_HUNG_TASK] = "hung-task",
	[INCIDENT_STARVED] = "starved",
	[INCIDENT_DEAD] = "dead",
	[INCIDENT_WARNING] = "warning",
	[INCIDENT_WATCHDOG] = "watchdog",
	[INCIDENT_KVM_ERROR] = "kvm-error",
	[INCIDENT_COLLECT] = "collect",
};

const char *incident_name(enum incident incident)
{
	return names[incident];
}

bool incident_from_name(const char *name, enum incident *incident)
{
	for (unsigned int i = 0; i < NUM_INCIDENTS; i++) {
		if (!strcmp(name, names[i])) {
			*incident = (enum incident)i;
			return true;
		}
	}
	return false;
}

bool incidents_from_words(const char *words, unsigned int among, unsigned int *bits)
{
	g_auto(GStrv) list = g_strsplit(words, ",", -1);
	unsigned int set = 0;

	for (char **word = list; *word; word++) {
		enum incident incident;

		if (!incident_from_name(*word, &incident) || !(among & 1u << incident))
			return false;
		set |= 1u << incident;
	}
	if (set == 0)
		return false;
	*bits = set;
	return true;
}

char *incidents_to_words(unsigned int bits, const char *separator)
{
	GString *text = g_string_new(NULL);

	for (unsigned int i = 0; i < NUM_INCIDENTS; i++) {
		if (bits & 1u << i)
			g_string_append_printf(text, "%s%s", text->len ? separator : "", names[i]);
	}
	return g_string_free(text, FALSE);
}

bool incident_from_signal(const char *signal, enum incident *incident)
{
	static const struct {
		const char *signal;
		enum incident incident;
	} known[] = {
		{"oops", INCIDENT_OOPS},       {"crashloaded", INCIDENT_OOPS},
		{"watch", INCIDENT_OOPS},      {"panicked", INCIDENT_PANIC},
		{"collect", INCIDENT_COLLECT},
	};

	for (size_t i = 0; signal && i < G_N_ELEMENTS(known); i++) {
		if (!strcmp(signal, known[i].signal)) {
			*incident = known[i].incident;
			return true;
		}
	}
	return false;
}
