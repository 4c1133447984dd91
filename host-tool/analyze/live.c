// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyze/live.h"

#include <string.h>
#include <unistd.h>

#include "analyze/analysis.h"
#include "analyze/disk_places.h"
#include "analyze/output.h"
#include "analyze/relay.h"
#include "analyze/sandbox.h"
#include "analyze/stall_places.h"
#include "common/context.h"
#include "common/incident.h"
#include "common/protocol.h"

/*
 * 224 MiB: the limit of what a hostile guest can make the analyser read. 4096 vCPUs need less. A
 * core of this size with a log fits the usual limit of a file.
 */
#define MAX_PAGES 57344
#define MAX_LOG_PAGES 16384
/* Pages of storage allocated before a job arrives; a 16-vCPU guest needs fewer. */
#define PAGES_READY 512
/* The collector has shorter limits of its own; this detects a dead one. */
#define ANSWER_TIMEOUT_MS 60000

struct live {
	int control;
	struct job job;
	int memory_fd;
	int fds[PROTOCOL_NUM_FDS]; /* received with FINISH */
	struct relay *relay;	   /* NULL: memory is read from memory_fd */
	struct guest_memory *memory;
	struct snapshot *frozen; /* until the analysis takes it */
	struct analysis analysis;
};

static bool receive(struct live *live, enum protocol_type type, struct protocol_message *message,
		    GError **error)
{
	if (!protocol_receive(live->control, PROTOCOL_MAX_PAYLOAD, ANSWER_TIMEOUT_MS, message,
			      error))
		return false;
	if (message->type == type)
		return true;
	g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID, "message %d came in place of %d",
		    message->type, type);
	protocol_message_clear(message);
	return false;
}

static bool open_memory(struct live *live, GError **error)
{
	const struct guest_extent *extents = (void *)live->job.extents->data;

	if (live->job.relay) {
		live->relay = relay_new(live->control);
		live->memory = relay_memory(live->relay, extents, live->job.extents->len, error);
	} else {
		live->memory = guest_memory_new_fd(live->memory_fd, extents, live->job.extents->len,
						   error);
	}
	if (live->memory == NULL)
		return false;
	guest_memory_read_pages(live->memory);
	return sandbox_narrow(live->job.relay ? -1 : live->memory_fd, extents,
			      live->job.extents->len, error);
}

/* Blocks until a job arrives. */
static bool receive_job(struct live *live, GError **error)
{
	struct protocol_message message;
	const char *json;
	gsize length;
	bool valid;

	if (!protocol_receive(live->control, PROTOCOL_MAX_PAYLOAD, -1, &message, error))
		return false;
	json = g_bytes_get_data(message.payload, &length);
	valid = message.type == PROTOCOL_JOB && message.num_fds == 1 &&
		job_from_json(json, length, &live->job, error);
	if (valid) {
		live->memory_fd = message.fds[0];
		message.fds[0] = -1;
	} else if (error && !*error) {
		g_set_error_literal(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
				    "the first message is not a whole JOB");
	}
	protocol_message_clear(&message);
	return valid;
}

static bool begin(struct live *live, GError **error)
{
	if (!open_memory(live, error))
		return false;
	snapshot_attach(live->frozen, live->memory);
	/* The daemon answers relayed reads only after FROZEN. */
	analysis_init(&live->analysis, g_steal_pointer(&live->frozen), live->job.map,
		      !live->job.relay);
	analysis_set_collection(&live->analysis, &live->job.collection);
	return protocol_send(live->control, PROTOCOL_READY, NULL, 0, NULL, 0, error);
}

static bool capture(struct live *live, GError **error)
{
	struct protocol_message message;
	const char *text;
	gsize length;

	if (!receive(live, PROTOCOL_FROZEN, &message, error))
		return false;
	text = g_bytes_get_data(message.payload, &length);
	analysis_capture(&live->analysis, g_strndup(text ? text : "", length));
	protocol_message_clear(&message);
	return true;
}

static void add_setting(struct protocol_verdict *verdict, enum protocol_setting which,
			uint64_t address, struct maybe_int setting)
{
	if (setting.known)
		verdict->settings[which] = (struct protocol_setting_value){
			.address = address,
			.value = (int32_t)setting.value,
		};
}

static void add_settings(const struct analysis *analysis, struct protocol_verdict *verdict)
{
	const struct settings *settings = &analysis->settings;
	const struct kernel *kernel = &analysis->kernel;
	struct maybe_int nmi_switch = {settings->nmi_switch.value != 0, settings->nmi_handler};

	add_setting(verdict, PROTOCOL_PANIC_ON_OOPS,
		    kernel_variable_location(kernel, SYMBOL_panic_on_oops),
		    settings->panic_on_oops);
	add_setting(verdict, PROTOCOL_OOPS_ALL_CPU_BACKTRACE,
		    kernel_variable_location(kernel, SYMBOL_sysctl_oops_all_cpu_backtrace),
		    settings->oops_all_cpu_backtrace);
	add_setting(verdict, PROTOCOL_UNKNOWN_NMI_BACKTRACE,
		    kernel_location(kernel, settings->nmi_switch), nmi_switch);
	add_setting(verdict, PROTOCOL_UNKNOWN_NMI_PANIC,
		    kernel_variable_location(kernel, SYMBOL_unknown_nmi_panic),
		    settings->unknown_nmi_panic);
	add_setting(verdict, PROTOCOL_PANIC_ON_UNRECOVERED_NMI,
		    kernel_variable_location(kernel, SYMBOL_panic_on_unrecovered_nmi),
		    settings->panic_on_unrecovered_nmi);
}

static void make_verdict(const struct analysis *analysis, struct protocol_verdict *verdict)
{
	static const enum protocol_reporter reporters[] = {
		[OOPS_REPORTER_NONE] = PROTOCOL_REPORTER_NONE,
		[OOPS_REPORTER_MODULE] = PROTOCOL_REPORTER_MODULE,
		[OOPS_REPORTER_BUILT_IN] = PROTOCOL_REPORTER_BUILT_IN,
		[OOPS_REPORTER_UNKNOWN] = PROTOCOL_REPORTER_UNKNOWN,
	};
	const struct settings *settings = &analysis->settings;

	*verdict = (struct protocol_verdict){.panic_cpu = -1};
	if (!analysis->map || !analysis->cpus || !settings->panic_cpu.known ||
	    !settings->die_counter.known || analysis_has_strangers(analysis))
		return;
	verdict->known = 1;
	verdict->panic_cpu = (int32_t)settings->panic_cpu.value;
	verdict->nmi_handler = settings->nmi_handler;
	verdict->nmi_panics = settings->unknown_nmi_panic.value != 0 ||
			      settings->panic_on_unrecovered_nmi.value != 0;
	verdict->die_counter = (uint32_t)settings->die_counter.value;
	verdict->oops_reporter = reporters[settings->reporter];
	verdict->die_counter_address =
		kernel_variable_location(&analysis->kernel, SYMBOL_die_counter);
	verdict->taint_address = kernel_variable_location(&analysis->kernel, SYMBOL_tainted_mask);
	verdict->taint = (uint64_t)settings->tainted_mask.value;
	verdict->clock_address = kernel_variable_location(&analysis->kernel, SYMBOL_jiffies_64);
	add_settings(analysis, verdict);
}

static bool send_verdict(struct live *live, GError **error)
{
	struct protocol_verdict verdict;

	make_verdict(&live->analysis, &verdict);
	return protocol_send(live->control, PROTOCOL_CAPTURED, &verdict, sizeof(verdict), NULL, 0,
			     error);
}

static bool send_stall_places(struct live *live, GError **error)
{
	g_autoptr(GBytes) places = stall_places(&live->analysis);
	gsize length;
	const void *data = g_bytes_get_data(places, &length);

	return protocol_send(live->control, PROTOCOL_STALL, data, length, NULL, 0, error);
}

static bool send_disk_places(struct live *live, GError **error)
{
	g_autoptr(GBytes) places = disk_places(&live->analysis);
	gsize length;
	const void *data = g_bytes_get_data(places, &length);

	return protocol_send(live->control, PROTOCOL_DISKS, data, length, NULL, 0, error);
}

/* Sends the hung tasks that the guest has counted. */
static bool send_blocked(struct live *live, GError **error)
{
	const struct report_collection *collection = &live->analysis.report->collection;
	g_autoptr(GBytes) blocked = NULL;
	const void *data;
	gsize length;

	if (g_strcmp0(collection->incident, incident_name(INCIDENT_HUNG_TASK)) != 0)
		return true;
	blocked = stall_blocked(&live->analysis);
	data = g_bytes_get_data(blocked, &length);
	return protocol_send(live->control, PROTOCOL_BLOCKED, data, length, NULL, 0, error);
}

static bool take_fds(struct live *live, struct protocol_message *message, GError **error)
{
	if (message->num_fds != PROTOCOL_NUM_FDS) {
		g_set_error(error, PROTOCOL_ERROR, PROTOCOL_ERROR_INVALID,
			    "FINISH came with %u descriptors", message->num_fds);
		return false;
	}
	for (unsigned int i = 0; i < message->num_fds; i++) {
		live->fds[i] = message->fds[i];
		message->fds[i] = -1;
	}
	return true;
}

static bool take_context(struct live *live, enum protocol_type type, GError **error)
{
	struct report_collection collection = {0};
	struct protocol_message message;
	const char *json;
	gsize length;
	bool valid;

	if (!receive(live, type, &message, error))
		return false;
	json = g_bytes_get_data(message.payload, &length);
	valid = collection_from_json(json, length, &collection, error) &&
		(type != PROTOCOL_FINISH || take_fds(live, &message, error));
	protocol_message_clear(&message);
	if (valid)
		analysis_set_collection(&live->analysis, &collection);
	return valid;
}

/*
 * The oopses that the next collection need not report: up to the one reported, or all if none waits
 * for a collection. A job that only checks a map must not hide waiting ones, and a report of
 * something else must not hide missed ones.
 */
static uint64_t oopses_seen(const struct live *live)
{
	const struct analysis *analysis = &live->analysis;
	int64_t counted;

	if (analysis->oopses_seen)
		return analysis->oopses_seen;
	if ((live->job.kind == JOB_MAP || analysis->report->collection.unwatched) &&
	    !analysis->map_was_found)
		return analysis->map->oopses_seen;
	counted = analysis->settings.die_counter.value - analysis->report->collection.waiting;
	return MAX(analysis->map->oopses_seen, (uint64_t)MAX(counted, 0));
}

static bool send_map(struct live *live, GError **error)
{
	struct analysis *analysis = &live->analysis;
	uint64_t seen = oopses_seen(live);
	struct kernel_map next = *analysis->map;
	g_autoptr(GBytes) bytes = NULL;
	gsize length;
	const void *data;

	next.oopses_seen = seen;
	next.oopses_told = 0;
	next.log_seen = MAX(next.log_seen, analysis->log_seen);
	if (!analysis->map_changed && seen == analysis->map->oopses_seen &&
	    next.log_seen == analysis->map->log_seen)
		return true;
	bytes = kernel_map_to_bytes(&next);
	data = g_bytes_get_data(bytes, &length);
	return protocol_send(live->control, PROTOCOL_MAP, data, length, NULL, 0, error);
}

static bool send_done(struct live *live, const char *text, GError **error)
{
	return protocol_send(live->control, PROTOCOL_DONE, text, strlen(text), NULL, 0, error);
}

static bool serve_map(struct live *live, GError **error)
{
	struct analysis *analysis = &live->analysis;
	const struct report_error *why;

	sandbox_lower_priority();
	analysis_find_kernel(analysis);
	if (!analysis->map) {
		why = g_ptr_array_index(analysis->report->errors,
					analysis->report->errors->len - 1);
		g_set_error_literal(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND, why->message);
		return false;
	}
	analysis_fill(analysis);
	if (!analysis_map_is_run(analysis)) {
		g_set_error(error, KERNEL_ERROR, KERNEL_ERROR_NOT_FOUND,
			    "Linux %s is in guest memory, but no vCPU runs it",
			    analysis->report->guest.release);
		return false;
	}
	return send_verdict(live, error) && send_stall_places(live, error) &&
	       send_disk_places(live, error) && send_map(live, error) &&
	       send_done(live, analysis->report->guest.release, error);
}

/* Uses captured state only. A panicking guest has logged its reason and may vanish once it runs. */
static bool is_panicking(const struct analysis *analysis)
{
	return analysis->map && analysis->cpus && analysis->settings.panic_cpu.known &&
	       analysis->settings.panic_cpu.value != -1;
}

static void understand(struct live *live)
{
	analysis_find_kernel(&live->analysis);
	analysis_fill(&live->analysis);
}

/* @log: a snapshot with the log if it was read already, or NULL. */
static void read_log(struct live *live, struct snapshot *log)
{
	analysis_read_log(&live->analysis, log ? log : snapshot_new(live->memory, MAX_LOG_PAGES));
}

static bool serve_collection(struct live *live, GError **error)
{
	struct analysis *analysis = &live->analysis;
	bool panicking = is_panicking(analysis);

	if (panicking) {
		understand(live);
		read_log(live, NULL);
	}
	if (!send_verdict(live, error) || !take_context(live, PROTOCOL_THAWED, error))
		return false;
	sandbox_lower_priority();
	snapshot_thaw(analysis->frozen);
	if (live->relay)
		relay_forget(live->relay);
	if (!panicking) {
		understand(live);
		if (live->relay)
			relay_read_exactly(live->relay);
		read_log(live, analysis_wait_for_log(analysis, live->job.log_settle_ms));
	}
	analysis_conclude(analysis);
	if ((analysis->map && !send_map(live, error)) || !send_blocked(live, error) ||
	    !protocol_send(live->control, PROTOCOL_ANALYSED, NULL, 0, NULL, 0, error) ||
	    !take_context(live, PROTOCOL_FINISH, error))
		return false;
	return output_write(analysis, live->fds, error) &&
	       send_done(live, analysis->report->title, error);
}

static void live_clear(struct live *live)
{
	analysis_clear(&live->analysis);
	g_clear_pointer(&live->frozen, snapshot_free);
	g_clear_pointer(&live->memory, guest_memory_free);
	g_clear_pointer(&live->relay, relay_free);
	job_clear(&live->job);
	if (live->memory_fd >= 0)
		close(live->memory_fd);
	for (int i = 0; i < PROTOCOL_NUM_FDS; i++) {
		if (live->fds[i] >= 0)
			close(live->fds[i]);
	}
}

bool live_serve(int control, GError **error)
{
	struct live live = {.control = control, .memory_fd = -1, .fds = {-1, -1, -1, -1}};
	bool done;

	live.frozen = snapshot_new(NULL, MAX_PAGES);
	snapshot_reserve(live.frozen, PAGES_READY);
	if (!receive_job(&live, error))
		done = false;
	else
		done = begin(&live, error) && capture(&live, error) &&
		       (live.job.kind == JOB_MAP ? serve_map(&live, error)
						 : serve_collection(&live, error));
	live_clear(&live);
	return done;
}
