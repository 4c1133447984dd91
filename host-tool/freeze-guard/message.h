/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages to the freeze guard on its standard input (SOCK_SEQPACKET), one struct a packet: the
 * events of transitions.h. Both ends are the same build on the same machine. The guard does not
 * answer: the kernel keeps a sent packet for the guard even if the sender dies at once.
 */
#ifndef OOPSBT_FREEZE_GUARD_MESSAGE_H
#define OOPSBT_FREEZE_GUARD_MESSAGE_H

#include <libvirt/libvirt.h>
#include <stdint.h>

/* Not about one freeze: look for records without an owner. */
#define GUARD_LOOK UINT32_MAX

struct guard_message {
	uint32_t event;	    /* enum freeze_event, or GUARD_LOOK */
	uint32_t within_ms; /* the owner hangs if the next message does not come in this time */
	uint64_t token;	    /* of the freeze */
	int32_t domain_id;  /* libvirt's, to tell a restarted domain from this instance */
	char uuid[VIR_UUID_STRING_BUFLEN];
};

#endif
