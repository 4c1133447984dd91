/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmcore_progress.h"

#include <signal.h>

#include "daemon/vmcore.h"
#include "progress.h"

#define US_BETWEEN_LOOKS (100 * 1000)

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};

/* The signal that is ending this program; 0: none. */
static volatile sig_atomic_t ending_signal;

struct vmcore_progress {
	virDomainPtr domain; /* borrowed */
	const char *root;    /* of the store */
	char uuid[VIR_UUID_STRING_BUFLEN];
	struct progress *progress; /* used by the thread */
	struct sigaction before[G_N_ELEMENTS(ending_signals)];
	GThread *thread;
	gint ended; /* atomic */
};

static void remember_signal(int number)
{
	ending_signal = number;
}

static void take_signals(struct vmcore_progress *watch)
{
	const struct sigaction action = {.sa_handler = remember_signal, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++) {
		sigaction(ending_signals[i], NULL, &watch->before[i]);
		if (watch->before[i].sa_handler != SIG_IGN)
			sigaction(ending_signals[i], &action, NULL);
	}
}

static void end_by_signal(struct vmcore_progress *watch)
{
	g_clear_pointer(&watch->progress, progress_free);
	vmcore_remove_unfinished(watch->root, watch->uuid);
	signal(ending_signal, SIG_DFL);
	raise(ending_signal);
}

/* Asks libvirt only once the file exists: earlier the collection makes other calls. */
static void show(struct vmcore_progress *watch)
{
	virDomainJobInfo job;

	if (watch->progress && vmcore_is_unfinished(watch->root, watch->uuid) &&
	    virDomainGetJobInfo(watch->domain, &job) == 0 && job.type != VIR_DOMAIN_JOB_NONE)
		progress_bytes(watch->progress, job.dataProcessed, job.dataTotal);
}

static void *run_thread(void *data)
{
	struct vmcore_progress *watch = data;

	while (!g_atomic_int_get(&watch->ended)) {
		if (ending_signal)
			end_by_signal(watch);
		show(watch);
		g_usleep(US_BETWEEN_LOOKS);
	}
	g_clear_pointer(&watch->progress, progress_free);
	return NULL;
}

struct vmcore_progress *vmcore_progress_begin(struct session *session, virDomainPtr domain)
{
	struct vmcore_progress *watch = g_new0(struct vmcore_progress, 1);
	g_autofree char *what = g_strdup_printf("Dumping the memory of '%s' (it stands meanwhile)",
						virDomainGetName(domain));

	watch->domain = domain;
	watch->root = store_root(session_store(session));
	virDomainGetUUIDString(domain, watch->uuid);
	watch->progress = progress_new(session->quiet, what);
	take_signals(watch);
	watch->thread = g_thread_new("vmcore", run_thread, watch);
	return watch;
}

void vmcore_progress_end(struct vmcore_progress *watch)
{
	g_atomic_int_set(&watch->ended, 1);
	g_thread_join(watch->thread);
	for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
		sigaction(ending_signals[i], &watch->before[i], NULL);
	if (ending_signal)
		raise(ending_signal);
	g_free(watch);
}
