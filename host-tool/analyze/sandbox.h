/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's memory is input from an adversary, so who reads it gives up everything first: root,
 * new privileges, memory and time without limit, and all system calls but those that its job takes.
 * A call that is not allowed ends the process (with sanitizers it fails, so that they can report).
 *
 * An analyser that serves a collector is narrowed once more when it has its job, before it reads a
 * byte of the guest: the memory descriptor, which is all of QEMU's memory, gives what lies in the
 * guest's extents only (window.h), and no further filter can be added. It never had a way to
 * duplicate, seek or map the descriptor, nor one to receive it again.
 */
#ifndef OOPSBT_ANALYZE_SANDBOX_H
#define OOPSBT_ANALYZE_SANDBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/memory.h"

enum sandbox_job {
	SANDBOX_FILE,  /* an open dump file, and standard output */
	SANDBOX_SERVE, /* a collector at ANALYZER_CONTROL_FD */
};

struct sandbox_limits {
	uint64_t memory;    /* bytes of address space; 0: none, as with sanitizers */
	uint64_t file_size; /* bytes of each file written */
	uint64_t cpu_seconds;
};

/* Cannot be undone. After an error the process must end: it may be half in the sandbox. */
bool sandbox_enter(enum sandbox_job job, const struct sandbox_limits *limits, GError **error);

/*
 * To the usual priority of processes. The collector and its children have a higher one, as a frozen
 * guest waits for them; call this once no guest waits for the caller.
 */
void sandbox_lower_priority(void);

/*
 * After sandbox_enter(SANDBOX_SERVE), once. @memory_fd -1, or no extents: nothing can be read from
 * any descriptor. Reads must be as guest_memory_read_pages() makes them.
 */
bool sandbox_narrow(int memory_fd, const struct guest_extent *extents, size_t num_extents,
		    GError **error);

#endif
