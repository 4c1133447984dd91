/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox. Guest memory is hostile input, so the analyser first gives up everything: root, new
 * privileges, unlimited memory and time, and all system calls that its job does not need. A
 * forbidden call kills the process (with sanitizers it fails, so that they can report).
 *
 * An analyser that serves a collector is restricted again when it has its job, before it reads any
 * guest memory. The memory descriptor covers all of QEMU's memory; from then on reads are limited
 * to the guest's extents (window.h), and no further filter can be added. The analyser can never
 * duplicate, seek or map the descriptor, nor receive it again.
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
	uint64_t memory;    /* bytes of address space; 0: unlimited, as with sanitizers */
	uint64_t file_size; /* bytes of each file written */
	uint64_t cpu_seconds;
};

/* Cannot be undone. After an error the process must end: it may be only partly sandboxed. */
bool sandbox_enter(enum sandbox_job job, const struct sandbox_limits *limits, GError **error);

/*
 * Sets the normal priority of processes. The collector and its children have a higher one, since a
 * frozen guest waits for them. Call this when no guest waits for the caller any more.
 */
void sandbox_lower_priority(void);

/*
 * Call it once, after sandbox_enter(SANDBOX_SERVE). @memory_fd -1, or no extents: pread64() is
 * forbidden for all descriptors. Reads must have the form of guest_memory_read_pages().
 */
bool sandbox_narrow(int memory_fd, const struct guest_extent *extents, size_t num_extents,
		    GError **error);

#endif
