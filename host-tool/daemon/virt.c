/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/virt.h"

#include <string.h>

GQuark virt_error_quark(void)
{
	return g_quark_from_static_string("oopsbt-virt-error-quark");
}

bool virt_fail(GError **error, const char *format, ...)
{
	virErrorPtr last = virGetLastError();
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, VIRT_ERROR, last ? last->code : VIR_ERR_INTERNAL_ERROR, "%s: %s",
		    message, last && last->message ? last->message : "unknown error");
	return false;
}

/* --- calls with a deadline --- */

struct call {
	GMutex mutex;
	GCond finished;
	char uuid[VIR_UUID_STRING_BUFLEN];
	bool left; /* no caller waits for it any more */
	virt_call_fn function;
	void *data;
	GDestroyNotify clear_data;
	bool done;
	bool result;
	GError *error;
};

static void call_clear(void *pointer)
{
	struct call *call = pointer;

	g_atomic_rc_box_release_full(call->data, call->clear_data);
	g_clear_error(&call->error);
	g_mutex_clear(&call->mutex);
	g_cond_clear(&call->finished);
}

/*
 * Domains with an abandoned call that is still running. The next call would wait for it, and block
 * a thread here, a worker of libvirtd and the queue of its connection; a hung QEMU must not use
 * these up. libvirtd serves one call of a domain at a time, so all threads share this table.
 */
static struct {
	GMutex mutex;
	GHashTable *uuids; /* → number of such calls; NULL: none */
} stuck;

static bool is_stuck(const char *uuid)
{
	bool found;

	g_mutex_lock(&stuck.mutex);
	found = stuck.uuids && g_hash_table_contains(stuck.uuids, uuid);
	g_mutex_unlock(&stuck.mutex);
	return found;
}

/* @change: 1 when a call is abandoned, -1 when it is over. */
static void count_stuck(const char *uuid, int change)
{
	int calls;

	g_mutex_lock(&stuck.mutex);
	if (stuck.uuids == NULL)
		stuck.uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	calls = GPOINTER_TO_INT(g_hash_table_lookup(stuck.uuids, uuid)) + change;
	if (calls > 0)
		g_hash_table_replace(stuck.uuids, g_strdup(uuid), GINT_TO_POINTER(calls));
	else
		g_hash_table_remove(stuck.uuids, uuid);
	if (g_hash_table_size(stuck.uuids) == 0)
		g_clear_pointer(&stuck.uuids, g_hash_table_unref);
	g_mutex_unlock(&stuck.mutex);
}

static void *call_thread(void *pointer)
{
	struct call *call = pointer;
	GError *error = NULL;
	bool result = call->function(call->data, &error);

	g_mutex_lock(&call->mutex);
	call->result = result;
	call->error = error;
	call->done = true;
	if (call->left)
		count_stuck(call->uuid, -1);
	g_cond_signal(&call->finished);
	g_mutex_unlock(&call->mutex);
	g_atomic_rc_box_release_full(call, call_clear);
	return NULL;
}

static GPrivate left_behind;

unsigned int virt_calls_left_behind(void)
{
	return GPOINTER_TO_UINT(g_private_get(&left_behind));
}

static void leave_behind(const char *what, int timeout_ms, GError **error)
{
	g_private_set(&left_behind, GUINT_TO_POINTER(virt_calls_left_behind() + 1));
	g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
		    "%s: libvirt did not answer within %d ms (is another job running on the "
		    "domain?)",
		    what, timeout_ms);
}

bool virt_call(virDomainPtr domain, virt_call_fn function, void *data, GDestroyNotify clear,
	       const char *what, int timeout_ms, GError **error)
{
	char uuid[VIR_UUID_STRING_BUFLEN] = "";
	gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	struct call *call;
	GThread *thread;
	bool result = false;
	bool done;

	if (timeout_ms < 0)
		return function(data, error);
	virDomainGetUUIDString(domain, uuid);
	if (is_stuck(uuid)) {
		g_set_error(error, VIRT_ERROR, VIR_ERR_OPERATION_TIMEOUT,
			    "%s: libvirt has not answered an earlier call on the domain yet (does "
			    "its QEMU hang?)",
			    what);
		return false;
	}
	call = g_atomic_rc_box_new0(struct call);
	g_mutex_init(&call->mutex);
	g_cond_init(&call->finished);
	g_strlcpy(call->uuid, uuid, sizeof(call->uuid));
	call->function = function;
	call->data = g_atomic_rc_box_acquire(data);
	call->clear_data = clear;
	thread = g_thread_try_new("call", call_thread, g_atomic_rc_box_acquire(call), error);
	if (thread == NULL) {
		g_prefix_error(error, "%s: ", what);
		g_atomic_rc_box_release_full(call, call_clear); /* the thread's */
		g_atomic_rc_box_release_full(call, call_clear);
		return false;
	}
	g_thread_unref(thread);

	g_mutex_lock(&call->mutex);
	while (!call->done && g_cond_wait_until(&call->finished, &call->mutex, deadline))
		;
	done = call->done;
	if (done) {
		result = call->result;
		if (call->error)
			g_propagate_error(error, g_steal_pointer(&call->error));
	} else {
		call->left = true;
		count_stuck(uuid, 1);
	}
	g_mutex_unlock(&call->mutex);
	if (!done)
		leave_behind(what, timeout_ms, error);
	g_atomic_rc_box_release_full(call, call_clear);
	return result;
}

/* --- the calls --- */

struct request {
	virDomainPtr domain;
	char *command;
	unsigned int flags;
	uint64_t address;
	size_t length;
	char *answer;
};

static struct request *request_new(virDomainPtr domain)
{
	struct request *request = g_atomic_rc_box_new0(struct request);

	virDomainRef(domain);
	request->domain = domain;
	return request;
}

static void request_clear(void *pointer)
{
	struct request *request = pointer;

	virDomainFree(request->domain);
	g_free(request->command);
	g_free(request->answer);
}

static bool call_monitor(void *pointer, GError **error)
{
	struct request *request = pointer;
	char *answer = NULL; /* libvirt and GLib both allocate with malloc() */

	if (virDomainQemuMonitorCommand(request->domain, request->command, &answer,
					request->flags) < 0)
		return virt_fail(error, "monitor command \"%s\"", request->command);
	request->answer = answer;
	return true;
}

char *virt_monitor(virDomainPtr domain, const char *command, bool human, int timeout_ms,
		   GError **error)
{
	struct request *request = request_new(domain);
	g_autofree char *what = g_strdup_printf("monitor command \"%s\"", command);
	char *answer = NULL;

	request->command = g_strdup(command);
	request->flags = human ? VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP : 0;
	if (virt_call(domain, call_monitor, request, request_clear, what, timeout_ms, error))
		answer = g_steal_pointer(&request->answer);
	g_atomic_rc_box_release_full(request, request_clear);
	return answer;
}

static bool call_peek(void *pointer, GError **error)
{
	struct request *request = pointer;

	for (size_t done = 0; done < request->length;) {
		size_t part = MIN(request->length - done, VIRT_MAX_PEEK);

		if (virDomainMemoryPeek(request->domain, request->address + done, part,
					request->answer + done, VIR_MEMORY_PHYSICAL) < 0)
			return virt_fail(error,
					 "reading %zu bytes of guest memory at %#" G_GINT64_MODIFIER
					 "x",
					 part, request->address + done);
		done += part;
	}
	return true;
}

bool virt_memory_peek(virDomainPtr domain, uint64_t address, void *buffer, size_t length,
		      int timeout_ms, GError **error)
{
	struct request *request = request_new(domain);
	bool result;

	request->address = address;
	request->length = length;
	request->answer = g_malloc(length);
	result = virt_call(domain, call_peek, request, request_clear, "reading guest memory",
			   timeout_ms, error);
	if (result)
		memcpy(buffer, request->answer, length);
	g_atomic_rc_box_release_full(request, request_clear);
	return result;
}

static bool call_nmi(void *pointer, GError **error)
{
	struct request *request = pointer;

	if (virDomainInjectNMI(request->domain, 0) < 0)
		return virt_fail(error, "injecting an NMI");
	return true;
}

bool virt_inject_nmi(virDomainPtr domain, int timeout_ms, GError **error)
{
	struct request *request = request_new(domain);
	bool result = virt_call(domain, call_nmi, request, request_clear, "injecting an NMI",
				timeout_ms, error);

	g_atomic_rc_box_release_full(request, request_clear);
	return result;
}

int virt_job_operation(virDomainPtr domain)
{
	virTypedParameterPtr params = NULL;
	int num_params = 0;
	int type = VIR_DOMAIN_JOB_NONE;
	int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

	if (virDomainGetJobStats(domain, &type, &params, &num_params, 0) < 0)
		/* libvirt's error for a domain that is arriving */
		return virGetLastErrorCode() == VIR_ERR_OPERATION_UNSUPPORTED
			       ? VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN
			       : VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	virTypedParamsGetInt(params, num_params, VIR_DOMAIN_JOB_OPERATION, &operation);
	virTypedParamsFree(params, num_params);
	return type == VIR_DOMAIN_JOB_NONE ? VIR_DOMAIN_JOB_OPERATION_UNKNOWN : operation;
}

bool virt_is_migrating(virDomainPtr domain)
{
	int operation = virt_job_operation(domain);

	return operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN ||
	       operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT;
}
