/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions that a dump format provides to dump_file.c, and their common state. */
#ifndef OOPSBT_GUEST_DUMP_BACKEND_H
#define OOPSBT_GUEST_DUMP_BACKEND_H

#include "guest/dump_read.h"
#include "guest/memory.h"

#define DUMP_MAX_NOTES ((uint64_t)64 << 20) /* bytes; 4096 vCPUs have 3 MiB */

struct dump_file {
	const char *format;
	struct guest_memory *memory;
	GByteArray *notes;
	GArray *registers;
	char *problem;
	void *backend; /* freed with @free_backend, after @memory */
	void (*free_backend)(void *backend);
};

/* @file is zeroed except for @notes. On error the caller frees what was filled in. */
bool core_file_load(struct dump_file *file, int fd, GError **error);
bool kdump_file_load(struct dump_file *file, int fd, GError **error);

#endif
