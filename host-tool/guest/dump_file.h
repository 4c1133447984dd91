/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest in a file instead of a hypervisor: our own cores, ELF dumps (`virsh dump --memory-only`)
 * and compressed kdump ones. Nothing in such a file is trusted: a file that is no such thing is an
 * error; one that is cut short or lies is read as far as it goes.
 */
#ifndef OOPSBT_GUEST_DUMP_FILE_H
#define OOPSBT_GUEST_DUMP_FILE_H

#include "guest/dump_read.h"
#include "guest/notes.h"
#include "guest/snapshot.h"

struct dump_file;

/* @fd is borrowed, must be seekable and must outlive the dump file. */
struct dump_file *dump_file_open(int fd, GError **error);
void dump_file_free(struct dump_file *file);
typedef struct dump_file DumpFile;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DumpFile, dump_file_free)

/* All of these belong to the file. */
struct guest_memory *dump_file_memory(struct dump_file *file);
GArray *dump_file_registers(struct dump_file *file); /* of struct vcpu_registers, may be empty */
const char *dump_file_format(const struct dump_file *file); /* static: "core" or "kdump" */

/* What an oopsbt core has in a note of its own; NULL: not there. Free with g_bytes_unref(). */
GBytes *dump_file_note(const struct dump_file *file, enum oopsbt_note type);

/* In words, what of the file is missing (it is cut short); NULL: nothing. */
const char *dump_file_problem(const struct dump_file *file);

/*
 * Puts into fresh snapshots over dump_file_memory() what an oopsbt core says of them: which pages
 * were late, and what the log's pages were when the log was read. Nothing to do for other dumps.
 */
bool dump_file_prepare(const struct dump_file *file, struct snapshot *frozen, struct snapshot *log,
		       GError **error);

/*
 * The kdump files that QEMU before 8.2 writes are "flattened": made for a pipe, to be reassembled.
 * That needs a file system, and so comes before a sandbox: neither function looks at more than
 * where the pieces go. dump_file_unflatten() returns the descriptor of an unnamed temporary file,
 * -1 on error.
 */
bool dump_file_is_flattened(int fd);
int dump_file_unflatten(int fd, GError **error);

#endif
