/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/status.h"

#include <unistd.h>

#include "common/json_build.h"
#include "daemon/domain.h"
#include "daemon/nmi.h"

/* Changes come in bursts. */
#define DELAY_MS 50

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

	json_build_string(builder, "oops_signal", guest_settings_oops_signal(&domain->settings));
	json_build_string(builder, "sysctls", text);
	json_build_string(builder, "nmi", wanted ? "yes" : "no");
	json_build_string(builder, "nmi_reason", reason);
}

static void add_domain(JsonBuilder *builder, const struct domain *domain)
{
	json_builder_begin_object(builder);
	json_build_string(builder, "uuid", domain->uuid);
	json_build_string(builder, "name", domain->name);
	json_build_boolean(builder, "active", domain->active);
	json_build_boolean(builder, "automatic", domain->automatic);
	json_build_boolean(builder, "collecting", domain->collecting);
	add_signals(builder, domain);
	json_build_string(builder, "watch_reason", domain_watch_blind(domain));
	json_build_string(builder, "hangs_reason", domain_stall_blind(domain));
	json_build_string(builder, "kernel", domain->kernel.release);
	add_settings(builder, domain);
	json_build_string(builder, "memory",
			  domain->layout == NULL	   ? NULL
			  : domain->layout->memory_fd >= 0 ? "proc"
							   : "libvirt");
	json_build_integer(builder, "collected", domain->num_collected);
	json_build_integer(builder, "repeats", domain->num_repeats);
	json_build_integer(builder, "suppressed", domain->num_suppressed - domain->num_deferred);
	json_build_integer(builder, "failed", domain->num_failed);
	json_build_string(builder, "last_dump", domain->last_dump);
	json_builder_end_object(builder);
}

static char *render(struct domains *all)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonNode) root = NULL;
	GHashTableIter iter;
	void *value;

	json_builder_begin_object(builder);
	json_build_integer(builder, "schema", 1);
	json_build_integer(builder, "pid", (guint64)getpid());
	json_build_string(builder, "version", OOPSBT_VERSION);
	json_build_string(builder, "uri", all->config->uri);
	json_build_string(builder, "directory", all->config->store);
	json_build_string(builder, "auto_enable", all->config->auto_enable);
	json_build_boolean(builder, "connected", all->connected);
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
