/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guest_clock.h"

#include <inttypes.h>

#include "daemon/layout_text.h"
#include "daemon/qmp.h"

#define TIMER_BITS UINT32_C(0xffffff)

struct maybe_uint guest_clock_read(virDomainPtr domain)
{
	g_autofree char *mtree = virt_monitor(domain, "info mtree -f", true, QMP_TIMEOUT_MS, NULL);
	uint16_t port = mtree ? layout_parse_timer_port(mtree) : 0;
	g_autofree char *command = g_strdup_printf("i/w 0x%" PRIx16, port);
	g_autofree char *answer = NULL;
	uint32_t value;

	if (port != 0)
		answer = virt_monitor(domain, command, true, QMP_TIMEOUT_MS, NULL);
	if (answer == NULL || !layout_parse_port(answer, port, &value))
		return (struct maybe_uint){0};
	return (struct maybe_uint){.known = true, .value = value & TIMER_BITS};
}
