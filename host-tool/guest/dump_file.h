/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a guest from a file: oopsbt's cores, ELF dumps (`virsh dump --memory-only`) and compressed
 * kdump files. The file is untrusted: another format is an error; a truncated or inconsistent file
 * is read as far as possible.
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

/* The file owns the results. */
struct guest_memory *dump_file_memory(struct dump_file *file);
GArray *dump_file_registers(struct dump_file *file); /* of struct vcpu_registers, may be empty */
const char *dump_file_format(const struct dump_file *file); /* static: "core" or "kdump" */

/* A note of an oopsbt core; NULL: the file has none. Free with g_bytes_unref(). */
GBytes *dump_file_note(const struct dump_file *file, enum oopsbt_note type);

/* A description of what is missing from a truncated file; NULL: nothing. */
const char *dump_file_problem(const struct dump_file *file);

/*
 * Loads into fresh snapshots over dump_file_memory() what an oopsbt core says of its pages: which
 * ones were late, and the content of the log's pages when the log was read. Does nothing for other
 * dumps.
 */
bool dump_file_prepare(const struct dump_file *file, struct snapshot *frozen, struct snapshot *log,
		       GError **error);

/*
 * QEMU before 8.2 writes "flattened" kdump files, made for a pipe, which must be reassembled. That
 * needs a file system and so happens before the sandbox; both functions look only at where the
 * pieces go. dump_file_unflatten() returns the descriptor of an unnamed temporary file, -1 on
 * error.
 */
bool dump_file_is_flattened(int fd);
int dump_file_unflatten(int fd, GError **error);

#endif
