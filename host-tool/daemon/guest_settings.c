/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guest_settings.h"

#include <string.h>

/* Only people read them. */
#define ASK_US (4 * G_TIME_SPAN_SECOND)

static const char *const names[PROTOCOL_NUM_SETTINGS] = {
	[PROTOCOL_PANIC_ON_OOPS] = "panic_on_oops",
	[PROTOCOL_OOPS_ALL_CPU_BACKTRACE] = "oops_all_cpu_backtrace",
	[PROTOCOL_UNKNOWN_NMI_BACKTRACE] = "unknown_nmi_backtrace",
	[PROTOCOL_UNKNOWN_NMI_PANIC] = "unknown_nmi_panic",
	[PROTOCOL_PANIC_ON_UNRECOVERED_NMI] = "panic_on_unrecovered_nmi",
};

void guest_settings_set(struct guest_settings *settings, const struct protocol_verdict *verdict)
{
	if (verdict->known)
		settings->verdict = *verdict;
}

void guest_settings_ask(struct guest_settings *settings, struct peek *peek, gint64 now_us)
{
	bool due = !settings->asked_us || now_us - settings->asked_us >= ASK_US;

	if (due)
		settings->asked_us = now_us;
	for (size_t i = 0; i < PROTOCOL_NUM_SETTINGS; i++)
		peek_add(peek,
			 due && settings->verdict.known ? settings->verdict.settings[i].address : 0,
			 &settings->seen[i], sizeof(settings->seen[i]), &settings->there[i]);
}

bool guest_settings_refresh(struct guest_settings *settings)
{
	struct protocol_verdict *verdict = &settings->verdict;
	bool changed = false;

	if (!verdict->known)
		return false;
	for (size_t i = 0; i < PROTOCOL_NUM_SETTINGS; i++) {
		struct protocol_setting_value *setting = &verdict->settings[i];
		int32_t value = settings->seen[i];

		if (!settings->there[i])
			continue;
		/* A sysctl that is a mask, or has a value for one CPU only */
		if (i == PROTOCOL_UNKNOWN_NMI_BACKTRACE)
			value = value != 0;
		changed = changed || value != setting->value;
		setting->value = value;
	}
	verdict->nmi_handler = verdict->settings[PROTOCOL_UNKNOWN_NMI_BACKTRACE].value == 1;
	verdict->nmi_panics = verdict->settings[PROTOCOL_UNKNOWN_NMI_PANIC].value != 0 ||
			      verdict->settings[PROTOCOL_PANIC_ON_UNRECOVERED_NMI].value != 0;
	return changed;
}

char *guest_settings_text(const struct guest_settings *settings)
{
	GString *text;

	if (!settings->verdict.known)
		return NULL;
	text = g_string_new(NULL);
	for (size_t i = 0; i < PROTOCOL_NUM_SETTINGS; i++) {
		const struct protocol_setting_value *setting = &settings->verdict.settings[i];

		g_string_append_printf(text, "%s%s=", i ? " " : "", names[i]);
		if (setting->address)
			g_string_append_printf(text, "%d", setting->value);
		else
			g_string_append_c(text, '-');
	}
	return g_string_free(text, FALSE);
}

const char *guest_settings_oops_signal(const struct guest_settings *settings)
{
	static const char *const signals[PROTOCOL_NUM_REPORTERS] = {
		[PROTOCOL_REPORTER_NONE] = "absent",
		[PROTOCOL_REPORTER_MODULE] = "module",
		[PROTOCOL_REPORTER_BUILT_IN] = "built-in",
	};

	if (!settings->verdict.known || settings->verdict.oops_reporter >= PROTOCOL_NUM_REPORTERS)
		return NULL;
	return signals[settings->verdict.oops_reporter];
}
