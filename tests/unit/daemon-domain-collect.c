/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a domain while it is collected: its guest is reset, it runs again, the daemon
 * stops, its options are refused. A collection waits for the test; functions of this file stand for
 * the other parts of the daemon. libvirt is its test driver.
 */
#include <glib/gstdio.h>

#include "daemon/domain.h"
#include "daemon/hook.h"
#include "daemon/spares.h"

#define COUNTER 0x1000

static struct task *held; /* the collection that waits */
static unsigned int num_searches, num_background;
static virConnectPtr connection;

/* --- the other parts --- */

static void end_task(struct task *task)
{
	if (task->clear)
		task->clear(task);
	g_free(task->uuid);
	g_free(task);
}

void task_push(struct domains *all, struct pool *pool, const char *uuid, struct task *task)
{
	task->all = all;
	task->uuid = g_strdup(uuid);
	task->connection = connection;
	if (pool == &all->collecting) {
		g_assert_null(held);
		held = task;
		return;
	}
	num_searches += pool == &all->mapping;
	/* Of the background tasks only a refresh is done. */
	if (pool == &all->background && connection) {
		task->work(task);
		task->done(task, all->user_data);
	} else {
		num_background += pool == &all->background;
	}
	end_task(task);
}

virDomainPtr task_take_domain(struct task *task G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	return NULL;
}

bool collection_run(const struct collector *collector G_GNUC_UNUSED,
		    const struct collection_request *request, struct collection_result *result,
		    GError **error G_GNUC_UNUSED)
{
	result->id = g_strdup("20261201T000000Z-1000000001");
	result->title = g_strdup("a title");
	result->layout = layout_ref(request->layout);
	result->analysed = true;
	result->verdict = (struct protocol_verdict){
		.known = 1,
		.panic_cpu = -1,
		.die_counter_address = COUNTER,
		.die_counter = 2,
	};
	return true;
}

void collection_result_clear(struct collection_result *result)
{
	g_free(result->id);
	g_free(result->title);
	layout_unref(result->layout);
}

bool collection_map(const struct collector *collector G_GNUC_UNUSED,
		    const struct collection_request *request G_GNUC_UNUSED,
		    struct collection_result *result G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	g_assert_not_reached();
}

GQuark collection_error_quark(void)
{
	return g_quark_from_static_string("test");
}

const char *collection_state_name(enum collection_state state G_GNUC_UNUSED)
{
	return "state";
}

struct domain *domain_get(struct domains *all, const char *uuid G_GNUC_UNUSED)
{
	return all->user_data;
}

void domain_drop(struct domain *domain G_GNUC_UNUSED)
{
}

void domain_ignore(struct domain *domain G_GNUC_UNUSED)
{
}

void status_changed(struct domains *all G_GNUC_UNUSED)
{
}

void spares_update(struct domains *all G_GNUC_UNUSED)
{
}

void metrics_stored(struct metrics *metrics G_GNUC_UNUSED,
		    const struct collection_times *times G_GNUC_UNUSED, bool deferred G_GNUC_UNUSED)
{
}

void publication_changed(struct publication *publication G_GNUC_UNUSED)
{
}

virConnectPtr connection_take(struct connection *all G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	return virConnectOpen("test:///default");
}

void connection_give(struct connection *all G_GNUC_UNUSED, virConnectPtr taken,
		     bool reusable G_GNUC_UNUSED)
{
	virConnectClose(taken);
}

const char *const hook_folders[] = {NULL};

bool hook_is_wanted(const char *const *folders G_GNUC_UNUSED)
{
	return false;
}

char *hook_environment(const struct hook_dump *dump G_GNUC_UNUSED)
{
	return NULL;
}

void hook_start(const char *id G_GNUC_UNUSED, const char *environment G_GNUC_UNUSED,
		const char *runtime_directory G_GNUC_UNUSED, const char *domain G_GNUC_UNUSED,
		struct log *log G_GNUC_UNUSED)
{
}

/* --- the tests --- */

struct fixture {
	char *directory;
	struct config config;
	struct collector collector;
	struct domains all;
	struct domain domain;
};

static void set_up(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	static const struct analyzer_limits limits;

	f->directory = g_dir_make_tmp("oopsbt-domain-collect-XXXXXX", NULL);
	f->config = (struct config){.domain_rate = {20, 60}, .total_rate = {100, 600}};
	f->collector.runtime_directory = f->directory;
	f->collector.analyzers = analyzer_pool_new(&limits);
	f->collector.store = store_new(f->directory);
	f->all.config = &f->config;
	f->all.collector = &f->collector;
	f->all.log = log_new("test", false);
	f->all.by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_insert(f->all.by_uuid, (void *)"a", &f->domain);
	f->all.stop = g_cancellable_new();
	f->all.connected = true;
	f->all.user_data = &f->domain;
	f->domain.all = &f->all;
	f->domain.uuid = (char *)"a";
	f->domain.name = g_strdup("a");
	f->domain.known = f->domain.active = f->domain.enabled = true;
	f->domain.id = 1;
	options_init(&f->domain.options);
	f->domain.map_cancellable = g_cancellable_new();
	f->domain.layout = g_atomic_rc_box_new0(struct layout);
	f->domain.layout->memory_fd = -1;
	f->domain.layout->domain_id = 1;
	f->domain.layout->pid = 77;
	f->domain.kernel.map = g_bytes_new_static("map", 3);
	f->domain.kernel.release = g_strdup("6.1");
	f->domain.kernel.watch = (struct watch){.counter_address = COUNTER, .have_counter = true};
	num_searches = num_background = 0;
}

static void tear_down(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *maps = g_build_filename(f->directory, "maps", NULL);

	if (held)
		end_task(g_steal_pointer(&held));
	domain_signals_clear(&f->domain);
	domain_collect_stop(&f->domain);
	domain_error_stop(&f->domain);
	domain_kernel_stop(&f->domain);
	g_object_unref(f->domain.map_cancellable);
	kernel_state_clear(&f->domain.kernel);
	layout_unref(f->domain.layout);
	g_free(f->domain.last_dump);
	g_free(f->domain.last_oops_dump);
	g_free(f->domain.name);
	if (f->all.tick) {
		g_source_destroy(f->all.tick);
		g_source_unref(f->all.tick);
	}
	g_hash_table_unref(f->all.by_uuid);
	g_object_unref(f->all.stop);
	analyzer_pool_free(f->collector.analyzers);
	store_free(f->collector.store);
	log_close(f->all.log);
	log_unref(f->all.log);
	kernel_state_forget(f->directory, "a");
	g_rmdir(maps);
	g_assert_cmpint(g_rmdir(f->directory), ==, 0);
	g_free(f->directory);
}

static void oops(struct fixture *f)
{
	domain_signal(&f->domain, "oops", g_get_real_time());
}

static void end_collection(struct fixture *f)
{
	struct task *task = g_steal_pointer(&held);

	g_assert_nonnull(task);
	task->work(task);
	task->done(task, &f->domain);
	end_task(task);
}

/* Like the event for a reset. */
static void reset(struct fixture *f)
{
	struct layout *layout = g_steal_pointer(&f->domain.layout);

	domain_signals_lost(&f->domain, "the guest was reset");
	domain_kernel_reset(&f->domain);
	f->domain.layout = layout;
}

/* Like domains_stop(). */
static void stop(struct fixture *f)
{
	f->all.stopping = true;
	domain_refresh_stop(&f->domain);
	domain_error_stop(&f->domain);
	domain_signals_stop(&f->domain);
	domain_collect_stop(&f->domain);
	domain_kernel_stop(&f->domain);
}

static void load(struct fixture *f, struct kernel_state *state)
{
	g_assert_true(
		kernel_state_load(state, f->directory, f->domain.uuid, f->domain.layout, false));
}

static void test_panic_before_reset(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	domain_signal(&f->domain, "panicked", g_get_real_time());
	reset(f);
	end_collection(f);
	g_assert_cmpuint(f->domain.num_collected, ==, 1);
	g_assert_false(f->domain.kernel.panic_collected);
	g_assert_false(f->domain.kernel.watch.have_counter);
}

static void test_panic(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	domain_signal(&f->domain, "panicked", g_get_real_time());
	end_collection(f);
	g_assert_true(f->domain.kernel.panic_collected);
}

/* It would be read from the next kernel. */
static void test_oops_before_reset(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	oops(f);
	oops(f);
	reset(f);
	end_collection(f);
	g_assert_null(held);
}

static void test_stop(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct kernel_state state;

	oops(f);
	oops(f);
	stop(f);
	end_collection(f);
	g_assert_null(held);
	load(f, &state);
	g_assert_cmpint(watch_look(&state.watch, 2, 0, false,
				   g_get_monotonic_time() + G_USEC_PER_SEC, g_get_real_time()),
			==, WATCH_OOPS);
	g_assert_cmpuint(state.watch.told, ==, 1);
	kernel_state_clear(&state);
}

static void test_stop_deferred(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	struct kernel_state state;

	f->config.domain_rate.burst = 1;
	oops(f);
	oops(f);
	g_assert_nonnull(f->domain.deferred);
	stop(f);
	end_collection(f);
	load(f, &state);
	g_assert_cmpstr(state.deferred, ==, "oops");
	g_assert_cmpuint(state.suppressed.rate_limit, ==, 1);
	kernel_state_clear(&state);
}

/* The administrator resumes the guest while its error is collected, and QEMU stops it again. */
static void test_error_again(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	f->domain.paused_us = 1;
	f->domain.error_told = true;
	domain_notice(&f->domain, "kvm-error", INCIDENT_KVM_ERROR, "it was stopped");
	domain_stall_paused(&f->domain, false);
	domain_error_over(&f->domain);
	end_collection(f);
	domain_stall_paused(&f->domain, true);
	num_background = 0;
	domain_error_look(&f->domain);
	g_assert_cmpuint(num_background, ==, 1);
}

static void set_options(virDomainPtr domain, const char *xml)
{
	g_assert_cmpint(virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, xml, "oopsbt",
					     OPTIONS_XML_URI,
					     VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_AFFECT_CONFIG),
			==, 0);
}

/* It is followed with the options that it had, in its next instance as well. */
static void test_refused_options(struct fixture *f, gconstpointer data G_GNUC_UNUSED)
{
	char uuid[VIR_UUID_STRING_BUFLEN];
	virDomainPtr domain;

	connection = virConnectOpen("test:///default");
	domain = virDomainLookupByName(connection, "test");
	virDomainGetUUIDString(domain, uuid);
	f->domain.uuid = uuid;
	set_options(domain, "<oopsbt keep='7'/>");
	domain_refresh(&f->domain);
	g_assert_cmpuint(f->domain.options.keep, ==, 7);
	set_options(domain, "<oopsbt keep='unlimited'/>");
	domain_refresh(&f->domain);
	g_assert_cmpint(virDomainDestroy(domain), ==, 0);
	domain_kernel_reset(&f->domain);
	domain_refresh(&f->domain);
	g_assert_false(f->domain.active);
	g_assert_cmpint(virDomainCreate(domain), ==, 0);
	f->domain.mapping = false;
	num_searches = 0;
	domain_refresh(&f->domain);
	g_assert_true(f->domain.active && f->domain.enabled);
	g_assert_cmpint(f->domain.id, ==, (int)virDomainGetID(domain));
	g_assert_cmpuint(f->domain.options.keep, ==, 7);
	g_assert_cmpuint(num_searches, ==, 1);
	kernel_state_forget(f->directory, uuid);
	f->domain.uuid = (char *)"a";
	virDomainFree(domain);
	virConnectClose(connection);
	connection = NULL;
}

#define ADD(name, function) g_test_add(name, struct fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("/a guest that panicked and was reset may panic again", test_panic_before_reset);
	ADD("/a guest that has panicked is not collected again", test_panic);
	ADD("/an oops that waits when its guest is reset is not read from the next kernel",
	    test_oops_before_reset);
	ADD("/an oops that waits when the daemon stops is found by the next one", test_stop);
	ADD("/a deferred oops is kept when the daemon stops", test_stop_deferred);
	ADD("/a guest that was resumed while its error was collected has the next one reported",
	    test_error_again);
	ADD("/a domain whose options are refused keeps its options and its state is known",
	    test_refused_options);
	return g_test_run();
}
