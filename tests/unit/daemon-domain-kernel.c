/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for the kernel of a guest whose memory is not complete yet: the kernel is found, and
 * its count of oopses is not. Functions of this file stand for the other parts of the daemon.
 */
#include <glib/gstdio.h>

#include "daemon/domain.h"

#define COUNTER 0x1000

static bool no_kernel;		 /* the search finds none */
static uint64_t counter_address; /* what the search finds */
static unsigned int num_searches;
static GBytes *meanwhile; /* the map of a collection that ends during the first search */
static struct domain *of_collection;

/* --- the other parts --- */

void task_push(struct domains *all, struct pool *pool G_GNUC_UNUSED, const char *uuid G_GNUC_UNUSED,
	       struct task *task)
{
	struct domain *domain = all->user_data;

	task->all = all;
	task->work(task);
	task->done(task, domain);
	task->clear(task);
	g_free(task);
}

virDomainPtr task_take_domain(struct task *task G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
	virConnectPtr connection = virConnectOpen("test:///default");
	virDomainPtr domain = virDomainLookupByName(connection, "test");

	virConnectClose(connection);
	return domain;
}

bool collection_map(const struct collector *collector G_GNUC_UNUSED,
		    const struct collection_request *request, struct collection_result *result,
		    GError **error)
{
	num_searches++;
	if (no_kernel) {
		g_set_error(error, COLLECTION_ERROR, COLLECTION_ERROR_FAILED, "no kernel");
		return false;
	}
	if (num_searches == 1 && meanwhile)
		of_collection->kernel.map = g_bytes_ref(meanwhile);
	result->map = request->map ? g_bytes_ref(request->map) : g_bytes_new_static("map", 3);
	result->title = g_strdup("6.1.0");
	result->layout = layout_ref(request->layout);
	result->verdict = (struct protocol_verdict){
		.known = 1,
		.panic_cpu = -1,
		.die_counter_address = counter_address,
	};
	return true;
}

void collection_result_clear(struct collection_result *result)
{
	g_clear_pointer(&result->map, g_bytes_unref);
	g_free(result->title);
	g_clear_pointer(&result->layout, layout_unref);
}

GQuark collection_error_quark(void)
{
	return g_quark_from_static_string("test");
}

void domain_stall_set(struct domain *domain G_GNUC_UNUSED, GBytes *places G_GNUC_UNUSED)
{
}

void domain_disks_set(struct domain *domain G_GNUC_UNUSED, GBytes *places G_GNUC_UNUSED)
{
}

void domain_stall_keep(struct domain *domain G_GNUC_UNUSED)
{
}

void domain_signals_keep(struct domain *domain)
{
	domain->kernel.suppressed = domain->suppressed;
}

void domain_signals_recall(struct domain *domain G_GNUC_UNUSED)
{
}

void domain_signals_another_kernel(struct domain *domain G_GNUC_UNUSED)
{
}

void domain_stopped(struct domain *domain G_GNUC_UNUSED)
{
}

void domain_watch_update(struct domain *domain G_GNUC_UNUSED)
{
}

void status_changed(struct domains *all G_GNUC_UNUSED)
{
}

/* --- the tests --- */

struct fixture {
	char *directory;
	struct collector collector;
	struct domains all;
	struct domain domain;
};

static void set_up(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	fixture->directory = g_dir_make_tmp("oopsbt-domain-kernel-XXXXXX", NULL);
	fixture->collector.runtime_directory = fixture->directory;
	fixture->all.collector = &fixture->collector;
	fixture->all.log = log_new("test", false);
	fixture->all.user_data = &fixture->domain;
	fixture->domain.all = &fixture->all;
	fixture->domain.uuid = fixture->domain.name = (char *)"a";
	fixture->domain.enabled = fixture->domain.active = true;
	options_init(&fixture->domain.options);
	fixture->domain.map_cancellable = g_cancellable_new();
	fixture->domain.layout = g_atomic_rc_box_new0(struct layout);
	fixture->domain.layout->memory_fd = -1;
	no_kernel = false;
	counter_address = 0;
	num_searches = 0;
	of_collection = &fixture->domain;
}

static void tear_down(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autofree char *maps = g_build_filename(fixture->directory, "maps", NULL);

	domain_kernel_stop(&fixture->domain);
	g_object_unref(fixture->domain.map_cancellable);
	kernel_state_clear(&fixture->domain.kernel);
	layout_unref(fixture->domain.layout);
	log_close(fixture->all.log);
	log_unref(fixture->all.log);
	kernel_state_forget(fixture->directory, "a");
	g_assert_cmpint(g_rmdir(maps), ==, 0);
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
	g_free(fixture->directory);
}

/* Searches now; true: it is over, and what was found is used. */
static bool found(struct fixture *fixture)
{
	struct domain *domain = &fixture->domain;

	domain_kernel_find(domain, 0);
	g_assert_cmpint(domain->map_source != 0, ==, domain->kernel.release == NULL);
	return domain->kernel.release != NULL;
}

static void test_completed(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_assert_false(found(fixture));
	counter_address = COUNTER;
	g_assert_true(found(fixture));
	g_assert_cmpuint(fixture->domain.kernel.watch.counter_address, ==, COUNTER);
	g_assert_cmpuint(fixture->domain.map_tries, ==, 0);
}

static void test_never_completed(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	while (!found(fixture))
		g_assert_cmpuint(num_searches, <, 100);
	g_assert_cmpuint(num_searches, ==, 4);
	g_assert_nonnull(domain_watch_blind(&fixture->domain));
}

/* Such a guest waits in its boot loader, perhaps for hours. */
static void test_found_late(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	gint64 wait_us;

	no_kernel = true;
	for (unsigned int i = 0; i < 100; i++)
		g_assert_false(found(fixture));
	wait_us = g_source_get_ready_time(
			  g_main_context_find_source_by_id(NULL, fixture->domain.map_source)) -
		  g_get_monotonic_time();
	g_assert_cmpint(wait_us, >, 500 * G_USEC_PER_SEC);
	g_assert_cmpint(wait_us, <=, 600 * G_USEC_PER_SEC);
	no_kernel = false;
	counter_address = COUNTER;
	g_assert_true(found(fixture));
}

static void test_not_needed(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	fixture->domain.options.signal = OPTION_SIGNAL_EVENT;
	g_assert_true(found(fixture));
	g_assert_null(domain_watch_blind(&fixture->domain));
}

/* The map tells which oopses are reported: an older one would have one reported again. */
static void test_outdated(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	counter_address = COUNTER;
	meanwhile = g_bytes_new_static("newer", 5);
	g_assert_true(found(fixture));
	g_assert_cmpuint(num_searches, ==, 2);
	g_assert_true(g_bytes_equal(fixture->domain.kernel.map, meanwhile));
	g_clear_pointer(&meanwhile, g_bytes_unref);
}

/* libvirt's test driver has no memory to read. */
static void test_recalled_later(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_clear_pointer(&fixture->domain.layout, layout_unref);
	fixture->domain.continued = true;
	g_assert_false(found(fixture));
	g_assert_cmpuint(num_searches, ==, 0);
	g_assert_true(fixture->domain.continued);
	fixture->domain.layout = g_atomic_rc_box_new0(struct layout);
	fixture->domain.layout->memory_fd = -1;
	counter_address = COUNTER;
	g_assert_true(found(fixture));
}

/* Only its panic device tells of oopses. */
static void test_encrypted(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	no_kernel = true;
	fixture->domain.layout->encrypted = true;
	domain_kernel_find(&fixture->domain, 0);
	g_assert_cmpuint(num_searches, ==, 1);
	g_assert_cmpuint(fixture->domain.map_source, ==, 0); /* no search is due */
	g_assert_cmpuint(fixture->domain.map_tries, >, 0);
	g_assert_cmpstr(domain_watch_blind(&fixture->domain), ==, LAYOUT_ENCRYPTED);
	fixture->domain.options.signal = OPTION_SIGNAL_EVENT;
	g_assert_null(domain_watch_blind(&fixture->domain));
	kernel_state_save(&fixture->domain.kernel, fixture->directory, "a", fixture->domain.layout,
			  NULL);
}

/* It recalls what is stored, so a search waits for it. */
static void test_collection_recalls(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	counter_address = COUNTER;
	fixture->domain.recalling = true;
	domain_kernel_find(&fixture->domain, 0);
	g_assert_cmpuint(num_searches, ==, 0);
	g_assert_true(fixture->domain.map_again);
	fixture->domain.recalling = fixture->domain.map_again = false;
	g_assert_true(found(fixture));
}

/* Signals that were left out before a guest was saved count once after it is restored. */
static void test_moved(struct fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	struct domain *domain = &fixture->domain;
	g_autoptr(GBytes) map = g_bytes_new_static("map", 3);
	struct layout *layout = g_atomic_rc_box_new0(struct layout);
	struct kernel_state stored;

	domain->kernel.map = g_bytes_ref(map);
	domain->suppressed = (struct suppressed_signals){.rate_limit = 3, .oopses = 3};
	domain_kernel_move(domain);
	g_assert_cmpuint(domain->suppressed.rate_limit, ==, 0);
	g_assert_true(kernel_state_load(&stored, fixture->directory, "a", layout, true));
	g_assert_cmpuint(stored.suppressed.rate_limit, ==, 3);
	kernel_state_clear(&stored);
	/* Nothing is stored of a guest that is not known yet. */
	domain->suppressed.rate_limit = 2;
	domain_kernel_move(domain);
	g_assert_cmpuint(domain->suppressed.rate_limit, ==, 2);
	layout_unref(layout);
}

static void add(const char *path, void (*test)(struct fixture *fixture, gconstpointer data))
{
	g_test_add(path, struct fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("/a kernel without its count of oopses is searched again", test_completed);
	add("/a kernel that has no count of oopses is used after three more searches",
	    test_never_completed);
	add("/a guest without a kernel is searched for it every ten minutes", test_found_late);
	add("/a kernel without its count of oopses is used at once if nothing reads it",
	    test_not_needed);
	add("/a search does not replace what a collection has found since", test_outdated);
	add("/what is stored is recalled later if a search cannot read it", test_recalled_later);
	add("/the kernel of an encrypted guest is not searched again", test_encrypted);
	add("/a search waits for a collection that recalls what is stored",
	    test_collection_recalls);
	add("/signals that were left out count once for a guest that is restored", test_moved);
	return g_test_run();
}
