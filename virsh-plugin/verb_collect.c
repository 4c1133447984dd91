/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#include "daemon/collection.h"
#include "daemon/config.h"
#include "daemon/disk_watch.h"
#include "daemon/kernel_state.h"
#include "daemon/runtime.h"
#include "domain.h"
#include "dumps.h"
#include "output.h"
#include "verbs.h"
#include "vmcore_progress.h"

#define LAYOUT_TIMEOUT_MS 5000

/* The parts of the daemon that one collection needs. */
struct tools {
	struct config config;
	char *runtime_directory;
	struct guard *guard;
	struct analyzer_pool *analyzers;
	struct collector collector;
};

static char *own_runtime_directory(const struct session *session)
{
	if (session_is_unprivileged(session) && !g_getenv("OOPSBT_RUNTIME_DIRECTORY"))
		return g_build_filename(g_get_user_runtime_dir(), "oopsbt", NULL);
	return runtime_directory();
}

static bool tools_init(struct tools *tools, struct session *session, GError **error)
{
	g_autofree char *uri = virConnectGetURI(session->connection);
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);

	if (!config_load(NULL, &tools->config, warnings, error))
		return false;
	tools->runtime_directory = own_runtime_directory(session);
	tools->guard = guard_new(tools->runtime_directory, uri, error);
	if (!tools->guard)
		return false;
	tools->analyzers = analyzer_pool_new(&tools->config.analyzer);
	if (!analyzer_pool_fill(tools->analyzers, 1, error))
		return false;
	tools->collector = (struct collector){
		.store = session_store(session),
		.analyzers = tools->analyzers,
		.guard = tools->guard,
		.runtime_directory = tools->runtime_directory,
		.memory = session_is_remote(session) ? MEMORY_LIBVIRT : tools->config.memory,
		.log_settle_ms = tools->config.log_settle_ms,
		.freeze_deadline_ms = tools->config.freeze_deadline_ms,
		.free_space_floor = tools->config.free_space_floor,
	};
	return true;
}

static void tools_clear(struct tools *tools)
{
	g_clear_pointer(&tools->guard, guard_free);
	g_clear_pointer(&tools->analyzers, analyzer_pool_free);
	config_clear(&tools->config);
	g_free(tools->runtime_directory);
}

static bool fail_collection(struct session *session, GError **error, const char *name,
			    const GError *cause)
{
	if (cause->domain == STORE_ERROR)
		return dumps_fail(session, error, cause);
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED, "cannot collect domain '%s': %s%s", name,
		    cause->message,
		    g_error_matches(cause, COLLECTION_ERROR, COLLECTION_ERROR_BUSY)
			    ? "\nit is being collected already: 'virsh oopsbt watch' shows the dump"
			    : "");
	return false;
}

/* Before the freeze: what is known of the kernel need not be read while the guest stands still. */
static void find_kernel(const struct tools *tools, struct collection_request *request,
			struct collection_result *found)
{
	if (!request->layout || !collection_map(&tools->collector, request, found, NULL))
		return;
	request->layout = found->layout;
	request->map = found->map;
}

/*
 * Waits a second for the guest's disks: requests that they have now and do not answer in that time.
 * A user who waits for the command can wait for that. If it is unknown, the guest is frozen.
 */
static void look_at_disks(struct collection_request *request, const struct collection_result *found,
			  struct disk_requests *requests)
{
	struct disk_watch *watch;

	if (!request->options->freeze || !request->layout || request->layout->memory_fd < 0)
		return;
	watch = disk_watch_new(found->disks);
	if (watch == NULL)
		return;
	disk_watch_look(watch, request->layout, g_get_monotonic_time());
	*requests = *disk_watch_requests(watch);
	disk_watch_free(watch);
	if (requests->num == 0)
		return;
	g_usleep(DISK_REQUESTS_SLOW_US);
	request->disk_requests = requests;
}

static bool collect(struct session *session, virDomainPtr domain, const struct options *options,
		    struct collection_result *result, GError **error)
{
	const char *name = virDomainGetName(domain);
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct tools tools = {0};
	struct kernel_state known = {0};
	struct collection_result found = {0};
	struct disk_requests requests = {0};
	struct vmcore_progress *watch;
	g_autoptr(Layout) layout = NULL;
	g_autoptr(GError) local = NULL;
	bool good;

	virDomainGetUUIDString(domain, uuid);
	good = tools_init(&tools, session, &local);
	if (good) {
		struct collection_request request = {
			.connection = session->connection,
			.uuid = uuid,
			.options = options,
			.signal = "collect",
			.incident = INCIDENT_COLLECT,
			.signalled_us = g_get_real_time(),
		};

		layout = layout_read(domain, tools.collector.memory, LAYOUT_TIMEOUT_MS, NULL);
		/* What oopsbtd knows saves the search for the guest's kernel. */
		if (layout)
			kernel_state_load(&known, tools.runtime_directory, uuid, layout, false);
		request.layout = layout;
		request.map = known.map;
		find_kernel(&tools, &request, &found);
		look_at_disks(&request, &found, &requests);
		request.signalled_us = g_get_real_time();
		watch = options->vmcore ? vmcore_progress_begin(session, domain) : NULL;
		good = collection_run(&tools.collector, &request, result, &local);
		store_publish(tools.collector.store);
		if (watch)
			vmcore_progress_end(watch);
	}
	collection_result_clear(&found);
	kernel_state_clear(&known);
	tools_clear(&tools);
	return good || fail_collection(session, error, name, local);
}

static bool check_active(struct session *session, virDomainPtr domain, GError **error)
{
	int active = virDomainIsActive(domain);

	if (active < 0)
		return session_fail(session, error, "cannot read the state of domain '%s'",
				    virDomainGetName(domain));
	if (active)
		return true;
	g_set_error(error, CLI_ERROR, CLI_ERROR_FAILED,
		    "domain '%s' is not running, so there is nothing to collect",
		    virDomainGetName(domain));
	return false;
}

static GPtrArray *dumps_of(struct session *session, virDomainPtr domain)
{
	char uuid[VIR_UUID_STRING_BUFLEN];

	return virDomainGetUUIDString(domain, uuid) == 0
		       ? store_list(session_store(session), uuid, NULL)
		       : NULL;
}

static bool is_among(const GPtrArray *entries, const char *id)
{
	for (guint i = 0; i < entries->len; i++) {
		if (strcmp(((const struct store_entry *)entries->pdata[i])->id, id) == 0)
			return true;
	}
	return false;
}

/* A domain keeps a limited number of dumps: a new one removes the oldest. */
static void tell_removed(const GPtrArray *before, const GPtrArray *after, unsigned int keep)
{
	for (guint i = 0; before && after && i < before->len; i++) {
		const struct store_entry *entry = before->pdata[i];

		if (!is_among(after, entry->id))
			print_warning("dump %s was removed: '%s' keeps %u dumps (option keep)",
				      entry->id, entry->domain, keep);
	}
}

static bool run(struct session *session, const struct cli_args *args, GError **error)
{
	g_autoptr(GPtrArray) before = NULL;
	g_autoptr(GPtrArray) after = NULL;
	struct collection_result result = {0};
	g_autoptr(virDomain) domain = NULL;
	struct options options;
	bool enabled;
	bool good;

	if (!session_connect_to_write(session, "collecting", error))
		return false;
	domain = session_find_domain(session, cli_operands(args)[0], error);
	if (!domain || !check_active(session, domain, error) ||
	    !domain_get_options(session, domain, VIR_DOMAIN_AFFECT_LIVE, &enabled, &options, NULL,
				error) ||
	    !cli_options(args, &options, error))
		return false;
	before = dumps_of(session, domain);
	good = collect(session, domain, &options, &result, error);
	after = dumps_of(session, domain);
	tell_removed(before, after, options.keep);
	for (guint i = 0; result.warnings && i < result.warnings->len; i++)
		print_warning("%s", (char *)result.warnings->pdata[i]);
	if (result.not_resumed)
		print_warning("the guest could not be resumed; the freeze guard keeps trying: %s",
			      result.not_resumed);
	if (good && session->quiet)
		print_clean("%s\n", result.id);
	else if (good)
		print_clean("%s   %s\n", result.id, result.title ? result.title : "(no title)");
	collection_result_clear(&result);
	return good;
}

const struct verb verb_collect = {
	.name = "collect",
	.operands = "DOMAIN",
	.operand_kind = CLI_RUNNING,
	.min_operands = 1,
	.max_operands = 1,
	.summary = "collect now, for a hang; prints the dump's id",
	.description =
		"Freezes the domain for some milliseconds, reads what its vCPUs do, and stores a "
		"dump, "
		"with or without oopsbtd, whether the domain is enabled or not. A domain that is "
		"paused is read as it is and stays paused. Over a connection to another host "
		"memory "
		"is read through libvirt, and the dump is stored here.\n\n"
		"The options are for this collection only. An option that is not given is as in "
		"the "
		"domain's metadata.",
	.domain_options = CLI_COLLECTION_OPTIONS,
	.run = run,
};
