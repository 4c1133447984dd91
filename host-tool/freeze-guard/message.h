/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the freeze guard is told, one struct a packet, on its standard input (SOCK_SEQPACKET): the
 * events of transitions.h. Both ends are the same build on the same machine. Nothing is answered: a
 * packet that was sent is kept by the kernel for the guard even if the sender dies at once.
 */
#ifndef OOPSBT_FREEZE_GUARD_MESSAGE_H
#define OOPSBT_FREEZE_GUARD_MESSAGE_H

#include <libvirt/libvirt.h>
#include <stdint.h>

/* Not of one freeze: look for records whose owners are gone. */
#define GUARD_LOOK UINT32_MAX

struct guard_message {
	uint32_t event;	    /* enum freeze_event, or GUARD_LOOK */
	uint32_t within_ms; /* by then the next one comes, or the owner hangs */
	uint64_t token;	    /* of the freeze */
	int32_t domain_id;  /* libvirt's, so that a restarted domain is not mistaken for this one */
	char uuid[VIR_UUID_STRING_BUFLEN];
};

#endif
