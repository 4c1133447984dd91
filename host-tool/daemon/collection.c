/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/collection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/repeat_rule.h"
#include "common/store_repeats.h"
#include "daemon/clock.h"
#include "daemon/dialogue.h"
#include "daemon/fallback.h"
#include "daemon/freeze.h"
#include "daemon/hook.h"
#include "daemon/nmi.h"
#include "daemon/output.h"
#include "daemon/vmcore.h"

/* The maximum size of report files; a report of 4096 vCPUs with long stacks fits. */
#define MAX_REPORT_TEXT ((size_t)64 << 20)
#define MAX_REPORT_JSON ((size_t)128 << 20)
#define MAX_DMESG ((size_t)32 << 20)
#define MAX_CORE ((size_t)256 << 20)

#define LAYOUT_TIMEOUT_MS 5000
#define READY_TIMEOUT_MS 100
#define REGISTERS_TIMEOUT_MS 1000
#define NMI_TIMEOUT_MS 1000

G_DEFINE_QUARK(oopsbt - collection - error - quark, collection_error)

static const char *const file_names[PROTOCOL_NUM_FDS] = {
	[PROTOCOL_FD_REPORT_TEXT] = "report.txt",
	[PROTOCOL_FD_REPORT_JSON] = "report.json",
	[PROTOCOL_FD_CORE] = "core",
	[PROTOCOL_FD_DMESG] = "dmesg.txt",
};

struct run {
	const struct collector *collector;
	const struct collection_request *request;
	struct collection_result *result;
	int lock;
	virDomainPtr domain;
	struct layout *layout; /* part of the result */
	char *slow_disk;       /* why a suspend would take too long, or NULL */
	struct freeze *freeze;
	bool frozen; /* by oopsbt */
	bool migrates;
	bool stays_paused;
	struct store_dump *dump;
	GError *store_error; /* set: no dump is stored, only log entries are written */
	int null_fd;	     /* receives files that are not stored; -1: not open */
	int fds[PROTOCOL_NUM_FDS];
	int registers_fd;
	char *registers;
	struct dialogue dialogue;
	GError *analysis_error; /* set: do not talk to the analyser any more */
	struct report_collection report;
};

const char *collection_state_name(enum collection_state state)
{
	static const char *const names[] = {
		[COLLECTION_SIGNALLED] = "signalled",
		[COLLECTION_FROZEN] = "frozen",
		[COLLECTION_CAPTURED] = "captured",
		[COLLECTION_THAWED] = "thawed",
		[COLLECTION_NMI] = "nmi",
		[COLLECTION_ANALYSED] = "analysed",
		[COLLECTION_STORED] = "stored",
	};

	return names[state];
}

void collection_result_clear(struct collection_result *result)
{
	g_free(result->id);
	g_free(result->title);
	g_free(result->not_resumed);
	summary_clear(&result->summary);
	g_clear_pointer(&result->map, g_bytes_unref);
	g_clear_pointer(&result->stall, g_bytes_unref);
	g_clear_pointer(&result->disks, g_bytes_unref);
	g_clear_pointer(&result->blocked, g_bytes_unref);
	g_free(result->hook);
	g_clear_pointer(&result->warnings, g_ptr_array_unref);
	layout_unref(result->layout);
	*result = (struct collection_result){0};
}

static void enter(struct run *run, enum collection_state state, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void enter(struct run *run, enum collection_state state, const char *format, ...)
{
	g_autofree char *detail = NULL;
	va_list args;

	if (run->request->on_state == NULL)
		return;
	va_start(args, format);
	detail = g_strdup_vprintf(format, args);
	va_end(args);
	run->request->on_state(state, detail, run->request->user_data);
}

/* Adds an error to the report. */
static void add_error(struct run *run, const char *field, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static void add_error(struct run *run, const char *field, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(run->report.errors, report_error_new(field, message));
}

/* Adds a warning to the log. */
static void warn(struct run *run, char *message)
{
	g_ptr_array_add(run->result->warnings, message);
}

static struct maybe_int since_signal(const struct run *run, gint64 real_us)
{
	return (struct maybe_int){true, real_us - run->request->signalled_us};
}

static void replace(char **member, char *value)
{
	g_free(*member);
	*member = value;
}

/* --- before the freeze --- */

/* Locks across processes: the daemon and a command line tool may both collect this domain. */
static bool lock_domain(struct run *run, GError **error)
{
	g_autofree char *folder =
		g_build_filename(run->collector->runtime_directory, "locks", NULL);
	g_autofree char *path = g_build_filename(folder, run->request->uuid, NULL);

	if (g_mkdir_with_parents(folder, 0700) == 0)
		run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (run->lock < 0) {
		g_set_error(error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED, "locking %s: %s",
			    path, g_strerror(errno));
		return false;
	}
	if (flock(run->lock, LOCK_EX | LOCK_NB) < 0) {
		g_set_error(error, COLLECTION_ERROR, COLLECTION_ERROR_BUSY,
			    "another process is collecting this domain");
		return false;
	}
	return true;
}

static bool open_domain(struct run *run, GError **error)
{
	const struct collection_request *request = run->request;
	g_autoptr(GError) cause = NULL;

	run->domain = virDomainLookupByUUIDString(request->connection, request->uuid);
	if (run->domain == NULL) {
		bool gone = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;

		virt_fail(&cause, "looking up the domain");
		g_set_error_literal(error, COLLECTION_ERROR,
				    gone ? COLLECTION_ERROR_GONE : COLLECTION_ERROR_FAILED,
				    cause->message);
		return false;
	}
	if (request->layout && request->layout->domain_id == (int)virDomainGetID(run->domain)) {
		run->layout = layout_ref(request->layout);
	} else {
		run->layout =
			layout_read(run->domain, run->collector->memory, LAYOUT_TIMEOUT_MS, &cause);
		if (run->layout == NULL) {
			bool gone = virDomainIsActive(run->domain) == 0;

			g_set_error(error, COLLECTION_ERROR,
				    gone ? COLLECTION_ERROR_GONE : COLLECTION_ERROR_FAILED,
				    "finding the guest's memory: %s", cause->message);
			return false;
		}
	}
	run->result->layout = run->layout;
	return true;
}

static bool start_run(struct run *run, const struct collector *collector,
		      const struct collection_request *request, struct collection_result *result,
		      GError **error)
{
	run->collector = collector;
	run->request = request;
	run->result = result;
	run->lock = run->registers_fd = run->null_fd = -1;
	for (size_t i = 0; i < G_N_ELEMENTS(run->fds); i++)
		run->fds[i] = -1;
	run->report.errors = report_errors_new();
	result->warnings = g_ptr_array_new_with_free_func(g_free);
	return open_domain(run, error);
}

/* The value for struct report_collection. */
static const char *tasks_wanted(const struct collection_request *request)
{
	switch (request->options->tasks) {
	case OPTION_TASKS_AUTO:
		return request->incident == INCIDENT_OOPS || request->incident == INCIDENT_PANIC ||
				       request->incident == INCIDENT_WARNING
			       ? NULL
			       : "blocked";
	case OPTION_TASKS_NONE:
		return NULL;
	case OPTION_TASKS_BLOCKED:
		return "blocked";
	case OPTION_TASKS_ALL:
		return "all";
	}
	g_assert_not_reached();
}

static void describe(struct run *run)
{
	const struct collection_request *request = run->request;
	struct report_collection *report = &run->report;

	report->domain_name = g_strdup(virDomainGetName(run->domain));
	report->domain_uuid = g_strdup(request->uuid);
	report->signal = g_strdup(request->signal);
	report->incident = g_strdup(incident_name(request->incident));
	report->evidence = g_strdup(request->evidence);
	report->phase = g_strdup(request->phase);
	report->stalled_cpu = request->stalled_cpu;
	report->previous = g_strdup(request->previous);
	report->suppressed = request->suppressed;
	report->waiting = request->waiting;
	report->deferred = request->deferred;
	report->unwatched = request->unwatched;
	report->tasks = g_strdup(tasks_wanted(request));
	report->budget_ms = request->options->budget_ms;
	report->signalled = clock_rfc3339(request->signalled_us);
	report->nmi = g_strdup("not-sent");
	report->host = g_strdup(g_get_host_name());
	report->hypervisor = g_strdup(run->layout->hypervisor);
	report->tool_version = g_strdup(OOPSBT_VERSION);
	report->memory_source = g_strdup(run->layout->memory_fd >= 0 ? "proc" : "libvirt");
	if (run->layout->fallback)
		add_error(run, "memory_source", "memory was read through libvirt: %s",
			  run->layout->fallback);
	if (request->deferred)
		add_error(run, "timeline.frozen",
			  "the rate limit delayed this collection: the CPUs are shown as they were "
			  "at the freeze, not at the signal");
}

/* --- the dump: only while the guest runs, since a disk may be slow --- */

static void tell_removed(const struct store_entry *entry, const char *why, void *user_data)
{
	warn(user_data,
	     g_strdup_printf("dump %s of %s is removed: %s", entry->id, entry->domain, why));
}

static void enforce_quota(struct run *run, const struct store_quota *quota)
{
	g_autoptr(GError) cause = NULL;

	if (!store_enforce(run->collector->store, quota, tell_removed, run, &cause))
		warn(run, g_strdup_printf("the store may be over its limits: %s", cause->message));
}

/*
 * Removes dumps until keep_free_mib of the file system is free. The other limits are enforced when
 * the new dump is stored.
 */
static void make_room(struct run *run)
{
	const struct store_quota room = {.keep_free = run->collector->quota.keep_free};

	enforce_quota(run, &room);
}

/* Called before the freeze: a guest is not frozen if its dump cannot be stored. */
static void check_room(struct run *run)
{
	const struct collector *collector = run->collector;

	if (store_has_room(collector->store, collector->free_space_floor, NULL))
		return;
	make_room(run);
	store_has_room(collector->store, collector->free_space_floor, &run->store_error);
}

static bool create_files(struct run *run, GError **error)
{
	run->dump = store_begin(run->collector->store, run->request->uuid, run->report.domain_name,
				error);
	if (run->dump == NULL)
		return false;
	run->report.id = g_strdup(store_dump_id(run->dump));
	make_room(run);
	if (!store_has_room(run->collector->store, run->collector->free_space_floor, error))
		return false;
	for (int i = 0; i < PROTOCOL_NUM_FDS; i++) {
		run->fds[i] = store_dump_create(run->dump, file_names[i], error);
		if (run->fds[i] < 0)
			return false;
	}
	run->registers_fd = store_dump_create(run->dump, "registers.txt", error);
	return run->registers_fd >= 0;
}

/* A dump that cannot be stored is still analysed, so that the log has its title. */
static void open_dump(struct run *run)
{
	if (run->store_error == NULL && create_files(run, &run->store_error))
		return;
	store_dump_abort(g_steal_pointer(&run->dump));
	run->registers_fd = -1;
	run->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < PROTOCOL_NUM_FDS; i++)
		run->fds[i] = run->null_fd;
	replace(&run->report.id, g_strdup("not stored"));
}

/* --- the analyser --- */

static void begin_analysis(struct run *run, enum job_kind kind)
{
	const struct layout *layout = run->layout;
	struct job job = {
		.kind = kind,
		.relay = layout->memory_fd < 0,
		.extents = layout->extents,
		.map = run->request->map,
		.log_settle_ms = run->collector->log_settle_ms,
		.collection = run->report,
	};
	int null_fd = -1;

	if (layout->encrypted) {
		g_set_error_literal(&run->analysis_error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED,
				    LAYOUT_ENCRYPTED);
		return;
	}
	if (layout->memory_fd < 0)
		null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	run->dialogue.domain = run->domain;
	run->dialogue.layout = run->layout;
	run->dialogue.cancellable = run->request->cancellable;
	dialogue_begin(&run->dialogue, run->collector->analyzers, &job,
		       job.relay ? null_fd : layout->memory_fd, &run->analysis_error);
	if (null_fd >= 0)
		close(null_fd);
}

static void say(struct run *run, enum protocol_type type, const char *text)
{
	if (run->analysis_error == NULL)
		dialogue_send(&run->dialogue, type, text, type == PROTOCOL_FINISH ? run->fds : NULL,
			      type == PROTOCOL_FINISH ? PROTOCOL_NUM_FDS : 0, &run->analysis_error);
}

static bool hear(struct run *run, enum protocol_type type)
{
	return run->analysis_error == NULL &&
	       dialogue_until(&run->dialogue, type, &run->analysis_error);
}

/* --- frozen --- */

/*
 * A suspend waits for the guest's disks, and the guest can run again only after they have answered.
 * If a disk does not answer, the guest would be stopped until its storage is back, whatever the
 * budget. A panicking guest is frozen in any case: it does not run anyway, and must be read before
 * it vanishes.
 */
static void look_at_disks(struct run *run)
{
	const struct disk_requests *requests = run->request->disk_requests;
	gint64 wait_us;

	if (requests == NULL || run->layout != run->request->layout || run->request->held ||
	    run->request->incident == INCIDENT_PANIC)
		return;
	wait_us = disk_requests_wait_us(requests, run->layout, DISK_REQUESTS_SLOW_US,
					g_get_monotonic_time());
	if (wait_us == 0)
		return;
	run->slow_disk = g_strdup_printf("a suspend would wait for a disk that has not answered "
					 "for %.1f s",
					 (double)wait_us / G_USEC_PER_SEC);
}

/*
 * The reason why the guest must run while it is read; NULL: freeze it. A task hangs most often on a
 * disk that does not answer: see look_at_disks().
 */
static const char *why_not_frozen(const struct run *run)
{
	/* A guest that QEMU has paused runs again only after a freeze ends. */
	if (run->request->held)
		return run->request->options->freeze ? NULL : "freeze=off";
	if (run->store_error)
		return "nothing can be stored";
	if (run->layout->encrypted)
		return LAYOUT_ENCRYPTED;
	if (!run->request->options->freeze)
		return "freeze=off";
	if (run->request->incident == INCIDENT_HUNG_TASK)
		return "a suspend would wait for the disk that a hung task may wait for";
	return run->slow_disk;
}

static void begin_freeze(struct run *run)
{
	const struct freeze_plan plan = {
		.domain = run->domain,
		.guard = run->collector->guard,
		.pauses = run->collector->pauses,
		.runtime_directory = run->collector->runtime_directory,
		.budget_ms = run->request->options->budget_ms,
		.deadline_ms = run->collector->freeze_deadline_ms,
		.oops_us = run->request->held ? run->request->signalled_us : 0,
		.oops_registers = run->request->held_registers,
	};

	run->freeze = freeze_begin(&plan);
}

/* Waits briefly for the analyser to be ready, so that the frozen guest does not wait for it. */
static void go(struct run *run)
{
	if (run->analysis_error == NULL)
		dialogue_ready(&run->dialogue, READY_TIMEOUT_MS, &run->analysis_error);
	if (run->freeze)
		freeze_go(run->freeze);
}

static bool is_paused(struct run *run)
{
	int state;

	return virDomainGetState(run->domain, &state, NULL, 0) == 0 &&
	       state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED;
}

static void leave_paused(struct run *run, const char *why)
{
	run->stays_paused = true;
	run->result->left_paused = why;
}

static void found_paused(struct run *run)
{
	leave_paused(run, "it was paused before");
	run->report.frozen = clock_rfc3339(g_get_real_time());
	add_error(run, "timeline.thawed", "the guest was already paused; oopsbt left it paused");
	enter(run, COLLECTION_FROZEN, "the guest is already paused; oopsbt leaves it paused");
}

/*
 * libvirt refuses to suspend a migrating domain, and after the migration its memory here is gone.
 */
static const char while_migrating[] = "the domain is migrating";

static void settle_freeze(struct run *run)
{
	g_autoptr(GError) cause = NULL;

	if (run->freeze == NULL) {
		if (is_paused(run)) {
			found_paused(run);
			return;
		}
		add_error(run, "timeline.frozen", "the guest ran while it was read: %s",
			  why_not_frozen(run));
		if (run->slow_disk)
			warn(run, g_strdup_printf("was not frozen: %s", run->slow_disk));
		return;
	}
	switch (freeze_wait(run->freeze, &cause)) {
	case FREEZE_FROZEN:
		run->frozen = true;
		enter(run, COLLECTION_FROZEN, "the guest is frozen, for at most %u ms",
		      run->request->options->budget_ms);
		break;
	case FREEZE_PAUSED:
		found_paused(run);
		break;
	case FREEZE_MIGRATING:
		run->migrates = true;
		add_error(run, "timeline.frozen", "the guest ran while it was read: %s",
			  while_migrating);
		break;
	case FREEZE_FAILED:
		add_error(run, "timeline.frozen", "the guest ran while it was read: %s",
			  cause ? cause->message : "it could not be frozen");
		warn(run, g_strdup_printf("could not be frozen: %s",
					  cause ? cause->message : "no reason given"));
		break;
	}
}

static void capture(struct run *run)
{
	g_autoptr(GError) cause = NULL;

	if (run->frozen)
		run->registers = freeze_registers(run->freeze, REGISTERS_TIMEOUT_MS, &cause);
	else if (!run->migrates)
		run->registers = virt_monitor(run->domain, VIRT_REGISTERS_COMMAND, true,
					      REGISTERS_TIMEOUT_MS, &cause);
	if (run->registers == NULL)
		add_error(run, "vcpus", "no registers: %s",
			  cause ? cause->message : while_migrating);
	hear(run, PROTOCOL_READY);
	say(run, PROTOCOL_FROZEN, run->registers);
	hear(run, PROTOCOL_CAPTURED);
}

/* Reports a freeze that somebody else ended. */
static void tell_end(struct run *run, enum freeze_end end)
{
	static const struct {
		const char *message;
		const char *left_paused;
	} ends[] = {
		[FREEZE_END_QEMU] = {"QEMU let the guest go on by itself", NULL},
		[FREEZE_END_GUARD] = {"the freeze guard resumed the guest, as this process hung",
				      NULL},
		[FREEZE_END_MIGRATION] = {"the domain began to migrate: the freeze guard ended the "
					  "migration and resumed the guest",
					  NULL},
		[FREEZE_END_RUNS] = {"somebody resumed the guest meanwhile", NULL},
		[FREEZE_END_OTHERS] =
			{"somebody suspended the guest meanwhile: oopsbt left it paused",
			 "somebody suspended it meanwhile"},
		[FREEZE_END_PANIC] = {"QEMU has stopped the guest for its panic meanwhile: oopsbt "
				      "left it stopped",
				      "QEMU has stopped it for its panic"},
	};

	if (end == FREEZE_END_OURS)
		return;
	add_error(run, "timeline.thawed", "%s", ends[end].message);
	if (ends[end].left_paused) {
		leave_paused(run, ends[end].left_paused);
		return;
	}
	run->report.thawed_early = true;
	add_error(run, "timeline.freeze_us",
		  "the guest ran before everything was read: what was read after that may be "
		  "inconsistent");
}

static void thaw(struct run *run)
{
	gint64 captured_us = g_get_real_time();
	g_autoptr(GError) cause = NULL;
	struct freeze_times times = {0};
	bool calm = run->dialogue.verdict.known && run->dialogue.verdict.panic_cpu == -1;

	if (run->freeze == NULL)
		return;
	if (!freeze_thaw(run->freeze, calm, &times, &cause)) {
		run->stays_paused = true;
		add_error(run, "timeline.thawed", "the guest could not be resumed: %s",
			  cause ? cause->message : "no reason given");
		run->result->not_resumed = g_strdup(cause ? cause->message : "no reason given");
	}
	tell_end(run, times.end);
	if (run->analysis_error == NULL)
		enter(run, COLLECTION_CAPTURED, "read what changes while the guest runs");
	if (times.frozen_us) {
		run->report.frozen = clock_rfc3339(times.frozen_us);
		run->result->times.to_frozen_us = since_signal(run, times.frozen_us);
	}
	if (times.thawed_us == 0)
		return;
	run->report.thawed = clock_rfc3339(times.thawed_us);
	run->report.freeze_us = (struct maybe_int){true, times.duration_us};
	run->result->times.frozen_us = run->report.freeze_us;
	enter(run, COLLECTION_THAWED, "the guest runs again, after %.1f ms",
	      (double)times.duration_us / 1000);
	if (times.budget_exceeded) {
		run->report.thawed_early = true;
		add_error(run, "timeline.freeze_us",
			  "the budget of %u ms was used up before everything was read: what was "
			  "read in the %.1f ms after that may be inconsistent",
			  run->request->options->budget_ms,
			  (double)(captured_us - times.thawed_us) / 1000);
	}
}

/* --- after the thaw --- */

static void send_nmi(struct run *run)
{
	g_autoptr(GError) cause = NULL;
	const char *reason = while_migrating;

	if (!run->migrates && nmi_wanted(run->request->options->nmi, &run->dialogue.verdict,
					 !run->stays_paused, &reason)) {
		if (virt_inject_nmi(run->domain, NMI_TIMEOUT_MS, &cause)) {
			replace(&run->report.nmi, g_strdup("sent"));
		} else {
			add_error(run, "nmi", "%s", cause->message);
			reason = "it could not be injected";
		}
	}
	replace(&run->report.nmi_reason, g_strdup(reason));
	enter(run, COLLECTION_NMI, "%s: %s", run->report.nmi, reason);
}

static void say_report(struct run *run, enum protocol_type type)
{
	g_autofree char *json = collection_to_json(&run->report);

	say(run, type, json);
}

static void write_registers(struct run *run)
{
	if (run->dump && run->registers)
		output_write(run->registers_fd, run->registers, strlen(run->registers),
			     &run->store_error);
}

/* Ends the analyser and waits for its exit: then no other process writes to the files. */
static void end_analysis(struct run *run)
{
	g_autofree char *end = dialogue_end(&run->dialogue);

	if (run->analysis_error == NULL) {
		if (end)
			warn(run,
			     g_strdup_printf("the analyser %s, after it had delivered its report",
					     end));
		return;
	}
	if (g_cancellable_is_cancelled(run->request->cancellable))
		g_prefix_error(&run->analysis_error, "the collection was stopped: ");
	if (end) {
		g_autofree char *message = g_steal_pointer(&run->analysis_error->message);

		run->analysis_error->message =
			g_strdup_printf("%s (the analyser %s)", message, end);
	}
}

/* Call it after end_analysis(), so that the checked files cannot change. */
static void check_output(struct run *run)
{
	if (run->analysis_error)
		return;
	run->result->analysed =
		output_check_text(run->fds[PROTOCOL_FD_REPORT_TEXT], "report.txt", MAX_REPORT_TEXT,
				  false, &run->analysis_error) &&
		output_check_json(run->fds[PROTOCOL_FD_REPORT_JSON], MAX_REPORT_JSON, &run->report,
				  &run->result->summary, &run->analysis_error) &&
		output_check_text(run->fds[PROTOCOL_FD_DMESG], "dmesg.txt", MAX_DMESG, true,
				  &run->analysis_error) &&
		output_check_core(run->fds[PROTOCOL_FD_CORE], MAX_CORE, &run->analysis_error);
}

static void drop_file(struct run *run, const char *name)
{
	g_autofree char *path = g_build_filename(store_dump_path(run->dump), name, NULL);

	unlink(path);
}

/* Without an analysis the dump says why, and contains what needs none. */
static bool write_fallback(struct run *run, GError **error)
{
	warn(run, g_strdup_printf("not analysed: %s", run->analysis_error->message));
	add_error(run, "vcpus", "not analysed: %s", run->analysis_error->message);
	drop_file(run, file_names[PROTOCOL_FD_CORE]);
	drop_file(run, file_names[PROTOCOL_FD_DMESG]);
	replace(&run->dialogue.title, g_strdup("not analysed"));
	/* Discards what the analyser sent before it failed. */
	g_clear_pointer(&run->dialogue.map, g_bytes_unref);
	run->dialogue.verdict = (struct protocol_verdict){0};
	summary_clear(&run->result->summary);
	return fallback_write(&run->report, run->dialogue.title, run->fds[PROTOCOL_FD_REPORT_TEXT],
			      run->fds[PROTOCOL_FD_REPORT_JSON], error);
}

/* The log has the only record of it. */
static bool not_stored(struct run *run, GError **error)
{
	const char *title = run->dialogue.title;

	if (title == NULL)
		title = run->analysis_error ? run->analysis_error->message : "not analysed";
	run->result->title = g_strdup(title);
	g_propagate_prefixed_error(error, g_steal_pointer(&run->store_error),
				   "%s; it is not stored: ", title);
	return false;
}

/*
 * Writes the hook's file into the dump: the next daemon starts the hook if this process ends first.
 */
static void write_hook(struct run *run)
{
	const struct collection_request *request = run->request;
	struct collection_result known = *run->result;
	g_autoptr(GError) cause = NULL;
	int fd;

	if (request->hook == NULL)
		return;
	known.id = run->report.id;
	known.title = run->dialogue.title;
	run->result->hook = request->hook(&known, request->user_data);
	if (run->result->hook == NULL)
		return;
	fd = store_dump_create(run->dump, HOOK_DUE, &cause);
	if (fd < 0 || !output_write(fd, run->result->hook, strlen(run->result->hook), &cause)) {
		warn(run, g_strdup_printf("its hook is not started if oopsbtd ends now: %s",
					  cause->message));
		drop_file(run, HOOK_DUE);
	}
}

static bool commit(struct run *run)
{
	g_autoptr(GError) cause = NULL;
	struct store_dump *dump;

	write_hook(run);
	dump = g_steal_pointer(&run->dump);
	if (!store_dump_commit(dump, &cause, &run->store_error))
		return false;
	if (cause)
		warn(run, g_strdup(cause->message));
	g_clear_error(&cause);
	run->result->times.to_stored_us = since_signal(run, g_get_real_time());
	enter(run, COLLECTION_STORED, "%s, %.1f ms after the signal: %s", run->report.id,
	      (double)run->result->times.to_stored_us.value / 1000, run->dialogue.title);
	if (run->request->options->vmcore &&
	    !vmcore_write(run->domain, run->collector->store, run->report.id, run->layout,
			  run->collector->free_space_floor, &cause))
		warn(run, g_strdup_printf("no vmcore: %s", cause->message));
	g_clear_error(&cause);
	if (!store_vacuum(run->collector->store, run->request->uuid, run->request->options->keep,
			  &cause))
		warn(run, g_strdup_printf("old dumps are not removed: %s", cause->message));
	enforce_quota(run, &run->collector->quota);
	return true;
}

/* --- repeats of a bug: a record in an earlier dump --- */

/* The dump that gets the record; NULL: store the incident in full. */
static struct store_entry *find_holder(struct run *run)
{
	const struct summary *summary = &run->result->summary;
	const struct repeat_question question = {
		.fingerprint = summary->fingerprint,
		.release = summary->release,
		.now_s = g_get_real_time() / G_USEC_PER_SEC,
		.full = run->request->options->full,
	};
	g_autoptr(GPtrArray) entries = NULL;
	const struct store_entry *holder = NULL;

	/*
	 * A request by a user gets a dump. So does a signal after skipped signals, which may be of
	 * another bug, or after oopses that were missed: a record does not list them.
	 */
	if (run->request->incident == INCIDENT_COLLECT || run->request->unwatched ||
	    run->analysis_error || summary->left_out_differ)
		return NULL;
	entries = store_list(run->collector->store, run->request->uuid, NULL);
	if (entries)
		holder = repeat_rule_holder(entries, &question);
	return holder ? store_entry_ref(holder) : NULL;
}

static bool add_record(struct run *run, const struct store_entry *holder)
{
	const struct store_repeat repeat = {
		.time = run->report.signalled,
		.title = run->dialogue.title,
		.cpu = run->result->summary.cpu,
		.signal = run->report.signal,
		.phase = run->report.phase,
		.not_collected = suppressed_total(&run->report.suppressed),
	};
	g_autoptr(GError) cause = NULL;

	if (store_repeats_add(holder, &repeat, &run->result->repeat, &cause))
		return true;
	run->result->repeat = 0;
	warn(run, g_strdup_printf("stored in full: %s", cause->message));
	return false;
}

/* False: store the incident in full. */
static bool record_repeat(struct run *run)
{
	g_autoptr(StoreEntry) holder = find_holder(run);

	if (holder == NULL || !add_record(run, holder))
		return false;
	store_dump_abort(g_steal_pointer(&run->dump));
	replace(&run->report.id, g_strdup(holder->id));
	run->result->times.to_stored_us = since_signal(run, g_get_real_time());
	enter(run, COLLECTION_STORED,
	      "record %" G_GUINT64_FORMAT " in %s, %.1f ms after the signal: %s",
	      run->result->repeat, run->report.id,
	      (double)run->result->times.to_stored_us.value / 1000, run->dialogue.title);
	return true;
}

static void take_result(struct run *run)
{
	run->result->id = g_strdup(run->report.id);
	run->result->title = g_steal_pointer(&run->dialogue.title);
	run->result->map = g_steal_pointer(&run->dialogue.map);
	run->result->stall = g_steal_pointer(&run->dialogue.stall);
	run->result->disks = g_steal_pointer(&run->dialogue.disks);
	run->result->blocked = g_steal_pointer(&run->dialogue.blocked);
	run->result->verdict = run->dialogue.verdict;
}

static void finish_run(struct run *run)
{
	freeze_end(run->freeze);
	dialogue_clear(&run->dialogue);
	store_dump_abort(run->dump);
	report_collection_clear(&run->report);
	g_clear_error(&run->analysis_error);
	g_clear_error(&run->store_error);
	if (run->null_fd >= 0)
		close(run->null_fd);
	g_free(run->registers);
	g_free(run->slow_disk);
	if (run->domain)
		virDomainFree(run->domain);
	if (run->lock >= 0)
		close(run->lock);
}

static bool collect(struct run *run, GError **error)
{
	check_room(run);
	look_at_disks(run);
	if (why_not_frozen(run) == NULL)
		begin_freeze(run);
	describe(run);
	enter(run, COLLECTION_SIGNALLED, "%s", run->request->signal);
	begin_analysis(run, JOB_COLLECT);
	go(run);
	settle_freeze(run);
	capture(run);
	thaw(run);
	send_nmi(run);
	say_report(run, PROTOCOL_THAWED);
	open_dump(run);
	write_registers(run);
	if (hear(run, PROTOCOL_ANALYSED))
		enter(run, COLLECTION_ANALYSED, "the guest's log has settled; %s",
		      run->layout->memory_fd >= 0 ? "memory was read from the process"
						  : "memory was read through libvirt");
	replace(&run->report.stored, clock_rfc3339(g_get_real_time()));
	say_report(run, PROTOCOL_FINISH);
	hear(run, PROTOCOL_DONE);
	end_analysis(run);
	if (run->store_error)
		return not_stored(run, error);
	check_output(run);
	if (run->analysis_error && !write_fallback(run, &run->store_error))
		return not_stored(run, error);
	return record_repeat(run) || commit(run) || not_stored(run, error);
}

bool collection_run(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error)
{
	struct run run = {0};
	bool done = start_run(&run, collector, request, result, error) &&
		    lock_domain(&run, error) && collect(&run, error);

	if (done)
		take_result(&run);
	finish_run(&run);
	return done;
}

bool collection_map(const struct collector *collector, const struct collection_request *request,
		    struct collection_result *result, GError **error)
{
	struct run run = {0};
	bool done = false;

	if (start_run(&run, collector, request, result, error)) {
		describe(&run);
		begin_analysis(&run, JOB_MAP);
		if (run.analysis_error == NULL)
			run.registers = virt_monitor(run.domain, VIRT_REGISTERS_COMMAND, true,
						     REGISTERS_TIMEOUT_MS, &run.analysis_error);
		hear(&run, PROTOCOL_READY);
		say(&run, PROTOCOL_FROZEN, run.registers);
		hear(&run, PROTOCOL_DONE);
		end_analysis(&run);
		done = run.analysis_error == NULL;
	}
	/* The given map fits, so the analyser sends no other. */
	if (done && run.dialogue.map == NULL && request->map)
		run.dialogue.map = g_bytes_ref(request->map);
	done = done && run.dialogue.map;
	if (done)
		take_result(&run);
	else if (run.analysis_error)
		g_propagate_error(error, g_steal_pointer(&run.analysis_error));
	else if (error && *error == NULL)
		g_set_error(error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED,
			    "no Linux kernel was found in the guest's memory");
	finish_run(&run);
	return done;
}
