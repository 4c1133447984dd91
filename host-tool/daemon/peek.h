/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads many integers of a guest's memory with one system call. Works only if the QEMU process's
 * memory is readable.
 *
 * The call names the process by its pid. Just after the process ends, until libvirt reports that,
 * another process may have the pid. layout_peek() uses the descriptor of the right process.
 *
 * After a post-copy migration has switched to this host, the guest runs before all its pages have
 * come. The call would wait for such a page, for ever if the network has failed. While the layout
 * awaits pages, each integer is read through the descriptor: the kernel does not wait there, and
 * fails at once.
 */
#ifndef OOPSBT_DAEMON_PEEK_H
#define OOPSBT_DAEMON_PEEK_H

#include <sys/uio.h>

#include "daemon/layout.h"

/* More integers take several calls. 16 vCPUs need about 40. */
#define PEEK_MAX 128u

struct peek {
	const struct layout *layout;
	unsigned int num;
	struct iovec to[PEEK_MAX], from[PEEK_MAX];
	bool *there[PEEK_MAX];
};

void peek_begin(struct peek *peek, const struct layout *layout);

/*
 * Adds an integer. @address: guest-physical; 0: none. @buffer, @there: set by peek_read() or
 * earlier. @there: false if that is not guest memory or is not readable.
 */
void peek_add(struct peek *peek, uint64_t address, void *buffer, size_t length, bool *there);

/* Reads the added integers, and empties the list. */
void peek_read(struct peek *peek);

#endif
