/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * collect DOMAIN STORE NAME ROUNDS
 *
 * Measures how long a running domain is frozen: by a bare suspend and resume, by a collection with
 * a kernel map (warm), and by a collection without a kernel map (cold). The three take turns, over
 * one connection and in one process. Prints one line "NAME.SERIES MICROSECONDS" for each value. A
 * series without a step is the time from the suspend call to the end of the resume call; the report
 * has this time as freeze_us. ".stopped" is the time between QEMU's STOP and RESUME events.
 */
#include <json-glib/json-glib.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/collection.h"
#include "daemon/runtime.h"

/* How long to wait for QEMU's events. */
#define EVENT_TIMEOUT_US G_TIME_SPAN_SECOND
/* Lets the guest catch up with the time that it missed. */
#define REST_US 50000
#define ANALYZER_WALL_S 60

/* The ends of the last collection's steps; monotonic, microseconds; 0: not seen. */
static struct {
	gint64 suspend, suspended, registers, resume, resumed, analysed, commit, durable;
} at;

int __real_virDomainSuspend(virDomainPtr domain);
int __wrap_virDomainSuspend(virDomainPtr domain);
int __real_virDomainResume(virDomainPtr domain);
int __wrap_virDomainResume(virDomainPtr domain);
int __real_virDomainQemuMonitorCommand(virDomainPtr domain, const char *command, char **result,
				       unsigned int flags);
int __wrap_virDomainQemuMonitorCommand(virDomainPtr domain, const char *command, char **result,
				       unsigned int flags);
bool __real_store_dump_commit(struct store_dump *dump, GError **doubt, GError **error);
bool __wrap_store_dump_commit(struct store_dump *dump, GError **doubt, GError **error);

int __wrap_virDomainSuspend(virDomainPtr domain)
{
	int result;

	at.suspend = g_get_monotonic_time();
	result = __real_virDomainSuspend(domain);
	at.suspended = g_get_monotonic_time();
	return result;
}

int __wrap_virDomainResume(virDomainPtr domain)
{
	int result;

	at.resume = g_get_monotonic_time();
	result = __real_virDomainResume(domain);
	at.resumed = g_get_monotonic_time();
	return result;
}

int __wrap_virDomainQemuMonitorCommand(virDomainPtr domain, const char *command, char **result,
				       unsigned int flags)
{
	int status = __real_virDomainQemuMonitorCommand(domain, command, result, flags);

	at.registers = g_get_monotonic_time();
	return status;
}

bool __wrap_store_dump_commit(struct store_dump *dump, GError **doubt, GError **error)
{
	at.commit = g_get_monotonic_time();
	return __real_store_dump_commit(dump, doubt, error);
}

static void on_state(enum collection_state state, const char *detail G_GNUC_UNUSED,
		     void *user_data G_GNUC_UNUSED)
{
	if (state == COLLECTION_ANALYSED)
		at.analysed = g_get_monotonic_time();
	if (state == COLLECTION_STORED)
		at.durable = g_get_monotonic_time();
}

/* QEMU's own clock; filled in by the thread that runs libvirt's event loop. */
static struct {
	GMutex mutex;
	GCond changed;
	gint64 stop, resume; /* real time, microseconds; 0: not received yet */
} events;

static void on_event(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain G_GNUC_UNUSED,
		     const char *name, long long seconds, unsigned int micros,
		     const char *details G_GNUC_UNUSED, void *user_data G_GNUC_UNUSED)
{
	gint64 when = seconds * G_USEC_PER_SEC + micros;

	g_mutex_lock(&events.mutex);
	if (strcmp(name, "STOP") == 0)
		events.stop = when;
	else
		events.resume = when;
	g_cond_signal(&events.changed);
	g_mutex_unlock(&events.mutex);
}

static void forget_events(void)
{
	g_mutex_lock(&events.mutex);
	events.stop = events.resume = 0;
	g_mutex_unlock(&events.mutex);
}

struct bench {
	const char *name;
	virDomainPtr domain;
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct options options;
	struct collector collector;
	struct collection_request request;
	GBytes *map;
};

static void print(const struct bench *bench, const char *kind, const char *what, gint64 from,
		  gint64 to)
{
	printf("%s.%s%s %" G_GINT64_FORMAT "\n", bench->name, kind, what, to - from);
}

static void print_stopped(const struct bench *bench, const char *kind)
{
	gint64 until = g_get_monotonic_time() + EVENT_TIMEOUT_US;

	g_mutex_lock(&events.mutex);
	while (!(events.stop && events.resume) &&
	       g_cond_wait_until(&events.changed, &events.mutex, until))
		;
	if (events.stop && events.resume)
		print(bench, kind, ".stopped", events.stop, events.resume);
	g_mutex_unlock(&events.mutex);
}

static bool suspend_and_resume(struct bench *bench, GError **error)
{
	forget_events();
	if (virDomainSuspend(bench->domain) < 0)
		return virt_fail(error, "suspending");
	if (virDomainResume(bench->domain) < 0)
		return virt_fail(error, "resuming");
	print(bench, "bare", "", at.suspend, at.resumed);
	print(bench, "bare", ".suspend", at.suspend, at.suspended);
	print(bench, "bare", ".resume", at.resume, at.resumed);
	print_stopped(bench, "bare");
	return true;
}

/* Reads the freeze time from the report, because the user sees this time. */
static bool reported_freeze(struct bench *bench, const char *id, gint64 *freeze_us, GError **error)
{
	g_autofree char *path =
		g_build_filename(store_root(bench->collector.store),
				 virDomainGetName(bench->domain), id, "report.json", NULL);
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *timeline;

	if (!json_parser_load_from_file(parser, path, error))
		return false;
	timeline = json_object_get_object_member(json_node_get_object(json_parser_get_root(parser)),
						 "timeline");
	*freeze_us = json_object_get_int_member_with_default(timeline, "freeze_us", 0);
	if (*freeze_us > 0)
		return true;
	g_set_error(error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED, "%s: not frozen", path);
	return false;
}

static bool collect(struct bench *bench, const char *kind, GBytes *map, GError **error)
{
	struct collection_result result = {0};
	gint64 start, freeze_us;
	bool done;

	forget_events();
	bench->request.map = map;
	bench->request.signalled_us = g_get_real_time();
	start = g_get_monotonic_time();
	done = collection_run(&bench->collector, &bench->request, &result, error) &&
	       reported_freeze(bench, result.id, &freeze_us, error);
	for (guint i = 0; result.warnings && i < result.warnings->len; i++)
		fprintf(stderr, "collect: %s\n", (char *)result.warnings->pdata[i]);
	if (done) {
		print(bench, kind, "", 0, freeze_us);
		print(bench, kind, ".to-suspend", start, at.suspend);
		print(bench, kind, ".suspend", at.suspend, at.suspended);
		print(bench, kind, ".registers", at.suspended, at.registers);
		print(bench, kind, ".read", at.registers, at.resume);
		print(bench, kind, ".resume", at.resume, at.resumed);
		print(bench, kind, ".analyse", at.resumed, at.analysed);
		print(bench, kind, ".render", at.analysed, at.commit);
		print(bench, kind, ".commit", at.commit, at.durable);
		print(bench, kind, ".work", at.suspend, at.commit);
		print(bench, kind, ".all", start, at.durable);
		print_stopped(bench, kind);
	}
	collection_result_clear(&result);
	/* As in the daemon: starts the next analyser in advance. */
	return done && analyzer_pool_fill(bench->collector.analyzers, 1, error);
}

static bool run(struct bench *bench, unsigned int rounds, GError **error)
{
	for (unsigned int i = 0; i < rounds; i++) {
		g_usleep(REST_US);
		if (!suspend_and_resume(bench, error))
			return false;
		g_usleep(REST_US);
		if (!collect(bench, "cold", NULL, error))
			return false;
		g_usleep(REST_US);
		if (!suspend_and_resume(bench, error))
			return false;
		g_usleep(REST_US);
		if (!collect(bench, "warm", bench->map, error))
			return false;
	}
	return true;
}

static bool find_kernel(struct bench *bench, GError **error)
{
	struct collection_result result = {0};
	bool found = collection_map(&bench->collector, &bench->request, &result, error);

	if (found) {
		bench->map = g_bytes_ref(result.map);
		bench->request.layout = layout_ref(result.layout);
	}
	collection_result_clear(&result);
	return found;
}

static bool set_up(struct bench *bench, const char *domain, const char *store, GError **error)
{
	const struct analyzer_limits limits = {
		.file_size = 512 << 20,
		.cpu_seconds = 20,
		.wall_seconds = ANALYZER_WALL_S,
	};
	virConnectPtr connection = virConnectOpen(NULL);

	if (connection == NULL)
		return virt_fail(error, "connecting");
	bench->domain = virDomainLookupByName(connection, domain);
	if (bench->domain == NULL)
		return virt_fail(error, "looking up the domain");
	virDomainGetUUIDString(bench->domain, bench->uuid);
	options_init(&bench->options);
	bench->options.budget_ms = 10000;
	bench->options.nmi = OPTION_NMI_NEVER;
	bench->collector = (struct collector){
		.store = store_new(store),
		.analyzers = analyzer_pool_new(&limits),
		.runtime_directory = runtime_directory(),
		.memory = MEMORY_PROC,
		.freeze_deadline_ms = 60000,
	};
	bench->request = (struct collection_request){
		.connection = connection,
		.uuid = bench->uuid,
		.options = &bench->options,
		.signal = "collect",
		.on_state = on_state,
	};
	if (virConnectDomainQemuMonitorEventRegister(
		    connection, bench->domain, "^(STOP|RESUME)$", on_event, NULL, NULL,
		    VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX) < 0)
		return virt_fail(error, "listening to QEMU's events");
	bench->collector.guard = guard_new(bench->collector.runtime_directory,
					   g_getenv("LIBVIRT_DEFAULT_URI"), error);
	return bench->collector.guard && find_kernel(bench, error);
}

static void *run_events(void *unused G_GNUC_UNUSED)
{
	while (virEventRunDefaultImpl() == 0)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	struct bench bench = {0};
	g_autoptr(GError) error = NULL;

	if (argc != 5) {
		fprintf(stderr, "usage: collect DOMAIN STORE NAME ROUNDS\n");
		return 2;
	}
	virEventRegisterDefaultImpl();
	g_thread_unref(g_thread_new("events", run_events, NULL));
	bench.name = argv[3];
	if (!set_up(&bench, argv[1], argv[2], &error) ||
	    !run(&bench, (unsigned int)atoi(argv[4]), &error)) {
		fprintf(stderr, "collect: %s\n", error->message);
		return EXIT_FAILURE;
	}
	/*
	 * The end of this process closes the sockets of the analyser and the guard, and they end
	 * too.
	 */
	return EXIT_SUCCESS;
}
