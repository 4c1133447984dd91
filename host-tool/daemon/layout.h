/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a running domain: its extents, and the QEMU process that holds it.
 *
 * It is read when a domain starts and again when its memory may have changed; never while the
 * domain is frozen. Shared by reference, and immutable except for @awaits_pages.
 */
#ifndef OOPSBT_DAEMON_LAYOUT_H
#define OOPSBT_DAEMON_LAYOUT_H

#include "daemon/virt.h"
#include "guest/memory.h"

/* How to read guest memory. */
enum memory_access {
	MEMORY_AUTO,	/* the process's memory if it can be opened, else libvirt */
	MEMORY_PROC,	/* the process's memory or fail */
	MEMORY_LIBVIRT, /* virDomainMemoryPeek() */
};

struct layout {
	int domain_id;	     /* libvirt's; another id means another process */
	GPid pid;	     /* 0: unknown, memory is read through libvirt */
	uint64_t start_time; /* clock ticks since boot; with the pid it identifies the process */
	int memory_fd;	     /* /proc/<pid>/mem, read-only; -1: through libvirt */
	GArray *extents;     /* of struct guest_extent; file_offset: host virtual address */
	bool awaits_pages;   /* some of the memory may not have arrived yet, see peek.h; for the
				main thread only */
	char *hypervisor;    /* "QEMU 7.2.22, libvirt 9.0.0" */
	/*
	 * A confidential guest (AMD SEV, Intel TDX): its memory is encrypted, page tables and all.
	 */
	bool encrypted;
	char *fallback; /* why memory is read through libvirt, if that was not requested; or NULL */
};

#define LAYOUT_ENCRYPTED "its memory is encrypted (a confidential guest)"

struct layout *layout_read(virDomainPtr domain, enum memory_access access, int timeout_ms,
			   GError **error);
struct layout *layout_ref(struct layout *layout);
void layout_unref(struct layout *layout);
typedef struct layout Layout;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layout, layout_unref)

/* Reads guest-physical memory from the process. False: not possible, or there is no such memory. */
bool layout_peek(const struct layout *layout, uint64_t address, void *buffer, size_t length);

/* The host virtual address. False: [@address, @address + @length) is not guest memory, or the
 * process's memory is not readable. */
bool layout_find(const struct layout *layout, uint64_t address, uint64_t length,
		 uint64_t *host_address);

/* Is all of [@address, @address + @length) guest memory? */
bool layout_covers(const struct layout *layout, uint64_t address, uint64_t length);

#endif
