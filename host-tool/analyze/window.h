/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A system call filter that lets pread64() read guest memory and nothing else of the process whose
 * memory it is. libseccomp can compare an argument once in a rule, so a range is beyond it: this
 * is classic BPF (Documentation/networking/filter.rst, seccomp_data in linux/seccomp.h).
 *
 * A read is allowed if it is of this descriptor, its offset is a multiple of a page, and all of it
 * lies in one extent: at most a page anywhere, at most GUEST_MEMORY_MAX_READ bytes where so many
 * follow. Extents are widened to whole pages; of more than WINDOW_MAX_EXTENTS those with the
 * smallest gaps between them become one, gap included.
 *
 * pread64() on another descriptor and seccomp() are denied; what other calls may do is left to the
 * filters before this one.
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
