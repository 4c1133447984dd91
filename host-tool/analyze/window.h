/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system call filter: pread64() may read guest memory but nothing else of QEMU's memory. A
 * libseccomp rule can compare an argument only once, so it cannot express a range. This is classic
 * BPF instead (Documentation/networking/filter.rst, seccomp_data in linux/seccomp.h).
 *
 * A read is allowed if it uses this descriptor, its offset is a multiple of a page, and it is
 * within one extent: up to a page anywhere, up to GUEST_MEMORY_MAX_READ bytes if that many are
 * left. Extents are rounded to whole pages. Beyond WINDOW_MAX_EXTENTS, extents with the smallest
 * gaps are merged, gaps included.
 *
 * pread64() on another descriptor and seccomp() are denied; earlier filters decide on other calls.
 */
#ifndef OOPSBT_ANALYZE_WINDOW_H
#define OOPSBT_ANALYZE_WINDOW_H

#include <glib.h>
#include <stdint.h>

#include "guest/memory.h"

/* 26 instructions each; a filter has at most 4096. */
#define WINDOW_MAX_EXTENTS 64

/* Of struct sock_filter. @denied: a SECCOMP_RET_ value. */
GArray *window_program(int memory_fd, const struct guest_extent *extents, size_t num_extents,
		       uint32_t denied);

#endif
