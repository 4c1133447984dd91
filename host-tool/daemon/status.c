/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/status.h"

#include <json-glib/json-glib.h>
#include <unistd.h>

#include "daemon/domain.h"
#include "daemon/nmi.h"

/* Changes come in bursts. */
#define DELAY_MS 50

static void add_string(JsonBuilder *builder, const char *name, const char *value)
{
	json_builder_set_member_name(builder, name);
	if (value)
		json_builder_add_string_value(builder, value);
	else
		json_builder_add_null_value(builder);
}

static void add_bool(JsonBuilder *builder, const char *name, bool value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, value);
}

static void add_number(JsonBuilder *builder, const char *name, guint64 value)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, (gint64)value);
}

static void add_signals(JsonBuilder *builder, const struct domain *domain)
{
	json_builder_set_member_name(builder, "signals");
	json_builder_begin_array(builder);
	if (domain->active && domain->all->connected &&
	    domain->options.signal != OPTION_SIGNAL_WATCH)
		json_builder_add_string_value(builder, "event");
	if (domain->watched)
		json_builder_add_string_value(builder, "watch");
	json_builder_end_array(builder);
}

/* Adds the settings, and whether the guest would handle a host NMI, and why (not). */
static void add_settings(JsonBuilder *builder, const struct domain *domain)
{
	g_autofree char *text = guest_settings_text(&domain->settings);
	const char *reason = NULL;
	bool wanted = nmi_wanted(domain->options.nmi, &domain->settings.verdict, true, &reason);

	add_string(builder, "oops_signal", guest_settings_oops_signal(&domain->settings));
	add_string(builder, "sysctls", text);
	add_string(builder, "nmi", wanted ? "yes" : "no");
	add_string(builder, "nmi_reason", reason);
}

static void add_domain(JsonBuilder *builder, const struct domain *domain)
{
	json_builder_begin_object(builder);
	add_string(builder, "uuid", domain->uuid);
	add_string(builder, "name", domain->name);
	add_bool(builder, "active", domain->active);
	add_bool(builder, "automatic", domain->automatic);
	add_bool(builder, "collecting", domain->collecting);
	add_signals(builder, domain);
	add_string(builder, "watch_reason", domain_watch_blind(domain));
	add_string(builder, "hangs_reason", domain_stall_blind(domain));
	add_string(builder, "kernel", domain->kernel.release);
	add_settings(builder, domain);
	add_string(builder, "memory",
		   domain->layout == NULL	    ? NULL
		   : domain->layout->memory_fd >= 0 ? "proc"
						    : "libvirt");
	add_number(builder, "collected", domain->num_collected);
	add_number(builder, "repeats", domain->num_repeats);
	add_number(builder, "suppressed", domain->num_suppressed - domain->num_deferred);
	add_number(builder, "failed", domain->num_failed);
	add_string(builder, "last_dump", domain->last_dump);
	json_builder_end_object(builder);
}

static char *render(struct domains *all)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	GHashTableIter iter;
	void *value;

	json_builder_begin_object(builder);
	add_number(builder, "schema", 1);
	add_number(builder, "pid", (guint64)getpid());
	add_string(builder, "version", OOPSBT_VERSION);
	add_string(builder, "uri", all->config->uri);
	add_string(builder, "directory", all->config->store);
	add_string(builder, "auto_enable", all->config->auto_enable);
	add_bool(builder, "connected", all->connected);
	json_builder_set_member_name(builder, "domains");
	json_builder_begin_array(builder);
	g_hash_table_iter_init(&iter, all->by_uuid);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((struct domain *)value)->enabled)
			add_domain(builder, value);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	return json_to_string(root, TRUE);
}

static gboolean write_status(void *user_data)
{
	struct domains *all = user_data;
	g_autofree char *path =
		g_build_filename(all->collector->runtime_directory, STATUS_FILE, NULL);
	g_autofree char *text = render(all);
	g_autoptr(GError) error = NULL;

	all->status_source = 0;
	if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
		log_write(all->log, LOG_WARNING, NULL, NULL, "%s", error->message);
	return G_SOURCE_REMOVE;
}

void status_changed(struct domains *all)
{
	metrics_changed(all->metrics);
	if (all->status_source == 0 && !all->stopping)
		all->status_source = g_timeout_add(DELAY_MS, write_status, all);
}
