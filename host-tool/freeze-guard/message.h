/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the freeze guard is told, one struct a packet, on its standard input (SOCK_SEQPACKET).
 * Both ends are the same build on the same machine. Nothing is answered: a packet that was sent is
 * kept by the kernel for the guard even if the sender dies at once.
 */
#ifndef OOPSBT_FREEZE_GUARD_MESSAGE_H
#define OOPSBT_FREEZE_GUARD_MESSAGE_H

#include <libvirt/libvirt.h>
#include <stdint.h>

enum guard_message_type {
	GUARD_FREEZE = 1, /* is about to be frozen, within budget_ms */
	GUARD_FROZEN,	  /* is frozen, for at most budget_ms */
	GUARD_THAWED,	  /* runs again, or was not frozen */
	GUARD_THAW,	  /* may be frozen and could not be thawed: do it */
};

struct guard_message {
	uint32_t type;
	int32_t domain_id; /* libvirt's, so that a restarted domain is not mistaken for this one */
	uint32_t budget_ms;
	char uuid[VIR_UUID_STRING_BUFLEN];
};

#endif
