/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/oops_event.h"

/*
 * Until libvirt accepts the patches, another release may use the event's number for another event
 * with a different callback. So headers, library and daemon must have the same release. A stock
 * daemon of that release rejects the number.
 */
#ifdef VIR_DOMAIN_GUEST_OOPS_COUNT

struct listener {
	oops_event_fn callback;
	void *data;
};

static bool is_one_release(virConnectPtr connection)
{
	unsigned long library = 0, daemon = 0;

	return virGetVersion(&library, NULL, NULL) == 0 &&
	       virConnectGetLibVersion(connection, &daemon) == 0 &&
	       library == LIBVIR_VERSION_NUMBER && daemon == LIBVIR_VERSION_NUMBER;
}

static void on_guest_oops(virConnectPtr connection G_GNUC_UNUSED, virDomainPtr domain, int action,
			  virTypedParameterPtr params, int num_params, void *user_data)
{
	const struct listener *listener = user_data;
	unsigned long long time_us, latency_us;
	struct oops_event event = {.sent_us = g_get_real_time(), .stop_latency_us = -1};

	if (virTypedParamsGetULLong(params, num_params, VIR_DOMAIN_GUEST_OOPS_TIME, &time_us) == 1)
		event.sent_us = (gint64)time_us;
	if (action == VIR_DOMAIN_GUEST_OOPS_ACTION_PAUSE &&
	    virTypedParamsGetULLong(params, num_params, VIR_DOMAIN_GUEST_OOPS_STOP_LATENCY,
				    &latency_us) == 1)
		event.stop_latency_us = (gint64)MIN(latency_us, G_MAXINT64);
	listener->callback(domain, &event, listener->data);
}

int oops_event_register(virConnectPtr connection, oops_event_fn callback, void *data)
{
	struct listener *listener;
	int id;

	if (!is_one_release(connection))
		return -1;
	listener = g_new(struct listener, 1);
	*listener = (struct listener){callback, data};
	id = virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_GUEST_OOPS,
					      VIR_DOMAIN_EVENT_CALLBACK(on_guest_oops), listener,
					      g_free);
	if (id < 0)
		g_free(listener);
	return id;
}

#else

int oops_event_register(virConnectPtr connection G_GNUC_UNUSED,
			oops_event_fn callback G_GNUC_UNUSED, void *data G_GNUC_UNUSED)
{
	return -1;
}

#endif
