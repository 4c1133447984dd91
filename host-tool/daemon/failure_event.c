/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/failure_event.h"

/*
 * Until libvirt accepts the patches, another release may use the event's number for another event
 * with a different callback. So headers, library and daemon must have the same release. A stock
 * daemon of that release rejects the number.
 */
#ifdef VIR_DOMAIN_GUEST_FAILURE_COUNT

static bool is_one_release(virConnectPtr connection)
{
	unsigned long library = 0, daemon = 0;

	return virGetVersion(&library, NULL, NULL) == 0 &&
	       virConnectGetLibVersion(connection, &daemon) == 0 &&
	       library == LIBVIR_VERSION_NUMBER && daemon == LIBVIR_VERSION_NUMBER;
}

static void tell_oops(const struct failure_listener *listener, virDomainPtr domain, int action,
		      virTypedParameterPtr params, int num_params)
{
	unsigned long long time_us, latency_us;
	struct oops_event event = {.sent_us = g_get_real_time(), .stop_latency_us = -1};

	if (virTypedParamsGetULLong(params, num_params, VIR_DOMAIN_GUEST_FAILURE_TIME, &time_us) ==
	    1)
		event.sent_us = (gint64)time_us;
	if (action == VIR_DOMAIN_GUEST_FAILURE_ACTION_PAUSE &&
	    virTypedParamsGetULLong(params, num_params, VIR_DOMAIN_GUEST_FAILURE_STOP_LATENCY,
				    &latency_us) == 1)
		event.stop_latency_us = (gint64)MIN(latency_us, G_MAXINT64);
	listener->oops(domain, &event, listener->data);
}

static void on_guest_failure(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int type,
			     int action, virTypedParameterPtr params, int num_params,
			     void *user_data)
{
	const struct failure_listener *listener = user_data;

	if (type == VIR_DOMAIN_GUEST_FAILURE_OOPS)
		tell_oops(listener, domain, action, params, num_params);
	else if (type == VIR_DOMAIN_GUEST_FAILURE_LOCKUP)
		listener->lockup(domain, listener->data);
}

int failure_event_register(virConnectPtr connection, const struct failure_listener *listener)
{
	struct failure_listener *copy;
	int id;

	if (!is_one_release(connection))
		return -1;
	copy = g_memdup2(listener, sizeof(*listener));
	id = virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_GUEST_FAILURE,
					      VIR_DOMAIN_EVENT_CALLBACK(on_guest_failure), copy,
					      g_free);
	if (id < 0)
		g_free(copy);
	return id;
}

#else

int failure_event_register(virConnectPtr connection G_GNUC_UNUSED,
			   const struct failure_listener *listener G_GNUC_UNUSED)
{
	return -1;
}

#endif
