/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/peek.h"

#include <unistd.h>

void peek_begin(struct peek *peek, const struct layout *layout)
{
	peek->layout = layout;
	peek->num = 0;
}

void peek_add(struct peek *peek, uint64_t address, void *buffer, size_t length, bool *there)
{
	uint64_t host_address;

	*there = false;
	if (address == 0 || !layout_find(peek->layout, address, length, &host_address))
		return;
	if (peek->num == PEEK_MAX)
		peek_read(peek);
	peek->to[peek->num] = (struct iovec){buffer, length};
	peek->from[peek->num] = (struct iovec){GSIZE_TO_POINTER(host_address), length};
	peek->there[peek->num++] = there;
}

/* Returns the number of integers that were read. */
static unsigned int read_together(struct peek *peek)
{
	ssize_t left =
		process_vm_readv(peek->layout->pid, peek->to, peek->num, peek->from, peek->num, 0);
	unsigned int i = 0;

	for (; i < peek->num && left >= (ssize_t)peek->to[i].iov_len; i++) {
		left -= (ssize_t)peek->to[i].iov_len;
		*peek->there[i] = true;
	}
	return i;
}

/* Used if the call fails or could wait, or if one of the integers is not readable. */
static void read_one_by_one(struct peek *peek, unsigned int first)
{
	for (unsigned int i = first; i < peek->num; i++)
		*peek->there[i] =
			pread(peek->layout->memory_fd, peek->to[i].iov_base, peek->to[i].iov_len,
			      (off_t)GPOINTER_TO_SIZE(peek->from[i].iov_base)) ==
			(ssize_t)peek->to[i].iov_len;
}

void peek_read(struct peek *peek)
{
	if (peek->num == 0)
		return;
	read_one_by_one(peek, peek->layout->awaits_pages ? 0 : read_together(peek));
	peek->num = 0;
}
